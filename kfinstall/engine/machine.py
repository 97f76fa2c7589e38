"""What this machine is like: its size, its CPU, and the settings of its kernel."""

import contextlib
import os
import platform
import re
from pathlib import Path

from kfinstall.contracts.platform import Machine, Size

PROC = Path("/proc")
KVM = Path("/dev/kvm")


def this_machine(proc: Path = PROC, kvm: Path = KVM) -> Machine:
    """proc, kvm: where Linux tells it; they are not there on other systems."""
    system = platform.system().lower()
    return Machine(
        system=system,
        size=Size(cpus=os.cpu_count(), memory=_memory()),
        cpu_flags=_cpu_flags(proc / "cpuinfo"),
        virtualises=os.access(kvm, os.R_OK | os.W_OK) if system == "linux" else None,
    )


def sysctl(name: str, proc: Path = PROC) -> int | None:
    """A setting of the kernel, as sysctl(8) names it; None where there is no such number."""
    with contextlib.suppress(OSError, ValueError):
        return int((proc / "sys" / name.replace(".", "/")).read_text(encoding="ascii"))
    return None


def _memory() -> int | None:
    with contextlib.suppress(AttributeError, OSError, ValueError):  # Windows has no sysconf
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return None


def _cpu_flags(cpuinfo: Path) -> frozenset[str]:
    """Of the first CPU: "flags" on x86, "Features" on arm64."""
    with contextlib.suppress(OSError):
        found = re.search(r"^(?:flags|Features)\s*:(.*)$", cpuinfo.read_text(encoding="utf-8"), re.MULTILINE)
        return frozenset(found[1].split()) if found else frozenset()
    return frozenset()
