"""Which pods would have to go for one of higher priority, and what kube-scheduler says when that does not help."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from kfinstall.contracts.manifest import Body
from kfinstall.sandbox.controllers.filters import Filters, Refusal
from kfinstall.sandbox.controllers.room import NodeRoom

MakeFilters = Callable[[list[NodeRoom]], Filters]
"""The pod's filters over nodes that stand differently."""


@dataclass(frozen=True, slots=True)
class Victims:
    """Pods that have to go from a node, the most important first."""

    node: str
    pods: tuple[Body, ...]


def preempt(
    pod: Body, rooms: Mapping[str, NodeRoom], refusals: Mapping[str, Refusal], make: MakeFilters
) -> Victims | str:
    """The best victims, or why there are none (pkg/scheduler/framework/preemption)."""
    if pod["spec"].get("preemptionPolicy") == "Never":
        return "not eligible due to preemptionPolicy=Never."
    nominated = rooms.get((pod.get("status") or {}).get("nominatedNodeName", ""))
    if nominated and any(
        each["metadata"].get("deletionTimestamp") and _priority(each) < _priority(pod)
        for each in nominated.pods.values()
    ):
        return "not eligible due to a terminating pod on the nominated node."
    found: list[Victims] = []
    reasons: dict[str, tuple[str, ...]] = {}
    for name, room in rooms.items():
        if name not in refusals or not refusals[name].helpful:
            reasons[name] = ("Preemption is not helpful for scheduling",)
            continue
        answer = _victims(pod, room, rooms, make)
        if isinstance(answer, Victims):
            found.append(answer)
        else:
            reasons[name] = answer
    return min(found, key=_cost) if found else no_node(len(rooms), reasons.values())


def _victims(pod: Body, room: NodeRoom, rooms: Mapping[str, NodeRoom], make: MakeFilters) -> Victims | tuple[str, ...]:
    """Without every less important pod, then as many of them back as can stay."""
    candidates = {name: each for name, each in room.pods.items() if _priority(each) < _priority(pod)}
    if not candidates:
        return ("No preemption victims found for incoming pod",)
    room = room.copy()
    others = [each for name, each in rooms.items() if name != room.name]
    for name in candidates:
        room.take(name)
    refusal = make([*others, room]).refusal(room)
    if refusal is not None:
        return refusal.reasons
    victims = []
    for name, each in sorted(candidates.items(), key=lambda item: _importance(item[1])):
        room.put(name, each)
        if make([*others, room]).refusal(room) is not None:
            room.take(name)
            victims.append(each)
    return Victims(room.name, tuple(victims))


def no_node(nodes: int, reasons: Iterable[tuple[str, ...]]) -> str:
    """As FitError of pkg/scheduler/framework/types.go; reasons: those of each node."""
    counts = Counter(reason for each in reasons for reason in each)
    listed = ", ".join(sorted(f"{count} {reason}" for reason, count in counts.items()))
    return f"0/{nodes} nodes are available: {listed}."


def _priority(pod: Body) -> int:
    return int(pod["spec"].get("priority") or 0)


def _importance(pod: Body) -> tuple[int, str]:
    """The most important first: by priority, then by how long it has run."""
    return -_priority(pod), str((pod.get("status") or {}).get("startTime") or "~")


def _cost(victims: Victims) -> tuple[int, int, int]:
    """The lowest highest priority, the lowest sum, the fewest (preemption.go, pickOneNodeForPreemption)."""
    priorities = [_priority(pod) for pod in victims.pods]
    return max(priorities, default=0), sum(priorities), len(priorities)
