"""One connection to one API server: credentials, a pool of sockets, retries where a retry can help."""

import contextlib
import json
import logging
import os
import random
import re
import ssl
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import urllib3
import yaml
from kubernetes.client import ApiClient
from kubernetes.config import ConfigException, new_client_from_config
from kubernetes.config.kube_config import KubeConfigLoader, KubeConfigMerger

from kfinstall.contracts.manifest import Body
from kfinstall.errors import ApiError, ClusterError, Interrupted, Unauthorized, Unreachable
from kfinstall.words import _

JSON = "application/json"
APPLY = "application/apply-patch+yaml"
MERGE = "application/merge-patch+json"
METADATA = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
METADATA_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"

POOL_SIZE = 64
"""Sockets kept open, at most: more than the widest run plus its watches."""

ATTEMPTS = 10
"""How often a request is sent before its failure counts."""

ATTEMPTS_AT_FIRST = 3
"""The same, as long as the server has never answered: the address is more likely wrong than the server away."""

ATTEMPTS_AT_INTERNAL = 3
"""The same for an internal error, which passes less often than it stays."""

CONNECT = 10.0
"""Seconds that a connection may take to come about."""

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 8.0
"""Seconds between attempts, about, on top of the server's Retry-After; doubled each time."""

LONGEST_RETRY_AFTER = 60.0
"""Seconds that a server may ask for at once."""

OVERLOADED = frozenset({429, 502, 503, 504})
"""Answers of an API server, or of what stands before it, that can be different a moment later."""

STARTING = ("failed calling webhook", "conversion webhook for")
"""Internal errors that last as long as a pod takes to start: whoever knows of the pod waits, not the connection."""


MALFORMED = "failed to create typed patch object"
"""What a server-side apply of an unknown or mistyped field is refused with: as an internal error, yet for good."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a connection leads: context name ("" in a cluster), server URL, user name of the kubeconfig."""

    context: str
    server: str
    user: str


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
        # The client library reads $KUBECONFIG when it is imported, so a later change would go unseen.
        files = str(kubeconfig) if kubeconfig else os.environ.get("KUBECONFIG") or "~/.kube/config"
        try:
            with _login_errors():
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
                self._count(refusal=_is_overload(error))
                if attempt >= self._attempts(error):
                    raise
                self._rest(error, pause)
                pause = min(pause * 2, LONGEST_PAUSE)

    def lines(self, path: str, query: Mapping[str, Any], *, accept: str = JSON, quiet: float) -> Iterator[Body]:
        """The events of a watch, until the server ends it; quiet: seconds without any before Unreachable."""
        timeout = urllib3.Timeout(connect=min(CONNECT, self._timeout), read=quiet)
        response = self._open("GET", path, query, None, accept, JSON, timeout)
        with response, self._interruptible(response):
            if response.status != 200:
                raise _failure(response.status, response.headers, response.data)
            try:
                rest = b""
                for chunk in response.stream(65536):
                    *whole, rest = (rest + chunk).split(b"\n")
                    for line in whole:
                        if line:
                            yield json.loads(line)
            except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
                raise self._unreachable(error) from error

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

    def _attempts(self, error: ApiError | Unreachable) -> int:
        """How often a request may have been sent when it fails so."""
        if isinstance(error, Unreachable):
            if self._tally.answered:
                return 1 if _is_distrust(error.__cause__) else ATTEMPTS
            return ATTEMPTS_AT_FIRST if _is_quick(error.__cause__) else 1
        if error.status == 500:
            return _attempts_at_internal(error.message)
        return ATTEMPTS if error.status in OVERLOADED else 1

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
            raise _failure(response.status, response.headers, data)
        try:
            answer: Body = json.loads(data)
            self._tally.answered = True
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
        headers = {
            "Accept": accept,
            "User-Agent": "kfinstall",
            **({"Impersonate-User": self._user} if self._user else {}),
        }
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
        # Scattered, so that those who were refused together do not come back together.
        seconds = min(wanted or 0.0, LONGEST_RETRY_AFTER) + pause * random.uniform(0.5, 1.5)  # noqa: S311
        if self.stopped.wait(seconds):
            raise Interrupted(_("The request was given up."))


def _attempts_at_internal(message: str) -> int:
    if MALFORMED in message or any(words in message for words in STARTING):
        return 1
    # An etcd that is slow, or between two leaders, is an internal error too, and one that passes.
    return ATTEMPTS if "etcdserver" in message else ATTEMPTS_AT_INTERNAL


def _is_overload(error: ApiError | Unreachable) -> bool:
    """Whether the server, or the way to it, has too much to do; a kind that is new has only to be waited for."""
    if isinstance(error, Unreachable):
        return True
    return error.status in OVERLOADED and "storage is (re)initializing" not in error.message


def _is_quick(cause: BaseException | None) -> bool:
    """Whether a connection failed at once, and not for a reason that stays: then another try costs nothing."""
    return not (isinstance(cause, urllib3.exceptions.TimeoutError | ValueError) or _is_distrust(cause))


def _is_distrust(cause: BaseException | None) -> bool:
    """Whether the server's certificate does not verify."""
    return isinstance(cause, urllib3.exceptions.SSLError) and any(
        isinstance(inner, ssl.SSLCertVerificationError) for inner in cause.args
    )


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
    error = ApiError(
        status,
        str(body.get("reason") or ""),
        str(body.get("message") or ""),
        causes=causes,
        retry_after=_seconds(headers.get("Retry-After")),
    )
    if status == 403:
        error.fix = _("Ask a cluster administrator for this right, or use the credentials of somebody who has it.")
    return error


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
    # what the client library makes of a file that is YAML and something else says nothing to a user
    stumbled = isinstance(error, TypeError | AttributeError | KeyError)
    return ClusterError(
        what,
        why=_("It is not a kubeconfig.") if stumbled else str(error).strip() or type(error).__name__,
        fix=_("List what is there with: kubectl config get-contexts; choose with --kubeconfig and --context."),
    )


@contextlib.contextmanager
def _login_errors() -> Iterator[None]:
    """Raise what the client library only logs, before it goes on without credentials: a login command that fails."""
    errors = _Errors()
    root = logging.getLogger()
    root.addHandler(errors)
    try:
        yield
    finally:
        root.removeHandler(errors)
    if errors.messages:
        raise ConfigException(_("The login command failed: {why}").format(why=errors.messages[0]))


class _Errors(logging.Handler):
    """Keeps what is logged as an error."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


def _target(files: str, context: str | None, client: ApiClient) -> Target:
    # list_kube_config_contexts would refuse a file whose own current context is gone, also when another is asked for
    loader = KubeConfigLoader(config_dict=KubeConfigMerger(files).config, active_context=context)
    chosen = loader.current_context
    return Target(
        context=str(chosen["name"]),
        server=str(client.configuration.host),
        user=str(chosen["context"].get("user", "")),
    )
