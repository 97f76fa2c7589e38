"""Requests to an API server in plain JSON, with the credentials and the connections of the official client.

The client's own models are left aside: they cost a second to load, drop fields that they do not know, and nothing in
the tests may depend on the code that is tested.
"""

from __future__ import annotations

import contextlib
import json
import logging
import threading
from collections.abc import Callable, Iterator
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode

import urllib3
from kubernetes.client.exceptions import ApiException
from kubernetes.config import new_client_from_config

Object = dict[str, Any]
JSON = "application/json"
MERGE = "application/merge-patch+json"
STRATEGIC_MERGE = "application/strategic-merge-patch+json"
CONNECTIONS = 8
TIMEOUT = urllib3.Timeout(connect=10, read=60)
RETRY_SECONDS = 0.5
LOG = logging.getLogger(__name__)


class Api:
    """One user's way to an API server; threads may share it."""

    def __init__(self, kubeconfig: Path) -> None:
        self._client = new_client_from_config(config_file=str(kubeconfig), persist_config=False)
        self._client.rest_client.pool_manager.connection_pool_kw["maxsize"] = CONNECTIONS

    def close(self) -> None:
        """Closes the connections."""
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def get(self, path: str, **query: str) -> Object:
        """The object or list at the path, such as `/api/v1/nodes`."""
        return self._send("GET", path, query)

    def create(self, path: str, body: Object) -> Object:
        """Creates an object in the collection at the path."""
        return self._send("POST", path, {}, body)

    def patch(self, path: str, body: Object, content_type: str = MERGE) -> Object:
        """Patches the object at the path."""
        return self._send("PATCH", path, {}, body, content_type)

    def delete(self, path: str, query: dict[str, str] | None = None, **options: Any) -> Object:
        """Deletes the object at the path, or those of the collection that a query selects, with these DeleteOptions."""
        return self._send("DELETE", path, query or {}, {"apiVersion": "v1", "kind": "DeleteOptions", **options})

    def watch(self, path: str, **query: str) -> urllib3.BaseHTTPResponse:
        """An open watch, whose body is a line of JSON for each event."""
        response = self._open("GET", path, {**query, "watch": "true"}, None, JSON, urllib3.Timeout(connect=10))
        if response.status != HTTPStatus.OK:
            with response:
                raise ApiException(status=response.status, reason=response.reason)
        return response

    def _send(
        self, method: str, path: str, query: dict[str, str], body: Object | None = None, content_type: str = JSON
    ) -> Object:
        with self._open(method, path, query, body, content_type, TIMEOUT) as response:
            data = response.data
        if response.status >= HTTPStatus.BAD_REQUEST:
            raise ApiException(status=response.status, reason=response.reason, body=data.decode(errors="replace"))
        answer: Object = json.loads(data)
        return answer

    def _open(
        self,
        method: str,
        path: str,
        query: dict[str, str],
        body: Object | None,
        content_type: str,
        timeout: urllib3.Timeout,
    ) -> urllib3.BaseHTTPResponse:
        headers = {"Accept": JSON, "Content-Type": content_type}
        self._client.update_params_for_auth(headers, [], ["BearerToken"], path, method, body)
        url = f"{self._client.configuration.host}{path}" + (f"?{urlencode(query)}" if query else "")
        pool: urllib3.PoolManager = self._client.rest_client.pool_manager
        payload = None if body is None else json.dumps(body)
        return pool.request(
            method, url, body=payload, headers=headers, timeout=timeout, preload_content=False, retries=False
        )


class WatchThread(threading.Thread):
    """Follows a collection and hands every object that is new or changed, and those that are there, to a function.

    An object that changes or goes while it is handled is no error: the next event tells of it.
    """

    def __init__(self, api: Api, path: str, handle: Callable[[Object], None], **query: str) -> None:
        super().__init__(name=f"watch {path}", daemon=True)
        self._api, self._path, self._handle, self._query = api, path, handle, query
        self._stopping = threading.Event()
        self._response: urllib3.BaseHTTPResponse | None = None
        self._lock = threading.Lock()

    def stop(self) -> None:
        """Ends the thread, also while it waits for an event, and waits for its end."""
        self._stopping.set()
        with self._lock:
            if self._response is not None:
                with contextlib.suppress(ValueError, RuntimeError):  # it has just ended by itself
                    self._response.shutdown()
        self.join()

    def run(self) -> None:
        """Lists, watches, and begins again when the server ends the watch or cannot be reached."""
        while not self._stopping.is_set():
            try:
                self._list_and_watch()
            except (ApiException, urllib3.exceptions.HTTPError, OSError):
                if not self._stopping.is_set():
                    LOG.warning("%s: begins again", self.name, exc_info=True)
                self._stopping.wait(RETRY_SECONDS)

    def _list_and_watch(self) -> None:
        listed = self._api.get(self._path, **self._query)
        for item in listed["items"]:
            self._hand_over(item)
        version = listed["metadata"]["resourceVersion"]
        with self._api.watch(self._path, resourceVersion=version, **self._query) as response:
            with self._lock:
                self._response = response
            try:
                self._follow(response)
            finally:
                with self._lock:
                    self._response = None

    def _follow(self, response: urllib3.BaseHTTPResponse) -> None:
        for event in _events(response, self._stopping):
            if event["type"] == "ERROR":
                return  # what happened since the list is not known any more
            if event["type"] in {"ADDED", "MODIFIED"}:
                self._hand_over(event["object"])

    def _hand_over(self, item: Object) -> None:
        if self._stopping.is_set():
            return
        try:
            self._handle(item)
        except ApiException as error:
            if error.status not in {HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT}:
                raise


def _events(response: urllib3.BaseHTTPResponse, stopping: threading.Event) -> Iterator[Object]:
    rest = b""
    while not stopping.is_set():
        chunk = response.read1()
        if not chunk:
            return
        *lines, rest = (rest + chunk).split(b"\n")
        yield from (json.loads(line) for line in lines if line)
