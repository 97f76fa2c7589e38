"""Why a node refuses a pod: everything that stands in the way, not only what the scheduler names first."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from kfinstall.contracts.manifest import Body
from kfinstall.facts.scheduling.capacity import NOTHING, Amounts, Room, requests
from kfinstall.facts.scheduling.placing import collide, host_ports, unmatched, untolerated
from kfinstall.facts.scheduling.topology import NamespaceLabels, Neighbours, Spread, neighbours, spreads

CORDONED = "node.kubernetes.io/unschedulable"
CONTROL_PLANE = ("node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master")
CONDITION_TAINTS = ("node.kubernetes.io/", "node.cloudprovider.kubernetes.io/")
"""Taints that Kubernetes sets while a node is not well."""

AND = "; "
"""Between several labels that a node lacks."""


class Kind(StrEnum):
    """What an obstacle is, in the order in which one is named before others that weigh the same."""

    SHORT = "short"
    CORDONED = "cordoned"
    PORT = "port"
    SPREAD = "spread"
    APART = "apart"
    TOGETHER = "together"
    TAINT = "taint"
    LABELS = "labels"
    UNWELL = "unwell"
    CONTROL_PLANE = "control-plane"


WEIGHTS = {
    Kind.UNWELL: 1,
    Kind.CORDONED: 1,
    Kind.SHORT: 2,
    Kind.PORT: 2,
    Kind.SPREAD: 2,
    Kind.APART: 2,
    Kind.TOGETHER: 2,
    Kind.TAINT: 2,
    Kind.LABELS: 4,
    Kind.CONTROL_PLANE: 6,
}
"""How far an obstacle keeps a node from being the one that the pod was meant for."""

TOO_SMALL = 5
WITHOUT = 8
"""The weight of a shortage that emptying the node would not end, and of a device that the node does not have at all."""


@dataclass(frozen=True, slots=True)
class Obstacle:
    """what: the resource, taint (key=value:effect), label, port or topology key. The numbers: of a shortage."""

    kind: Kind
    what: str
    asked: Decimal = NOTHING
    free: Decimal = NOTHING
    allocatable: Decimal = NOTHING

    @property
    def missing(self) -> Decimal:
        return self.asked - max(self.free, NOTHING)

    @property
    def weight(self) -> int:
        if self.kind is not Kind.SHORT or self.asked <= self.allocatable:
            return WEIGHTS[self.kind]
        return TOO_SMALL if self.allocatable else WITHOUT


@dataclass(frozen=True, slots=True)
class Refusal:
    """A node and why it refuses a pod; without obstacles it takes it."""

    room: Room
    obstacles: Sequence[Obstacle]

    @property
    def weight(self) -> int:
        return sum(each.weight for each in self.obstacles)

    @property
    def decisive(self) -> Obstacle:
        """The obstacle to name first. Raises ValueError where there is none."""
        return min(self.obstacles, key=lambda each: (-each.weight, list(Kind).index(each.kind)))


def refusals(pod: Body, rooms: Sequence[Room], namespace_labels: NamespaceLabels) -> list[Refusal]:
    """What every node says of a pod, the nearest to taking it first."""
    wanted, uneven, around = requests(pod), spreads(pod, rooms), neighbours(pod, rooms, namespace_labels)
    found = [
        Refusal(room, [*_of_node(pod, room), *short(wanted, room), *_of_neighbours(room, uneven, around)])
        for room in rooms
    ]
    return sorted(found, key=lambda each: (each.weight, sum(one.missing for one in each.obstacles)))


def short(wanted: Amounts, room: Room) -> Iterator[Obstacle]:
    """The resources of which a node has not enough left."""
    for resource in room.lacks(wanted):
        allocatable = room.allocatable.get(resource, NOTHING)
        yield Obstacle(Kind.SHORT, resource, wanted[resource], room.free(resource), allocatable)


def _of_node(pod: Body, room: Room) -> Iterator[Obstacle]:
    spec = pod["spec"]
    taint = untolerated(spec, room.node)
    cordoned = bool((room.node.get("spec") or {}).get("unschedulable"))
    if cordoned and not _bears_cordon(spec):
        yield Obstacle(Kind.CORDONED, CORDONED)
    if taint and taint.get("key") != CORDONED:
        key = str(taint.get("key"))
        value = f"={taint['value']}" if taint.get("value") else ""
        yield Obstacle(_taint_kind(key), f"{key}{value}:{taint.get('effect')}")
    lacking = unmatched(spec, room.node)
    if lacking:
        yield Obstacle(Kind.LABELS, AND.join(lacking))
    for port in host_ports(spec):
        if any(collide(port, taken) for other in room.pods for taken in host_ports(other["spec"])):
            yield Obstacle(Kind.PORT, f"{port[2]}/{port[1]}")


def _bears_cordon(spec: Body) -> bool:
    node = {"spec": {"taints": [{"key": CORDONED, "effect": "NoSchedule"}]}}
    return untolerated(spec, node) is None


def _taint_kind(key: str) -> Kind:
    if key in CONTROL_PLANE:
        return Kind.CONTROL_PLANE
    return Kind.UNWELL if key.startswith(CONDITION_TAINTS) else Kind.TAINT


def _of_neighbours(room: Room, uneven: Sequence[Spread], around: Neighbours) -> Iterator[Obstacle]:
    for spread in uneven:
        if spread.refusal(room):
            yield Obstacle(Kind.SPREAD, spread.rule["topologyKey"])
    if not around.attracts(room):
        yield Obstacle(Kind.TOGETHER, AND.join(sorted({term["topologyKey"] for term in around.terms})))
    shared = around.keeps_off(room)
    if shared:
        yield Obstacle(Kind.APART, shared)
