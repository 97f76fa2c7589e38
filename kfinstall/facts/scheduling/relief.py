"""The smallest changes that would make room for pods that wait: stop something, a larger node, more nodes."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kfinstall.contracts.manifest import Body, ObjectKey
from kfinstall.contracts.snapshot import Snapshot
from kfinstall.facts.kubeflow.components import components
from kfinstall.facts.objects.kinds import DAEMON_SET, POD
from kfinstall.facts.objects.owners import workload
from kfinstall.facts.scheduling.capacity import NOTHING, Amounts, Room, plus, requests

MOST_STOPPED = 3
"""Workloads; who would have to stop more of them needs a node."""

SYSTEM_PRIORITY = 2_000_000_000
"""From here on pods belong to the cluster itself (system-cluster-critical)."""

SYSTEM_NAMESPACE = "kube-system"
_KEPT = frozenset({"DaemonSet", "Node"})
"""Controllers of pods that are part of a node."""


@dataclass(frozen=True, slots=True)
class Stopping:
    """A workload and how many of its pods, all on one node, would give `freed`.

    component: of Kubeflow, which would no longer work; "" where it is none's.
    """

    workload: ObjectKey
    pods: int
    freed: Amounts
    component: str = ""


@dataclass(frozen=True, slots=True)
class Relief:
    """waiting: what the pods that find no room ask for. room: the node nearest to taking them all.

    missing: what it lacks for that. stopping: what would free it, nothing when too much would have to stop.
    more_nodes: how many more of the largest present shape would do, None when a pod fits on no such node.
    """

    waiting: Sequence[Amounts]
    room: Room
    missing: Amounts
    stopping: Sequence[Stopping]
    more_nodes: int | None
    shape: Room


def relief(pods: Sequence[Body], rooms: Sequence[Room], resource: str, snapshot: Snapshot) -> Relief | None:
    """What would make room on one of these nodes; None when there is room for all of them already."""
    waiting = _left_over([requests(pod) for pod in pods], rooms, resource)
    if not waiting:
        return None
    together = _sum(waiting)
    missing = {room.name: room.lacks(together) for room in rooms}
    nearest = min(rooms, key=lambda room: missing[room.name].get(resource, NOTHING))
    shape = max(rooms, key=lambda room: room.allocatable.get(resource, NOTHING))
    own = {_workload(pod, snapshot) for pod in pods}
    stopping = _stopping(missing[nearest.name], _movable(nearest, own, snapshot), resource)
    return Relief(waiting, nearest, missing[nearest.name], stopping, _more(waiting, shape, resource), shape)


def _left_over(wanted: Iterable[Amounts], rooms: Sequence[Room], resource: str) -> list[Amounts]:
    """What finds no place when the largest go first, each to the first node with room."""
    nodes = list(rooms)
    left: list[Amounts] = []
    for each in _largest_first(wanted, resource):
        if each in left[-1:] or not _placed(each, nodes):  # room only shrinks: what found none finds none
            left.append(each)
    return left


def _more(waiting: Iterable[Amounts], shape: Room, resource: str) -> int | None:
    """How many nodes like this one, each with only what runs on every node."""
    fresh = Room(shape.node, shape.allocatable, _sum(requests(pod) for pod in shape.pods if _is_daemon(pod)))
    nodes: list[Room] = []
    for each in _largest_first(waiting, resource):
        if not _placed(each, nodes):
            nodes.append(fresh)
            if not _placed(each, nodes):
                return None
    return len(nodes)


def _largest_first(wanted: Iterable[Amounts], resource: str) -> list[Amounts]:
    return sorted(wanted, key=lambda one: -one.get(resource, NOTHING))


def _placed(wanted: Amounts, nodes: list[Room]) -> bool:
    """Put on the first node that has room for it, if there is one."""
    for number, node in enumerate(nodes):
        if not node.lacks(wanted):
            nodes[number] = node.with_pod(wanted)
            return True
    return False


def _movable(room: Room, own: set[ObjectKey], snapshot: Snapshot) -> dict[ObjectKey, list[Amounts]]:
    """What may be stopped on a node: nothing of the cluster itself, and not what waits."""
    found: dict[ObjectKey, list[Amounts]] = defaultdict(list)
    for pod in room.pods:
        key = _workload(pod, snapshot)
        system = key.namespace == SYSTEM_NAMESPACE or (pod["spec"].get("priority") or 0) >= SYSTEM_PRIORITY
        if key not in own and key.kind not in _KEPT and not system:
            found[key].append(requests(pod))
    return found


def _stopping(missing: Amounts, movable: dict[ObjectKey, list[Amounts]], resource: str) -> list[Stopping]:
    """One workload if one will do, notebooks first, and of these the smallest; else a few, the largest first.

    Kubeflow's own come last.
    """
    offers = [_offer(key, pods, missing) for key, pods in movable.items()]
    enough = [each for each in offers if _covers(missing, [each])]
    if enough:
        return [min(enough, key=lambda each: (*_dearness(each), each.freed.get(resource, NOTHING)))]
    chosen: list[Stopping] = []
    for each in sorted(offers, key=lambda one: (*_dearness(one), -one.freed.get(resource, NOTHING)))[:MOST_STOPPED]:
        chosen.append(each)
        if _covers(missing, chosen):
            return chosen
    return []


def _dearness(stopping: Stopping) -> tuple[bool, bool]:
    return bool(stopping.component), stopping.workload.kind != "Notebook"


def _offer(key: ObjectKey, pods: Sequence[Amounts], missing: Amounts) -> Stopping:
    """As few of a workload's pods as give what is missing, or all."""
    name = f"{key.namespace}/{key.name}"
    component = next((each.name for each in components() if name in each.workloads), "")
    for number in range(1, len(pods)):
        if _covers(missing, [Stopping(key, number, _sum(pods[:number]))]):
            return Stopping(key, number, _sum(pods[:number]), component)
    return Stopping(key, len(pods), _sum(pods), component)


def _covers(missing: Amounts, stopping: Sequence[Stopping]) -> bool:
    freed = _sum(each.freed for each in stopping)
    return all(freed.get(name, NOTHING) >= value for name, value in missing.items())


def _sum(many: Iterable[Amounts]) -> Amounts:
    total: Amounts = {}
    for each in many:
        total = plus(total, each)
    return total


def _workload(pod: Body, snapshot: Snapshot) -> ObjectKey:
    metadata = pod["metadata"]
    return workload(ObjectKey(*POD, str(metadata.get("namespace") or ""), metadata["name"]), pod, snapshot)


def _is_daemon(pod: Body) -> bool:
    return any(owner.get("kind") == DAEMON_SET.kind for owner in pod["metadata"].get("ownerReferences") or ())
