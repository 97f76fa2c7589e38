"""A kubeconfig that cannot be used gets a clear error; nothing is sent."""

import base64
import contextlib
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from kfinstall.errors import ClusterError, Unreachable
from kfinstall.kube.connection import Connection

WHOLE: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Config",
    "clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:1"}}],
    "users": [{"name": "u", "user": {"token": "planted-secret"}}],
    "contexts": [
        {"name": "one", "context": {"cluster": "c", "user": "u"}},
        {"name": "two", "context": {"cluster": "c", "user": "u"}},
    ],
    "current-context": "one",
}


def written(folder: Path, content: str) -> Path:
    path = folder / "config"
    path.write_text(content)
    return path


def test_the_current_context_and_a_chosen_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, yaml.safe_dump(WHOLE))
    assert Connection.open(path).target.context == "one"
    assert Connection.open(path, "two").target.context == "two"
    monkeypatch.setenv("KUBECONFIG", str(path))
    assert Connection.open().target.server == "https://127.0.0.1:1"


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "a: [",
        "just text",
        "a: " + "[" * 2000,
        yaml.safe_dump({**WHOLE, "contexts": []}),
        yaml.safe_dump({**WHOLE, "clusters": []}),
        yaml.safe_dump({**WHOLE, "current-context": "nowhere"}),
        yaml.safe_dump({**WHOLE, "users": [{"name": "u", "user": {"client-certificate": "/no/such/file"}}]}),
    ],
)
def test_a_kubeconfig_that_leads_nowhere(tmp_path: Path, content: str) -> None:
    with pytest.raises(ClusterError, match="no usable cluster") as caught:
        Connection.open(written(tmp_path, content))
    assert caught.value.why
    assert "planted-secret" not in str(caught.value)
    assert "kubectl config get-contexts" in caught.value.fix


def test_a_context_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ClusterError, match="Context three cannot be used"):
        Connection.open(written(tmp_path, yaml.safe_dump(WHOLE)), "three")


def test_no_kubeconfig_at_all() -> None:
    with pytest.raises(ClusterError, match="no usable cluster"):
        Connection.open()


def through(folder: Path, proxy: str) -> Connection:
    """A connection to a server that only a proxy can know."""
    cluster = {"server": "https://cluster.invalid", "proxy-url": proxy}
    return Connection.open(written(folder, yaml.safe_dump({**WHOLE, "clusters": [{"name": "c", "cluster": cluster}]})))


@pytest.mark.parametrize(
    "user",
    [
        {"client-key-data": "planted-secret", "exec": None},
        {"auth-provider": {"name": "oidc", "planted-secret": "planted-secret"}},
        {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": "sh",
                  "args": ["-c", "echo 'token=planted-secret' >&2; exit 1"]}},
    ],
)  # fmt: skip
def test_an_unusable_login_is_not_shown(tmp_path: Path, user: dict[str, Any]) -> None:
    path = written(tmp_path, yaml.safe_dump({**WHOLE, "users": [{"name": "u", "user": user}]}))
    with pytest.raises(ClusterError) as caught:
        Connection.open(path).get("/version")
    assert caught.value.why
    assert "planted-secret" not in str(caught.value)


@pytest.fixture
def proxy() -> Iterator[tuple[str, list[str]]]:
    """The address of an HTTP proxy, and the logins that it was given."""
    logins: list[str] = []

    class Refusing(BaseHTTPRequestHandler):
        def do_CONNECT(self) -> None:
            logins.append(self.headers.get("Proxy-Authorization", ""))
            self.send_error(403)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    with HTTPServer(("127.0.0.1", 0), Refusing) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield f"127.0.0.1:{server.server_address[1]}", logins
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("begin", ["http://us%40er:planted-secret@", ""])
def test_a_proxy_gets_the_login_of_its_address(tmp_path: Path, proxy: tuple[str, list[str]], begin: str) -> None:
    address, logins = proxy
    with pytest.raises(Unreachable) as caught:
        through(tmp_path, begin + address).get("/version")
    assert "403" in caught.value.why
    assert "planted-secret" not in str(caught.value)
    pair = base64.b64encode(b"us@er:planted-secret").decode()
    assert set(logins) == {f"Basic {pair}" if begin else ""}


def test_a_socks_proxy_looks_names_up(tmp_path: Path) -> None:
    """As kubectl has it; the name of a private cluster means nothing on this machine."""
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def refuse() -> None:
            with contextlib.suppress(OSError):  # the test is over
                while True:
                    with listener.accept()[0] as client:
                        client.recv(64)
                        client.sendall(b"\x05\x00")  # no login
                        asked.append(client.recv(256))
                        client.sendall(b"\x05\x02\x00\x01\x00\x00\x00\x00\x00\x00")  # not allowed

        threading.Thread(target=refuse, daemon=True).start()
        connection = through(tmp_path, f"socks5://127.0.0.1:{listener.getsockname()[1]}")
        with pytest.raises(Unreachable):
            connection.get("/version")
    assert b"cluster.invalid" in asked[0]
