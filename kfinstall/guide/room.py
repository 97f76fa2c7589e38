"""The room that the chosen cluster has, and its version, as far as they can be known before anything is made."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from kfinstall.contracts.platform import Lifecycle, Offers
from kfinstall.engine.host import host_of
from kfinstall.facts.kubeflow.releases import minor
from kfinstall.facts.objects.kinds import NODE, POD
from kfinstall.facts.objects.quantities import readable
from kfinstall.facts.scheduling.capacity import rooms
from kfinstall.facts.scheduling.sizing import KUBERNETES_CPU, KUBERNETES_MEMORY
from kfinstall.guide.chosen_cluster import PATIENCE, access, platform_options
from kfinstall.guide.draft import Draft
from kfinstall.guide.needs import Needs
from kfinstall.model.install import PlatformOptions
from kfinstall.registry import platforms
from kfinstall.words import _, joined


@dataclass(frozen=True, slots=True)
class Room:
    """version: of Kubernetes, "" where it is not known. cpu: free cores, memory: free bytes; None where unknown."""

    version: str = ""
    cpu: Decimal | None = None
    memory: Decimal | None = None

    @property
    def told(self) -> str:
        parts = []
        if self.cpu is not None:
            parts.append(_("{cpu} CPU").format(cpu=readable("cpu", self.cpu)))
        if self.memory is not None:
            parts.append(readable("memory", self.memory))
        return joined(parts)

    def lacks(self, wanted: Needs) -> bool:
        """Whether some pods would have to wait for ever; what is not known is enough."""
        return _less(self.cpu, wanted.cpu) or _less(self.memory, wanted.memory)

    def too_old(self, minimum: str) -> bool:
        """Whether the cluster is older than a release can do with."""
        return bool(self.version and minimum) and minor(self.version) < minor(minimum)


def _less(have: Decimal | None, wanted: Decimal) -> bool:
    return have is not None and have < wanted


def room(draft: Draft) -> Room | None:
    """Of the cluster that stands, or of the one that would be made; None where nobody can say without starting one.

    Raises KfinstallError where the cluster does not answer.
    """
    from kfinstall.doctor.reading import from_cluster  # noqa: PLC0415 - imports the client library
    from kfinstall.engine.connecting import connected  # noqa: PLC0415 - as above

    options = platform_options(draft)
    if options is None:
        return None
    way = access(options)
    if way is None:
        return _offered(options)
    snapshot = from_cluster(connected(way, timeout=PATIENCE), {NODE, POD})
    free = [each for each in rooms(snapshot) if not (each.node.get("spec") or {}).get("unschedulable")]
    return Room(snapshot.version, _sum(each.free("cpu") for each in free), _sum(each.free("memory") for each in free))


def _offered(options: PlatformOptions) -> Room | None:
    platform = platforms().get(options.type)
    if not (isinstance(platform, Lifecycle) and isinstance(platform, Offers)):
        return None
    size = platform.offer(options, host_of(options.type)).size
    cpu = None if size.cpus is None else Decimal(size.cpus) - KUBERNETES_CPU
    memory = None if size.memory is None else Decimal(size.memory) - KUBERNETES_MEMORY
    return Room("", cpu, memory)


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return sum((max(each, Decimal(0)) for each in amounts), Decimal(0))
