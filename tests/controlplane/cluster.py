"""What a test may ask of its cluster, whether the tests started it or found it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import yaml

from tests.controlplane.build import ControlPlaneUnavailable, ensure_built


class Cluster(Protocol):
    """A cluster to test against."""

    @property
    def url(self) -> str:
        """The address of the API server."""

    @property
    def has_users(self) -> bool:
        """Whether there are other users than admin: alice, installer, viewer."""

    @property
    def has_scheduler(self) -> bool:
        """Whether pods are bound to nodes."""

    @property
    def has_controller_manager(self) -> bool:
        """Whether anything follows from an object: pods from a Deployment, the end of a namespace from its deletion."""

    @property
    def kubectl(self) -> Path:
        """The path of a kubectl that fits this cluster."""

    def kubeconfig(self, user: str = "admin") -> Path:
        """A kubeconfig file of the user."""

    def logs(self) -> str:
        """What a failed test wants to see of the cluster's own logs."""


@dataclass(frozen=True)
class ExistingCluster:
    """A cluster that somebody else runs, used as it is; its kubeconfig's user must be allowed everything."""

    path: Path

    has_users = False
    has_scheduler = True
    has_controller_manager = True

    @property
    def url(self) -> str:
        """The server of the kubeconfig's current context."""
        config = yaml.safe_load(self.path.read_text())
        context = _named(config["contexts"], config["current-context"])["context"]
        return str(_named(config["clusters"], context["cluster"])["cluster"]["server"])

    @property
    def kubectl(self) -> Path:
        """The kubectl on PATH, which the owner of the cluster will have, or else the one that is built here."""
        found = shutil.which("kubectl")
        return Path(found) if found else ensure_built() / "kubectl"

    def kubeconfig(self, user: str = "admin") -> Path:
        """The kubeconfig as it is; there is no other user in it."""
        if user != "admin":
            raise ControlPlaneUnavailable(f"a cluster from outside has no user {user}")
        return self.path

    def logs(self) -> str:
        """Nothing: its logs are elsewhere."""
        return ""


def _named(entries: list[dict[str, Any]], name: str) -> dict[str, Any]:
    return next(entry for entry in entries if entry["name"] == name)
