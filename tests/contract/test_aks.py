"""From a document that wants an AKS cluster to objects in it: Azure on loopback, the cluster a real API server."""

from __future__ import annotations

from pathlib import Path

from kfinstall.engine.clusters import OwnCluster
from tests.contract import manifests as m
from tests.contract.installer import Installer
from tests.controlplane.api import Api
from tests.controlplane.cluster import Cluster
from tests.unit.platforms.arm_server import arm_server
from tests.unit.platforms.test_aks import Patient, Token, options, platform


def test_a_cluster_is_made_and_installed_on(control_plane: Cluster, admin: Api, unique: str, tmp_path: Path) -> None:
    host = Patient(tmp_path / "aks")
    with arm_server(tmp_path) as azure:
        azure.kubeconfig = control_plane.kubeconfig().read_bytes()
        aks = platform(azure, Token("valid"))
        made = OwnCluster(aks.title, aks, options(), host)
        assert [each.step for each in made.create()][-1] == "Making the cluster"
        kubeconfig = aks.access(options(), host).kubeconfig
    assert kubeconfig is not None
    Installer(kubeconfig, tmp_path / "state", unique).install([m.namespace(unique, team="ml")]).succeeded()
    assert admin.get(f"/api/v1/namespaces/{unique}")["metadata"]["labels"]["team"] == "ml"
