"""Which of minikube's drivers this machine has the program for.

By system: minikube's pkg/minikube/driver/driver_{linux,darwin,windows}.go; programs: its pkg/minikube/registry/drvs.
"""

from collections.abc import Mapping, Sequence

from kfinstall.contracts.platform import Choice, Host
from kfinstall.words import _
from platforms.docker_engine import docker_engine

CONTAINER = _("containers")
VIRTUAL_MACHINE = _("virtual machines")

PROGRAMS: Mapping[str, Mapping[str, str]] = {
    "linux": {
        "docker": "docker", "podman": "podman", "kvm2": "virsh", "qemu2": "qemu-system-x86_64",
        "virtualbox": "VBoxManage", "vmware": "vmrun",
    },
    "darwin": {
        "docker": "docker", "podman": "podman", "vfkit": "vfkit", "krunkit": "krunkit", "qemu2": "qemu-system-aarch64",
        "hyperkit": "hyperkit", "parallels": "prlctl", "virtualbox": "VBoxManage", "vmware": "vmrun",
    },
    "windows": {
        "docker": "docker", "podman": "podman", "hyperv": "powershell", "qemu2": "qemu-system-x86_64",
        "virtualbox": "VBoxManage", "vmware": "vmrun",
    },
}  # fmt: skip
"""System -> driver, the one first that minikube prefers -> the program that it runs."""


def drivers(host: Host) -> Sequence[Choice]:
    """The drivers that can work here. `none` and `ssh` are for machines made ready by hand, and are not offered."""
    known = PROGRAMS.get(host.machine.system, {})
    return [Choice(driver, _title(driver, host)) for driver, program in known.items() if host.find(program)]


def _title(driver: str, host: Host) -> str:
    if driver == "docker" and docker_engine(host) is None:
        return _("Docker does not answer")
    if driver in ("kvm2", "qemu2") and host.machine.virtualises is False:
        return _("you may not use /dev/kvm")
    return CONTAINER if driver in ("docker", "podman") else VIRTUAL_MACHINE
