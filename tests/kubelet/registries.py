"""The registries of the world as a node sees them, and what each of them answers.

The node reaches them by their own names over TLS, because this front end is its proxy and has certificates for these
names: so what the runtime says of their answers is what it says of the real ones. What is not refused comes from one
registry behind them all, on loopback.
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import re
import ssl
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from email.message import Message
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from tests.controlplane.certificates import Authority, KeyPair

LOOPBACK = "127.0.0.1"
TOKENS = "auth.docker.io"
HOSTS = (
    "registry-1.docker.io",
    TOKENS,
    "ghcr.io",
    "quay.io",
    "gcr.io",
    "registry.k8s.io",
    "public.ecr.aws",
    "m.daocloud.io",
)
"""The proxy lets nobody through to others."""
UNTRUSTED = "registry.internal"
"""Its certificate is of an authority that the node does not know."""
MUTE = "mcr.microsoft.com"
"""Takes connections and says nothing."""
ALIASES = {"registry-1.docker.io": "docker.io"}
"""Hosts whose images have another host in their names."""
PATH = re.compile(r"/v2/(?P<repository>.+)/(?P<what>manifests|blobs)/(?P<reference>[^/]+)")
PASSED_ON = ("Accept", "Range")
HANDED_BACK = ("Content-Length", "Content-Type", "Content-Range", "Docker-Content-Digest")
MEMBER = "Bearer member"


@dataclass(frozen=True)
class Answer:
    """What a registry answers instead of the image. methods: the Hub counts only who fetches a manifest (GET)."""

    status: HTTPStatus
    body: str
    headers: Mapping[str, str] = field(default_factory=dict)
    methods: frozenset[str] = frozenset({"GET", "HEAD"})


HUB_LIMIT = Answer(
    HTTPStatus.TOO_MANY_REQUESTS,
    '{"errors":[{"code":"TOOMANYREQUESTS","message":"You have reached your unauthenticated pull rate limit. '
    'https://www.docker.com/increase-rate-limit"}]}',
    {"RateLimit-Limit": "100;w=21600", "RateLimit-Remaining": "0;w=21600", "Retry-After": "21600"},
    frozenset({"GET"}),
)
ECR_LIMIT = Answer(HTTPStatus.TOO_MANY_REQUESTS, '{"errors":[{"code":"TOOMANYREQUESTS","message":"Rate exceeded"}]}')
FORBIDDEN = Answer(
    HTTPStatus.FORBIDDEN, '{"errors":[{"code":"DENIED","message":"requested access to the resource is denied"}]}'
)
UNAVAILABLE = Answer(
    HTTPStatus.SERVICE_UNAVAILABLE, "<html><body><h1>503 Service Temporarily Unavailable</h1></body></html>"
)


class Registries:
    """The front end of the registry on this port of loopback. Repositories are named with their host: docker.io/a/b.

    answers: of repositories that refuse. private: repositories that only accounts (passwords by user) may read.
    held: repositories whose blobs wait for the event.
    """

    def __init__(self, port: int, folder: Path) -> None:
        self.port = port
        self.answers: dict[str, Answer] = {}
        self.private: set[str] = set()
        self.accounts: dict[str, str] = {}
        self.held: dict[str, threading.Event] = {}
        authority = Authority.create(folder, "registries-ca")
        self.authority = authority.pair.certificate_file
        trusted = _context(authority.server("registries", [], HOSTS))
        stranger = Authority.create(folder, "stranger-ca").server("stranger", [], [UNTRUSTED])
        self.contexts = {**dict.fromkeys(HOSTS, trusted), UNTRUSTED: _context(stranger)}
        self._server = _Server((LOOPBACK, 0), self)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        """The address of the proxy."""
        return f"http://{LOOPBACK}:{self._server.server_port}"

    @contextlib.contextmanager
    def serving(self) -> Iterator[None]:
        """The front end answers meanwhile."""
        self._thread.start()
        try:
            yield
        finally:
            for event in self.held.values():
                event.set()
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()


def _context(pair: KeyPair) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate_file, pair.key_file)
    return context


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, address: tuple[str, int], registries: Registries) -> None:
        super().__init__(address, _Handler)
        self.registries = registries

    def handle_error(self, request: object, client_address: object) -> None:
        """Who does not trust a certificate, or is told to stop, hangs up; that is no failure of the front end."""


class _Handler(BaseHTTPRequestHandler):
    """One connection: first it is told which registry to be, then it is that one."""

    protocol_version = "HTTP/1.1"
    server: _Server
    host = ""

    def do_CONNECT(self) -> None:
        self.host = self.path.rpartition(":")[0]
        context = self.server.registries.contexts.get(self.host)
        if context is None and self.host != MUTE:
            self._answer(HTTPStatus.FORBIDDEN)
            return
        self.send_response(HTTPStatus.OK)
        self.end_headers()
        if context is None:
            self.rfile.read()  # until the other side gives up
            self.close_connection = True
        else:
            self.request = context.wrap_socket(self.connection, server_side=True)
            self.setup()
            self.close_connection = False  # whatever version of HTTP asked for it

    def finish(self) -> None:
        super().finish()
        self.connection.close()  # the server knows only the connection that TLS was put upon

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_POST(self) -> None:
        """Asked first by containerd with credentials; then it asks in the older way."""
        self.close_connection = True
        self._answer(HTTPStatus.METHOD_NOT_ALLOWED)

    def do_GET(self) -> None:
        if self.host == TOKENS:
            self._give_token()
            return
        path = urlsplit(self.path).path
        found = PATH.fullmatch(path)
        if found is None:
            self._answer(HTTPStatus.NOT_FOUND)
            return
        name = f"{ALIASES.get(self.host, self.host)}/{found['repository']}"
        registries = self.server.registries
        instead = registries.answers.get(name)
        if instead and self.command in instead.methods:
            self._answer(instead.status, instead.body.encode(), instead.headers)
        elif name in registries.private and self.headers.get("Authorization") != MEMBER:
            self._challenge(found["repository"])
        else:
            if found["what"] == "blobs" and name in registries.held:
                registries.held[name].wait()
            self._pass_on(path)

    def _give_token(self) -> None:
        """Anybody gets one, but only that of an account opens what is private."""
        scheme, _, credentials = self.headers.get("Authorization", "").partition(" ")
        user, _, password = base64.b64decode(credentials).decode().partition(":") if scheme == "Basic" else ("", "", "")
        token = MEMBER if user and self.server.registries.accounts.get(user) == password else "Bearer stranger"
        body = json.dumps({"token": token.removeprefix("Bearer "), "expires_in": 300}).encode()
        self._answer(HTTPStatus.OK, body, {"Content-Type": "application/json"})

    def _challenge(self, repository: str) -> None:
        """As the Hub does it, for what is private and for what does not exist."""
        realm = f'Bearer realm="https://{TOKENS}/token",service="registry.docker.io"'
        error = ',error="insufficient_scope"' if "Authorization" in self.headers else ""
        challenge = f'{realm},scope="repository:{repository}:pull"{error}'
        body = b'{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}'
        self._answer(HTTPStatus.UNAUTHORIZED, body, {"WWW-Authenticate": challenge})

    def _pass_on(self, path: str) -> None:
        behind = http.client.HTTPConnection(LOOPBACK, self.server.registries.port, timeout=60)
        with contextlib.closing(behind):
            behind.request(self.command, path, headers=_chosen(self.headers, PASSED_ON))
            answer = behind.getresponse()
            self._answer(HTTPStatus(answer.status), answer.read(), _chosen(answer.headers, HANDED_BACK))

    def _answer(self, status: HTTPStatus, body: bytes = b"", headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 -- the name in the class above
        """Nothing: what the runtime says of an answer is what matters."""


def _chosen(headers: Message, names: Sequence[str]) -> dict[str, str]:
    return {name: headers[name] for name in names if name in headers}
