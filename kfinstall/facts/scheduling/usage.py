"""What each node offers of each resource, who has it, and who waits for it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from kfinstall.contracts.manifest import ObjectKey
from kfinstall.contracts.snapshot import Snapshot
from kfinstall.facts.objects.kinds import POD
from kfinstall.facts.objects.owners import key_of
from kfinstall.facts.scheduling.accelerators import vendor_of
from kfinstall.facts.scheduling.capacity import ENDED, NOTHING, PODS, Room, amounts, requests, rooms

ORDINARY = ("cpu", "memory", "ephemeral-storage", PODS)


@dataclass(frozen=True, slots=True)
class Share:
    """A pod, and how much it asks for."""

    pod: ObjectKey
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Usage:
    """One resource of one node. capacity: what it has; allocatable: what pods may have; used: what pods requested.

    users: who has it, most first; nobody in particular of the number of pods.
    """

    node: str
    resource: str
    capacity: Decimal
    allocatable: Decimal
    used: Decimal
    users: Sequence[Share]

    @property
    def free(self) -> Decimal:
        return self.allocatable - self.used


def usage(snapshot: Snapshot, *, accelerators: bool) -> list[Usage]:
    """Of every node: its accelerators only, or all that it has."""
    return [
        _usage(room, resource, capacity)
        for room in sorted(rooms(snapshot), key=lambda room: room.name)
        for resource, capacity in _offered(room)
        if vendor_of(resource) or not accelerators
    ]


def _offered(room: Room) -> Iterator[tuple[str, Decimal]]:
    """Resources with what the node has of each, the ordinary ones first; those that it has nothing of are left out."""
    capacity = amounts((room.node.get("status") or {}).get("capacity"))
    for resource in [*ORDINARY, *sorted(capacity.keys() - set(ORDINARY))]:
        if capacity.get(resource):
            yield resource, capacity[resource]


def _usage(room: Room, resource: str, capacity: Decimal) -> Usage:
    shares = [Share(key_of(POD, pod), requests(pod).get(resource, NOTHING)) for pod in room.pods]
    takers = (share for share in shares if share.amount and resource != PODS)
    users = sorted(takers, key=lambda share: (-share.amount, share.pod))
    used = room.used.get(resource, NOTHING)
    return Usage(room.name, resource, capacity, room.allocatable.get(resource, NOTHING), used, users)


def waiting(snapshot: Snapshot, *, accelerators: bool) -> dict[str, list[Share]]:
    """By resource, the pods without a node that ask for it."""
    found: dict[str, list[Share]] = {}
    for pod in snapshot.all(POD):
        if (pod.get("spec") or {}).get("nodeName") or (pod.get("status") or {}).get("phase") in ENDED:
            continue
        for resource, amount in requests(pod).items():
            if vendor_of(resource) or not (accelerators or resource == PODS):
                found.setdefault(resource, []).append(Share(key_of(POD, pod), amount))
    return found
