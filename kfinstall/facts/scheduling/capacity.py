"""What pods ask of nodes and what nodes have left, as kube-scheduler counts it.

Requests count, not use: k8s.io/component-helpers/resource/helpers.go (PodRequests), and NodeInfo of
kubernetes/pkg/scheduler/framework for what counts as being on a node.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from kfinstall.contracts.manifest import Body
from kfinstall.contracts.snapshot import Snapshot
from kfinstall.facts.objects.kinds import NODE, POD
from kfinstall.facts.objects.quantities import amount

Amounts = dict[str, Decimal]
"""By resource name; CPUs, bytes, or pieces."""

NOTHING = Decimal(0)
PODS = "pods"
ENDED = frozenset({"Succeeded", "Failed"})
"""Phases of pods that take no room any more."""

_POD_LEVEL = ("cpu", "memory", "hugepages-")
"""Resources that a pod may request as a whole, which then counts and not its containers' sum."""


def requests(pod: Body) -> Amounts:
    """What a pod takes of a node: the most of its init containers and of all that runs at the same time; and overhead.

    A pod that is being resized takes the larger of what it asks for and what it has.
    """
    spec, status = pod.get("spec") or {}, pod.get("status") or {}
    statuses = [*_list(status, "containerStatuses"), *_list(status, "initContainerStatuses")]
    given = {str(each.get("name")): each for each in statuses}
    total: Amounts = {}
    for container in _list(spec, "containers"):
        _add(total, _of_container(container, given))
    sidecars: Amounts = {}
    peak: Amounts = {}
    for container in _list(spec, "initContainers"):
        wanted = _of_container(container, given)
        if container.get("restartPolicy") == "Always":
            _add(total, wanted)
            _add(sidecars, wanted)
            wanted = dict(sidecars)
        else:
            _add(wanted, sidecars)
        _raise(peak, wanted)
    _raise(total, peak)
    whole = amounts((spec.get("resources") or {}).get("requests"))
    total.update({name: value for name, value in whole.items() if name.startswith(_POD_LEVEL)})
    _add(total, amounts(spec.get("overhead")))
    return {name: value for name, value in total.items() if value} | {PODS: Decimal(1)}


def amounts(quantities: Mapping[str, str] | None) -> Amounts:
    """A list of resources, as numbers."""
    return {name: amount(value) for name, value in (quantities or {}).items()}


@dataclass(frozen=True, slots=True)
class Room:
    """A node, and what the pods on it leave. shy: those that may want no others near (see `topology`)."""

    node: Body
    allocatable: Amounts
    used: Amounts = field(default_factory=dict)
    pods: Sequence[Body] = ()
    shy: Sequence[Body] = ()

    @property
    def name(self) -> str:
        return str(self.node["metadata"]["name"])

    @property
    def labels(self) -> Mapping[str, str]:
        found: Mapping[str, str] = self.node["metadata"].get("labels") or {}
        return found

    @property
    def standing(self) -> Sequence[Body]:
        return self.pods

    def free(self, resource: str) -> Decimal:
        """What is left; below zero where more is requested than the node can give."""
        return self.allocatable.get(resource, NOTHING) - self.used.get(resource, NOTHING)

    def with_pod(self, wanted: Amounts) -> "Room":
        """The room that is left beside one more pod."""
        return replace(self, used=plus(self.used, wanted))

    def lacks(self, wanted: Amounts) -> Amounts:
        """How much of which resource is missing for a pod; a resource that is not asked for never is."""
        return {name: value - self.free(name) for name, value in wanted.items() if value > self.free(name)}


def rooms(snapshot: Snapshot) -> list[Room]:
    """Every node with the pods that take room on it."""
    placed: dict[str, list[Body]] = defaultdict(list)
    for pod in snapshot.all(POD):
        node = (pod.get("spec") or {}).get("nodeName")
        if node and (pod.get("status") or {}).get("phase") not in ENDED:
            placed[node].append(pod)
    return [_room(node, placed.get(node["metadata"]["name"], ())) for node in snapshot.all(NODE)]


def _room(node: Body, pods: Sequence[Body]) -> Room:
    used: Amounts = {}
    for pod in pods:
        _add(used, requests(pod))
    shy = [pod for pod in pods if (pod["spec"].get("affinity") or {}).get("podAntiAffinity")]
    return Room(node, amounts((node.get("status") or {}).get("allocatable")), used, pods, shy)


def plus(one: Amounts, other: Amounts) -> Amounts:
    """Both together."""
    total = dict(one)
    _add(total, other)
    return total


def _list(fields: Body, name: str) -> Sequence[Body]:
    found: Sequence[Body] = fields.get(name) or ()
    return found


def _of_container(container: Body, given: Mapping[str, Body]) -> Amounts:
    """What it asks for, or has if that is more (determineEffectiveRequests)."""
    wanted = amounts((container.get("resources") or {}).get("requests"))
    status = given.get(container.get("name", ""))
    if status and status.get("resources"):
        _raise(wanted, amounts(status["resources"].get("requests")))
        _raise(wanted, amounts(status.get("allocatedResources")))
    return wanted


def _add(total: Amounts, more: Amounts) -> None:
    for name, value in more.items():
        total[name] = total.get(name, NOTHING) + value


def _raise(total: Amounts, floor: Amounts) -> None:
    for name, value in floor.items():
        total[name] = max(total.get(name, NOTHING), value)
