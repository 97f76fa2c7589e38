"""What a new cluster takes of the project's quotas: https://cloud.google.com/compute/resource-usage."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from platforms.gke.cloud import Cloud
from platforms.gke.machines import cpus, family
from platforms.gke.options import GkeOptions, Gpu, Nodes

SHARED_CPUS = ("e2", "n1", "f1", "g1")
"""Families that count as CPUS; the others have a quota of their own, such as N2_CPUS."""

ALL_GPUS = "GPUS_ALL_REGIONS"


@dataclass(frozen=True, slots=True)
class Short:
    """A quota that does not suffice. metric: Google's name of it."""

    metric: str
    needed: float
    left: float


def short(options: GkeOptions, cloud: Cloud) -> Iterator[Short]:
    """Quotas that Google does not list do not count."""
    needed = _needed(options)
    region = "-".join(options.location.split("-")[:2])
    listed = _listed(cloud.read("compute", f"projects/{cloud.project}/regions/{region}"))
    if options.gpu:
        listed |= _listed(cloud.read("compute", f"projects/{cloud.project}"), ALL_GPUS)
    for metric in sorted(needed.keys() & listed.keys()):
        if needed[metric] > listed[metric]:
            yield Short(metric, needed[metric], max(listed[metric], 0))


def _listed(resource: dict[str, Any], *metrics: str) -> dict[str, float]:
    """Metric -> what is left of it."""
    quotas = resource.get("quotas") or ()
    return {
        each["metric"]: each["limit"] - each["usage"] for each in quotas if not metrics or each["metric"] in metrics
    }


def _needed(options: GkeOptions) -> Counter[str]:
    pools: list[Nodes | Gpu] = [options.nodes, *([options.gpu] if options.gpu else [])]
    needed: Counter[str] = Counter()
    for pool in pools:
        nodes = pool.count * options.zones
        needed[_cpu_metric(pool.machine_type)] += nodes * (cpus(pool.machine_type) or 0)
        if pool.disk_type in ("pd-balanced", "pd-ssd"):
            needed["SSD_TOTAL_GB"] += nodes * pool.disk_gigabytes
        if not options.private:
            needed["IN_USE_ADDRESSES"] += nodes
        if isinstance(pool, Gpu):
            gpus = nodes * pool.gpus
            needed[ALL_GPUS] += gpus
            needed[_gpu_metric(pool.type)] += gpus
    return needed


def _cpu_metric(machine_type: str) -> str:
    own = family(machine_type)
    return "CPUS" if own in SHARED_CPUS else f"{own.upper()}_CPUS"


def _gpu_metric(gpu: str) -> str:
    """nvidia-tesla-t4 counts as NVIDIA_T4_GPUS."""
    return gpu.replace("-tesla-", "-").replace("-", "_").upper() + "_GPUS"
