"""A TLS proxy on loopback between a client and an API server: it counts what passes, and spoils what it is told to."""

from __future__ import annotations

import base64
import contextlib
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import urllib3
import yaml
from kubernetes.config import new_client_from_config

from tests.controlplane.certificates import Authority

LOOPBACK = "127.0.0.1"
PASSED_ON = ("Accept", "Content-Type", "User-Agent", "Impersonate-User")
PASSED_BACK = ("Content-Type", "Retry-After", "Warning")


@dataclass(frozen=True)
class Request:
    """One request as it came over the wire."""

    method: str
    target: str

    @property
    def writes(self) -> bool:
        return self.method != "GET" and "dryRun" not in self.target


@dataclass(frozen=True)
class Answer:
    """An answer of the proxy's own, in place of the server's; status 0 cuts the connection. after: once the server
    has done what was asked of it."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b"{}"
    after: bool = False


Fault = Callable[[Request], Answer | None]


class Proxy:
    """Between `with` and its end; `kubeconfig` leads through it with the rights of the given one's user."""

    def __init__(self, upstream: Path, folder: Path, fault: Fault = lambda _request: None) -> None:
        self.fault = fault
        self.requests: list[Request] = []
        self.kubeconfig = folder / "kubeconfig-of-proxy"
        self.lock = threading.Lock()
        self.watches: set[urllib3.BaseHTTPResponse] = set()
        self._upstream = new_client_from_config(config_file=str(upstream), persist_config=False)
        self._upstream.rest_client.pool_manager.connection_pool_kw["maxsize"] = 64
        self._folder = folder

    @property
    def writes(self) -> list[Request]:
        """What may have changed something."""
        return [request for request in self.requests if request.writes]

    def __enter__(self) -> Self:
        authority = Authority.create(self._folder, "proxy-ca")
        pair = authority.server("proxy", [LOOPBACK])
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pair.certificate_file, pair.key_file)
        self._server = _Server(self, context)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name="proxy", daemon=True)
        self._thread.start()
        ca = base64.b64encode(authority.pair.certificate_file.read_bytes()).decode()
        self.kubeconfig.write_text(yaml.safe_dump(_kubeconfig(self._server.server_address[1], ca)))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        with self.lock:
            watches = list(self.watches)
        for response in watches:
            with contextlib.suppress(OSError, ValueError, RuntimeError):
                response.shutdown()
        self._thread.join()
        self._upstream.close()

    def forward(self, request: Request, headers: dict[str, str], body: bytes | None) -> urllib3.BaseHTTPResponse:
        """What the server says to a request."""
        self._upstream.update_params_for_auth(headers, [], ["BearerToken"], request.target, request.method, body)
        pool: urllib3.PoolManager = self._upstream.rest_client.pool_manager
        url = f"{self._upstream.configuration.host}{request.target}"
        return pool.request(
            request.method, url, body=body, headers=headers, preload_content=False, retries=False, redirect=False
        )


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, proxy: Proxy, context: ssl.SSLContext) -> None:
        super().__init__((LOOPBACK, 0), _Handler)
        self.proxy = proxy
        self.context = context

    def get_request(self) -> tuple[socket.socket, Any]:
        """The handshake is left to the connection's thread, where it holds nobody up."""
        raw, address = super().get_request()
        return self.context.wrap_socket(raw, server_side=True, do_handshake_on_connect=False), address

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is no error."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is that of the base class
        """Nothing is logged."""

    def _pass(self) -> None:
        proxy, request = self.server.proxy, Request(self.command, self.path)
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length) if length else None
        with proxy.lock:
            proxy.requests.append(request)
            answer = proxy.fault(request)
        if answer and not answer.after:
            self._answer(answer)
            return
        headers = {name: self.headers[name] for name in PASSED_ON if self.headers.get(name)}
        with proxy.forward(request, headers, body) as response:
            if answer:
                response.drain_conn()
                self._answer(answer)
            elif "watch=true" in request.target:
                self._stream(response)
            else:
                back = {name: response.headers[name] for name in PASSED_BACK if name in response.headers}
                self._answer(Answer(response.status, back, response.data))

    def _answer(self, answer: Answer) -> None:
        if not answer.status:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self.send_response(answer.status)
        for name, value in {"Content-Type": "application/json", **answer.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    def _stream(self, response: urllib3.BaseHTTPResponse) -> None:
        watches = self.server.proxy.watches
        with self.server.proxy.lock:
            watches.add(response)
        try:
            self.send_response(response.status)
            self.send_header("Content-Type", response.headers.get("Content-Type", "application/json"))
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for chunk in response.stream(65536):
                self.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
                self.wfile.flush()
            self.wfile.write(b"0\r\n\r\n")
        finally:
            self.close_connection = True
            with self.server.proxy.lock:
                watches.discard(response)

    do_GET = do_PATCH = do_POST = do_PUT = do_DELETE = _pass  # noqa: N815 - the names are those of the base class


def _kubeconfig(port: int, ca: str) -> dict[str, Any]:
    server = {"server": f"https://{LOOPBACK}:{port}", "certificate-authority-data": ca}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "proxy", "cluster": server}],
        "users": [{"name": "proxy", "user": {"token": "the-proxy-has-its-own"}}],
        "contexts": [{"name": "proxy", "context": {"cluster": "proxy", "user": "proxy"}}],
        "current-context": "proxy",
    }
