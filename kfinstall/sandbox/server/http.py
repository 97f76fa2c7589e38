"""The API over HTTPS on loopback: the standard library's threading server, HTTP/1.1, one thread for each connection.

An asyncio server would hold more watches, but the work of a request is Python code under one lock either way; a thread
for each connection is simple, and a client with its own pool (kubectl, client-go, kfinstall) opens a few dozen at most.
"""

import logging
import re
import socket
import ssl
from dataclasses import replace
from http import HTTPStatus
from http.client import HTTPException, parse_headers
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from kfinstall.sandbox.access.authorization import attributes_of
from kfinstall.sandbox.access.impersonation import impersonated, wanted_user
from kfinstall.sandbox.access.users import ANONYMOUS, User
from kfinstall.sandbox.server.api import Api
from kfinstall.sandbox.server.bodies import Unreadable, parsed
from kfinstall.sandbox.server.render import encoded
from kfinstall.sandbox.server.requests import JSON, Answer, Request
from kfinstall.sandbox.server.status import StatusError, bad_request, method_not_allowed, unauthorized

LOOPBACK = "127.0.0.1"
LARGEST = 3 * 1024 * 1024
"""Bytes of a request body; a real API server takes 3 MiB (--max-request-body-bytes)."""

LONGEST_CHUNK_LINE = 100
_SIZE = re.compile(rb"[0-9a-fA-F]{1,8}")
IDLE_SECONDS = 120.0
LOG = logging.getLogger(__name__)


def _too_large() -> StatusError:
    return StatusError(413, "RequestEntityTooLarge", f"Request entity too large: limit is {LARGEST}", {})


class Server:
    """Serves an API on a free port of loopback, between start() and stop()."""

    def __init__(self, api: Api, folder: Path, port: int = 0) -> None:
        self.api = api
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(folder / "tls.crt", folder / "tls.key")
        self._context.set_alpn_protocols(["http/1.1"])
        self._http = _HTTPServer((LOOPBACK, port), _Handler)
        self._http.api, self._http.tls = api, self._context
        self._thread = Thread(target=self._http.serve_forever, args=(0.2,), name="sandbox http", daemon=True)

    @property
    def url(self) -> str:
        return f"https://{LOOPBACK}:{self._http.server_address[1]}"

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End the watches and close; requests under way are given up."""
        self.api.store.close()
        self._http.shutdown()
        self._http.server_close()


class _HTTPServer(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    api: Api
    tls: ssl.SSLContext

    def finish_request(self, request: Any, client_address: Any) -> None:
        """In the connection's own thread: a slow handshake holds up nobody else."""
        try:
            request.settimeout(IDLE_SECONDS)
            request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            wrapped = self.tls.wrap_socket(request, server_side=True)
        except OSError:
            return
        try:
            super().finish_request(wrapped, client_address)
        finally:
            wrapped.close()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 - socketserver's signature
        LOG.debug("connection broken", exc_info=True)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _HTTPServer
    wbufsize = 65536

    def _serve(self) -> None:
        try:
            answer = self._answered()
        except StatusError as error:
            answer = Answer(error.code, error.body(), retry_after=error.retry_after)
        try:
            if answer.stream is not None:
                self._stream(answer)
            else:
                self._send(answer)
        except (ConnectionError, TimeoutError, ssl.SSLError):
            self.close_connection = True

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = _serve  # noqa: N815 - http.server's names

    def _answered(self) -> Answer:
        text = self._body()
        request = self._admitted()
        try:
            body, doubled = parsed(self.command, text, request.content)
            return self.server.api.answer(replace(request, body=body, doubled=doubled))
        except Unreadable as error:
            raise self.server.api.unreadable(request, error) from None
        except StatusError:
            raise
        except Exception:
            LOG.exception("%s %s", self.command, request.path)
            message = "Internal error occurred: the practice cluster has a fault; its log says more"
            raise StatusError(500, "InternalError", message) from None

    def _admitted(self) -> Request:
        """The request without its body, from a user who may make it. Raises StatusError 401 and 403."""
        try:
            parts = urlsplit(self.path)
        except ValueError as error:
            raise bad_request(f"invalid URL: {error}") from None
        request = Request(
            self.command,
            unquote(parts.path),
            dict(parse_qsl(parts.query, keep_blank_values=True)),
            None,
            self.headers.get("Content-Type", JSON),
            self.headers.get("Accept", "*/*"),
            self.headers.get("User-Agent", "unknown"),
            self._user(),
        )
        authorizer, wanted = self.server.api.authorizer, wanted_user(self.headers)
        if wanted:
            request = replace(request, user=impersonated(authorizer, wanted, request))
        authorizer.check(request.user, attributes_of(request))
        return request

    def _user(self) -> User:
        scheme, _, token = self.headers.get("Authorization", "").strip().partition(" ")
        if scheme.lower() != "bearer":
            return ANONYMOUS
        user = self.server.api.tokens.user(token.strip())
        if user is None:
            raise unauthorized()
        return user

    def _body(self) -> bytes:
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            return self._chunks()
        try:
            length = int(self.headers.get("Content-Length") or 0)
        except ValueError:
            length = -1
        if not 0 <= length <= LARGEST:
            self.close_connection = True
            raise bad_request("the Content-Length is not a number") if length < 0 else _too_large()
        return self._read(length)

    def _read(self, length: int) -> bytes:
        found = self.rfile.read(length)
        if len(found) < length:
            self.close_connection = True
            raise bad_request("unexpected EOF")
        return found

    def _chunks(self) -> bytes:
        """A body in chunks (RFC 9112, section 7.1); trailers are read and forgotten."""
        found = bytearray()
        while size := self._chunk_size():
            if len(found) + size > LARGEST:
                self.close_connection = True
                raise _too_large()
            found += self._read(size)
            if self._read(2) != b"\r\n":
                self.close_connection = True
                raise bad_request("malformed chunked encoding")
        self._skip_trailers()
        return bytes(found)

    def _skip_trailers(self) -> None:
        try:
            parse_headers(self.rfile)
        except HTTPException as error:
            self.close_connection = True
            raise bad_request(f"malformed trailers: {error}") from None

    def _chunk_size(self) -> int:
        line = self.rfile.readline(LONGEST_CHUNK_LINE).partition(b";")[0].strip()
        if not _SIZE.fullmatch(line):
            self.close_connection = True
            raise bad_request("malformed chunked encoding")
        return int(line, 16)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002
        """What http.server refuses by itself: requests that are none."""
        self.close_connection = True
        error = bad_request(message or HTTPStatus(code).phrase)
        if code == HTTPStatus.NOT_IMPLEMENTED:
            error = method_not_allowed()
        elif code != HTTPStatus.BAD_REQUEST:
            error = StatusError(code, "", message or HTTPStatus(code).phrase)
        self._send(Answer(error.code, error.body()))

    def _send(self, answer: Answer) -> None:
        text = answer.body if isinstance(answer.body, bytes) else encoded(answer.body) + b"\n"
        self.send_response(answer.code)
        self.send_header("Content-Type", answer.content)
        self.send_header("Content-Length", str(len(text)))
        for warning in answer.warnings:
            quoted = warning.replace("\\", "\\\\").replace('"', '\\"')
            self.send_header("Warning", f'299 - "{quoted}"')
        if answer.retry_after is not None:
            self.send_header("Retry-After", str(answer.retry_after))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text)
        self.wfile.flush()

    def _stream(self, answer: Answer) -> None:
        self.send_response(answer.code)
        self.send_header("Content-Type", answer.content)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.flush()
        for line in answer.stream or ():
            if line:
                self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))
                self.wfile.flush()
            elif self._is_left():
                self.close_connection = True
                return
        self.wfile.write(b"0\r\n\r\n")
        self.wfile.flush()

    def _is_left(self) -> bool:
        """Whether the client has closed its end of a watch."""
        self.connection.settimeout(0.0)
        try:
            return bool(self.connection.recv(1) == b"")
        except (BlockingIOError, ssl.SSLWantReadError, TimeoutError):
            return False
        except OSError:
            return True
        finally:
            self.connection.settimeout(IDLE_SECONDS)

    def version_string(self) -> str:
        return "kfinstall-sandbox"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's signature
        """Paths can hold secrets of nobody, but a line for each request helps nobody either."""
