"""What the names of Google's machine types say: how large they are, which GPUs they can carry."""

import re
from collections.abc import Mapping

SHARED_CORE = ("e2-micro", "e2-small", "e2-medium", "f1-micro", "g1-small")
"""A part of a CPU each: https://cloud.google.com/compute/docs/general-purpose-machines#sharedcore."""

GPU_FAMILIES = {
    "nvidia-tesla-t4": "n1", "nvidia-tesla-v100": "n1", "nvidia-tesla-p100": "n1", "nvidia-tesla-p4": "n1",
    "nvidia-l4": "g2", "nvidia-tesla-a100": "a2", "nvidia-a100-80gb": "a2", "nvidia-h100-80gb": "a3",
}  # fmt: skip
"""GPU type -> the only family of machines that has it: https://cloud.google.com/compute/docs/gpus."""

MEBIBYTES_PER_CPU: Mapping[str, Mapping[str, int]] = {
    "n1": {"standard": 3840, "highmem": 6656, "highcpu": 921},
    **{each: {"standard": 4096, "highmem": 8192, "highcpu": 1024} for each in ("e2", "n2", "n2d")},
    **{each: {"standard": 4096} for each in ("t2d", "c2", "c2d", "c3", "n4", "g2")},
}
"""Family -> kind -> memory. Families that differ among themselves, as c4, are not in it.

https://cloud.google.com/compute/docs/general-purpose-machines
"""


def cpus(machine_type: str) -> int | None:
    """e2-standard-8 has 8, e2-custom-4-8192 has 4; None where the name does not tell, as of a2-highgpu-1g."""
    if machine_type in SHARED_CORE:
        return 1
    custom = re.fullmatch(r"(?:\w+-)?custom-(\d+)-\d+(?:-ext)?", machine_type)
    plain = re.fullmatch(r"\w+-(?:standard|highmem|highcpu|ultramem|megamem)-(\d+)(?:-\w+)?", machine_type)
    found = custom or plain
    return int(found[1]) if found else None


def memory(machine_type: str) -> int | None:
    """Bytes: e2-standard-8 has 32 GiB. None where the name does not tell."""
    if custom := re.fullmatch(r"(?:\w+-)?custom-\d+-(\d+)(?:-ext)?", machine_type):
        return int(custom[1]) * 1024**2
    own, _dash, rest = machine_type.partition("-")
    count, of_each = cpus(machine_type), MEBIBYTES_PER_CPU.get(own, {}).get(rest.partition("-")[0])
    return count * of_each * 1024**2 if count and of_each else None


def family(machine_type: str) -> str:
    """e2-standard-8 is of e2, custom-4-8192 of n1."""
    first = machine_type.partition("-")[0]
    return "n1" if first == "custom" else first
