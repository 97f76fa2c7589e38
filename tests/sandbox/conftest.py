"""A practice cluster for the tests of it, inside the test's own process."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kfinstall.sandbox import scenario as scenarios
from kfinstall.sandbox.__main__ import kubeconfig
from kfinstall.sandbox.cluster import SandboxCluster
from kfinstall.sandbox.running import CONTEXT
from kfinstall.sandbox.server.certificates import make_certificate
from kfinstall.sandbox.server.http import LOOPBACK
from kfinstall.sandbox.server.http import Server as HttpServer
from tests.controlplane.api import Api
from tests.controlplane.cluster import Cluster
from tests.sandbox.answers import Server

SPEED = 200.0
TOKEN = "token-of-the-test"
Started = Callable[[str], Api]


@contextlib.contextmanager
def served(scenario: str, folder: Path) -> Iterator[Path]:
    """The kubeconfig of a practice cluster that runs meanwhile."""
    with running(scenario, folder) as (_cluster, path):
        yield path


@contextlib.contextmanager
def running(scenario: str, folder: Path) -> Iterator[tuple[SandboxCluster, Path]]:
    """A practice cluster that runs meanwhile, and its kubeconfig."""
    make_certificate(folder, LOOPBACK)
    authority = (folder / "tls.crt").read_text(encoding="utf-8")
    loaded = scenarios.load(scenario)
    cluster = SandboxCluster(loaded, authority=authority, speed=SPEED)
    cluster.api.tokens.add(TOKEN, loaded.user.user())
    server = HttpServer(cluster.api, folder)
    cluster.start()
    server.start()
    path = folder / "kubeconfig"
    path.write_text(kubeconfig(server.url, authority, {CONTEXT: TOKEN}), encoding="utf-8")
    try:
        yield cluster, path
    finally:
        cluster.stop()
        server.stop()


@pytest.fixture(scope="session")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The kubeconfig of a practice cluster that the tests of a session share."""
    with served("healthy", tmp_path_factory.mktemp("sandbox")) as path:
        yield path


@pytest.fixture(scope="session", params=["sandbox", "kubernetes"])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """Each of the two servers; the real one is skipped where it cannot be had."""
    if request.param == "sandbox":
        path: Path = request.getfixturevalue("healthy")
    else:
        cluster: Cluster = request.getfixturevalue("control_plane")
        if not cluster.has_controller_manager:
            pytest.skip("nothing controls this cluster")
        path = cluster.kubeconfig()
    with Api(path) as api:
        found = Server(api)
        yield found
        found.close()


@pytest.fixture
def scenario(tmp_path: Path) -> Iterator[Started]:
    """Starts a practice cluster of a scenario."""
    with contextlib.ExitStack() as stack:

        def started(name: str) -> Api:
            return stack.enter_context(Api(stack.enter_context(served(name, tmp_path))))

        yield started
