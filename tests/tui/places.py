"""What the users of all platforms have, so that a review can say what would happen: programs, logins, a cluster.

Clouds and programs are those that the platforms' own tests have: servers and executables that answer as theirs do.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from kfinstall.registry import platforms
from platforms.aks import arm
from tests.contract.manifests import definition
from tests.controlplane.api import Api
from tests.sandbox.conftest import served
from tests.unit.platforms.arm_server import CLUSTER, Answer, ArmServer, arm_server, error
from tests.unit.platforms.cluster_manager import Answer as GoogleAnswer
from tests.unit.platforms.cluster_manager import Google, environment, serving
from tests.unit.platforms.cluster_manager import error as google_error
from tests.unit.platforms.local import DOCKER
from tests.unit.platforms.stand_ins import StandIns
from tests.unit.platforms.test_aks import Token

NO = "The account may not make clusters."
CONTEXT = "docker-desktop"
"""A context of the name that Docker Desktop gives its own."""


@dataclass
class Places:
    """kubeconfig: for KUBECONFIG. The rest is told what the platforms want of it."""

    kubeconfig: Path
    programs: StandIns
    google: Google
    azure: ArmServer

    def serve_constraints(self) -> None:
        """Make the cluster serve what tells an OpenShift from others."""
        constraints = definition("security.openshift.io", "securitycontextconstraints", "SecurityContextConstraints")
        constraints["spec"]["scope"] = "Cluster"
        with Api(self.kubeconfig) as api:
            api.create("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", constraints)

    def refuse(self, platform: str) -> None:
        """The next cluster that somebody asks for is not made."""
        match platform:
            case "gke":
                self.google.instead("POST", "/clusters", GoogleAnswer(403, google_error(403, "PERMISSION_DENIED", NO)))
            case "aks":
                self.azure.refuse("PUT", CLUSTER, Answer(403, error("AuthorizationFailed", NO)))
            case "kind" | "minikube":
                self.programs.fail(platform, {"kind": "ports", "minikube": "memory"}[platform])

    def asked(self, platform: str) -> list[object]:
        """What the platform's cloud or program was told to make, all of it; it forgets that."""
        match platform:
            case "gke":
                found: list[object] = [each for each in self.google.told if each[0] == "POST" and each[1] != "/token"]
                self.google.told.clear()
            case "aks":
                found = [each for each in self.azure.requests if each[0] == "PUT"]
                self.azure.requests.clear()
            case _:
                found = [*self.programs.told(platform, {"kind": "create", "minikube": "start"}[platform])]
                (self.programs.folder / "told").unlink()
        return found


@contextmanager
def everywhere(folder: Path, patch: pytest.MonkeyPatch) -> Iterator[Places]:
    """Every platform can be used: a practice cluster where one is there already, none yet where they are made."""
    for name in ("sandbox", "azure"):
        (folder / name).mkdir()
    with (
        served("laptop-too-small", folder / "sandbox") as kubeconfig,
        serving(cloud := Google()) as google,
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
        yield Places(_with_context(kubeconfig), programs, cloud, azure)


def _with_context(kubeconfig: Path) -> Path:
    """A kubeconfig with a second context for the same cluster."""
    config = yaml.safe_load(kubeconfig.read_text())
    config["contexts"].append({"name": CONTEXT, "context": config["contexts"][0]["context"]})
    path = kubeconfig.with_name("everywhere")
    path.write_text(yaml.safe_dump(config))
    return path
