"""A registry that wants a token of its token server, or asks to go slower, and remembers what it was asked."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

LOOPBACK = "127.0.0.1"


@dataclass
class Strict:
    """tokens: user -> what its token opens; "" is for strangers. busy: answers 429, as many times, with this pause.

    moved: where it sends those whom it would let in. credentials: the Authorization headers that it saw.
    """

    tokens: dict[str, str] = field(default_factory=lambda: {"": "open/"})
    password: str = "planted-token-password"
    realm: str = ""
    busy: int = 0
    retry_after: str = "1"
    asked: list[str] = field(default_factory=list)
    scopes: list[str] = field(default_factory=list)
    moved: str = ""
    credentials: list[str | None] = field(default_factory=list)
    host: str = ""

    @contextmanager
    def serving(self) -> Iterator[Strict]:
        strict = self

        class Handler(_Handler):
            registry = strict

        server = ThreadingHTTPServer((LOOPBACK, 0), Handler)
        self.host = f"{LOOPBACK}:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    registry: Strict

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        scope = parse_qs(address.query)["scope"][0]
        self.registry.scopes.append(scope)
        given = self.headers.get("Authorization", "")
        user, _, password = base64.b64decode(given.removeprefix("Basic ")).decode().partition(":")
        known = user in self.registry.tokens and (not user or password == self.registry.password)
        opens = self.registry.tokens[user] if known else ""
        self._answer(200 if known else 401, {}, json.dumps({"token": opens}).encode())

    def do_HEAD(self) -> None:
        self.registry.asked.append(self.path)
        self.registry.credentials.append(self.headers.get("Authorization"))
        repository = self.path.removeprefix("/v2/").partition("/manifests/")[0]
        opens = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if not opens or not repository.startswith(opens):
            realm = self.registry.realm or f"http://{self.registry.host}/token"
            challenge = f'Bearer realm="{realm}",service="tests",scope="repository:{repository}:pull"'
            self._answer(401, {"WWW-Authenticate": challenge})
        elif self.registry.moved:
            self._answer(307, {"Location": f"http://{self.registry.moved}{self.path}"})
        elif self.registry.busy:
            self.registry.busy -= 1
            self._answer(429, {"Retry-After": self.registry.retry_after, "RateLimit-Limit": "100;w=21600"})
        else:
            limits = {"RateLimit-Limit": "100;w=21600", "RateLimit-Remaining": "96;w=21600"}
            self._answer(200, {"Docker-Content-Digest": "sha256:" + "b" * 64, **limits})

    def do_CONNECT(self) -> None:
        """As a proxy that lets nobody out."""
        self.registry.asked.append(self.path)
        self._answer(403, {})

    def _answer(self, status: int, headers: dict[str, str], body: bytes = b"") -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in the class above
        """Nothing: what the client makes of an answer is what matters."""
