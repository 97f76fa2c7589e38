"""One connection to one API server: credentials, a pool of sockets, retries where a retry can help."""

import contextlib
import json
import random
import threading
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import urllib3
from kubernetes.client import ApiClient
from kubernetes.stream.ws_client import PortForward, create_websocket
from websocket import WebSocketBadStatusException, WebSocketException

from kfinstall.contracts.manifest import Body
from kfinstall.errors import ApiError, ClusterError, Interrupted, Unreachable
from kfinstall.kube.failures import attempts, is_overload, reason, refusal
from kfinstall.kube.kubeconfig import Target, client_for
from kfinstall.words import _

JSON = "application/json"
APPLY = "application/apply-patch+yaml"
MERGE = "application/merge-patch+json"
METADATA = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
METADATA_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"

POOL_SIZE = 64
"""Sockets kept open, at most: more than the widest run plus its watches."""

CONNECT = 10.0
"""Seconds that a connection may take to come about."""

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 8.0
"""Seconds between attempts, about, on top of the server's Retry-After; doubled each time."""

LONGEST_RETRY_AFTER = 60.0
"""Seconds that a server may ask for at once."""


@dataclass(slots=True)
class _Tally:
    """What is counted over all the requests of a connection and of those derived from it."""

    writes: int = 0
    refusals: int = 0
    answered: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)


class Connection:
    """Requests to one API server, by many threads at once.

    Every request that is sent here may be sent twice (reads, server-side apply, deletion of one uid), so
    whatever is lost on the way is sent again; what the server refuses for good is raised at once.
    """

    def __init__(self, client: ApiClient, target: Target, *, timeout: float = 60.0, user: str = "") -> None:
        self.target = target
        self.stopped = threading.Event()
        self._client = client
        self._timeout = timeout
        self._user = user
        self._tally = _Tally()
        self._watching: set[urllib3.BaseHTTPResponse] = set()
        self._is_branch = False

    @property
    def writes(self) -> int:
        """Requests sent that may change something, dry runs excepted."""
        return self._tally.writes

    @property
    def refusals(self) -> int:
        """How often the server, or the way to it, had too much to do."""
        return self._tally.refusals

    def branch(self) -> "Connection":
        """A connection that shares sockets and counts with this one, and that can be closed by itself."""
        branch = Connection(self._client, self.target, timeout=self._timeout, user=self._user)
        branch._tally = self._tally
        branch._is_branch = True
        return branch

    @classmethod
    def open(
        cls,
        kubeconfig: Path | None = None,
        context: str | None = None,
        *,
        timeout: float = 60.0,
        user: str = "",
    ) -> "Connection":
        """Connect as kubectl does; kubeconfig None means $KUBECONFIG or ~/.kube/config.

        Nothing is sent yet. Raises ClusterError when there is no usable kubeconfig or context.
        """
        client, target = client_for(kubeconfig, context)
        client.configuration.connection_pool_maxsize = POOL_SIZE
        client.rest_client.pool_manager.connection_pool_kw["maxsize"] = POOL_SIZE
        return cls(client, target, timeout=timeout, user=user)

    def close(self) -> None:
        """End the watches, give up what is about to be sent again, and close idle sockets that are not shared."""
        self.stopped.set()
        with self._tally.lock:
            watching = list(self._watching)
        for response in watching:
            with contextlib.suppress(OSError, ValueError, RuntimeError):  # it has just ended by itself
                response.shutdown()
        if not self._is_branch:
            self._client.rest_client.pool_manager.clear()

    def get(self, path: str, query: Mapping[str, Any] | None = None, *, accept: str = JSON) -> Body:
        return self.send("GET", path, query, accept=accept)

    def send(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any] | None = None,
        body: Body | None = None,
        *,
        accept: str = JSON,
        content: str = JSON,
    ) -> Body:
        """The answer as JSON data. Raises ApiError, Unauthorized, Unreachable, or Interrupted on close()."""
        payload = None if body is None else json.dumps(body).encode()
        changes = method != "GET" and "dryRun" not in (query or {})
        pause, attempt = FIRST_PAUSE, 0
        while True:
            attempt += 1
            try:
                if self.stopped.is_set():
                    raise Interrupted(_("The request was given up."))
                self._count(write=changes)
                return self._once(method, path, query, payload, accept, content)
            except (ApiError, Unreachable) as error:
                self._count(refusal=is_overload(error))
                if attempt >= attempts(error, answered=self._tally.answered):
                    raise
                self._rest(error, pause)
                pause = min(pause * 2, LONGEST_PAUSE)

    def text(self, path: str, query: Mapping[str, Any], *, limit: int) -> str:
        """The first bytes of an answer that is plain text; asked once. Raises as send() does."""
        timeout = urllib3.Timeout(connect=min(CONNECT, self._timeout), read=self._timeout)
        try:
            with self._open("GET", path, query, None, "text/plain, */*", JSON, timeout) as response:
                data = response.read(limit)
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise self._unreachable(error) from error
        if response.status >= 400:
            raise refusal(response.status, response.headers, data)
        return data.decode("utf-8", "replace")

    def lines(self, path: str, query: Mapping[str, Any], *, accept: str = JSON, quiet: float) -> Iterator[Body]:
        """The events of a watch, until the server ends it; quiet: seconds without any before Unreachable."""
        timeout = urllib3.Timeout(connect=min(CONNECT, self._timeout), read=quiet)
        response = self._open("GET", path, query, None, accept, JSON, timeout)
        with response, self._interruptible(response):
            try:
                if response.status != 200:
                    raise refusal(response.status, response.headers, response.data)
                rest = b""
                for chunk in response.stream(65536):
                    *whole, rest = (rest + chunk).split(b"\n")
                    for line in whole:
                        if line:
                            yield _event(line)
            except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
                raise self._unreachable(error) from error

    def tunnel(self, path: str, port: int) -> PortForward:
        """A way to a port of a pod. path: of its subresource portforward. Raises as send() does."""
        if self._user:  # the client library sends no other header than the credentials
            raise ClusterError(
                _("A port can only be forwarded as yourself, not as {user}.").format(user=self._user),
                fix=_("Leave --as out."),
            )
        headers = self._identity(path, "GET", None)
        url = f"{self._client.configuration.host}{path}?ports={port}".replace("http", "ws", 1)
        try:
            websocket = create_websocket(self._client.configuration, url, headers)
        except WebSocketBadStatusException as error:
            raise refusal(error.status_code, error.resp_headers or {}, error.resp_body or b"") from error
        except (WebSocketException, OSError) as error:
            raise self._unreachable(error) from error
        return _Tunnel(websocket, [port])

    @contextlib.contextmanager
    def _interruptible(self, response: urllib3.BaseHTTPResponse) -> Iterator[None]:
        """Let close() end the reading of a response."""
        with self._tally.lock:
            self._watching.add(response)
        try:
            if self.stopped.is_set():
                raise Interrupted(_("The request was given up."))
            yield
        finally:
            with self._tally.lock:
                self._watching.discard(response)

    def _count(self, *, write: bool = False, refusal: bool = False) -> None:
        with self._tally.lock:
            self._tally.writes += write
            self._tally.refusals += refusal

    def _once(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any] | None,
        payload: bytes | None,
        accept: str,
        content: str,
    ) -> Body:
        timeout = urllib3.Timeout(connect=min(CONNECT, self._timeout), read=self._timeout)
        response = self._open(method, path, query, payload, accept, content, timeout)
        try:
            with response:
                data = response.data
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise self._unreachable(error) from error
        if response.status >= 400:
            raise refusal(response.status, response.headers, data)
        try:
            answer = _object(data)
        except ValueError as error:
            raise Unreachable(
                _("{server} does not answer as an API server does.").format(server=self.target.server),
                why=_("The answer is not JSON: a proxy or a login page may stand in between."),
            ) from error
        self._tally.answered = True
        return answer

    def _open(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any] | None,
        payload: bytes | None,
        accept: str,
        content: str,
        timeout: urllib3.Timeout,
    ) -> urllib3.BaseHTTPResponse:
        headers = {"Accept": accept, "User-Agent": "kfinstall", **self._identity(path, method, payload)}
        if payload is not None:
            headers["Content-Type"] = content
        url = f"{self._client.configuration.host}{path}" + (f"?{urlencode(query)}" if query else "")
        pool: urllib3.PoolManager = self._client.rest_client.pool_manager
        try:
            return pool.request(
                method, url, body=payload, headers=headers, timeout=timeout,
                preload_content=False, retries=False, redirect=False,
            )  # fmt: skip
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise self._unreachable(error) from error

    def _identity(self, path: str, method: str, payload: bytes | None) -> dict[str, str]:
        """The headers that say who asks. Raises ClusterError for what no header can hold.

        As kubectl does, without the line break that a file with a token ends with, and in UTF-8.
        """
        headers = {"Impersonate-User": self._user} if self._user else {}
        self._client.update_params_for_auth(headers, [], ["BearerToken"], path, method, payload)
        stripped = {name: value.strip() for name, value in headers.items()}
        if any(unicodedata.category(character) == "Cc" for value in stripped.values() for character in value):
            raise ClusterError(
                _("The credentials cannot be sent: there is a line break, or another control character, in them."),
                fix=_("Mend the user of context {context} in the kubeconfig.").format(context=self.target.context),
            )
        return {name: value.encode().decode("latin-1") for name, value in stripped.items()}

    def _unreachable(self, error: Exception) -> Unreachable:
        return Unreachable(
            _("The API server {server} does not answer.").format(server=self.target.server),
            why=reason(error),
            fix=_("Check the address and the route with: {kubectl} version").format(kubectl=self.target.kubectl),
        )

    def _rest(self, error: ApiError | Unreachable, pause: float) -> None:
        wanted = error.retry_after if isinstance(error, ApiError) else None
        # Scattered, so that those who were refused together do not come back together.
        seconds = min(wanted or 0.0, LONGEST_RETRY_AFTER) + pause * random.uniform(0.5, 1.5)  # noqa: S311
        if self.stopped.wait(seconds):
            raise Interrupted(_("The request was given up."))


class _Tunnel(PortForward):
    """The client's own leaves its connection open when the other side ends it, and the local side when it breaks."""

    def __init__(self, websocket: Any, ports: list[int]) -> None:
        PortForward.__init__(self, websocket, ports)

    def _proxy(self) -> None:
        try:
            with contextlib.suppress(OSError, WebSocketException):
                PortForward._proxy(self)
        finally:
            for port in self.local_ports.values():
                port.python.close()
            self.websocket.shutdown()


def _object(data: bytes) -> Body:
    """A JSON object, which every answer of an API server is. Raises ValueError."""
    answer = json.loads(data)
    if not isinstance(answer, dict):
        raise ValueError(f"{type(answer).__name__} instead of an object")  # noqa: TRY004 - as of what is no JSON
    return answer


def _event(line: bytes) -> Body:
    """An event of a watch. Raises ValueError."""
    event = _object(line)
    if not isinstance(event.get("object"), dict) or "type" not in event:
        raise ValueError("no event")
    return event
