"""Lists come whole, however many pages they take; definitions of kinds in small ones, since each is so large."""

import secrets
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from kfinstall.contracts.manifest import Body
from kfinstall.kube.cluster import Cluster
from kfinstall.kube.connection import Connection
from kfinstall.kube.pages import DEFINITIONS
from kfinstall.kube.watch import Watches
from kfinstall.sandbox.__main__ import kubeconfig
from kfinstall.sandbox.access.rights import CLUSTER_ADMIN
from kfinstall.sandbox.running import CONTEXT
from kfinstall.sandbox.server.api import Api
from kfinstall.sandbox.server.certificates import make_certificate
from kfinstall.sandbox.server.http import LOOPBACK, Server
from kfinstall.sandbox.server.requests import Answer, Request
from kfinstall.sandbox.storage.store import Name
from tests.patience import PATIENCE

COLLECTION = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
NAMES = [f"things{number:02}.example.com" for number in range(2 * DEFINITIONS + 5)]


class Asked(Api):
    """Remembers how many objects it was asked for at once."""

    def __init__(self) -> None:
        super().__init__()
        self.limits: list[str] = []

    def answer(self, request: Request) -> Answer:
        if "limit" in request.query:
            self.limits.append(request.query["limit"])
        return super().answer(request)


@pytest.fixture
def api() -> Asked:
    api = Asked()
    for name in NAMES:
        body: Body = {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": name, "uid": name},
        }
        kind = api.kinds.of_body(body)
        assert kind
        api.store.put(kind.key, Name("", name), body)
    return api


@pytest.fixture
def connection(api: Asked, tmp_path: Path) -> Iterator[Connection]:
    make_certificate(tmp_path, LOOPBACK)
    token = secrets.token_urlsafe(32)
    api.tokens.add(token, CLUSTER_ADMIN.user())
    server = Server(api, tmp_path)
    server.start()
    authority = (tmp_path / "tls.crt").read_text(encoding="utf-8")
    file = tmp_path / "kubeconfig"
    file.write_text(kubeconfig(server.url, authority, {CONTEXT: token}), encoding="utf-8")
    connection = Connection.open(file)
    yield connection
    connection.close()
    server.stop()


def test_definitions_are_listed_in_small_pages_and_their_names_in_one(api: Asked, connection: Connection) -> None:
    cluster = Cluster(connection)
    assert [item["metadata"]["name"] for item in cluster.items(COLLECTION)] == NAMES
    assert api.limits == [str(DEFINITIONS)] * 3
    api.limits.clear()
    assert [item["metadata"]["name"] for item in cluster.metadata(COLLECTION)] == NAMES
    assert len(api.limits) == 1


def test_a_watch_of_definitions_begins_with_small_pages(api: Asked, connection: Connection) -> None:
    seen: list[str] = []
    whole = threading.Event()

    def see(_collection: str, _what: str, body: Body) -> None:
        seen.append(body["metadata"]["name"])
        if len(seen) == len(NAMES):
            whole.set()

    Watches(connection, see, lambda _collection, _error: None).follow(COLLECTION)
    assert whole.wait(PATIENCE)
    assert seen == NAMES
    assert api.limits == [str(DEFINITIONS)] * 3
