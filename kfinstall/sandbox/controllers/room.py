"""What nodes offer, what pods ask for, and which pods are where: the scheduler's picture of a cluster."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from copy import copy
from decimal import Decimal

from kfinstall.contracts.manifest import Body
from kfinstall.facts.scheduling.capacity import NOTHING, Amounts, amounts, requests
from kfinstall.facts.scheduling.placing import Port, host_ports
from kfinstall.sandbox.storage.store import Name


def add(sums: Amounts, wanted: Mapping[str, Decimal], sign: int = 1) -> None:
    """Add to sums, or with sign -1 take away."""
    for name, value in wanted.items():
        sums[name] = sums.get(name, NOTHING) + sign * value


class NodeRoom:
    """A node and the pods on it that have not ended; a Place of kfinstall.facts.scheduling.topology.

    used: what the pods take. load: the largest share of cpu, memory and pods that is taken.
    """

    def __init__(self, node: Body) -> None:
        self.name = str(node["metadata"]["name"])
        self.pods: dict[Name, Body] = {}
        self.used: Amounts = {}
        self.load = NOTHING
        self._shy: dict[Name, Body] = {}
        self._owned: defaultdict[str, set[Name]] = defaultdict(set)
        self.renew(node)

    def renew(self, node: Body) -> None:
        self.node, self.offered = node, amounts(node["status"].get("allocatable"))
        self.labels: Mapping[str, str] = node["metadata"].get("labels") or {}
        self.discouraging = [each for each in node["spec"].get("taints") or () if each["effect"] == "PreferNoSchedule"]
        self._weigh()

    def put(self, name: Name, pod: Body) -> None:
        standing = self.pods.get(name)
        if standing is None:
            add(self.used, requests(pod))
            self._weigh()
        else:
            self._disown(name, standing)
        self.pods[name] = pod
        for uid in owners(pod):
            self._owned[uid].add(name)
        if (pod["spec"].get("affinity") or {}).get("podAntiAffinity"):
            self._shy[name] = pod

    def take(self, name: Name) -> None:
        self._shy.pop(name, None)
        pod = self.pods.pop(name, None)
        if pod is not None:
            add(self.used, requests(pod), -1)
            self._weigh()
            self._disown(name, pod)

    def copy(self) -> "NodeRoom":
        room = copy(self)
        room.pods, room.used, room._shy = dict(self.pods), dict(self.used), dict(self._shy)
        room._owned = defaultdict(set, {uid: set(names) for uid, names in self._owned.items()})
        return room

    def siblings(self, uids: set[str]) -> int:
        """How many of the pods have one of these owners."""
        found = [self._owned[uid] for uid in uids if uid in self._owned]
        return len(set[Name]().union(*found)) if found else 0

    @property
    def standing(self) -> Iterable[Body]:
        return self.pods.values()

    @property
    def shy(self) -> Iterable[Body]:
        return self._shy.values()

    @property
    def ports(self) -> list[Port]:
        return [port for pod in self.pods.values() for port in host_ports(pod["spec"])]

    def _disown(self, name: Name, pod: Body) -> None:
        for uid in owners(pod):
            self._owned[uid].discard(name)
            if not self._owned[uid]:
                del self._owned[uid]

    def _weigh(self) -> None:
        names = [name for name in ("cpu", "memory", "pods") if self.offered.get(name)]
        self.load = max((self.used.get(name, NOTHING) / self.offered[name] for name in names), default=NOTHING)


def owners(pod: Body) -> set[str]:
    """Their uids."""
    return {each["uid"] for each in pod["metadata"].get("ownerReferences") or ()}
