"""What a node needs of the machine, and how it comes there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

ASKED_FOR = "KFINSTALL_TEST_KUBELET"
PACKAGES = {"containerd": "containerd", "runc": "runc", "docker-registry": "docker-registry", "unshare": "util-linux"}
"""Programs, and the packages of Debian that they are in."""
SEARCHED = os.pathsep.join(["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"])


class KubeletUnavailable(Exception):
    """There can be no kubelet on this machine; the message is one line that says why."""


def ensure_installed() -> None:
    """Raises KubeletUnavailable unless all programs are there; missing ones are installed where that is asked for."""
    if sys.platform != "linux" or os.geteuid() != 0:
        raise KubeletUnavailable("a kubelet needs Linux and root")
    packages = _missing()
    if packages and not os.environ.get(ASKED_FOR):
        raise KubeletUnavailable(f"not installed: {', '.join(packages)} ({ASKED_FOR}=1 installs with apt-get)")
    if packages:
        _install(packages)
    if packages := _missing():
        raise KubeletUnavailable(f"apt-get did not bring {', '.join(packages)}")


def _missing() -> list[str]:
    return [package for program, package in PACKAGES.items() if shutil.which(program, path=SEARCHED) is None]


def _install(packages: list[str]) -> None:
    for arguments in (["update"], ["install", "--yes", "--no-install-recommends", *packages]):
        try:
            subprocess.run(
                ["apt-get", "--quiet=2", *arguments],
                env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=True,
            )
        except (OSError, subprocess.CalledProcessError) as error:
            raise KubeletUnavailable(f"apt-get {arguments[0]} failed: {error}") from error
