"""From what comes back of a request to an error, and whether the same request can fare better a moment later."""

import errno
import json
import re
import socket
import ssl
from collections.abc import Iterator, Mapping

import urllib3

from kfinstall.contracts.client import Hurdle
from kfinstall.errors import ApiError, ClusterError, Unauthorized, Unreachable
from kfinstall.words import _

ATTEMPTS = 10
"""How often a request is sent before its failure counts."""

ATTEMPTS_AT_FIRST = 3
"""The same, as long as the server has never answered: the address is more likely wrong than the server away."""

ATTEMPTS_AT_INTERNAL = 3
"""The same for an internal error, which passes less often than it stays."""

OVERLOADED = frozenset({429, 502, 503, 504})
"""Answers of an API server, or of what stands before it, that can be different a moment later."""

STARTING = ("failed calling webhook", "conversion webhook for")
"""Internal errors that last as long as a pod takes to start: whoever knows of the pod waits, not the connection."""


MALFORMED = "failed to create typed patch object"
"""What a server-side apply of an unknown or mistyped field is refused with: as an internal error, yet for good."""


def attempts(error: ApiError | Unreachable, *, answered: bool) -> int:
    """How often a request may have been sent when it fails so. answered: the server has answered something before."""
    if isinstance(error, Unreachable):
        if answered:
            return 1 if _is_distrust(error.__cause__) else ATTEMPTS
        return ATTEMPTS_AT_FIRST if _is_quick(error.__cause__) else 1
    if error.status == 500:
        return _attempts_at_internal(error.message)
    return ATTEMPTS if error.status in OVERLOADED else 1


def is_overload(error: ApiError | Unreachable) -> bool:
    """Whether the server, or the way to it, has too much to do; a kind that is new has only to be waited for."""
    if isinstance(error, Unreachable):
        return True
    return error.status in OVERLOADED and "storage is (re)initializing" not in error.message


def refusal(status: int, headers: Mapping[str, str], data: bytes) -> ClusterError:
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
    return float(value) if value and value.isdecimal() else None


def reason(error: Exception) -> str:
    """The innermost cause in its own words: urllib3 wraps it in a line full of object addresses."""
    inner: BaseException = error
    while True:
        deeper = getattr(inner, "reason", None) or inner.__cause__ or inner.__context__
        if not isinstance(deeper, BaseException) or deeper is inner:
            break
        inner = deeper
    text = re.sub(r"<[^>]* object at 0x[0-9a-f]+>:? ?", "", str(inner)) or type(inner).__name__
    return text.strip()


def hurdle(error: ClusterError) -> Hurdle:
    """What kept a request from being answered, by the exceptions behind the error: their words differ by system."""
    if isinstance(error, Unauthorized):
        return Hurdle.UNAUTHORIZED
    if isinstance(error, ApiError):
        return Hurdle.FORBIDDEN if error.status == 403 else Hurdle.OTHER
    causes = list(_behind(error))
    if not any(isinstance(each, urllib3.exceptions.HTTPError | OSError) for each in causes):
        return Hurdle.FOREIGN if isinstance(error, Unreachable) else Hurdle.UNUSABLE
    return next((found for kind, found in _HURDLES if any(isinstance(each, kind) for each in causes)), None) or next(
        (found for each in causes if (found := _of_tls(each) or _of_system(each))), Hurdle.OTHER
    )


_HURDLES: tuple[tuple[type[BaseException], Hurdle], ...] = (
    (urllib3.exceptions.ProxyError, Hurdle.PROXY),
    (urllib3.exceptions.NameResolutionError, Hurdle.DNS),
    (socket.gaierror, Hurdle.DNS),
    (ConnectionRefusedError, Hurdle.REFUSED),
    (urllib3.exceptions.TimeoutError, Hurdle.TIMEOUT),
    (TimeoutError, Hurdle.TIMEOUT),
    (ConnectionError, Hurdle.BROKEN_OFF),
    (urllib3.exceptions.ProtocolError, Hurdle.BROKEN_OFF),
)
"""In the order of what tells most: a refused proxy is a proxy's trouble."""

_EXPIRED, _OTHER_HOST, _OTHER_ADDRESS = 10, 62, 64
"""X509_V_ERR_CERT_HAS_EXPIRED, _HOSTNAME_MISMATCH and _IP_ADDRESS_MISMATCH of openssl/x509_vfy.h."""


def _of_tls(error: BaseException) -> Hurdle | None:
    if isinstance(error, ssl.SSLCertVerificationError):
        match error.verify_code:
            case code if code == _EXPIRED:
                return Hurdle.SERVER_EXPIRED
            case code if code in (_OTHER_HOST, _OTHER_ADDRESS):
                return Hurdle.OTHER_NAME
        return Hurdle.UNTRUSTED
    if isinstance(error, ssl.SSLEOFError):
        return Hurdle.BROKEN_OFF
    # a server that speaks HTTP, or anything else, where TLS is expected
    if isinstance(error, ssl.SSLError) and error.reason in ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE"):
        return Hurdle.NO_TLS
    return None


def _of_system(error: BaseException) -> Hurdle | None:
    unroutable = isinstance(error, OSError) and error.errno in (errno.EHOSTUNREACH, errno.ENETUNREACH)
    return Hurdle.UNROUTABLE if unroutable else None


def _behind(error: BaseException) -> Iterator[BaseException]:
    """The exceptions that led to this one, as urllib3 and the interpreter chain them, each once."""
    todo: list[object] = [error.__cause__ or error.__context__]
    seen: set[int] = set()
    while todo:
        each = todo.pop(0)
        if isinstance(each, BaseException) and id(each) not in seen:
            seen.add(id(each))
            yield each
            todo += [getattr(each, "reason", None), *each.args, each.__cause__, each.__context__]


def _attempts_at_internal(message: str) -> int:
    if MALFORMED in message or any(words in message for words in STARTING):
        return 1
    # An etcd that is slow, or between two leaders, is an internal error too, and one that passes.
    return ATTEMPTS if "etcdserver" in message else ATTEMPTS_AT_INTERNAL


def _is_quick(cause: BaseException | None) -> bool:
    """Whether a connection failed at once, and not for a reason that stays: then another try costs nothing."""
    return not (isinstance(cause, urllib3.exceptions.TimeoutError | ValueError) or _is_distrust(cause))


def _is_distrust(cause: BaseException | None) -> bool:
    """Whether the server's certificate does not verify."""
    return isinstance(cause, urllib3.exceptions.SSLError) and any(
        isinstance(inner, ssl.SSLCertVerificationError) for inner in cause.args
    )
