"""Pods that wait for a node, with what the scheduler said of each and what the nodes themselves say."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from kfinstall.contracts.explanation import Explanation
from kfinstall.contracts.manifest import Body, ObjectKey
from kfinstall.contracts.snapshot import Snapshot
from kfinstall.facts.classify import classify
from kfinstall.facts.objects.conditions import condition
from kfinstall.facts.objects.kinds import NAMESPACE, POD
from kfinstall.facts.objects.owners import key_of
from kfinstall.facts.scheduling.capacity import Room, requests
from kfinstall.facts.scheduling.obstacles import Kind, Obstacle, Refusal, refusals
from kfinstall.facts.scheduling.placing import host_ports

BEYOND_ARITHMETIC = ("volume", "claim", "plugin", "device class")
"""Words of reasons that cannot be worked out here: of nodes that seem to take the pod, the scheduler knows better."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A pod that the scheduler refused. refusals: what each node says, the nearest to taking it first.

    places: the nodes where it would be were there room: they restrict it as the nearest one does.
    """

    pod: Body
    key: ObjectKey
    message: str
    explained: Explanation | None
    refusals: Sequence[Refusal]
    places: Sequence[Room]

    @property
    def nearest(self) -> Refusal:
        return self.refusals[0]

    @property
    def decisive(self) -> Obstacle:
        """What keeps it from the nearest node."""
        return self.nearest.decisive


def waiting(snapshot: Snapshot, nodes: Sequence[Room]) -> Iterator[Waiting]:
    """Every pod that the scheduler refused."""
    labels = {each["metadata"]["name"]: each["metadata"].get("labels") or {} for each in snapshot.all(NAMESPACE)}
    explained = cache(classify)
    known: dict[str, tuple[list[Refusal], list[Room]]] = {}
    for pod in snapshot.all(POD):
        message = _said(pod)
        if not message:
            continue
        partly = any(word in message.lower() for word in BEYOND_ARITHMETIC)
        want = f"{partly} {_want(pod)}"
        if want not in known:
            found = refusals(pod, nodes, lambda namespace: labels.get(namespace, {}))
            believed = [each for each in found if each.obstacles] if partly else found
            known[want] = believed, _places(believed)
        yield Waiting(pod, key_of(POD, pod), message, explained(message), *known[want])


def _said(pod: Body) -> str:
    if (pod.get("spec") or {}).get("nodeName"):
        return ""
    said = condition(pod, "PodScheduled")
    return str(said.get("message") or said.get("reason") or "") if said.get("status") == "False" else ""


def _want(pod: Body) -> str:
    """All that decides where a pod may be: pods that want the same are refused for the same."""
    spec, metadata = pod["spec"], pod["metadata"]
    asked = {name: str(value) for name, value in requests(pod).items()}
    rules = [spec.get(field) for field in ("nodeSelector", "affinity", "tolerations", "topologySpreadConstraints")]
    whose = [metadata.get("namespace"), metadata.get("labels")]
    return json.dumps([asked, rules, list(host_ports(spec)), whose], sort_keys=True)


def _places(found: Sequence[Refusal]) -> list[Room]:
    return [each.room for each in found if _restrictions(each) == _restrictions(found[0])]


def _restrictions(refusal: Refusal) -> set[tuple[Kind, str]]:
    return {(each.kind, each.what) for each in refusal.obstacles if each.kind is not Kind.SHORT}
