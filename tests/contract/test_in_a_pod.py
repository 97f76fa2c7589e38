"""kfinstall in a pod, as a Job that installs has it: no kubeconfig, the pod's service account instead."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml
from click.testing import CliRunner, Result
from kubernetes.config import incluster_config

from kfinstall.cli.main import kfinstall
from kfinstall.errors import ClusterError
from tests.controlplane.api import Api
from tests.controlplane.cluster import Cluster


@dataclass(frozen=True, slots=True)
class Account:
    """A service account as a pod has it. folder: what the kubelet mounts. url: of the API server."""

    folder: Path
    user: str
    url: str


@pytest.fixture
def account(control_plane: Cluster, namespace: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Account:
    """One without rights, with a token that the API server gave; the kubelet's environment, and no kubeconfig."""
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    accounts = f"/api/v1/namespaces/{namespace}/serviceaccounts"
    with Api(control_plane.kubeconfig()) as api:
        api.create(accounts, {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "installer"}})
        request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
        token = api.create(f"{accounts}/installer/token", request)["status"]["token"]
    cluster = yaml.safe_load(control_plane.kubeconfig().read_text())["clusters"][0]["cluster"]
    folder = tmp_path / "serviceaccount"
    folder.mkdir()
    (folder / "token").write_text(token)
    (folder / "ca.crt").write_bytes(base64.b64decode(cluster["certificate-authority-data"]))
    monkeypatch.setattr(incluster_config, "SERVICE_TOKEN_FILENAME", str(folder / "token"))
    monkeypatch.setattr(incluster_config, "SERVICE_CERT_FILENAME", str(folder / "ca.crt"))
    server = urlsplit(cluster["server"])
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", str(server.hostname))
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", str(server.port))
    return Account(folder, f"system:serviceaccount:{namespace}:installer", cluster["server"])


def run(*arguments: str) -> Result:
    return CliRunner().invoke(kfinstall, list(arguments), standalone_mode=False)


def test_a_pod_goes_by_its_service_account(account: Account) -> None:
    assert f"Context: this pod's service account ({account.url})" in run("doctor", "--only", "rbac").stderr
    refused = run("status").exception
    assert isinstance(refused, ClusterError)
    assert account.user in str(refused)  # the server knew who asked


@pytest.mark.usefixtures("account")
def test_a_kubeconfig_goes_first(control_plane: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", str(control_plane.kubeconfig()))
    told = run("doctor", "--only", "rbac").stderr
    assert "Context: " in told
    assert "service account" not in told


def test_a_service_account_without_a_certificate(account: Account) -> None:
    (account.folder / "ca.crt").unlink()
    refused = run("status").exception
    assert isinstance(refused, ClusterError)
    assert "The service account of this pod cannot be used." in str(refused)
    assert str(account.folder) in refused.fix
