"""Why a pod cannot be on a node, in the order and the words of kube-scheduler's filters."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from kfinstall.contracts.manifest import Body
from kfinstall.facts.scheduling.capacity import NOTHING, requests
from kfinstall.facts.scheduling.placing import collide, host_ports, selected, tolerates, untolerated
from kfinstall.facts.scheduling.topology import NamespaceLabels, neighbours, spreads
from kfinstall.sandbox.controllers.pod_volumes import PodVolumes
from kfinstall.sandbox.controllers.room import NodeRoom

CORDONED = {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}


@dataclass(frozen=True, slots=True)
class Refusal:
    """reasons: all that one filter says. helpful: whether the node could be had if other pods went."""

    reasons: tuple[str, ...]
    helpful: bool


class Filters:
    """One pod's filters over nodes as they stand (pkg/scheduler/apis/config/v1/default_plugins.go)."""

    def __init__(
        self, pod: Body, rooms: list[NodeRoom], volumes: PodVolumes, namespace_labels: NamespaceLabels
    ) -> None:
        self._pod, self._spec = pod, pod["spec"]
        self._wanted = requests(pod)
        self._ports = list(host_ports(self._spec))
        self._volumes = volumes
        self._spreads = spreads(pod, rooms)
        self._neighbours = neighbours(pod, rooms, namespace_labels)
        self._filters: tuple[Callable[[NodeRoom], Refusal | None], ...] = (
            self._unfit,
            self._port_taken,
            self._short,
            self._volume,
            self._skewed,
            self._unwelcome,
        )

    def refusal(self, room: NodeRoom) -> Refusal | None:
        """What the first filter says that refuses; None when the pod can be there."""
        return next(filter(None, (each(room) for each in self._filters)), None)

    def _unfit(self, room: NodeRoom) -> Refusal | None:
        node = room.node
        if node["spec"].get("unschedulable") and not tolerates(self._spec.get("tolerations") or [], CORDONED):
            return Refusal(("node(s) were unschedulable",), helpful=False)
        if untolerated(self._spec, node) is not None:
            return Refusal(("node(s) had untolerated taint(s)",), helpful=False)
        if not selected(self._spec, node):
            return Refusal(("node(s) didn't match Pod's node affinity/selector",), helpful=False)
        return None

    def _port_taken(self, room: NodeRoom) -> Refusal | None:
        if self._ports and any(collide(own, taken) for own in self._ports for taken in room.ports):
            return Refusal(("node(s) didn't have free ports for the requested pod ports",), helpful=True)
        return None

    def _short(self, room: NodeRoom) -> Refusal | None:
        short = {
            name: value
            for name, value in self._wanted.items()
            if value and room.used.get(name, NOTHING) + value > room.offered.get(name, NOTHING)
        }
        if not short:
            return None
        reasons = tuple("Too many pods" if name == "pods" else f"Insufficient {name}" for name in short)
        never = any(value > room.offered.get(name, NOTHING) for name, value in short.items() if name != "pods")
        return Refusal(reasons, helpful=not never)

    def _volume(self, room: NodeRoom) -> Refusal | None:
        if self._volumes.is_taken():
            return Refusal((_SINGLE,), helpful=True)
        reasons = tuple(self._volumes.refusals(room.node))
        return Refusal(reasons, helpful=False) if reasons else None

    def _skewed(self, room: NodeRoom) -> Refusal | None:
        why = next(filter(None, (spread.refusal(room) for spread in self._spreads)), "")
        return Refusal((why,), helpful="missing" not in why) if why else None

    def _unwelcome(self, room: NodeRoom) -> Refusal | None:
        if not self._neighbours.attracts(room):
            return Refusal(("node(s) didn't match pod affinity rules",), helpful=False)
        why = self._neighbours.repels(room)
        return Refusal((why,), helpful=True) if why else None


_SINGLE = (
    "node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod"
)


def named_nodes(spec: Body) -> set[str] | None:
    """The nodes that a pod's affinity names, as a daemon's pod does; None when other nodes are eligible, too."""
    affinity = (spec.get("affinity") or {}).get("nodeAffinity") or {}
    terms = (affinity.get("requiredDuringSchedulingIgnoredDuringExecution") or {}).get("nodeSelectorTerms") or ()
    names: set[str] = set()
    for term in terms:
        fields = [set(rule["values"]) for rule in _names(term)]
        if not fields:
            return None
        names |= set.intersection(*fields)
    return names if terms else None


def _names(term: Body) -> Iterator[Body]:
    for rule in term.get("matchFields") or ():
        if rule["key"] == "metadata.name" and rule["operator"] == "In":
            yield rule
