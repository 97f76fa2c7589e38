"""One connection to one API server: credentials, a pool of sockets, retries where a retry can help."""

import json
import os
import random
import re
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import urllib3
import yaml
from kubernetes.client import ApiClient
from kubernetes.config import ConfigException, list_kube_config_contexts, new_client_from_config

from kfinstall.contracts.manifest import Body
from kfinstall.errors import ApiError, ClusterError, Interrupted, Unauthorized, Unreachable
from kfinstall.words import _

JSON = "application/json"
APPLY = "application/apply-patch+yaml"
METADATA = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
METADATA_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"

POOL_SIZE = 64
"""Sockets kept open, at most: more than the widest run plus its watches."""

ATTEMPTS = 10
"""How often a request is sent before its failure counts."""

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 8.0
"""Seconds between attempts when the server names no Retry-After; doubled each time."""

TRANSIENT = frozenset({429, 500, 502, 503, 504})
"""Answers of an API server, or of what stands before it, that can be different a moment later."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a connection leads: context name ("" in a cluster), server URL, user name of the kubeconfig."""

    context: str
    server: str
    user: str


class Connection:
    """Requests to one API server, by many threads at once.

    Every request that is sent here may be sent twice (reads, server-side apply, deletion of one uid), so
    whatever is lost on the way is sent again; what the server refuses for good is raised at once.
    """

    def __init__(self, client: ApiClient, target: Target, *, timeout: float = 60.0, user: str = "") -> None:
        self.target = target
        self.stopped = threading.Event()
        self.writes = 0
        self.throttled = 0
        self._client = client
        self._timeout = timeout
        self._impersonated = {"Impersonate-User": user} if user else {}
        self._counting = threading.Lock()

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
        # The client library reads $KUBECONFIG when it is imported, so a later change would go unseen.
        files = str(kubeconfig) if kubeconfig else os.environ.get("KUBECONFIG") or "~/.kube/config"
        try:
            client = new_client_from_config(config_file=files, context=context, persist_config=False)
            target = _target(files, context, client)
        except (
            ConfigException,
            OSError,
            ValueError,
            TypeError,
            AttributeError,
            KeyError,
            yaml.YAMLError,
        ) as error:
            raise _no_kubeconfig(files, context, error) from error
        client.configuration.connection_pool_maxsize = POOL_SIZE
        client.rest_client.pool_manager.connection_pool_kw["maxsize"] = POOL_SIZE
        return cls(client, target, timeout=timeout, user=user)

    def close(self) -> None:
        """Give up waiting requests and close the sockets."""
        self.stopped.set()
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
        pause = FIRST_PAUSE
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self._once(method, path, query, payload, accept, content)
            except (ApiError, Unreachable) as error:
                if attempt == ATTEMPTS or not _passes(error):
                    raise
                self._rest(error, pause)
                pause = min(pause * 2, LONGEST_PAUSE)
        raise AssertionError

    def lines(self, path: str, query: Mapping[str, Any], *, accept: str = JSON, quiet: float) -> Iterator[Body]:
        """The events of a watch, until the server ends it; quiet: seconds without any before Unreachable."""
        timeout = urllib3.Timeout(connect=self._timeout, read=quiet)
        response = self._open("GET", path, query, None, accept, JSON, timeout)
        with response:
            if response.status != 200:
                raise _failure(response.status, response.headers, response.data)
            try:
                rest = b""
                for chunk in response.stream(65536):
                    *whole, rest = (rest + chunk).split(b"\n")
                    for line in whole:
                        if line:
                            yield json.loads(line)
            except (urllib3.exceptions.HTTPError, OSError) as error:
                raise self._unreachable(error) from error

    def _once(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any] | None,
        payload: bytes | None,
        accept: str,
        content: str,
    ) -> Body:
        if self.stopped.is_set():
            raise Interrupted(_("The request was given up."))
        if method != "GET":
            with self._counting:
                self.writes += 1
        timeout = urllib3.Timeout(connect=min(10.0, self._timeout), read=self._timeout)
        response = self._open(method, path, query, payload, accept, content, timeout)
        try:
            with response:
                data = response.data
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise self._unreachable(error) from error
        if response.status >= 400:
            raise _failure(response.status, response.headers, data)
        try:
            answer: Body = json.loads(data) if data else {}
            return answer
        except ValueError as error:
            raise Unreachable(
                _("{server} does not answer as an API server does.").format(server=self.target.server),
                why=_("The answer is not JSON: a proxy or a login page may stand in between."),
            ) from error

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
        headers = {"Accept": accept, "User-Agent": "kfinstall", **self._impersonated}
        if payload is not None:
            headers["Content-Type"] = content
        self._client.update_params_for_auth(headers, [], ["BearerToken"], path, method, payload)
        url = f"{self._client.configuration.host}{path}" + (f"?{urlencode(query)}" if query else "")
        pool: urllib3.PoolManager = self._client.rest_client.pool_manager
        try:
            return pool.request(
                method, url, body=payload, headers=headers, timeout=timeout,
                preload_content=False, retries=False, redirect=False,
            )  # fmt: skip
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise self._unreachable(error) from error

    def _unreachable(self, error: Exception) -> Unreachable:
        return Unreachable(
            _("The API server {server} does not answer.").format(server=self.target.server),
            why=_reason(error),
            fix=_("Check the address and the route with: kubectl --context {context} version").format(
                context=self.target.context
            ),
        )

    def _rest(self, error: ApiError | Unreachable, pause: float) -> None:
        wanted = error.retry_after if isinstance(error, ApiError) else None
        if isinstance(error, ApiError) and error.status == 429:
            with self._counting:
                self.throttled += 1
        seconds = wanted if wanted is not None else pause * random.uniform(0.5, 1.5)  # noqa: S311
        if self.stopped.wait(min(seconds, 60.0)):
            raise Interrupted(_("The request was given up."))


def _passes(error: ApiError | Unreachable) -> bool:
    """Whether a failure can be gone a moment later, so that the same request is worth sending again."""
    if isinstance(error, Unreachable):
        return "certificate" not in error.why.lower()
    # A webhook that fails is 500 InternalError too, but it fails for as long as its pod starts: the runner waits.
    return error.status in TRANSIENT and "failed calling webhook" not in error.message


def _failure(status: int, headers: Mapping[str, str], data: bytes) -> ClusterError:
    """The Status object of a refused request as an exception; a body that is none is not trusted with a word."""
    try:
        body = json.loads(data)
    except ValueError:
        body = {}
    if not isinstance(body, dict) or body.get("kind") != "Status":
        body = {"message": _("The server answered {status}.").format(status=status)}
    if status == 401:
        return Unauthorized(
            _("The API server does not accept the credentials."),
            why=str(body.get("message") or ""),
            fix=_("The token or certificate may have expired: log in again, then repeat the command."),
        )
    details = body.get("details") or {}
    causes = [
        (str(cause.get("reason", "")), str(cause.get("field", "")), str(cause.get("message", "")))
        for cause in details.get("causes") or ()
    ]
    return ApiError(
        status,
        str(body.get("reason") or ""),
        str(body.get("message") or ""),
        causes=causes,
        retry_after=_seconds(headers.get("Retry-After")),
    )


def _seconds(value: str | None) -> float | None:
    return float(value) if value and value.isdigit() else None


def _reason(error: Exception) -> str:
    """The innermost cause in its own words: urllib3 wraps it in a line full of object addresses."""
    inner: BaseException = error
    while True:
        deeper = getattr(inner, "reason", None) or inner.__cause__ or inner.__context__
        if not isinstance(deeper, BaseException) or deeper is inner:
            break
        inner = deeper
    text = re.sub(r"<[^>]* object at 0x[0-9a-f]+>:? ?", "", str(inner)) or type(inner).__name__
    return text.strip()


def _no_kubeconfig(files: str, context: str | None, error: Exception) -> ClusterError:
    if context:
        what = _("Context {context} cannot be used from {file}.").format(context=context, file=files)
    else:
        what = _("There is no usable cluster in {file}.").format(file=files)
    return ClusterError(
        what,
        why=str(error).strip() or type(error).__name__,
        fix=_("List what is there with: kubectl config get-contexts; choose with --kubeconfig and --context."),
    )


def _target(files: str, context: str | None, client: ApiClient) -> Target:
    contexts, active = list_kube_config_contexts(config_file=files)
    chosen = next((entry for entry in contexts if entry["name"] == context), active)
    return Target(
        context=str(chosen["name"]),
        server=str(client.configuration.host),
        user=str(chosen["context"].get("user", "")),
    )
