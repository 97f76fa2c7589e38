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
def asked() -> list[dict[str, str]]:
    """The headers of each request."""
    return []


@pytest.fixture
def kubeconfig(answers: Answers, asked: list[dict[str, str]], tmp_path: Path) -> Iterator[Path]:
    class Strange(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append({name.lower(): value for name, value in self.headers.items()})
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


def test_a_token_is_sent_without_the_line_break_of_its_file(
    kubeconfig: Path, answers: Answers, asked: list[dict[str, str]], tmp_path: Path
) -> None:
    """As kubectl sends it; and whom one acts as has a name in any script."""
    answers["/version"] = [(200, b'{"gitVersion": "v1.34.1"}')]
    (tmp_path / "token").write_text("planted-secret\n")
    config = yaml.safe_load(kubeconfig.read_text())
    config["users"][0]["user"] = {"tokenFile": str(tmp_path / "token")}
    kubeconfig.write_text(yaml.safe_dump(config))
    assert discovery.version(Connection.open(kubeconfig, user="张三")) == "v1.34.1"
    assert asked[0]["authorization"] == "Bearer planted-secret"
    assert asked[0]["impersonate-user"].encode("latin-1").decode() == "张三"
    (tmp_path / "token").write_text("planted-secret\nand more\n")
    with pytest.raises(ClusterError, match="cannot be sent: there is a line break") as caught:
        discovery.version(Connection.open(kubeconfig))
    assert "planted-secret" not in str(caught.value)
