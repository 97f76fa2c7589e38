"""Requests to an API server in plain JSON, with the credentials and the connections of the official client.

The client's own models are left aside: they cost a second to load, drop fields that they do not know, and nothing in
the tests may depend on the code that is tested.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
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
        response = self.open("GET", path, {**query, "watch": "true"}, None, JSON)
        if response.status != HTTPStatus.OK:
            with response:
                raise ApiException(status=response.status, reason=response.reason)
        return response

    def _send(
        self, method: str, path: str, query: dict[str, str], body: Object | None = None, content_type: str = JSON
    ) -> Object:
        with self.open(method, path, query, body, content_type) as response:
            data = response.data
        if response.status >= HTTPStatus.BAD_REQUEST:
            raise ApiException(status=response.status, reason=response.reason, body=data.decode(errors="replace"))
        answer: Object = json.loads(data)
        return answer

    def open(
        self, method: str, path: str, query: Mapping[str, str], body: Object | None, content_type: str
    ) -> urllib3.BaseHTTPResponse:
        """The answer, whatever it is, its body not read yet; that of a watch may take its time."""
        headers = {"Accept": JSON, "Content-Type": content_type}
        self._client.update_params_for_auth(headers, [], ["BearerToken"], path, method, body)
        url = f"{self._client.configuration.host}{path}" + (f"?{urlencode(query)}" if query else "")
        pool: urllib3.PoolManager = self._client.rest_client.pool_manager
        payload = None if body is None else json.dumps(body)
        timeout = urllib3.Timeout(connect=10) if "watch" in query else TIMEOUT
        return pool.request(
            method, url, body=payload, headers=headers, timeout=timeout, preload_content=False, retries=False
        )
