"""Docker Desktop, the guides' "Docker for Mac": the cluster that it brings, which only its settings switch on."""

import contextlib
import json
import os
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import yaml
from pydantic import Field

from kfinstall.contracts.platform import (
    ClusterAccess,
    ClusterPhase,
    ClusterStatus,
    Detection,
    Host,
    KnownCluster,
    Offer,
    Size,
)
from kfinstall.errors import ClusterError
from kfinstall.model.install import PlatformOptions
from kfinstall.words import _
from platforms.docker_desktop.checks import CHECKS
from platforms.docker_engine import DESKTOP, docker_engine, docker_tool

CONTEXTS = ("docker-desktop", "docker-for-desktop")
"""The context of today, and that of versions before 2.0.1."""

PORTS = (6443, 8443)
"""Of the API server; old kubeconfigs and guides have the one where the other answers."""

ANSWER = 2.0
"""Seconds for a connection on this machine."""

MIB = 1024**2
SETTINGS = (
    # from 4.35 on the first, before that the second; macOS, Windows, Linux
    "Library/Group Containers/group.com.docker/settings-store.json",
    "Library/Group Containers/group.com.docker/settings.json",
    "AppData/Roaming/Docker/settings-store.json",
    "AppData/Roaming/Docker/settings.json",
    ".docker/desktop/settings-store.json",
    ".docker/desktop/settings.json",
)


class DockerDesktopOptions(PlatformOptions):
    """Docker Desktop has one cluster."""

    type: Literal["docker-desktop"] = Field(title=_("Platform"), description=_("The cluster of Docker Desktop."))


class DockerDesktop:
    """The platform for who has Docker Desktop and switched its Kubernetes on."""

    name = "docker-desktop"
    title = "Docker Desktop"
    summary = _("The Kubernetes of Docker Desktop, on macOS, Windows or Linux.")
    options = DockerDesktopOptions
    checks = CHECKS

    def detect(self, host: Host) -> Detection:
        context = _context(host)
        engine = docker_engine(host)
        runs = engine is not None and DESKTOP in engine.system
        status = ClusterStatus(ClusterPhase.RUNNING if runs else ClusterPhase.STOPPED)
        clusters = (KnownCluster(context, status, context),) if context else ()
        return Detection((docker_tool(host, needed=True),), clusters)

    def device_plugin(self, options: DockerDesktopOptions) -> str:  # noqa: ARG002 - the contract's signature
        return _("Docker Desktop gives its Kubernetes no GPU.")

    def access(self, options: DockerDesktopOptions, host: Host) -> ClusterAccess:  # noqa: ARG002 - the contract's
        """Raises ClusterError, with what to switch on, when there is no cluster."""
        context = _context(host)
        if context is None:
            raise _not_enabled(host)
        mended = _mended(host.kubeconfig, context)
        if mended is None:
            return ClusterAccess(context=context)
        return ClusterAccess(_written(host.folder / "kubeconfig", mended), context)

    def offer(self, options: DockerDesktopOptions, host: Host) -> Offer:  # noqa: ARG002 - the contract's signature
        """Its virtual machine is the only node, or the machine of all nodes."""
        engine = docker_engine(host)
        disk = _settings(host).get("DiskSizeMiB")
        cpus, memory = (engine.size.cpus, engine.size.memory) if engine else (None, None)
        return Offer(
            _("The virtual machine of Docker Desktop (Settings → Resources)"),
            _("Nobody bills it."),
            Size(cpus, memory, disk * MIB if isinstance(disk, int) else None),
        )


def _context(host: Host) -> str | None:
    names = {each["name"] for each in host.kubeconfig.get("contexts") or ()}
    return next((name for name in CONTEXTS if name in names), None)


def _settings(host: Host) -> Mapping[str, Any]:
    """Docker Desktop's settings, which nobody documents: only to be read, and nothing rests on them."""
    home = Path(host.environ.get("HOME") or host.environ.get("USERPROFILE") or Path.home())
    for name in SETTINGS:
        with contextlib.suppress(OSError, ValueError):
            found = json.loads((home / name).read_text(encoding="utf-8"))
            return found if isinstance(found, dict) else {}
    return {}


def _not_enabled(host: Host) -> ClusterError:
    if docker_engine(host) is None:
        return ClusterError(_("Docker Desktop does not run."), fix=_("Start it, and run the command again."))
    if _settings(host).get("KubernetesEnabled") or _settings(host).get("kubernetesEnabled"):
        return ClusterError(
            _("Docker Desktop has Kubernetes switched on, and the kubeconfig has no context docker-desktop."),
            why=_("Kubernetes is still starting, or $KUBECONFIG names another file than ~/.kube/config."),
            fix=_("Wait until Docker Desktop says that Kubernetes runs; or unset KUBECONFIG."),
        )
    return ClusterError(
        _("Kubernetes is not switched on in Docker Desktop."),
        fix=_(
            "Settings → Kubernetes → Enable Kubernetes (from 4.51 on: Kubernetes → Create cluster); and give it "
            "8 CPUs and 16 GB under Settings → Resources. Then run the command again."
        ),
        docs="https://docs.docker.com/desktop/use-desktop/kubernetes/",
    )


def _mended(kubeconfig: Mapping[str, Any], context: str) -> dict[str, Any] | None:
    """A kubeconfig of this context alone, with the port that answers; None where nothing is to be mended."""
    chosen = _named(kubeconfig, "contexts", context)
    cluster = _named(kubeconfig, "clusters", (chosen.get("context") or {}).get("cluster"))
    address = urlsplit(str((cluster.get("cluster") or {}).get("server") or ""))
    if address.port not in PORTS or not address.hostname or _answers(address.hostname, address.port):
        return None
    other = next(port for port in PORTS if port != address.port)
    if not _answers(address.hostname, other):
        return None
    server = address._replace(netloc=f"{address.hostname}:{other}").geturl()
    user = _named(kubeconfig, "users", (chosen.get("context") or {}).get("user"))
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": context,
        "contexts": [chosen],
        "clusters": [{**cluster, "cluster": {**cluster["cluster"], "server": server}}],
        "users": [user] if user else [],
    }


def _named(kubeconfig: Mapping[str, Any], kind: str, name: str | None) -> dict[str, Any]:
    return next((each for each in kubeconfig.get(kind) or () if each["name"] == name), {})


def _answers(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), ANSWER):
            return True
    except OSError:
        return False


def _written(path: Path, kubeconfig: Mapping[str, Any]) -> Path:
    """The user's own file stays as it is. It holds credentials: only the user reads it."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        yaml.safe_dump(dict(kubeconfig), file)
    return path
