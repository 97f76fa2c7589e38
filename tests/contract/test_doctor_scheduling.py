"""What the doctor works out of nodes and pods, beside what kube-scheduler says of the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from checks.scheduling.unscheduled import unschedulable
from checks.scheduling.waiting import waiting
from kfinstall.contracts.finding import Finding
from kfinstall.contracts.manifest import Body
from kfinstall.doctor.reading import from_cluster
from kfinstall.doctor.snapshot import Collected
from kfinstall.facts.classify.scheduling import refusal
from kfinstall.facts.objects.kinds import NAMESPACE, NODE, POD
from kfinstall.facts.scheduling.capacity import rooms
from kfinstall.facts.scheduling.obstacles import Kind, Obstacle, Refusal, refusals
from kfinstall.kube.cluster import Cluster as Handle
from kfinstall.kube.connection import Connection
from tests.controlplane.api import Api
from tests.controlplane.server import ControlPlane
from tests.patience import eventually
from tests.sandbox.conftest import served

PODS = "/api/v1/namespaces/default/pods"
NODES = "/api/v1/nodes"
ZONE = "topology.kubernetes.io/zone"
GPU = "nvidia.com/gpu"
GATEWAY = {"app": "gateway"}
READY = [{"type": "Ready", "status": "True", "reason": "KubeletReady"}]

TAINTS = (Kind.TAINT, Kind.UNWELL, Kind.CONTROL_PLANE)
FILTERS = (
    (Kind.CORDONED,), TAINTS, (Kind.LABELS,), (Kind.PORT,), (Kind.SHORT,),
    (Kind.SPREAD,), (Kind.APART, Kind.TOGETHER),
)  # fmt: skip
"""The scheduler asks them in this order and names of a node only what the first one finds (default_plugins.go)."""

WORDS = {
    Kind.CORDONED: "node(s) were unschedulable",
    **dict.fromkeys(TAINTS, "node(s) had untolerated taint(s)"),
    Kind.LABELS: "node(s) didn't match Pod's node affinity/selector",
    Kind.PORT: "node(s) didn't have free ports for the requested pod ports",
    Kind.SPREAD: "node(s) didn't match pod topology spread constraints",
    Kind.APART: "node(s) didn't match pod anti-affinity rules",
    Kind.TOGETHER: "node(s) didn't match pod affinity rules",
}


@pytest.fixture(scope="module")
def cluster(control_plane_binaries: Path) -> Iterator[ControlPlane]:
    """Five nodes that nobody but the test touches: no controller watches over them."""
    if not (control_plane_binaries / "kube-scheduler").exists():
        pytest.skip("there is no kube-scheduler")
    with ControlPlane(control_plane_binaries, controller_manager=False) as running, Api(running.kubeconfig()) as api:
        _node(api, "a", {"cpu": "2", "memory": "4Gi"}, labels={ZONE: "a", "disk": "hdd"})
        _node(api, "b", {"cpu": "4", "memory": "8Gi", "pods": "1"}, labels={ZONE: "b", "disk": "ssd"})
        team = {"key": "team", "value": "x", "effect": "NoSchedule"}
        _node(api, "c", {"cpu": "16", "memory": "8Gi"}, labels={ZONE: "b"}, taints=[team])
        gpu = {"key": GPU, "value": "present", "effect": "NoSchedule"}
        _node(api, "gpu", {"cpu": "8", "memory": "8Gi", GPU: "2"}, labels={ZONE: "c"}, taints=[gpu])
        _node(api, "closed", {"cpu": "8", "memory": "8Gi"}, unschedulable=True)
        for standing in (
            _pod("gateway-0", on="a", requests={"cpu": "500m"}, labels=GATEWAY, port=8080),
            _pod("init", on="a", requests={"cpu": "250m"}, inits=[_container("i", {"cpu": "1"})]),
            _pod("sidecar", on="b", requests={"cpu": "1"}, inits=[_container("s", {"cpu": "500m"}, always=True)]),
            _pod("train", on="gpu", requests={GPU: "1"}),
        ):
            api.create(PODS, standing)
        yield running


def _node(api: Api, name: str, allocatable: dict[str, str], *, labels: dict[str, str] | None = None,
          **spec: Any) -> None:  # fmt: skip
    """Its taints are set afterwards: the API server gives a new node those of one that is not ready."""
    named = {"name": name, "labels": {"kubernetes.io/hostname": name, **(labels or {})}}
    api.create(NODES, {"metadata": named, "spec": {}})
    offered = {"pods": "110", **allocatable}
    api.patch(f"{NODES}/{name}/status", {"status": {"allocatable": offered, "capacity": offered, "conditions": READY}})
    api.patch(f"{NODES}/{name}", {"spec": {"taints": [], **spec}})


def _container(name: str, requests: dict[str, str], *, always: bool = False, port: int = 0) -> Body:
    found: Body = {"name": name, "image": "example.com/a:1", "resources": {"requests": requests, "limits": requests}}
    if always:
        found["restartPolicy"] = "Always"
    if port:
        found["ports"] = [{"containerPort": port, "hostPort": port}]
    return found


def _pod(name: str, *, on: str = "", requests: dict[str, str] | None = None, labels: dict[str, str] | None = None,
         inits: list[Body] | None = None, port: int = 0, **spec: Any) -> Body:  # fmt: skip
    spec["containers"] = [_container("main", requests or {}, port=port)]
    if on:
        spec["nodeName"] = on
    return {"metadata": {"name": name, "labels": labels or {}}, "spec": {**spec, "initContainers": inits or []}}


def _affinity(kind: str, key: str) -> Body:
    term = {"topologyKey": key, "labelSelector": {"matchLabels": GATEWAY}}
    return {kind: {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}


def _selecting(*rules: Body) -> Body:
    terms = {"nodeSelectorTerms": [{"matchExpressions": list(rules)}]}
    return {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}}


def _spread(**constraint: Any) -> list[Body]:
    selector = {"labelSelector": {"matchLabels": GATEWAY}}
    return [{"topologyKey": ZONE, "maxSkew": 1, "whenUnsatisfiable": "DoNotSchedule", **selector, **constraint}]


ANYWHERE = [{"operator": "Exists"}]
CASES: dict[str, Body] = {
    "cpu": _pod("cpu", requests={"cpu": "3"}),
    "two-resources": _pod("two-resources", requests={"cpu": "20", "memory": "20Gi"}, tolerations=ANYWHERE),
    "init": _pod("init-large", requests={"cpu": "100m"}, inits=[_container("i", {"cpu": "9"})], tolerations=ANYWHERE),
    "gpu": _pod("gpu", requests={GPU: "2"}, tolerations=[{"key": GPU, "operator": "Exists"}]),
    "gpu-taint": _pod("gpu-taint", requests={GPU: "1"}),
    "labels": _pod("labels", nodeSelector={"disk": "nvme"}, tolerations=ANYWHERE),
    "affinity": _pod(
        "affinity", affinity=_selecting({"key": "disk", "operator": "NotIn", "values": ["hdd", "ssd"]},
                                        {"key": ZONE, "operator": "Exists"}),
    ),
    "port": _pod("port", port=8080, nodeSelector={"disk": "hdd"}),
    "apart": _pod("apart", affinity=_affinity("podAntiAffinity", ZONE), nodeSelector={ZONE: "a"}),
    "together": _pod("together", affinity=_affinity("podAffinity", ZONE), requests={"cpu": "1"}),
    "uneven": _pod("uneven", labels=GATEWAY, topologySpreadConstraints=_spread(), nodeSelector={"disk": "hdd"},
                   affinity=_selecting({"key": ZONE, "operator": "Exists"})),
    "spread": _pod("spread", labels=GATEWAY, topologySpreadConstraints=_spread(nodeAffinityPolicy="Ignore"),
                   nodeSelector={"disk": "hdd"}),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_every_node_refuses_for_the_reasons_that_the_scheduler_names(cluster: ControlPlane, case: str) -> None:
    name = CASES[case]["metadata"]["name"]
    with Api(cluster.kubeconfig()) as api:
        api.create(PODS, CASES[case])
        pod = _judged(api, name)
        snapshot = _looked(cluster)
        api.delete(f"{PODS}/{name}", gracePeriodSeconds=0)
    nodes = rooms(snapshot)
    if pod["spec"].get("nodeName"):  # room enough by the scheduler: the chosen node has no obstacle without the pod
        others = [each for each in snapshot.all(POD) if each["metadata"]["name"] != name]
        before = rooms(Collected({**snapshot.objects, POD: others}))
        taken = [each for each in refusals(pod, before, lambda _namespace: {}) if not each.obstacles]
        assert pod["spec"]["nodeName"] in {each.room.name for each in taken}
        return
    [found] = waiting(snapshot, nodes)
    said = refusal(found.message)
    assert said
    assert said.nodes == len(nodes)
    ours = Counter(reason for each in found.refusals for reason in _named(each))
    assert ours == {each.text: each.count for each in said.reasons}


def _judged(api: Api, name: str) -> Body:
    """The pod once the scheduler has said something of it."""

    def judged() -> bool:
        return bool(api.get(f"{PODS}/{name}").get("status", {}).get("conditions"))

    eventually(judged)
    return api.get(f"{PODS}/{name}")


def _looked(cluster: ControlPlane) -> Collected:
    return from_cluster(Handle(Connection.open(cluster.kubeconfig())), {NODE, POD, NAMESPACE})


def _named(refused: Refusal) -> set[str]:
    """What the scheduler names of a node: all that the first filter which refuses it finds."""
    kinds = next(kinds for kinds in FILTERS if any(each.kind in kinds for each in refused.obstacles))
    return {_word(each) for each in refused.obstacles if each.kind in kinds}


def _word(obstacle: Obstacle) -> str:
    if obstacle.kind is not Kind.SHORT:
        return WORDS[obstacle.kind]
    return "Too many pods" if obstacle.what == "pods" else f"Insufficient {obstacle.what}"


def _refusals_in(kubeconfig: Path, *pods: Body) -> list[Finding]:
    """What the check finds in a practice cluster once its scheduler has judged these pods."""
    with Api(kubeconfig) as api:
        eventually(lambda: api.get("/api/v1/namespaces/default/serviceaccounts")["items"])
        for each in pods:
            api.create(PODS, each)
            _judged(api, each["metadata"]["name"])
    return list(unschedulable(from_cluster(Handle(Connection.open(kubeconfig)), {NODE, POD, NAMESPACE})))


def test_a_third_gpu(tmp_path: Path) -> None:
    tolerant = [{"key": GPU, "operator": "Exists"}]
    pods = [_pod(name, requests={GPU: "1"}, tolerations=tolerant) for name in ("one", "two", "three")]
    with served("gpu-exhausted", tmp_path) as kubeconfig:
        [found] = _refusals_in(kubeconfig, *pods)
    assert (found.cause, [key.name for key in found.objects]) == ("gpu-all-busy-or-request-too-large", ["three"])
    text = f"{GPU}: 1 asked, 0 of 2 free, 1 missing, used by default/one (1), default/two (1)"
    assert text in {each.text for each in found.evidence}


def test_a_laptop_that_is_too_small(tmp_path: Path) -> None:
    with served("laptop-too-small", tmp_path) as kubeconfig:
        [found] = _refusals_in(
            kubeconfig, _pod("fits", requests={"cpu": "1500m"}), _pod("large", requests={"cpu": "1"})
        )
    assert found.evidence[0].text == "cpu: 1 asked, 500m of 2 free, 500m missing"
    assert found.remedy.commands == ("kubectl -n default delete pod/fits",)
    assert "1 more node like laptop, or laptop with cpu 2.5 instead of 2" in found.remedy.text
