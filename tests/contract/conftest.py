"""What the tests of the engine share: a name of their own in the cluster, requests as admin, an installer, nodes."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from kubernetes.client.exceptions import ApiException

from kfinstall.sandbox.scenario import Registry
from tests.contract.installer import Installer
from tests.contract.manifests import namespace as namespace_body
from tests.contract.proxy import Proxy
from tests.controlplane.api import Api
from tests.controlplane.cluster import Cluster
from tests.controlplane.playing import playing

NEVER = "example.com/never:1"
PULL_FAILS = Registry(match=NEVER, answer="notFound")


@pytest.fixture
def admin(control_plane: Cluster) -> Iterator[Api]:
    """Requests as admin."""
    with Api(control_plane.kubeconfig()) as opened:
        yield opened


@pytest.fixture(scope="session")
def system_namespace(control_plane: Cluster) -> None:
    """The namespace of the installs' records stands already: its end, after each uninstall, takes seconds."""
    with Api(control_plane.kubeconfig()) as api, contextlib.suppress(ApiException):  # it is there
        api.create("/api/v1/namespaces", namespace_body("kfinstall-system"))


@pytest.fixture
def unique(admin: Api, system_namespace: None) -> Iterator[str]:
    """A name for a namespace, an install, a group (`<name>.example.com`) that nobody else has in the cluster."""
    name = f"kf-{secrets.token_hex(4)}"
    yield name
    left = [
        f"/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/{name}",
        f"/apis/rbac.authorization.k8s.io/v1/clusterroles/{name}",
        f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.{name}.example.com",
        f"/api/v1/namespaces/kfinstall-system/configmaps/kfinstall-{name}",
        f"/api/v1/namespaces/{name}",
    ]
    for path in left:
        with contextlib.suppress(ApiException):  # most are gone, or were never there
            admin.delete(path)


@pytest.fixture
def installer(control_plane: Cluster, tmp_path: Path, unique: str) -> Installer:
    """An installer with admin's rights that waits for no pod."""
    return Installer(control_plane.kubeconfig(), tmp_path / "state", unique)


@pytest.fixture
def proxy(control_plane: Cluster, tmp_path: Path) -> Iterator[Proxy]:
    """A proxy that spoils nothing until it is told to."""
    with Proxy(control_plane.kubeconfig(), tmp_path) as running:
        yield running


@pytest.fixture
def counted(proxy: Proxy, tmp_path: Path, unique: str) -> Installer:
    """An installer whose requests go through the proxy."""
    return Installer(proxy.kubeconfig, tmp_path / "state", unique)


@pytest.fixture(scope="module")
def nodes(control_plane: Cluster) -> Iterator[None]:
    """A node on which every pod runs, except those whose image is NEVER."""
    if not (control_plane.has_scheduler and control_plane.has_controller_manager):
        pytest.skip("this control plane has no scheduler or no controller manager")
    with playing(control_plane.kubeconfig(), "contract-1", registries=(PULL_FAILS,)):
        yield
