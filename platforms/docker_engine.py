"""Clusters whose nodes are containers: the Docker that runs them, and the kernel that they share with this machine."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from kfinstall.contracts.finding import Finding, Severity
from kfinstall.contracts.platform import Host, Size, Tool
from kfinstall.errors import KfinstallError
from kfinstall.words import _
from platforms.obstacle import obstacle

INOTIFY = {"fs.inotify.max_user_instances": 2280, "fs.inotify.max_user_watches": 1255360}
"""What Kubeflow's controllers need together: README of github.com/kubeflow/manifests, "Prerequisites"."""

DESKTOP = "Docker Desktop"
GET = "https://docs.docker.com/get-started/get-docker/"


@dataclass(frozen=True, slots=True)
class DockerEngine:
    """A Docker that answers. system: as it names what it runs on. size: of that machine, which may be virtual."""

    version: str
    system: str
    size: Size


def docker_engine(host: Host) -> DockerEngine | None:
    """The Docker of this machine; None where there is none, or it does not answer."""
    if host.find("docker") is None:
        return None
    try:
        info = json.loads(host.run(["docker", "info", "--format", "{{json .}}"], seconds=20).out)
    except (KfinstallError, ValueError):
        return None
    if not info.get("ServerVersion"):
        return None
    size = Size(info.get("NCPU") or None, info.get("MemTotal") or None)
    return DockerEngine(info["ServerVersion"], info.get("OperatingSystem", ""), size)


def docker_tool(host: Host, *, needed: bool) -> Tool:
    """Docker, for a list of programs."""
    engine = docker_engine(host)
    silent = _("does not answer") if host.find("docker") else ""
    return Tool("docker", engine.version if engine else silent, GET, needed=needed)


def no_docker(host: Host) -> Finding:
    """Docker does not answer, or is not there."""
    if host.find("docker") is None:
        return obstacle("docker-missing", _("Docker is not installed."), _("Get it from {url}.").format(url=GET))
    return obstacle(
        "docker-silent", _("Docker does not answer."), _("Start it; `docker info` tells what is wrong with it.")
    )


def inotify(host: Host) -> Iterator[Finding]:
    """Limits of watched files, which all nodes share; the kernel of Docker on macOS and Windows is not asked."""
    low = {name: wanted for name, wanted in INOTIFY.items() if (host.sysctl(name) or wanted) < wanted}
    if low:
        commands = "; ".join(f"sudo sysctl -w {name}={wanted}" for name, wanted in low.items())
        yield obstacle(
            "inotify-limit",
            _("This machine allows too few watched files; pods will end with: too many open files."),
            _("Raise the limits: {commands}").format(commands=commands),
            Severity.WARNING,
        )
