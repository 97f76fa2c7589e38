"""`kfinstall install --platform aks`: an Azure of one's own, a cluster of it, and Kubeflow on it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.controlplane.cluster import Cluster
from tests.e2e.conftest import Kfinstall
from tests.e2e.release import Release
from tests.unit.platforms.arm_server import SUBSCRIPTION, ArmServer, arm_server

SECRET = "planted-client-secret"


@dataclass
class Lab:
    """An Azure whose clusters are the control plane of the tests, and the words that ask for one."""

    azure: ArmServer
    kfinstall: Kfinstall
    platform: dict[str, str]

    @property
    def cluster(self) -> tuple[str, ...]:
        return tuple(word for key, value in self.platform.items() for word in ("--set", f"platform.{key}={value}"))


@pytest.fixture
def lab(kfinstall: Kfinstall, control_plane: Cluster, tmp_path: Path) -> Iterator[Lab]:
    with arm_server(tmp_path) as azure:
        azure.kubeconfig = control_plane.kubeconfig().read_bytes()
        azure.polls, azure.retry_after = 2, "1"
        kfinstall.environment |= {
            "ARM_CLOUD_METADATA_URL": f"{azure.url}/metadata/endpoints?api-version=2022-09-01",
            "REQUESTS_CA_BUNDLE": str(azure.certificate),
            "AZURE_TENANT_ID": "contoso",
            "AZURE_CLIENT_ID": "me",
            "AZURE_CLIENT_SECRET": SECRET,
        }
        platform = {"type": "aks", "subscription": SUBSCRIPTION, "resourceGroup": "ml", "location": "eastus"}
        yield Lab(azure, kfinstall, platform)


def test_from_no_cluster_to_an_install_and_back(lab: Lab, release: Release, name: str) -> None:
    document = {**yaml.safe_load(release.install.read_text()), "platform": lab.platform}
    file = release.install.with_name("aks.yaml")
    file.write_text(yaml.safe_dump(document))
    absent = lab.kfinstall("test", "-f", file)
    assert (absent.code, "Azure Kubernetes Service: there is no such cluster yet" in absent.err) == (2, True)

    done = lab.kfinstall("install", "-f", file, "--yes", "--no-wait", "--plain")
    assert done.code == 0, done.err
    assert "Making the cluster" in done.err
    assert f"created   Namespace/{name}" in done.err
    made: Any = lab.azure.cluster
    assert made["properties"]["agentPoolProfiles"][0]["vmSize"] == "Standard_D8s_v5"

    tried = lab.kfinstall("test", "notebook", "-f", file)
    assert (tried.code, "the cluster serves none of these kinds" in tried.err) == (2, True)
    bundle = file.with_name("bundle.tar.gz")
    assert lab.kfinstall("bundle", "-f", file, bundle).code == 0
    deleted = lab.kfinstall("platforms", "delete", "-f", file, "--yes")
    assert deleted.code == 0, deleted.err
    assert lab.azure.cluster is None
    assert len([path for path in lab.azure.asked("PUT") if path.endswith("/managedClusters/kubeflow")]) == 1
    kept = [bundle, *(each for each in lab.kfinstall.state.rglob("*") if each.is_file())]
    assert not [each for each in kept if SECRET.encode() in each.read_bytes()]


def test_a_secret_that_has_expired_is_told_as_such(lab: Lab, release: Release) -> None:
    lab.azure.secret_expired = True
    refused = lab.kfinstall("install", "-f", release.install, *lab.cluster, "--yes")
    assert refused.code == 1
    assert "AADSTS7000222" in refused.err
    assert "Traceback" not in refused.err
