"""Workloads without pods, jobs that failed, pods that run unready, pods that are over and still there."""

from dataclasses import replace
from typing import Any

import pytest

from checks import jobs, leftover_pods, probes, workloads
from kfinstall.contracts.finding import Finding, Severity
from kfinstall.contracts.manifest import Body, ObjectKey
from kfinstall.doctor.examination import examine
from kfinstall.doctor.snapshot import Recorded
from tests.unit.doctor.clusters import ALL_CHECKS, body, event, pod, snapshot

CHECKS = (*workloads.CHECKS, *jobs.CHECKS, *probes.CHECKS, *leftover_pods.CHECKS)
NO_INJECTOR = (
    'Internal error occurred: failed calling webhook "namespace.sidecar-injector.istio.io": failed to call webhook: '
    'Post "https://istiod.istio-system.svc:443/inject?timeout=10s": no endpoints available for service "istiod"'
)
RESTRICTED = 'pods "a-" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false'
NO_CONSTRAINT = (
    'pods "mysql-" is forbidden: unable to validate against any security context constraint: [provider restricted-v2: '
    ".spec.securityContext.fsGroup: Invalid value: []int64{999}: 999 is not an allowed group]"
)
NO_ACCOUNT = 'pods "a-" is forbidden: error looking up service account kubeflow/katib: serviceaccount "katib" not found'


def found(*bodies: Body) -> list[Finding]:
    return [finding for check in CHECKS for finding in check.look(snapshot(*bodies))]


def owned(owner: Body, child: Body) -> Body:
    reference = {name: owner[name] for name in ("apiVersion", "kind")}
    reference |= {"name": owner["metadata"]["name"], "uid": owner["metadata"]["uid"], "controller": True}
    child["metadata"]["ownerReferences"] = [reference]
    return child


def refused(name: str, message: str, namespace: str = "kubeflow") -> tuple[Body, Body]:
    """A Deployment, and its ReplicaSet whose pods the API server refuses."""
    deployment = body("Deployment", name, namespace, group="apps", spec={"replicas": 1}, status={"replicas": 0})
    failure = {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": message}
    status = {"replicas": 0, "conditions": [failure]}
    replicas = body("ReplicaSet", f"{name}-1", namespace, group="apps", spec={"replicas": 1}, status=status)
    return deployment, owned(deployment, replicas)


def running(name: str, *, ready: bool, container: str = "main", node: str = "") -> Body:
    entry = {"name": container, "image": "a", "state": {"running": {}}, "ready": ready}
    condition = {"type": "Ready", "status": str(ready), "lastTransitionTime": "2026-01-01T00:01:00Z"}
    status = {"phase": "Running", "containerStatuses": [entry], "conditions": [condition]}
    return pod(name, status=status, **({"nodeName": node} if node else {}))


@pytest.mark.parametrize(
    ("message", "cause", "command"),
    [
        (RESTRICTED, "istio-psa-forbidden", "kubectl get namespace kubeflow --show-labels"),
        (NO_CONSTRAINT, "ocp-scc-fixed-ids", "oc get namespace kubeflow -o jsonpath='{.metadata.annotations}'"),
        (NO_ACCOUNT, "rbac-serviceaccount-missing", "kubectl -n kubeflow create serviceaccount katib"),
        (NO_INJECTOR, "wh-no-endpoints", "kubectl -n istio-system get pods"),
        ("something new", "workload-pods-refused", "kubectl -n kubeflow describe deployment/a"),
    ],
)
def test_a_workload_whose_pods_are_refused_says_by_what(message: str, cause: str, command: str) -> None:
    [finding] = found(*refused("a", message))
    assert (finding.cause, finding.objects) == (cause, (ObjectKey("apps", "Deployment", "kubeflow", "a"),))
    assert command in finding.remedy.commands
    assert finding.evidence[0].text == message


def test_a_webhook_that_holds_back_many_is_one_finding() -> None:
    [finding] = found(*refused("a", NO_INJECTOR), *refused("b", NO_INJECTOR, "knative-serving"))
    assert "2 workloads" in finding.title


def test_a_refusal_follows_from_the_webhook_that_nobody_serves() -> None:
    client = {"service": {"namespace": "istio-system", "name": "istiod", "port": 443}, "caBundle": ""}
    hook = {"name": "namespace.sidecar-injector.istio.io", "clientConfig": client, "failurePolicy": "Fail"}
    name, group = "istio-sidecar-injector", "admissionregistration.k8s.io"
    configuration = body("MutatingWebhookConfiguration", name, group=group, webhooks=[hook])
    service = body("Service", "istiod", "istio-system", spec={"selector": {"app": "istiod"}, "ports": [{"port": 443}]})
    report = examine(snapshot(*refused("a", NO_INJECTOR), configuration, service), ALL_CHECKS)
    [root] = [root for root in report.roots if root.finding.title.startswith("Nobody serves")]
    assert [finding.title for finding in root.walk() if "No pods" in finding.title]


def test_a_stateful_set_tells_by_its_events() -> None:
    owner = body("StatefulSet", "db", "kubeflow", group="apps", spec={"replicas": 1}, status={"replicas": 0})
    [finding] = found(
        owner, event(owner, "FailedCreate", f"create Pod db-0 in StatefulSet db failed error: {RESTRICTED}")
    )
    assert finding.cause == "istio-psa-forbidden"


def test_workloads_that_nobody_looks_at() -> None:
    deployment = body("Deployment", "a", "kubeflow", group="apps", spec={"replicas": 1})
    deployment["metadata"]["creationTimestamp"] = "2026-01-01T00:00:00Z"
    [finding] = found(deployment)
    assert finding.cause == "workload-controllers-silent"
    assert "kubectl -n kube-system get lease kube-controller-manager -o yaml" in finding.remedy.commands


def job(name: str, made: str = "2026-01-01T00:00:00Z", **condition: str) -> Body:
    found = body("Job", name, "kubeflow", group="batch", status={"conditions": [{"status": "True", **condition}]})
    found["metadata"]["creationTimestamp"] = made
    return found


GAVE_UP = {"type": "Failed", "reason": "BackoffLimitExceeded", "message": "Job has reached the specified backoff limit"}


def test_a_job_that_gave_up_explains_its_pods() -> None:
    failed = job("init", **GAVE_UP)
    ended = {"exitCode": 1, "reason": "Error"}
    entry = {"name": "main", "image": "a", "state": {"terminated": ended}}
    last = owned(failed, pod("init-x", status={"phase": "Failed", "containerStatuses": [entry]}))
    key = ObjectKey("", "Pod", "kubeflow", "init-x")
    log = Recorded({(key, "main"): ("MLMDEnv: no schema_version can be found",)})
    [finding] = jobs.failed_jobs(replace(snapshot(failed, last), outside=log))
    assert finding.cause == "kf-mlmd-env-race"
    assert finding.objects[1:] == (key,)
    assert finding.remedy.commands[-1] == "kubectl -n kubeflow delete job init"


def test_a_schedule_that_has_succeeded_since_is_well() -> None:
    schedule = body("CronJob", "nightly", "kubeflow", group="batch")
    old = owned(schedule, job("nightly-1", **GAVE_UP))
    new = owned(schedule, job("nightly-2", "2026-01-01T00:05:00Z", type="Complete"))
    assert found(old, new) == []
    assert len(found(old)) == 1


def test_a_pod_that_fails_its_probe_says_which_and_what_was_answered() -> None:
    unready = running("a", ready=False)
    answer = 'Readiness probe failed: Get "http://10.0.0.9:8080/healthz": dial tcp 10.0.0.9:8080: connection refused'
    [finding] = found(unready, event(unready, "Unhealthy", answer))
    assert finding.cause == "pod-probe-failed"
    assert [each.text for each in finding.evidence] == ["not ready since 2026-01-01T00:01:00Z", answer]
    assert "kubectl -n kubeflow logs a -c main --tail=50" in finding.remedy.commands


def test_a_sidecar_that_is_not_ready_waits_for_istiod() -> None:
    [finding] = found(running("a", ready=False, container="istio-proxy"))
    assert finding.needs == {ObjectKey("apps", "Deployment", "istio-system", "istiod")}


def test_pods_on_a_lost_node_are_blamed_on_the_node() -> None:
    lost = {"conditions": [{"type": "Ready", "status": "Unknown"}]}
    [finding] = found(running("a", ready=False, node="n1"), body("Node", "n1", status=lost))
    assert finding.cause == "pod-node-lost"
    assert finding.needs == {ObjectKey("", "Node", "", "n1")}


def test_evicted_pods_are_left_over() -> None:
    status = {"phase": "Failed", "reason": "Evicted", "message": "The node was low on resource: ephemeral-storage."}
    [finding] = found(pod("a", status=status), pod("b", status=status))
    assert (finding.cause, finding.severity) == ("node-evicted-ephemeral", Severity.WARNING)
    assert finding.remedy.commands == ("kubectl delete pods -A --field-selector=status.phase=Failed",)
    assert len(finding.objects) == 2


@pytest.mark.parametrize(
    ("changes", "words", "command"),
    [
        ({"finalizers": ["example.com/keep"]}, "example.com/keep", "patch pod a --type=merge"),
        ({}, "its node n1 is gone", "delete pod a --force --grace-period=0"),
    ],
)
def test_a_pod_that_does_not_go_says_what_holds_it(changes: dict[str, Any], words: str, command: str) -> None:
    going = pod("a", nodeName="n1", status={"phase": "Running"})
    going["metadata"] |= {"deletionTimestamp": "2026-01-01T00:00:00Z", **changes}
    [finding] = found(going)
    assert words in finding.title
    assert "10 minutes" in finding.title
    assert command in finding.remedy.commands[0]


def test_workloads_that_are_as_wanted_are_well() -> None:
    deployment = body("Deployment", "a", "kubeflow", group="apps", spec={"replicas": 1}, status={"replicas": 1})
    replicas = body("ReplicaSet", "a-1", "kubeflow", group="apps", spec={"replicas": 1}, status={"replicas": 1})
    old = body("ReplicaSet", "a-0", "kubeflow", group="apps", spec={"replicas": 0}, status={"replicas": 0})
    starting = body("Job", "j", "kubeflow", group="batch", status={"active": 1})
    assert found(deployment, replicas, old, starting, running("a-1-x", ready=True), job("k", type="Complete")) == []
