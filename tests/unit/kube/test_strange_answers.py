"""What stands at the address of an API server, and is none, or breaks off: words, and no thread that dies unheard."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from kfinstall.errors import ClusterError, Unreachable
from kfinstall.kube import discovery
from kfinstall.kube.connection import Connection
from kfinstall.kube.watch import Watches
from tests.patience import PATIENCE

Answers = dict[str, list[tuple[int, bytes]]]
"""Path -> what is answered to each request, the last one again and again."""


@pytest.fixture
def answers() -> Answers:
    return {}


@pytest.fixture
def kubeconfig(answers: Answers, tmp_path: Path) -> Iterator[Path]:
    class Strange(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kind = self.path.partition("?")[0] + ("?watch" if "watch=true" in self.path else "")
            some = answers.get(kind, [(404, b"")])
            status, body = some.pop(0) if len(some) > 1 else some[0]
            self.send_response(status)
            # more than there is, for what is to break off
            self.send_header("content-length", str(len(body.rstrip(b"~")) + 9 * body.endswith(b"~")))
            self.end_headers()
            self.wfile.write(body.rstrip(b"~"))

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Strange) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        config = {
            "clusters": [{"name": "c", "cluster": {"server": f"http://127.0.0.1:{server.server_address[1]}"}}],
            "contexts": [{"name": "c", "context": {"cluster": "c", "user": "c"}}],
            "users": [{"name": "c", "user": {"token": "t"}}],
            "current-context": "c",
        }
        path = tmp_path / "kubeconfig"
        path.write_text(yaml.safe_dump(config))
        yield path
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("body", [b"[]", b"null", b'"ok"', b"5", b"<html>"])
def test_another_server(kubeconfig: Path, answers: Answers, body: bytes) -> None:
    answers["/version"] = [(200, body)]
    with pytest.raises(Unreachable, match="does not answer as an API server does"):
        discovery.version(Connection.open(kubeconfig))


@pytest.mark.parametrize(
    "first",
    [
        (500, b'{"kind": "St~'),
        (200, b'{"type": "ADDED"}\n'),
        (200, b"[]\n"),
        (200, b'{"type": "ADDED", "object": 5}\n'),
    ],
    ids=["an error that breaks off", "no object", "a list", "no mapping"],
)
def test_a_watch_goes_on_after_nonsense(kubeconfig: Path, answers: Answers, first: tuple[int, bytes]) -> None:
    pods = "/api/v1/pods"
    answers[pods] = [(200, b'{"kind": "PodList", "metadata": {"resourceVersion": "1"}, "items": []}')]
    answers[pods + "?watch"] = [
        first,
        (200, b'{"type": "ADDED", "object": {"metadata": {"name": "seen", "resourceVersion": "2"}}}\n'),
    ]
    seen = threading.Event()

    def report(_collection: str, _change: str, body: dict[str, Any]) -> None:
        if body["metadata"]["name"] == "seen":
            seen.set()

    connection = Connection.open(kubeconfig)
    Watches(connection, report, lambda _collection, _error: None).follow(pods)
    assert seen.wait(PATIENCE)
    connection.close()


def test_a_port_is_not_forwarded_as_somebody_else(kubeconfig: Path) -> None:
    connection = Connection.open(kubeconfig, user="ada")
    with pytest.raises(ClusterError, match="not as ada"):
        connection.tunnel("/api/v1/namespaces/a/pods/b/portforward", 80)
