"""Where pods go, and what is said of those that go nowhere: as kube-scheduler does it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from kfinstall.sandbox.scenario import Scenario
from tests.controlplane.api import Api, Object
from tests.controlplane.server import ControlPlane
from tests.sandbox.both import Both, Side, namespace_on, sides

ROOM = {"cpu": "4", "memory": "8Gi", "ephemeral-storage": "20Gi", "pods": "20"}
SCENARIO: Object = {
    "title": "Three nodes in two zones, one of them with a GPU and a taint.",
    "nodes": [
        {"name": "left", "allocatable": ROOM, "labels": {"zone": "west", "disk": "ssd", "size": "3"}},
        {"name": "right", "allocatable": ROOM, "labels": {"zone": "east", "size": "5"}},
        {
            "name": "gpu",
            "allocatable": {**ROOM, "nvidia.com/gpu": "2"},
            "labels": {"zone": "east"},
            "taints": [{"key": "gpu", "value": "yes", "effect": "NoSchedule"}],
        },
    ],
    "storageClasses": [
        {"name": "waits", "binding": "WaitForFirstConsumer"},
        {"name": "zonal", "binding": "WaitForFirstConsumer", "topology": "zone"},
        {"name": "silent", "binds": False, "binding": "Immediate"},
    ],
}
REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
TOLERANT = [{"operator": "Exists"}]


@pytest.fixture(scope="module")
def apis(own_control_plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Api, Api]]:
    if not (own_control_plane.has_scheduler and own_control_plane.has_controller_manager):
        pytest.skip("this control plane has no scheduler or no controller manager")
    folder: Path = tmp_path_factory.mktemp("scheduling")
    with sides(Scenario.model_validate(SCENARIO), own_control_plane, folder) as found:
        yield found


@pytest.fixture
def both(apis: tuple[Api, Api]) -> Iterator[Both]:
    with namespace_on(apis) as found:
        yield found
    found.agree(lambda side: not side.all("pods"))  # the next test has the nodes for itself


def pod(name: str, labels: dict[str, str] | None = None, requests: dict[str, str] | None = None, **spec: Any) -> Object:
    container: Object = {"name": "main", "image": "example.com/a:1"}
    if requests:
        container["resources"] = {"requests": requests, "limits": {k: v for k, v in requests.items() if "/" in k}}
    ports = spec.pop("ports", None)
    if ports:
        container["ports"] = ports
    return {"metadata": {"name": name, "labels": labels or {}}, "spec": {"containers": [container], **spec}}


def node_affinity(*terms: Object) -> Object:
    return {"nodeAffinity": {REQUIRED: {"nodeSelectorTerms": list(terms)}}}


def rule(key: str, operator: str, *values: str) -> Object:
    return {"key": key, "operator": operator, **({"values": list(values)} if values else {})}


def near(kind: str, key: str, labels: dict[str, str], **more: Any) -> Object:
    return {kind: {REQUIRED: [{"topologyKey": key, "labelSelector": {"matchLabels": labels}, **more}]}}


def spread(key: str, skew: int = 1, **more: Any) -> list[Object]:
    selector = {"matchLabels": {"app": "web"}}
    rule = {"topologyKey": key, "maxSkew": skew, "whenUnsatisfiable": "DoNotSchedule", "labelSelector": selector}
    return [{**rule, **more}]


def on(node: str) -> Object:
    return {"nodeSelector": {"kubernetes.io/hostname": node}, "tolerations": TOLERANT}


def claim(name: str, storage: str, mode: str = "ReadWriteOnce") -> Object:
    resources = {"requests": {"storage": "1Gi"}}
    return {
        "metadata": {"name": name},
        "spec": {"storageClassName": storage, "accessModes": [mode], "resources": resources},
    }


def mounting(name: str) -> list[Object]:
    return [{"name": "data", "persistentVolumeClaim": {"claimName": name}}]


def ephemeral(storage: str) -> list[Object]:
    template = {"spec": claim("", storage)["spec"]}
    return [{"name": "scratch", "ephemeral": {"volumeClaimTemplate": template}}]


WEB = {"app": "web"}
PORT = [{"containerPort": 80, "hostPort": 8080}]
UDP = [{"containerPort": 80, "hostPort": 8080, "protocol": "UDP"}]


@dataclass(frozen=True)
class Case:
    """What stands (claims, then pods that are on nodes), the pod that is asked about, and whether it gets a node."""

    pod: Object
    bound: bool = False
    claims: list[Object] = field(default_factory=list)
    standing: list[Object] = field(default_factory=list)


CASES = {
    "fits": Case(bound=True, pod=pod("p", requests={"cpu": "1"}, nodeSelector={"disk": "ssd"})),
    "too much cpu": Case(pod("p", requests={"cpu": "5"})),
    "too much of two things": Case(pod("p", requests={"cpu": "5", "memory": "9Gi"})),
    "too much ephemeral storage": Case(pod("p", requests={"ephemeral-storage": "21Gi"})),
    "an extended resource that nobody has": Case(pod("p", requests={"example.com/fpga": "1"})),
    "three gpus": Case(pod("p", requests={"nvidia.com/gpu": "3"}, tolerations=TOLERANT)),
    "a gpu behind a taint": Case(pod("p", requests={"nvidia.com/gpu": "1"})),
    "a gpu": Case(bound=True, pod=pod("p", requests={"nvidia.com/gpu": "1"}, tolerations=TOLERANT)),
    "no node has the label": Case(pod("p", nodeSelector={"disk": "tape"})),
    "affinity In": Case(pod("p", affinity=node_affinity({"matchExpressions": [rule("zone", "In", "north")]}))),
    "affinity Gt": Case(
        bound=True, pod=pod("p", affinity=node_affinity({"matchExpressions": [rule("size", "Gt", "4")]}))
    ),
    "affinity NotIn": Case(
        pod("p", affinity=node_affinity({"matchExpressions": [rule("zone", "NotIn", "west", "east")]}))
    ),
    "either of two terms": Case(
        bound=True,
        pod=pod(
            "p",
            affinity=node_affinity(
                {"matchExpressions": [rule("disk", "DoesNotExist"), rule("size", "Exists")]},
                {"matchExpressions": [rule("zone", "In", "north")]},
            ),
        ),
    ),
    "a node by name, full": Case(
        pod(
            "p",
            requests={"cpu": "9"},
            affinity=node_affinity({"matchFields": [rule("metadata.name", "In", "left")]}),
        )
    ),
    "a node by name, tainted": Case(
        pod("p", affinity=node_affinity({"matchFields": [rule("metadata.name", "In", "gpu")]}))
    ),
    "two nodes by name at once": Case(
        pod(
            "p",
            affinity=node_affinity(
                {"matchFields": [rule("metadata.name", "In", "left"), rule("metadata.name", "In", "right")]}
            ),
        )
    ),
    "a toleration for another value": Case(
        pod("p", nodeSelector={"kubernetes.io/hostname": "gpu"}, tolerations=[{"key": "gpu", "value": "no"}])
    ),
    "a toleration for the effect": Case(
        bound=True,
        pod=pod(
            "p",
            nodeSelector={"kubernetes.io/hostname": "gpu"},
            tolerations=[{"key": "gpu", "value": "yes", "effect": "NoSchedule"}],
        ),
    ),
    "gated": Case(pod("p", schedulingGates=[{"name": "example.com/wait"}])),
    "a host port that is taken": Case(
        pod("p", ports=PORT, **on("left")), standing=[pod("holder", ports=PORT, **on("left"))]
    ),
    "the same port of another protocol": Case(
        bound=True, pod=pod("p", ports=UDP, **on("left")), standing=[pod("holder", ports=PORT, **on("left"))]
    ),
    "others took the room": Case(
        pod("p", requests={"cpu": "2"}, **on("left")), standing=[pod("big", requests={"cpu": "3"}, **on("left"))]
    ),
    "near a pod that is nowhere": Case(pod("p", affinity=near("podAffinity", "zone", {"app": "db"}))),
    "near a pod in the other zone": Case(
        pod("p", nodeSelector={"zone": "west"}, affinity=near("podAffinity", "zone", {"app": "db"})),
        standing=[pod("db", {"app": "db"}, **on("right"))],
    ),
    "near itself": Case(
        bound=True, pod=pod("p", WEB, nodeSelector={"disk": "ssd"}, affinity=near("podAffinity", "zone", WEB))
    ),
    "near, by a label that no node has": Case(pod("p", WEB, affinity=near("podAffinity", "rack", WEB))),
    "near pods of other namespaces": Case(
        bound=True,
        pod=pod(
            "p",
            nodeSelector={"zone": "west"},
            affinity=near("podAffinity", "zone", {"app": "db"}, namespaceSelector={"matchLabels": {"team": "both"}}),
        ),
        standing=[pod("db", {"app": "db"}, **on("left"))],
    ),
    "away from its like": Case(
        pod("p", WEB, tolerations=TOLERANT, affinity=near("podAntiAffinity", "zone", WEB)),
        standing=[pod("one", WEB, **on("left")), pod("two", WEB, **on("right"))],
    ),
    "unwelcome": Case(
        pod("p", WEB, nodeSelector={"zone": "west"}),
        standing=[pod("shy", nodeSelector={"disk": "ssd"}, affinity=near("podAntiAffinity", "zone", WEB))],
    ),
    "spread too thin": Case(
        pod(
            "p",
            WEB,
            nodeSelector={"zone": "west"},
            topologySpreadConstraints=spread("zone", nodeAffinityPolicy="Ignore"),
        ),
        standing=[pod("one", WEB, **on("left"))],
    ),
    "spread, within what the selector leaves": Case(
        bound=True,
        pod=pod("p", WEB, nodeSelector={"zone": "west"}, topologySpreadConstraints=spread("zone")),
        standing=[pod("one", WEB, **on("left"))],
    ),
    "spread by a label that no node has": Case(pod("p", WEB, topologySpreadConstraints=spread("rack"))),
    "spread over more domains than there are": Case(
        pod("p", WEB, nodeSelector={"disk": "ssd"}, topologySpreadConstraints=spread("zone", minDomains=3)),
        standing=[pod("one", WEB, **on("left"))],
    ),
    "a claim that is not there": Case(pod("p", volumes=mounting("data"))),
    "a claim that nobody binds": Case(pod("p", volumes=mounting("data")), claims=[claim("data", "silent")]),
    "a claim without a class": Case(pod("p", volumes=mounting("data")), claims=[claim("data", "")]),
    "a claim that waits for its pod": Case(
        bound=True,
        pod=pod("p", nodeSelector={"disk": "ssd"}, volumes=mounting("data")),
        claims=[claim("data", "waits")],
    ),
    "an ephemeral claim": Case(bound=True, pod=pod("p", nodeSelector={"disk": "ssd"}, volumes=ephemeral("waits"))),
    "a volume in the other zone": Case(
        pod("p", nodeSelector={"zone": "west"}, volumes=mounting("data")),
        claims=[claim("data", "zonal", "ReadWriteMany")],
        standing=[pod("first", volumes=mounting("data"), nodeSelector={"kubernetes.io/hostname": "right"})],
    ),
    "a claim for a single pod": Case(
        pod("p", nodeSelector={"disk": "ssd"}, volumes=mounting("data")),
        claims=[claim("data", "waits", "ReadWriteOncePod")],
        standing=[pod("first", volumes=mounting("data"), nodeSelector={"disk": "ssd"})],
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_pod_is_placed_or_explained_as_kube_scheduler_does(both: Both, case: Case) -> None:
    for each in case.claims:
        both.create("persistentvolumeclaims", each)
    for each in case.standing:
        both.create("pods", each)
        both.agree(lambda side, name=each["metadata"]["name"]: placing(side, name)[:1], lambda seen: seen == ["True"])  # type: ignore[misc]
    both.create("pods", case.pod)
    both.agree(lambda side: placing(side, "p"), lambda seen: seen[:1] == [str(case.bound)])
    both.agree(lambda side: node_of(side, "p"), lambda node: bool(node) == case.bound)


def placing(side: Side, name: str) -> list[str]:
    """The PodScheduled condition, but its time."""
    conditions = side.get("pods", name).get("status", {}).get("conditions") or ()
    found: Object = next((each for each in conditions if each["type"] == "PodScheduled"), {})
    return [found[key] for key in ("status", "reason", "message") if key in found]


def node_of(side: Side, name: str) -> str:
    return str(side.get("pods", name)["spec"].get("nodeName", ""))


@pytest.fixture(scope="module")
def important(apis: tuple[Api, Api]) -> Iterator[None]:
    """Priority classes: `high`, and `modest`, which is as high and takes no place from others."""
    path = "/apis/scheduling.k8s.io/v1/priorityclasses"
    for api in apis:
        api.create(path, {"metadata": {"name": "high"}, "value": 1000})
        api.create(path, {"metadata": {"name": "modest"}, "value": 1000, "preemptionPolicy": "Never"})
    yield
    for api in apis:
        for name in ("high", "modest"):
            api.delete(f"{path}/{name}")


def test_a_modest_pod_takes_no_place(both: Both, important: None) -> None:
    fill(both, ("one", "3"))
    both.create("pods", pod("p", requests={"cpu": "2"}, priorityClassName="modest", **on("left")))
    assert "preemptionPolicy=Never" in both.agree(lambda side: placing(side, "p"))[2]


def test_the_less_important_pod_makes_room(both: Both, important: None) -> None:
    fill(both, ("small", "1"), ("large", "2"))
    both.create("pods", pod("p", requests={"cpu": "3"}, priorityClassName="high", **on("left")))
    both.agree(lambda side: placing(side, "p"), lambda seen: seen == ["True"])
    assert both.agree(lambda side: node_of(side, "p")) == "left"
    assert both.agree(lambda side: [each["metadata"]["name"] for each in side.all("pods")]) == ["p", "small"]
    reason = both.agree(lambda side: [each["message"] for each in events(side, "large", "Preempted")])
    assert reason == ["Preempted by pod UID on node left"]


def test_victims_would_not_be_enough(both: Both, important: None) -> None:
    fill(both, ("small", "1"))
    both.create("pods", pod("keeper", requests={"cpu": "2"}, priorityClassName="high", **on("left")))
    both.agree(lambda side: placing(side, "keeper"), lambda seen: seen == ["True"])
    both.create("pods", pod("p", requests={"cpu": "3"}, priorityClassName="high", **on("left")))
    assert "Insufficient cpu" in both.agree(lambda side: placing(side, "p"))[2]


def fill(both: Both, *pods: tuple[str, str]) -> None:
    """Running pods on one node, that ask for so many CPUs."""
    for name, cpu in pods:
        both.create("pods", pod(name, requests={"cpu": cpu}, **on("left")))
        both.agree(lambda side, name=name: side.get("pods", name)["status"]["phase"] == "Running")  # type: ignore[misc]


def events(side: Side, name: str, reason: str) -> list[Object]:
    """Those about a pod, without the uids in their messages."""
    found = [each for each in side.all("events") if each["involvedObject"]["name"] == name and each["reason"] == reason]
    uids = [each["metadata"]["uid"] for each in side.all("pods")]
    for each in found:
        for uid in uids:
            each["message"] = each["message"].replace(uid, "UID")
    return found


def test_what_the_scheduler_tells(both: Both) -> None:
    both.create("pods", pod("p", requests={"cpu": "5"}))
    both.create("pods", pod("q", nodeSelector={"disk": "ssd"}))

    def told(side: Side) -> list[Object]:
        found = events(side, "p", "FailedScheduling") + events(side, "q", "Scheduled")
        keys = ("type", "message", "reportingComponent", "action", "source", "firstTimestamp")
        return [{key: each.get(key) for key in keys} for each in found]

    def message(side: Side) -> Any:
        return [{**each, "message": each["message"].replace(side.namespace, "NAMESPACE")} for each in told(side)]

    both.agree(message, lambda seen: len(seen) == 2)
