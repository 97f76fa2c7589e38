"""Whether a cluster of some size can carry an install: the sum of what its pods request, and of Kubernetes itself."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from math import ceil

from kfinstall.contracts.manifest import Body, Manifest
from kfinstall.contracts.platform import Size
from kfinstall.facts.objects.quantities import readable
from kfinstall.facts.pods.planned_pods import planned_pods
from kfinstall.facts.scheduling.capacity import requests
from kfinstall.words import _

KUBERNETES_CPU = Decimal("0.85")
"""What kubeadm's control plane, CoreDNS and a network plugin request on a first node."""

KUBERNETES_MEMORY = Decimal(1024**3)
"""What they use; they request less."""

COMFORTABLE = 2
"""Times the sum of all requests: for notebooks and pipelines, and for pods that request less than they use."""


IMAGE_DISK = Decimal(1024**3) / 2
"""Bytes that an image takes on a node, on average: the about fifty of a whole Kubeflow take 20 to 30 GB."""


@dataclass(frozen=True, slots=True)
class Demand:
    """What the pods of an install request together. cpu: cores. memory: bytes. images: different ones."""

    pods: int
    cpu: Decimal
    memory: Decimal
    images: int = 0

    @property
    def least_cpu(self) -> Decimal:
        return self.cpu + KUBERNETES_CPU

    @property
    def least_memory(self) -> Decimal:
        return self.memory + KUBERNETES_MEMORY

    @property
    def arithmetic(self) -> str:
        """The sum, for people."""
        sentence = _(
            "{pods} pods request {cpu} CPUs and {memory} of memory; Kubernetes itself takes {own_cpu} CPUs and "
            "{own_memory}: {sum_cpu} CPUs and {sum_memory} are the least. {images} images take about {disk} of disk."
        )
        return sentence.format(
            pods=self.pods, cpu=_cpu(self.cpu), memory=_memory(self.memory), own_cpu=_cpu(KUBERNETES_CPU),
            own_memory=_memory(KUBERNETES_MEMORY), sum_cpu=_cpu(self.least_cpu), sum_memory=_memory(self.least_memory),
            images=self.images, disk=_memory(self.images * IMAGE_DISK),
        )  # fmt: skip

    @property
    def comfortable(self) -> str:
        """A size with which nobody has to think of size, for people."""
        cpus, memory = (ceil(least * COMFORTABLE) for least in (self.least_cpu, self.least_memory / 1024**3))
        return _("{cpus} CPUs and {memory}Gi of memory").format(cpus=cpus, memory=memory)

    def too_large_for(self, size: Size) -> bool:
        """Whether some pods would wait for ever; what is not known of a size is enough."""
        return _less(size.cpus, self.least_cpu) or _less(size.memory, self.least_memory)

    def tight_in(self, size: Size) -> bool:
        """Whether it starts, with little room beside it."""
        return (
            _less(size.cpus, self.least_cpu * COMFORTABLE)
            or _less(size.memory, self.least_memory * COMFORTABLE)
            or _less(size.disk, self.images * IMAGE_DISK * COMFORTABLE)
        )


def demand(manifests: Iterable[Manifest]) -> Demand:
    """Of the pods that the objects make on a cluster of one node."""
    templates = list(planned_pods(manifests))
    planned = [(each.count, requests(each.pod)) for each in templates]
    return Demand(
        pods=sum(count for count, _amounts in planned),
        cpu=sum((count * amounts.get("cpu", Decimal(0)) for count, amounts in planned), Decimal(0)),
        memory=sum((count * amounts.get("memory", Decimal(0)) for count, amounts in planned), Decimal(0)),
        images=len({image for each in templates for image in _images(each.pod)}),
    )


def _images(pod: Body) -> Iterator[str]:
    spec = pod.get("spec") or {}
    for container in (*(spec.get("containers") or ()), *(spec.get("initContainers") or ())):
        yield str(container.get("image"))


def _less(have: int | None, wanted: Decimal) -> bool:
    return have is not None and have < wanted


def _cpu(value: Decimal) -> str:
    return f"{value.normalize():f}"


def _memory(value: Decimal) -> str:
    return readable("memory", value)
