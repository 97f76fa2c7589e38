"""What nodes offer, what pods ask for, and which pods are where: the scheduler's picture of a cluster."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from kfinstall.contracts.manifest import Body
from kfinstall.facts.capacity import NOTHING, Amounts, amounts, requests
from kfinstall.facts.placing import Port, host_ports
from kfinstall.sandbox.store import Name


def add(sums: Amounts, wanted: Mapping[str, Decimal], sign: int = 1) -> None:
    """Add to sums, or with sign -1 take away."""
    for name, value in wanted.items():
        sums[name] = sums.get(name, NOTHING) + sign * value


@dataclass(slots=True)
class NodeRoom:
    """A node and the pods on it that have not ended; a Place of kfinstall.facts.topology."""

    node: Body
    offered: Amounts
    pods: dict[Name, Body] = field(default_factory=dict)
    shy_pods: dict[Name, Body] = field(default_factory=dict)
    used: Amounts = field(default_factory=dict)

    @classmethod
    def of(cls, node: Body) -> "NodeRoom":
        return cls(node, _offered(node))

    def renew(self, node: Body) -> None:
        self.node, self.offered = node, _offered(node)

    def put(self, name: Name, pod: Body) -> None:
        if name not in self.pods:
            add(self.used, requests(pod))
        self.pods[name] = pod
        if (pod["spec"].get("affinity") or {}).get("podAntiAffinity"):
            self.shy_pods[name] = pod

    def take(self, name: Name) -> None:
        self.shy_pods.pop(name, None)
        pod = self.pods.pop(name, None)
        if pod is not None:
            add(self.used, requests(pod), -1)

    def copy(self) -> "NodeRoom":
        return NodeRoom(self.node, self.offered, dict(self.pods), dict(self.shy_pods), dict(self.used))

    @property
    def standing(self) -> Iterable[Body]:
        return self.pods.values()

    @property
    def shy(self) -> Iterable[Body]:
        return self.shy_pods.values()

    @property
    def labels(self) -> Mapping[str, str]:
        found: Mapping[str, str] = self.node["metadata"].get("labels") or {}
        return found

    @property
    def name(self) -> str:
        return str(self.node["metadata"]["name"])

    @property
    def ports(self) -> list[Port]:
        return [port for pod in self.pods.values() for port in host_ports(pod["spec"])]

    def load(self) -> Decimal:
        """The largest share of cpu, memory and pods that is taken."""
        names = [name for name in ("cpu", "memory", "pods") if self.offered.get(name)]
        return max((self.used.get(name, NOTHING) / self.offered[name] for name in names), default=NOTHING)


def _offered(node: Body) -> Amounts:
    return amounts(node["status"].get("allocatable"))
