"""Any API server as the sandbox's controllers reach it: they read from a cache that watches keep, write by requests."""

import contextlib
import json
import logging
import threading
from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Protocol

import urllib3

from kfinstall.contracts.manifest import Body
from kfinstall.sandbox.controllers.client import name_of, path_of, refused, unserved
from kfinstall.sandbox.server.requests import JSON
from kfinstall.sandbox.server.status import StatusError
from kfinstall.sandbox.storage.store import Change, Name, Store
from kfinstall.sandbox.types.kinds import GroupResource, Kinds

RETRY_SECONDS = 0.5
SYNC_SECONDS = 60.0
LOG = logging.getLogger(__name__)


class Transport(Protocol):
    """Sends requests with somebody's credentials; threads share it."""

    def open(
        self, method: str, path: str, query: Mapping[str, str], body: Body | None, content: str
    ) -> urllib3.BaseHTTPResponse:
        """The answer, its body not read yet. Raises urllib3's errors."""


class Remote:
    """A `Cluster` behind a network. resources: what is followed; nothing else can be read."""

    def __init__(self, transport: Transport, resources: Sequence[GroupResource]) -> None:
        self._transport = transport
        self._kinds = Kinds()
        self._store = Store()
        self._informers = [Informer(transport, self.path(each, Name("", "")), each, self._store) for each in resources]
        self.get, self.all, self.resources = self._store.get, self._store.all, self._store.resources

    def start(self) -> None:
        """Follow the cluster; returns when what stands is known. Raises StatusError when that takes too long."""
        for informer in self._informers:
            informer.start()
        for informer in self._informers:
            if not informer.synced.wait(SYNC_SECONDS):
                raise StatusError(504, "Timeout", f"{informer.name}: no answer in {SYNC_SECONDS:.0f} s")

    def stop(self) -> None:
        for informer in self._informers:
            informer.stop()
        self._store.close()

    def changes(self, since: int, patience: float) -> Iterator[list[Change]]:
        return self._store.follow(since, patience)

    def path(self, resource: GroupResource, name: Name) -> str:
        kind = self._kinds.get(*resource)
        if kind is None:
            raise unserved(resource)
        return path_of(kind, name)

    def send(self, agent: str, method: str, path: str, body: Body | None, content: str) -> Body:
        query = {} if method == "DELETE" else {"fieldManager": agent}
        try:
            found = _read(self._transport, method, path, query, body, content)
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise StatusError(503, "ServiceUnavailable", str(error)) from error
        if method != "DELETE":
            self._remember(found)
        return found

    def _remember(self, body: Body) -> None:
        """What was just written is read by the next step, and not only when a watch has told of it."""
        kind = self._kinds.of_body(body) if "metadata" in body else None
        for informer in self._informers:
            if kind is not None and informer.resource == kind.key:
                informer.take(body)


class Informer(threading.Thread):
    """Keeps the objects of one resource in a store as a server has them."""

    def __init__(self, transport: Transport, path: str, resource: GroupResource, store: Store) -> None:
        super().__init__(name=f"informer {path}", daemon=True)
        self.resource = resource
        self.synced = threading.Event()
        self._transport, self._path, self._store = transport, path, store
        self._seen = 0
        self._stopping = threading.Event()
        self._response: urllib3.BaseHTTPResponse | None = None

    def stop(self) -> None:
        """End the thread, also while it waits for an event, and wait for its end."""
        self._stopping.set()
        with self._store.lock:
            if self._response is not None:
                with contextlib.suppress(OSError, ValueError, RuntimeError):  # it has just ended by itself
                    self._response.shutdown()
        self.join()

    def run(self) -> None:
        """List, watch, and begin again when the server ends the watch or cannot be reached."""
        while not self._stopping.is_set():
            try:
                self._watch(self._list())
            except (StatusError, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
                if not self._stopping.is_set():
                    LOG.warning("%s begins again: %s", self.name, error)
                self._stopping.wait(RETRY_SECONDS)

    def take(self, body: Body) -> None:
        """Keep a body unless a newer one, or the end of the object, is known (resourceVersions count upwards)."""
        with self._store.lock:
            version = int(body["metadata"]["resourceVersion"])
            standing = self._store.get(self.resource, name_of(body))
            newest = int(standing["metadata"]["resourceVersion"]) if standing else self._seen
            if version > newest:
                self._store.mirror(self.resource, name_of(body), body)

    def _list(self) -> str:
        found = _read(self._transport, "GET", self._path, {}, None, JSON)
        version = found["metadata"]["resourceVersion"]
        kind = {"apiVersion": found["apiVersion"], "kind": found["kind"].removesuffix("List")}
        with self._store.lock:
            listed = {name_of(item) for item in found["items"]}
            for name in map(name_of, self._store.all(self.resource)):
                if name not in listed:
                    self._store.drop(self.resource, name)
            for item in found["items"]:
                self.take({**kind, **item})
            self._seen = int(version)
        self.synced.set()
        return str(version)

    def _watch(self, version: str) -> None:
        query = {"watch": "true", "resourceVersion": version, "allowWatchBookmarks": "true"}
        with self._transport.open("GET", self._path, query, None, JSON) as response:
            if response.status >= HTTPStatus.BAD_REQUEST:
                raise _refusal(response.status, response.data)
            self._response = response
            for event in _events(response, self._stopping):
                if event["type"] == "ERROR":
                    return  # what happened since the list is not known any more
                self._hear(event["type"], event["object"])

    def _hear(self, kind: str, body: Body) -> None:
        with self._store.lock:
            if kind == "DELETED" and self._store.get(self.resource, name_of(body)):
                self._store.drop(self.resource, name_of(body))
            elif kind in {"ADDED", "MODIFIED"}:
                self.take(body)
            self._seen = int(body["metadata"]["resourceVersion"])


def _events(response: urllib3.BaseHTTPResponse, stopping: threading.Event) -> Iterator[Body]:
    rest = b""
    while not stopping.is_set():
        chunk = response.read1()
        if not chunk:
            return
        *lines, rest = (rest + chunk).split(b"\n")
        yield from (json.loads(line) for line in lines if line)


def _read(
    transport: Transport, method: str, path: str, query: Mapping[str, str], body: Body | None, content: str
) -> Body:
    with transport.open(method, path, query, body, content) as response:
        data = response.data
    if response.status >= HTTPStatus.BAD_REQUEST:
        raise _refusal(response.status, data)
    found: Body = json.loads(data)
    return found


def _refusal(status: int, data: bytes) -> StatusError:
    """What the server said instead of an answer: a Status as a rule, plain text of what stands before it."""
    try:
        return refused(status, json.loads(data))
    except ValueError:
        return StatusError(status, "", data.decode(errors="replace"))
