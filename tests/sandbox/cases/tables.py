"""What `kubectl get` shows: the cells of pods in every state, of Services, volumes, Jobs and Events."""

from dataclasses import replace
from typing import Any

from tests.sandbox.cases.steps import (
    EVENTS,
    INGRESSES,
    JOBS,
    PODS,
    POLICIES,
    SERVICES,
    STRATEGIC,
    TABLE,
    Body,
    Cases,
    Step,
    container,
    create,
    get,
    patch,
    pod,
)

LONG_AGO = "2020-01-01T00:00:00Z"


def shown(path: str, body: Body, **status: Any) -> list[Step]:
    """An object, with a status, as a table of its own."""
    one = f"{path}/{body['metadata']['name']}"
    written = [patch(f"{one}/status", {"status": status}, STRATEGIC)] if status else []
    return [create(path, body), *written, get(one, TABLE, includeObject="None")]


def ran(name: str = "main", *, ready: bool = False, **state: Any) -> Body:
    """The status of a container."""
    more = {"restartCount": 2, "image": "i", "imageID": "", "started": "running" in state}
    return {"name": name, "ready": ready, "state": state, **more}


def ended(code: int, reason: str = "", **more: Any) -> Body:
    return {
        "exitCode": code,
        "startedAt": LONG_AGO,
        "finishedAt": LONG_AGO,
        **({"reason": reason} if reason else {}),
        **more,
    }


def pod_shown(*containers: Body, first: tuple[Body, ...] = (), spec: Body | None = None, **status: Any) -> list[Step]:
    told = {"phase": "Running", "containerStatuses": list(containers), "initContainerStatuses": list(first), **status}
    return shown(PODS, pod(**(spec or {})), **told)


RUNNING = {"startedAt": LONG_AGO}
TWO = {"containers": [container(), container("other")]}
FIRST = {"initContainers": [container("first"), container("second")]}
SIDECAR = {"initContainers": [container("first", restartPolicy="Always")]}
READY = [{"type": "Ready", "status": "True"}]
INITIALIZED = [{"type": "Initialized", "status": "True"}]


def service(kind: str, **spec: Any) -> Body:
    ports = [{"name": "a", "port": 80}, {"name": "b", "port": 53, "protocol": "UDP"}]
    return {
        "metadata": {"name": "web"},
        "spec": {"type": kind, "selector": {"b": "2", "a": "1"}, "ports": ports, **spec},
    }


def job(**spec: Any) -> Body:
    template = {"spec": {"restartPolicy": "Never", "schedulerName": "nobody", "containers": [container()]}}
    return {"metadata": {"name": "train"}, "spec": {"template": template, "suspend": True, **spec}}


SUSPENDED = replace(
    get(f"{JOBS}/train", TABLE, includeObject="None"),
    until=lambda _code, body: body["rows"][0]["cells"][1] == "Suspended",
)


def event(**more: Any) -> Body:
    about = {"kind": "Pod", "name": "p", "namespace": "{ns}", "fieldPath": "spec.containers{main}"}
    return {"metadata": {"name": "e"}, "involvedObject": about, "reason": "Failed", "message": " it failed\n", **more}


CASES: Cases = {
    "pod-that-nobody-has-seen": shown(PODS, pod()),
    "pod-that-runs": pod_shown(ran(ready=True, running=RUNNING), podIP="10.1.2.3", podIPs=[{"ip": "10.1.2.3"}]),
    "pod-that-waits": pod_shown(ran(waiting={"reason": "ImagePullBackOff", "message": "m"}), phase="Pending"),
    "pod-that-crashed": pod_shown(ran(terminated=ended(1, "Error")), phase="Failed"),
    "pod-that-was-killed": pod_shown(ran(terminated=ended(137, signal=9))),
    "pod-with-a-code-and-no-reason": pod_shown(ran(terminated=ended(3))),
    "pod-that-is-done": pod_shown(ran(terminated=ended(0, "Completed")), phase="Succeeded"),
    "pod-of-which-one-container-is-done": pod_shown(
        ran(terminated=ended(0, "Completed")), ran("other", ready=True, running=RUNNING), spec=TWO
    ),
    "pod-of-which-one-is-done-and-the-pod-ready": pod_shown(
        ran(terminated=ended(0, "Completed")), ran("other", ready=True, running=RUNNING), spec=TWO, conditions=READY
    ),
    "pod-of-which-the-first-waits": pod_shown(
        ran(waiting={"reason": "CrashLoopBackOff"}), ran("other", ready=True, running=RUNNING), spec=TWO
    ),
    "pod-that-initializes": pod_shown(
        first=(ran("first", terminated=ended(0, "Completed")), ran("second", running=RUNNING)),
        spec=FIRST,
        phase="Pending",
    ),
    "pod-whose-init-container-waits": pod_shown(
        first=(ran("first", waiting={"reason": "ErrImagePull"}), ran("second", waiting={"reason": "PodInitializing"})),
        spec=FIRST,
        phase="Pending",
    ),
    "pod-whose-init-container-failed": pod_shown(
        first=(ran("first", terminated=ended(2)),), spec=FIRST, phase="Pending"
    ),
    "pod-whose-init-container-failed-by-signal": pod_shown(
        first=(ran("first", terminated=ended(137, signal=9)),), spec=FIRST, phase="Pending"
    ),
    "pod-that-is-initialized-all-the-same": pod_shown(
        ran(ready=True, running=RUNNING),
        first=(ran("first", running=RUNNING),),
        spec=FIRST,
        conditions=INITIALIZED,
    ),
    "pod-with-a-sidecar": pod_shown(
        ran(ready=True, running=RUNNING), first=(ran("first", ready=True, running=RUNNING),), spec=SIDECAR
    ),
    "pod-with-a-sidecar-that-starts": pod_shown(
        ran(waiting={"reason": "PodInitializing"}), first=(ran("first", waiting={"reason": "Boom"}),), spec=SIDECAR
    ),
    "pod-that-was-evicted": pod_shown(phase="Failed", reason="Evicted"),
    "pod-with-gates": pod_shown(
        ran(ready=True, running=RUNNING),
        spec={"readinessGates": [{"conditionType": "a/b"}, {"conditionType": "a/c"}]},
        conditions=[{"type": "a/b", "status": "True"}],
    ),
    "pod-that-may-not-be-scheduled": shown(PODS, pod(schedulingGates=[{"name": "a/b"}])),
    "service-inside": shown(SERVICES, service("ClusterIP", clusterIP="None")),
    "service-with-addresses": shown(
        SERVICES, service("ClusterIP", clusterIP="None", externalIPs=["192.0.2.1", "192.0.2.2"])
    ),
    "service-that-waits-for-a-balancer": shown(SERVICES, service("LoadBalancer", allocateLoadBalancerNodePorts=False)),
    "service-with-a-balancer": shown(
        SERVICES,
        service("LoadBalancer", allocateLoadBalancerNodePorts=False),
        loadBalancer={"ingress": [{"ip": "192.0.2.7"}, {"hostname": "lb.example.com"}]},
    ),
    "service-outside": shown(
        SERVICES, {"metadata": {"name": "web"}, "spec": {"type": "ExternalName", "externalName": "db.example.com"}}
    ),
    "ingress": shown(
        INGRESSES,
        {
            "metadata": {"name": "web"},
            "spec": {
                "defaultBackend": {"service": {"name": "web", "port": {"number": 80}}},
                "rules": [{"host": f"{letter}.example.com"} for letter in "abcde"],
            },
        },
        loadBalancer={"ingress": [{"ip": "192.0.2.7"}]},
    ),
    "policy-with-expressions": shown(
        POLICIES,
        {
            "metadata": {"name": "deny"},
            "spec": {
                "podSelector": {
                    "matchLabels": {"m": "1"},
                    "matchExpressions": [
                        {"key": "z", "operator": "In", "values": ["b", "a"]},
                        {"key": "a", "operator": "NotIn", "values": ["c"]},
                        {"key": "q", "operator": "Exists"},
                        {"key": "r", "operator": "DoesNotExist"},
                    ],
                }
            },
        },
    ),
    "job-that-is-suspended": [create(JOBS, job()), SUSPENDED],
    "job-without-a-count": [create(JOBS, job(parallelism=3)), SUSPENDED],
    "event-of-a-series": shown(
        EVENTS,
        event(
            eventTime="2020-01-01T00:00:00.000000Z",
            action="Pulling",
            reportingComponent="kubelet",
            reportingInstance="n1",
            type="Warning",
            series={"count": 7, "lastObservedTime": "2020-01-01T00:00:00.000000Z"},
        ),
    ),
    "event-of-a-node": shown(EVENTS, event(source={"component": "kubelet", "host": "n1"}, type="Normal", count=3)),
}
