"""What the users of all platforms have, so that a review can say what would happen: programs, logins, a cluster.

Clouds and programs are those that the platforms' own tests have: servers and executables that answer as theirs do.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from kfinstall.registry import platforms
from platforms.aks import arm
from tests.sandbox.conftest import served
from tests.unit.platforms.arm_server import arm_server
from tests.unit.platforms.cluster_manager import Google, environment, serving
from tests.unit.platforms.local import DOCKER
from tests.unit.platforms.stand_ins import StandIns
from tests.unit.platforms.test_aks import Token

CONTEXT = "docker-desktop"
"""A context of the name that Docker Desktop gives its own."""


@contextmanager
def everywhere(folder: Path, patch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Every platform can be used: a practice cluster where one is there already, none yet where they are made.

    Its kubeconfig, for KUBECONFIG.
    """
    for name in ("sandbox", "azure"):
        (folder / name).mkdir()
    with (
        served("laptop-too-small", folder / "sandbox") as kubeconfig,
        serving(Google()) as google,
        arm_server(folder / "azure") as azure,
    ):
        programs = StandIns(folder / "bin")
        programs.folder.mkdir()
        programs.install("docker", DOCKER)
        programs.install("minikube")
        programs.install("kind")
        patch.setenv("PATH", f"{programs.folder}{os.pathsep}{os.environ['PATH']}")
        for name, value in environment(folder / "google", google).items():
            patch.setenv(name, value)
        scopes = {"credential_scopes": ["https://management.azure.com/.default"]}
        patch.setattr(
            platforms().get("aks"), "_connect",
            lambda subscription, host: arm.client(
                subscription, host, Token("valid"), base_url=azure.url, connection_verify=str(azure.certificate),
                **scopes,
            ),
        )  # fmt: skip
        yield _with_context(kubeconfig)


def _with_context(kubeconfig: Path) -> Path:
    """A kubeconfig with a second context for the same cluster."""
    config = yaml.safe_load(kubeconfig.read_text())
    config["contexts"].append({"name": CONTEXT, "context": config["contexts"][0]["context"]})
    path = kubeconfig.with_name("everywhere")
    path.write_text(yaml.safe_dump(config))
    return path
