"""Fixtures that hand the tests a cluster: one that exists, or a control plane that is started for them.

`pytest_plugins = ["tests.controlplane.fixtures"]` in tests/conftest.py makes them known.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Generator, Iterator
from http import HTTPStatus
from pathlib import Path

import pytest
from kubernetes.client.exceptions import ApiException

from tests.controlplane.api import Api
from tests.controlplane.build import ControlPlaneUnavailable, ensure_built
from tests.controlplane.cluster import Cluster, ExistingCluster
from tests.controlplane.server import ControlPlane

KUBECONFIG = "KFINSTALL_TEST_KUBECONFIG"
ASSETS = "KUBEBUILDER_ASSETS"
REQUIRED = "KFINSTALL_TEST_REQUIRE_CONTROL_PLANE"
NAMESPACES = "/api/v1/namespaces"
DEFAULT_ACCOUNT_SECONDS = 20.0


@pytest.fixture(scope="session")
def control_plane_binaries() -> Path:
    """The folder of the binaries: those of KUBEBUILDER_ASSETS, or the ones that are built here."""
    assets = os.environ.get(ASSETS)
    if assets:
        return Path(assets)
    try:
        return ensure_built()
    except ControlPlaneUnavailable as unavailable:
        reason = f"no control plane: {unavailable}"
    if os.environ.get(REQUIRED):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def control_plane(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """The cluster of the session (of the worker, in a parallel run), which all its tests share."""
    kubeconfig = os.environ.get(KUBECONFIG)
    if kubeconfig:
        yield ExistingCluster(Path(kubeconfig))
        return
    with started(request.getfixturevalue("control_plane_binaries")) as running:
        yield running


@pytest.fixture
def fresh_control_plane(control_plane_binaries: Path) -> Iterator[ControlPlane]:
    """A control plane that nobody used before, for a test that needs an empty cluster."""
    with started(control_plane_binaries) as running:
        yield running


@pytest.fixture(scope="module")
def own_control_plane(control_plane_binaries: Path) -> Iterator[ControlPlane]:
    """A control plane for the tests of one module that are about nodes.

    Nodes are everybody's: on those of a shared cluster, pods find room that other tests left behind waiting.
    """
    with started(control_plane_binaries) as running:
        yield running


@pytest.fixture
def namespace(control_plane: Cluster) -> Iterator[str]:
    """A namespace of the test's own, ready for pods, deleted afterwards without waiting for its end."""
    with Api(control_plane.kubeconfig()) as api:
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"generateName": "kfinstall-test-"}}
        name = api.create(NAMESPACES, body)["metadata"]["name"]
        if control_plane.has_controller_manager:
            _await_default_account(api, name)
        yield name
        with contextlib.suppress(ApiException):  # a test may have deleted it
            api.delete(f"{NAMESPACES}/{name}")


@contextlib.contextmanager
def started(binaries: Path) -> Iterator[ControlPlane]:
    """A running control plane with what the folder has: envtest brings no scheduler and no controller manager."""
    scheduler, controller_manager = (
        (binaries / name).exists() for name in ("kube-scheduler", "kube-controller-manager")
    )
    with ControlPlane(binaries, scheduler=scheduler, controller_manager=controller_manager) as running:
        yield running


def _await_default_account(api: Api, namespace: str) -> None:
    """A pod that is created before the namespace's ServiceAccount is refused."""
    deadline = time.monotonic() + DEFAULT_ACCOUNT_SECONDS
    while True:
        try:
            api.get(f"{NAMESPACES}/{namespace}/serviceaccounts/default")
            return
        except ApiException as error:
            if error.status != HTTPStatus.NOT_FOUND or time.monotonic() > deadline:
                raise
        time.sleep(0.02)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failed test shows the logs of the control planes that it used."""
    report = yield
    if report.failed and isinstance(item, pytest.Function):
        for name in ("control_plane", "own_control_plane", "fresh_control_plane"):
            cluster = item.funcargs.get(name)
            if isinstance(cluster, ControlPlane):
                report.sections.append((name, cluster.logs()))
    return report
