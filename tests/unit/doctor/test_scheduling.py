"""Pods that find no node: what each node says, with the numbers, and the smallest change that mends it."""

from typing import Any

import pytest

from checks.scheduling.unscheduled import unschedulable as look
from checks.scheduling.unscheduled import unseen
from kfinstall.contracts.finding import Finding, Severity
from kfinstall.contracts.manifest import Body, ObjectKey
from kfinstall.doctor.examination import examine
from tests.unit.doctor.clusters import ALL_CHECKS, body, pod, snapshot, unschedulable
from tests.unit.doctor.nodes import node, refused, standing, stateful_set, told

ZONE = "topology.kubernetes.io/zone"
TAINTED = "0/1 nodes are available: 1 node(s) had untolerated taint(s)."
NO_LABEL = "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector."
GPU = "nvidia.com/gpu"
NO_GPU = "0/2 nodes are available: 2 Insufficient nvidia.com/gpu."


def only(*bodies: Body) -> Finding:
    [finding] = look(snapshot(*bodies))
    return finding


def test_the_arithmetic_of_a_node_and_every_way_to_make_room() -> None:
    idle = stateful_set("idle", replicas=2)
    found = only(
        node("n", cpu="2", memory="8Gi"),
        idle,
        standing("idle-0", "n", owner=idle, cpu="500m"),
        standing("big", "n", cpu="1400m"),
        refused("p", owner=stateful_set("wants"), requests={"cpu": "300m", "memory": "1Gi"}),
    )
    assert (found.cause, found.severity) == ("sched-insufficient-cpu", Severity.ERROR)
    assert found.objects == (ObjectKey("", "Pod", "kubeflow", "p"),)
    assert found.title == "Not enough CPU for the pod: 1 pod"
    assert told(found)[:2] == [
        "n: cpu: 300m asked, 100m of 2 free, 200m missing",
        "p: asks for cpu 300m, memory 1Gi",
    ]
    assert found.remedy.text == (
        "Stopping 1 pod of StatefulSet.apps/kubeflow/idle makes room on n. "
        "A request of at most 100m cpu fits on n now. Room for all: 1 more node like n, or n with cpu 2.2 instead of 2."
    )
    assert found.remedy.commands == (
        "kubectl -n kubeflow scale statefulset/idle --replicas=1",
        "kubectl -n kubeflow set resources statefulset/wants --requests=cpu=100m",
    )


def test_pods_short_of_the_same_are_one_finding_and_nodes_are_counted_for_all() -> None:
    pods = [refused(f"p-{number}", requests={"cpu": "900m"}) for number in range(5)]
    found = only(node("n", cpu="2"), standing("all", "n", cpu="2"), *pods)
    assert len(found.objects) == 5
    assert told(found)[1] == "p-0: asks for cpu 900m"
    assert "3 more nodes like n, or n with cpu 6.5 instead of 2" in found.remedy.text


def test_what_runs_on_every_node_counts_on_a_new_one_too() -> None:
    daemon = body("DaemonSet", "agent", "kube-system", group="apps")
    agent = standing("agent", "n", owner=daemon, namespace="kube-system", cpu="500m")
    found = only(node("n", cpu="2"), agent, standing("rest", "n", cpu="1"), refused("p", requests={"cpu": "1800m"}))
    assert "No node of the present shape will do; room for all has n with cpu 3.3 instead of 2." in found.remedy.text


def test_notebooks_are_stopped_first() -> None:
    notebook = body("Notebook", "idle", "team", group="kubeflow.org")
    workload = stateful_set("idle", "team", ownerReferences=[_controller(notebook)])
    found = only(
        node("n", cpu="2"),
        notebook,
        workload,
        standing("idle-0", "n", owner=workload, namespace="team", cpu="1"),
        standing("other", "n", cpu="1"),
        refused("p", requests={"cpu": "1"}),
    )
    assert found.remedy.commands == (
        "kubectl -n team annotate notebook.kubeflow.org/idle kubeflow-resource-stopped=true",
    )


def _controller(owner: Body) -> Body:
    named = {"apiVersion": owner["apiVersion"], "kind": owner["kind"], "name": owner["metadata"]["name"]}
    return {**named, "uid": owner["metadata"]["uid"], "controller": True}


def test_kubeflow_itself_is_stopped_last_and_at_its_cost() -> None:
    own, other = stateful_set("metacontroller"), stateful_set("other", "team")
    pods = [
        standing("metacontroller-0", "n", owner=own, cpu="1"),
        standing("other-0", "n", owner=other, namespace="team", cpu="1500m"),
        refused("p", requests={"cpu": "1"}),
    ]
    foreign = only(node("n", cpu="2500m"), *pods)
    assert foreign.remedy.commands[0] == "kubectl -n team scale statefulset/other --replicas=0"
    ours = only(node("n", cpu="1"), pods[0], pods[2])
    assert ours.remedy.text.startswith(
        "Stopping 1 pod of StatefulSet.apps/kubeflow/metacontroller makes room on n, at the cost of "
    )


def test_what_belongs_to_the_cluster_is_not_stopped() -> None:
    system = standing("coredns", "n", namespace="kube-system", cpu="2")
    found = only(node("n", cpu="2"), system, refused("p", requests={"cpu": "1"}))
    assert "Stopping" not in found.remedy.text


def test_minikube_is_made_anew_with_the_size_that_is_needed() -> None:
    minikube = node("minikube", labels={"minikube.k8s.io/name": "minikube"}, cpu="2", memory="4Gi")
    found = only(minikube, refused("p", requests={"cpu": "2500m", "memory": "1Gi"}))
    assert "minikube delete && minikube start --cpus 3 --memory 4096m" in found.remedy.commands


def test_the_nearest_nodes_are_shown_and_the_others_counted() -> None:
    small = [node(f"small-{number}", cpu="1") for number in range(4)]
    away = node("tainted", taints=[{"key": "team", "value": "a", "effect": "NoSchedule"}], cpu="1")
    found = only(*small, away, node("n", cpu="4"), standing("x", "n", cpu="3"), refused("p", requests={"cpu": "2"}))
    assert told(found)[:4] == [
        "n: cpu: 2 asked, 1 of 4 free, 1 missing",
        "small-0: cpu: 2 asked, the whole node has 1",
        "small-1: cpu: 2 asked, the whole node has 1",
        "3 more nodes: too little cpu (3), taint team=a:NoSchedule is not tolerated (1)",
    ]


def test_a_taint_is_read_from_the_node_and_the_toleration_written_out() -> None:
    tainted = node("n", taints=[{"key": "team", "value": "a", "effect": "NoSchedule"}], cpu="4")
    kept = [
        {"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300},
        {"key": "x", "operator": "Exists"},
    ]
    found = only(tainted, refused("p", TAINTED, owner=stateful_set("w"), tolerations=kept))
    assert found.cause == "sched-untolerated-taint"
    assert told(found)[0] == "n: taint team=a:NoSchedule is not tolerated"
    assert found.remedy.commands == (
        'kubectl -n kubeflow patch statefulset/w -p \'{"spec": {"template": {"spec": {"tolerations": [{"key": "x", '
        '"operator": "Exists"}, {"key": "team", "operator": "Equal", "effect": "NoSchedule", "value": "a"}]}}}}\'',
        "kubectl taint nodes n team=a:NoSchedule-",
    )


def test_the_only_node_is_of_the_control_plane() -> None:
    control = {"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"}
    found = only(node("n", taints=[control], cpu="4"), refused("p", TAINTED))
    assert found.cause == "sched-single-control-plane-taint"
    assert found.remedy.commands == ("kubectl taint nodes n node-role.kubernetes.io/control-plane:NoSchedule-",)


def test_workers_are_meant_and_not_the_control_plane() -> None:
    """By its number of reasons the control plane would be nearer."""
    control = {"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"}
    found = only(
        node("control", taints=[control], cpu="8", memory="8Gi"),
        node("worker", cpu="1", memory="1Gi"),
        standing("x", "worker", cpu="900m", memory="900Mi"),
        refused("p", requests={"cpu": "500m", "memory": "500Mi"}),
    )
    assert found.cause == "sched-insufficient-cpu"
    assert told(found)[0].startswith("worker: cpu: 500m asked, 100m of 1 free, 400m missing; memory: 500Mi asked")


def test_a_node_that_is_not_well_is_the_cause() -> None:
    """The taint of its condition is a consequence, and so is the pod that waits."""
    dead = {"type": "Ready", "status": "Unknown", "message": "Kubelet stopped posting node status."}
    taint = {"key": "node.kubernetes.io/unreachable", "effect": "NoSchedule"}
    report = examine(snapshot(node("n", taints=[taint], conditions=[dead], cpu="4"), refused("p", TAINTED)), ALL_CHECKS)
    [root] = report.roots
    assert [found.cause for found in root.walk()] == ["node-notready-kubelet-stopped", "sched-untolerated-taint"]


@pytest.mark.parametrize(
    ("spec", "lacks", "command"),
    [
        ({"nodeSelector": {"disk": "ssd"}}, "disk=ssd", "kubectl label node n disk=ssd"),
        ({"nodeSelector": {ZONE: "a"}}, f"{ZONE}=a", f"kubectl get nodes -L {ZONE}"),
        (
            {"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [
                {"matchExpressions": [{"key": "disk", "operator": "In", "values": ["ssd", "nvme"]},
                                      {"key": "slow", "operator": "DoesNotExist"}]},
                {"matchExpressions": [{"key": "a", "operator": "Exists"}, {"key": "b", "operator": "Exists"}]},
            ]}}}},
            "disk in (ssd, nvme)",
            "kubectl get nodes -L disk",
        ),
    ],
)  # fmt: skip
def test_labels_that_no_node_has(spec: Body, lacks: str, command: str) -> None:
    found = only(node("n", cpu="4"), refused("p", NO_LABEL, **spec))
    assert (found.cause, told(found)[0]) == ("sched-node-affinity-selector", f"n: lacks {lacks}")
    assert command in found.remedy.commands


def test_who_has_the_port() -> None:
    container = {"name": "main", "ports": [{"containerPort": 80, "hostPort": 8080}]}
    has = pod("gateway", "istio-system", status={"phase": "Running"}, containers=[container], nodeName="n")
    message = "0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod ports."
    wants = pod("p", status=unschedulable(message), containers=[container])
    found = only(node("n", cpu="4"), has, wants)
    assert found.cause == "sched-host-ports"
    assert told(found)[0] == "n: port 8080/TCP is taken by Pod/istio-system/gateway"


def test_a_cordoned_node() -> None:
    message = "0/1 nodes are available: 1 node(s) were unschedulable."
    taints = [{"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}]
    found = only(node("n", cordoned=True, taints=taints, cpu="4"), refused("p", message))
    assert (found.cause, told(found)[0]) == ("sched-node-cordoned", "n: is cordoned")
    assert found.remedy.commands == ("kubectl uncordon n",)


def _apart(key: str) -> Body:
    term = {"topologyKey": key, "labelSelector": {"matchLabels": {"app": "gateway"}}}
    return {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}


def test_more_replicas_than_nodes_that_may_share_none() -> None:
    owner, labels = stateful_set("gateway", replicas=2), {"app": "gateway"}
    message = "0/1 nodes are available: 1 node(s) didn't match pod anti-affinity rules."
    found = only(
        node("n", cpu="4"),
        owner,
        standing("gateway-0", "n", owner=owner, labels=labels),
        refused("gateway-1", message, owner=owner, labels=labels, affinity=_apart("kubernetes.io/hostname")),
    )
    assert found.cause == "sched-pod-affinity"
    assert told(found)[0] == "n: may not share kubernetes.io/hostname with pods that are there"
    assert found.remedy.commands == ("kubectl -n kubeflow scale statefulset/gateway --replicas=1",)


def test_a_pod_that_is_there_keeps_others_away() -> None:
    wary = standing("gateway-0", "n", labels={"app": "gateway"})
    wary["spec"]["affinity"] = _apart(ZONE)
    message = "0/2 nodes are available: 2 node(s) didn't satisfy existing pods anti-affinity rules."
    nodes = [node(name, labels={ZONE: "a"}, cpu="4") for name in "nm"]
    found = only(*nodes, wary, refused("p", message, labels={"app": "gateway"}))
    assert told(found)[:2] == [f"{name}: may not share {ZONE} with pods that are there" for name in "nm"]


def test_uneven_zones() -> None:
    constraint = {"topologyKey": ZONE, "maxSkew": 1, "labelSelector": {"matchLabels": {"app": "x"}}}
    constraint["whenUnsatisfiable"] = "DoNotSchedule"
    message = "0/2 nodes are available: 1 Insufficient cpu, 1 node(s) didn't match pod topology spread constraints."
    found = only(
        node("a", labels={ZONE: "a"}, cpu="4"),
        node("b", labels={ZONE: "b"}, cpu="1"),
        standing("x-0", "a", labels={"app": "x"}),
        refused("x-1", message, labels={"app": "x"}, requests={"cpu": "3"}, topologySpreadConstraints=[constraint]),
    )
    assert (found.cause, told(found)[0]) == ("sched-topology-spread", f"a: one more there is uneven by {ZONE}")


def test_a_gpu_behind_a_taint_is_a_taint() -> None:
    taint = {"key": GPU, "value": "present", "effect": "NoSchedule"}
    message = "0/2 nodes are available: 1 Insufficient nvidia.com/gpu, 1 node(s) had untolerated taint(s)."
    gpu = node("gpu", taints=[taint], cpu="8", devices={GPU: "1"})
    found = only(node("n", cpu="8"), gpu, refused("p", message, requests={GPU: "1"}))
    assert (found.cause, told(found)[0]) == ("gpu-taint", f"gpu: taint {GPU}=present:NoSchedule is not tolerated")


def test_who_uses_the_gpus() -> None:
    found = only(
        node("n", cpu="8"),
        node("gpu", cpu="8", devices={GPU: "2"}),
        standing("train", "gpu", namespace="team", devices={GPU: "2"}),
        refused("p", NO_GPU, requests={GPU: "1"}),
    )
    assert found.cause == "gpu-all-busy-or-request-too-large"
    assert told(found)[0] == f"gpu: {GPU}: 1 asked, 0 of 2 free, 1 missing, used by team/train (2)"
    assert told(found)[1] == f"n: has no {GPU}"
    assert found.remedy.commands[0] == "kubectl -n team delete pod/train"


def test_more_gpus_than_any_node_has() -> None:
    nodes = [node(name, cpu="8", devices={GPU: "2"}) for name in "ab"]
    found = only(*nodes, refused("p", NO_GPU, requests={GPU: "4"}))
    assert told(found)[0] == f"a: {GPU}: 4 asked, the whole node has 2"
    assert "No node of the present shape will do" in found.remedy.text


def test_gpus_by_another_name() -> None:
    partitioned = node("gpu", cpu="8", devices={"nvidia.com/mig-1g.5gb": "7"})
    found = only(
        partitioned, refused("p", "0/1 nodes are available: 1 Insufficient nvidia.com/gpu.", requests={GPU: "1"})
    )
    assert found.cause == "gpu-insufficient-none-advertised"
    assert told(found)[:2] == [f"gpu: has no {GPU}", "The nodes offer: nvidia.com/mig-1g.5gb."]


def test_pods_of_lower_priority_that_are_ending() -> None:
    waits = refused("p", requests={"cpu": "1"}, priority=100)
    waits["status"]["nominatedNodeName"] = "n"
    found = only(node("n", cpu="1"), standing("low", "n", cpu="1"), waits)
    assert (found.cause, found.severity) == ("sched-preempting", Severity.INFO)


def test_pods_of_lower_priority_that_are_spared() -> None:
    waits = refused("p", requests={"cpu": "1"}, priority=100, preemptionPolicy="Never")
    found = only(node("n", cpu="1"), standing("low", "n", cpu="1"), waits)
    assert "n: Pods of lower priority hold 1 cpu; preemptionPolicy Never spares them." in told(found)


def test_room_that_came_after_the_message() -> None:
    found = only(node("n", cpu="2"), refused("p", requests={"cpu": "1"}))
    assert (found.cause, found.severity) == ("sched-outdated", Severity.WARNING)
    assert found.title == "n has room by now for what the scheduler refused: 1 pod"


def test_an_old_message_that_names_another_shortage() -> None:
    found = only(
        node("n", cpu="4", memory="1Gi"), standing("x", "n", memory="1Gi"), refused("p", requests={"memory": "1Gi"})
    )
    assert found.cause == "sched-insufficient-memory"
    assert told(found)[0] == "p: The scheduler found too little cpu; there is enough by now, and its message is old."


def test_volumes_are_left_to_the_scheduler() -> None:
    """A node that has room may still be in another zone than the pod's volume."""
    message = "0/2 nodes are available: 1 Insufficient cpu, 1 node(s) had volume node affinity conflict."
    nodes = [node("a", cpu="4"), node("b", cpu="1")]
    found = only(*nodes, refused("p", message, requests={"cpu": "2"}))
    assert (found.cause, told(found)[0]) == ("sched-insufficient-cpu", "b: cpu: 2 asked, the whole node has 1")


UNBOUND = "0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims."


@pytest.mark.parametrize(
    ("message", "cause", "severity"),
    [
        (UNBOUND, "st-no-default-storageclass", Severity.ERROR),
        ("Scheduling is blocked due to non-empty scheduling gates", "sched-gated", Severity.INFO),
        ("no nodes available to schedule pods", "sched-no-nodes-and-scheduler-error", Severity.ERROR),
    ],
)
def test_what_does_not_lie_in_the_nodes(message: str, cause: str, severity: Severity) -> None:
    nodes = [] if "no nodes" in message else [node("n", cpu="4")]
    found = only(*nodes, refused("p", message))
    assert (found.cause, found.severity) == (cause, severity)


def test_without_the_right_to_see_nodes_the_message_is_what_there_is() -> None:
    found = only(refused("p"))
    assert (found.cause, told(found)) == ("sched-insufficient-cpu", ["p: 0/1 nodes are available: 1 Insufficient cpu."])


def _silent(**spec: Any) -> Body:
    found = pod("p", **spec)
    found["metadata"]["creationTimestamp"] = "2026-01-01T00:00:00Z"
    return found


def test_a_scheduler_that_says_nothing() -> None:
    [found] = unseen(snapshot(_silent(schedulerName="volcano"), _silent(nodeName="n")))
    assert found.title == 'The scheduler "volcano" says nothing: 1 pod waits'
    assert "kubectl get pods -A | grep scheduler" in found.remedy.commands


def test_a_cluster_where_all_pods_stand_has_no_finding() -> None:
    cluster = snapshot(node("n", cpu="2"), standing("a", "n", cpu="2"), node("m", cordoned=True, cpu="1"))
    assert not list(look(cluster))
    assert not list(unseen(cluster))
