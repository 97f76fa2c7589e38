"""Nodes: not ready, short of something, closed, of a version or with a clock that does not fit."""

import pytest

from checks.nodes import ready, upkeep
from kfinstall.contracts.finding import Severity
from kfinstall.contracts.manifest import Body, ObjectKey
from kfinstall.doctor.examination import examine
from tests.unit.doctor.clusters import ALL_CHECKS, body, event, pod, snapshot
from tests.unit.doctor.nodes import READY, node, refused, standing, told

SINCE = "2026-01-01T00:01:00Z"
NODE_CHECKS = [check for check in ALL_CHECKS if check.area == "nodes"]
CORDON = {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}


def condition(kind: str, status: str, message: str) -> Body:
    return {"type": kind, "status": status, "message": message, "lastTransitionTime": SINCE}


def lease(name: str, renewed: str) -> Body:
    return body("Lease", name, "kube-node-lease", group="coordination.k8s.io", spec={"renewTime": renewed})


@pytest.mark.parametrize(
    ("status", "message", "cause"),
    [
        ("Unknown", "Kubelet stopped posting node status.", "node-notready-kubelet-stopped"),
        ("False", "[container runtime is down, PLEG is not healthy]", "node-not-ready-runtime"),
        (
            "False",
            "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network "
            "plugin returns error: cni plugin not initialized",
            "net-cni-not-ready",
        ),
    ],
)
def test_a_node_that_is_not_ready_says_why(status: str, message: str, cause: str) -> None:
    dead = node("n", conditions=[condition("Ready", status, message)])
    [found] = ready.not_ready(snapshot(dead, lease("n", "2026-01-01T00:00:20Z")))
    assert (found.cause, found.severity) == (cause, Severity.ERROR)
    assert found.objects == (ObjectKey("", "Node", "", "n"),)
    assert told(found) == [f"n: {message} Since {SINCE}.", "n: Its lease was renewed last at 2026-01-01T00:00:20Z."]


def test_local_nodes_are_started_with_one_command() -> None:
    stopped = condition("Ready", "Unknown", "Kubelet stopped posting node status.")
    minikube = node("m", labels={"minikube.k8s.io/name": "work"}, conditions=[stopped])
    kind = node("kind-worker", conditions=[stopped])
    kind["spec"]["providerID"] = "kind://docker/kind/kind-worker"
    commands = [found.remedy.commands[0] for found in ready.not_ready(snapshot(minikube, kind))]
    assert commands == ["minikube start -p work", "docker start kind-worker"]


def test_a_node_that_has_just_joined_is_given_time() -> None:
    new = node("n", conditions=[condition("Ready", "False", "cni plugin not initialized")])
    new["metadata"]["creationTimestamp"] = "2026-01-01T00:09:00Z"
    assert not list(ready.not_ready(snapshot(new)))


def test_the_pods_of_a_lost_node_follow_from_it() -> None:
    dead = node("n", conditions=[condition("Ready", "Unknown", "Kubelet stopped posting node status.")])
    lost = pod("p", status={"phase": "Running", "conditions": [{"type": "Ready", "status": "False"}]}, nodeName="n")
    report = examine(snapshot(dead, lost), ALL_CHECKS)
    [root] = report.roots
    assert root.finding.cause == "node-notready-kubelet-stopped"
    assert not report.unexplained


def test_disk_pressure_with_what_the_images_take() -> None:
    full = node("n", conditions=[READY, condition("DiskPressure", "True", "kubelet has disk pressure")])
    full["status"]["images"] = [{"names": ["a"], "sizeBytes": 2 * 1024**3}, {"names": ["b"], "sizeBytes": 1024**3}]
    [found] = ready.under_pressure(snapshot(full))
    assert (found.cause, found.severity) == ("node-disk-pressure", Severity.ERROR)
    assert found.title == "Node/n has DiskPressure: it takes no new pods and puts some out"
    assert told(found) == [f"n: kubelet has disk pressure Since {SINCE}.", "n: Images that it reports take 3Gi."]


def test_a_node_that_was_cordoned_long_ago() -> None:
    closed = node("n", cordoned=True, taints=[{**CORDON, "timeAdded": "2025-12-31T00:00:00Z"}])
    [found] = upkeep.cordoned(snapshot(closed))
    assert (found.severity, found.remedy.commands) == (Severity.INFO, ("kubectl uncordon n",))
    assert told(found) == ["n: Since 2025-12-31T00:00:00Z."]


def test_a_node_that_is_being_drained_now_is_as_it_should_be() -> None:
    assert not list(upkeep.cordoned(snapshot(node("n", cordoned=True, taints=[{**CORDON, "timeAdded": SINCE}]))))


def test_a_cordon_that_a_pod_waits_for_is_named_once() -> None:
    message = "0/1 nodes are available: 1 node(s) were unschedulable."
    report = examine(snapshot(node("n", cordoned=True, taints=[CORDON]), refused("p", message)), ALL_CHECKS)
    assert [root.finding.severity for root in report.roots] == [Severity.ERROR]


@pytest.mark.parametrize(
    ("kubelet", "server", "why"),
    [
        ("v1.34.9", "v1.34.1", ""),
        ("v1.31.0+k3s1", "v1.34.1-gke.100", ""),
        ("v1.30.2", "v1.34.1", "kubelets are too old for the API server"),
        ("v1.24.0", "v1.26.0", ""),
        ("v1.24.0", "v1.27.0", "kubelets are too old for the API server"),
        ("v1.35.0", "v1.34.1", "kubelets are newer than the API server"),
        ("v1.35.0", "", ""),
        ("built by hand", "v1.34.1", ""),
    ],
)
def test_versions(kubelet: str, server: str, why: str) -> None:
    found = list(upkeep.versions(snapshot(node("n", kubelet=kubelet), version=server)))
    assert [each.title for each in found] == ([f"1 node: {why}, which is {server}"] if why else [])
    assert [told(each) for each in found] == ([[f"n: {kubelet}"]] if why else [])


@pytest.mark.parametrize(
    ("renewed", "title"),
    [
        ("2026-01-01T00:09:55.123456Z", ""),
        ("2026-01-01T00:03:00Z", "The clock of Node/n is 7 minutes behind this machine's"),
        ("2026-01-01T00:15:00Z", "The clock of Node/n is 5 minutes ahead of this machine's"),
    ],
)
def test_clocks(renewed: str, title: str) -> None:
    """The snapshot is of ten past."""
    found = list(upkeep.clocks(snapshot(node("n"), lease("n", renewed))))
    assert [each.title for each in found] == ([title] if title else [])


def test_what_a_problem_detector_says() -> None:
    locked = node("n", conditions=[READY, condition("KernelDeadlock", "True", "task docker:7 blocked for 120s")])
    [found] = upkeep.problems(snapshot(locked))
    assert (found.title, told(found)) == ("1 node reports KernelDeadlock", ["n: task docker:7 blocked for 120s"])


def test_old_control_groups_are_worth_knowing_and_no_failure() -> None:
    old = node("n")
    words = "cgroup v1 detected. cgroup v1 support is deprecated and will be removed in a future release."
    [found] = upkeep.problems(snapshot(old, event(old, "CgroupV1", words), event(old, "CgroupV1", words)))
    assert (found.severity, told(found)) == (Severity.INFO, [f"n: {words}"])


def test_healthy_nodes_have_no_finding() -> None:
    calm = [condition(kind, "False", "") for kind in ("DiskPressure", "MemoryPressure", "KernelDeadlock")]
    well = node("n", conditions=[READY, *calm, condition("EtcdIsVoter", "True", "a member of etcd")])
    started = event(well, "Starting", "Starting kubelet.")
    cluster = snapshot(well, lease("n", "2026-01-01T00:09:58Z"), standing("p", "n"), started)
    assert not examine(cluster, NODE_CHECKS).roots
