"""The programs that a node is made of: some are Debian's, the others are built here."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.controlplane.build import ControlPlaneUnavailable, ensure_built

ASKED_FOR = "KFINSTALL_TEST_KUBELET"
PACKAGES = {"containerd": "containerd", "runc": "runc", "docker-registry": "docker-registry", "unshare": "util-linux"}
"""Programs, and the packages of Debian that they are in."""
BUILT = ("kubelet", "workload")
SEARCHED = os.pathsep.join(["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"])


class KubeletUnavailable(Exception):
    """There can be no kubelet on this machine; the message is one line that says why."""


def ensure_programs() -> Path:
    """The folder of those that are built here, when all others are there, too. Raises KubeletUnavailable."""
    if sys.platform != "linux" or os.geteuid() != 0:
        raise KubeletUnavailable("a node needs Linux and root")
    packages = _missing()
    if packages and not os.environ.get(ASKED_FOR):
        raise KubeletUnavailable(f"not installed: {', '.join(packages)}; {ASKED_FOR}=1 has apt-get install them")
    if packages:
        _install(packages)
    try:
        return ensure_built(Path(__file__).resolve().parent, BUILT)
    except ControlPlaneUnavailable as unavailable:
        raise KubeletUnavailable(str(unavailable)) from unavailable


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
