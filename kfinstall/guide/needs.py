"""What the parts of a release take of a cluster: CPU, memory, volumes, images.

Of the presets it is data (configs/needs), worked out from the releases' own objects: rendering a release takes a
download and half a minute, and nobody waits for that to tick a box.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from importlib import resources
from typing import Any

from kfinstall.contracts.manifest import Body, Manifest
from kfinstall.facts.objects.quantities import amount, readable
from kfinstall.facts.pods.planned_pods import planned_pods
from kfinstall.facts.scheduling.capacity import requests
from kfinstall.words import _, counted, joined

NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class Workload:
    """name: Kind/name. pods: how many at a time. cpu: cores, memory: bytes, of all of them."""

    name: str
    pods: int
    cpu: Decimal
    memory: Decimal
    images: frozenset[str] = frozenset()

    @property
    def told(self) -> str:
        return _resources(self.cpu, self.memory)


@dataclass(frozen=True, slots=True)
class Needs:
    """storage: bytes of all claims."""

    workloads: Sequence[Workload] = ()
    storage: Decimal = NOTHING
    images: frozenset[str] = field(default_factory=frozenset)

    @property
    def cpu(self) -> Decimal:
        return sum((each.cpu for each in self.workloads), NOTHING)

    @property
    def memory(self) -> Decimal:
        return sum((each.memory for each in self.workloads), NOTHING)

    @property
    def told(self) -> str:
        """In a few words; "" for what needs nothing."""
        parts = [_resources(self.cpu, self.memory)]
        if self.storage:
            parts.append(_("{size} of volumes").format(size=readable("storage", self.storage)))
        if self.images:
            parts.append(counted("{count} image", "{count} images", len(self.images)))
        return joined(filter(None, parts))


def _resources(cpu: Decimal, memory: Decimal) -> str:
    parts = [_("{cpu} CPU").format(cpu=readable("cpu", cpu))] if cpu else []
    return joined([*parts, readable("memory", memory)] if memory else parts)


def together(all_of: Iterable[Needs]) -> Needs:
    """The sum; an image that several need is pulled once."""
    found = list(all_of)
    return Needs(
        tuple(workload for each in found for workload in each.workloads),
        sum((each.storage for each in found), NOTHING),
        frozenset().union(*(each.images for each in found)),
    )


def needs(manifests: Iterable[Manifest]) -> Needs:
    """What some objects need on a cluster of one node."""
    held = list(manifests)
    workloads = []
    for planned in planned_pods(held):
        wanted = requests(planned.pod)
        cpu, memory = wanted.get("cpu", NOTHING) * planned.count, wanted.get("memory", NOTHING) * planned.count
        name = f"{planned.owner.kind}/{planned.owner.name}"
        workloads.append(Workload(name, planned.count, cpu, memory, frozenset(_images(planned.pod))))
    images = frozenset().union(*(each.images for each in workloads))
    return Needs(tuple(workloads), sum(map(amount, _claimed(held)), NOTHING), images)


def _images(pod: Body) -> Iterator[str]:
    spec = pod.get("spec") or {}
    for container in (*(spec.get("containers") or ()), *(spec.get("initContainers") or ())):
        yield str(container.get("image"))


def _claimed(manifests: Iterable[Manifest]) -> Iterator[str]:
    for manifest in manifests:
        spec = manifest.body.get("spec") or {}
        claims = [manifest.body] if manifest.kind == "PersistentVolumeClaim" else spec.get("volumeClaimTemplates") or ()
        copies = 1 if manifest.kind == "PersistentVolumeClaim" else int(spec.get("replicas", 1))
        for claim in claims if isinstance(claims, list | tuple) else ():
            size = ((claim.get("spec") or {}).get("resources") or {}).get("requests", {}).get("storage")
            yield from [str(size)] * copies if size else ()


@cache
def known(preset: str) -> Mapping[str, Needs]:
    """Application -> what it needs, of a preset; {} where nobody worked it out."""
    import yaml  # noqa: PLC0415 - start-up does without it

    file = resources.files("configs").joinpath("needs", f"{preset}.yaml")
    if not file.is_file():
        return {}
    return {name: _read(entry) for name, entry in yaml.safe_load(file.read_text(encoding="utf-8")).items()}


def _read(entry: Mapping[str, Any]) -> Needs:
    workloads = tuple(
        Workload(each["name"], each["pods"], amount(each["cpu"]), amount(each["memory"]), frozenset(each["images"]))
        for each in entry["workloads"]
    )
    images = frozenset().union(*(each.images for each in workloads))
    return Needs(workloads, amount(entry["storage"]), images)


def written(found: Needs) -> dict[str, object]:
    """As configs/needs has it."""
    return {
        "storage": readable("storage", found.storage),
        "workloads": [
            {
                "name": each.name,
                "pods": each.pods,
                "cpu": readable("cpu", each.cpu),
                "memory": readable("memory", each.memory),
                "images": sorted(each.images),
            }
            for each in found.workloads
        ],
    }
