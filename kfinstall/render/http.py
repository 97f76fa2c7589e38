"""Downloads over https: proxies, redirects, a few retries where they can help, and limits.

A hostile or broken server can make a download fail, but not fill the disk or hang it.
"""

import contextlib
import email.utils
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urljoin

import urllib3
from urllib3.exceptions import (
    HTTPError,
    LocationParseError,
    MaxRetryError,
    NameResolutionError,
    NewConnectionError,
    ProxyError,
    ReadTimeoutError,
    SSLError,
)
from urllib3.exceptions import TimeoutError as HttpTimeout
from urllib3.util import make_headers

import kfinstall
from kfinstall.contracts.snapshot import Reply
from kfinstall.errors import FetchError
from kfinstall.facts.images.allowance import PRIMARY, github_limit
from kfinstall.facts.images.allowance import github as github_allowance
from kfinstall.render import github
from kfinstall.render.address import parts, shown
from kfinstall.render.limits import Limits
from kfinstall.render.proxy import pool, proxy_for, without_userinfo
from kfinstall.words import _

_CHUNK = 256 * 1024
_LONGEST_WAIT = 60.0
"""Seconds; a server that asks for more is not waited for."""
_WORTH_A_RETRY = frozenset({429, 500, 502, 503, 504})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class NoAnswer(FetchError):
    """The server could not be asked, or is out of order: what was fetched earlier may do instead."""


@dataclass(frozen=True, slots=True)
class Answer:
    """headers: of the last response, lower case. unchanged: the server says that the known copy is current."""

    headers: Mapping[str, str]
    unchanged: bool = False


@dataclass(slots=True)
class _Again(Exception):
    """This attempt failed, and another may not. after: seconds that the server asks to wait, or None."""

    error: FetchError
    after: float | None = None


def download(
    url: str,
    target: Path,
    *,
    limit: int,
    limits: Limits,
    known: Mapping[str, str],
    sleep: Callable[[float], None] = time.sleep,
) -> Answer:
    """Write the body of a URL to a file.

    limit: bytes. known: request headers that ask whether a copy is still current (`If-None-Match`).
    Raises FetchError, and NoAnswer where the network or the server's health is the cause.
    """
    pause = limits.pause
    for attempt in range(1, limits.retries + 1):
        try:
            return _follow(url, target, limit=limit, limits=limits, known=known)
        except _Again as again:
            wait = pause if again.after is None else again.after
            if attempt == limits.retries or wait > _LONGEST_WAIT:
                raise again.error from None
        sleep(wait)
        pause *= 2
    raise AssertionError  # pragma: no cover - the last attempt returns or raises


def _follow(url: str, target: Path, *, limit: int, limits: Limits, known: Mapping[str, str]) -> Answer:
    """One attempt, through redirects: each host gets its own proxy, and only the first the credentials."""
    here, headers = url, dict(known) | _credentials(url)
    for _step in range(limits.redirects + 1):
        with contextlib.closing(_ask(here, headers, limits)) as response:
            if response.status in _REDIRECTS and "location" in response.headers:
                here, headers = _next(here, response.headers["location"], headers)
                continue
            # strangers first: a token that has expired would be refused what is public
            if response.status in github.REFUSED and "authorization" not in headers and github.authorization(here):
                headers = headers | github.authorization(here)
                continue
            return _receive(here, response, target, limit, time.monotonic() + limits.whole)
    raise FetchError(
        _("{url} cannot be fetched.").format(url=shown(url)),
        why=_("It redirects more than {limit} times.").format(limit=limits.redirects),
    )


def _next(here: str, location: str, headers: dict[str, str]) -> tuple[str, dict[str, str]]:
    try:
        url = urljoin(here, location)
    except ValueError:
        raise FetchError(_("{url} is not an address.").format(url=shown(location))) from None
    before, after = parts(here), parts(url)
    if after.scheme not in ("http", "https") or (before.scheme, after.scheme) == ("https", "http"):
        raise FetchError(
            _("{url} cannot be fetched.").format(url=shown(here)),
            why=_("It redirects to {url}, which is not https.").format(url=shown(url)),
        )
    if (before.scheme, before.netloc) != (after.scheme, after.netloc):
        headers = {name: value for name, value in headers.items() if name != "authorization"}
    return url, headers


def _credentials(url: str) -> dict[str, str]:
    found = parts(url)
    if not found.username:
        return {}
    pair = f"{unquote(found.username)}:{unquote(found.password or '')}"
    return dict(make_headers(basic_auth=pair))


def _ask(url: str, headers: Mapping[str, str], limits: Limits) -> urllib3.BaseHTTPResponse:
    sent = {"user-agent": f"kfinstall/{kfinstall.__version__}", "accept-encoding": "identity", **headers}
    try:
        return pool(proxy_for(url)).request(
            "GET",
            without_userinfo(url),
            headers=sent,
            redirect=False,
            retries=False,
            preload_content=False,
            timeout=urllib3.Timeout(connect=limits.connect, read=limits.read),
        )
    except LocationParseError:
        raise FetchError(_("{url} is not an address.").format(url=shown(url))) from None
    except HTTPError as error:
        raise _no_answer(url, error) from None


def _no_answer(url: str, error: HTTPError) -> Exception:
    cause = error.reason if isinstance(error, MaxRetryError) and error.reason else error
    what = _("{url} cannot be fetched.").format(url=shown(url))
    offline = _("Without internet, name a mirror, file or folder for it under `sources`.")
    match cause:
        case SSLError():
            why = _("Its certificate is not trusted: {reason}.").format(reason=_reason(cause))
            fix = _("Behind a proxy that opens TLS, let SSL_CERT_FILE name the file with its certificate.")
            return FetchError(what, why=why, fix=fix)
        case NameResolutionError():
            why = _("There is no host of that name, or no DNS.")
        case ProxyError():
            why = _("The proxy {proxy} does not answer.").format(proxy=shown(proxy_for(url)))
        # NewConnectionError is a time-out too, by inheritance
        case HttpTimeout() if not isinstance(cause, NewConnectionError):
            why = _("The server does not answer in time.")
        case _:
            why = _("No connection: {reason}.").format(reason=_reason(cause))
    return _Again(NoAnswer(what, why=why, fix=offline))


def _reason(error: BaseException) -> str:
    """The part of an exception that a person can use: urllib3 puts its objects and the host in front."""
    cause: Any = error.args[-1] if error.args else error
    if isinstance(cause, OSError) and cause.strerror:
        return cause.strerror
    return str(cause).rpartition(": ")[2].rstrip(".") or type(error).__name__


def _receive(url: str, response: urllib3.BaseHTTPResponse, target: Path, limit: int, until: float) -> Answer:
    """until: the moment (time.monotonic) at which even a server that never falls silent is given up."""
    headers = {name.lower(): value for name, value in response.headers.items()}
    if response.status == 304:
        return Answer(headers, unchanged=True)
    if response.status != 200:
        raise _refusal(url, response.status, headers)
    too_large = FetchError(
        _("{url} is refused.").format(url=shown(url)),
        why=_("It is larger than {limit} MiB.").format(limit=limit // 1024 // 1024),
    )
    if headers.get("content-length", "").isdigit() and int(headers["content-length"]) > limit:
        raise too_large
    received = 0
    try:
        with target.open("wb") as file:
            for chunk in response.stream(_CHUNK, decode_content=False):
                received += len(chunk)
                if received > limit:
                    raise too_large
                if time.monotonic() > until:
                    raise _too_slow(url)
                file.write(chunk)
    except (ReadTimeoutError, HTTPError, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None and error.filename:
            raise
        raise _cut_off(url) from None
    return Answer(headers)


def _too_slow(url: str) -> FetchError:
    what = _("{url} cannot be fetched.").format(url=shown(url))
    return NoAnswer(what, why=_("The download is too slow."))


def _cut_off(url: str) -> _Again:
    what = _("{url} cannot be fetched.").format(url=shown(url))
    return _Again(NoAnswer(what, why=_("The connection broke in the middle of the download.")))


def _refusal(url: str, status: int, headers: Mapping[str, str]) -> Exception:
    what = _("{url} cannot be fetched: HTTP {status}.").format(url=shown(url), status=status)
    if github.is_there(url) and (limit := github_limit(Reply(status, headers))):
        return _Again(_limited(what, limit, Reply(status, headers)), after=_pause(headers))
    if status in _WORTH_A_RETRY:
        why = _("The server is overloaded or out of order; try again later.")
        return _Again(NoAnswer(what, why=why), after=_retry_after(headers.get("retry-after", "")))
    match status:
        case 404 | 410:
            return FetchError(what, why=_("There is nothing at this address; check version and spelling."))
        case 401 | 403:
            return FetchError(what, why=_("The server wants a login, or a proxy or firewall blocks it."))
        case 407:
            fix = _("Put user and password into HTTPS_PROXY: http://USER:PASSWORD@HOST:PORT.")
            return FetchError(what, why=_("The proxy wants a login."), fix=fix)
        case _:
            return FetchError(what)


def _limited(what: str, limit: str, reply: Reply) -> NoAnswer:
    """The words of GitHub are in it as they are: what explains messages knows them."""
    if limit == PRIMARY:
        why = _("API rate limit exceeded: {limit}.").format(limit=github_allowance(reply))
    else:
        why = _("You have exceeded a secondary rate limit: too many requests within a short time.")
    fix = _("Wait, or name a mirror, file or folder for it under `sources`.")
    if not github.token():
        fix = _("Set GITHUB_TOKEN: who is known may ask more. Or wait, or name a mirror under `sources`.")
    return NoAnswer(what, why=why, fix=fix)


def _pause(headers: Mapping[str, str]) -> float:
    """Seconds. Without a word of GitHub it is a minute at least, which is not waited for in silence:
    https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api."""
    asked = _retry_after(headers.get("retry-after", ""))
    reset = headers.get("x-ratelimit-reset", "")
    if asked is not None:
        return asked
    return max(0.0, float(reset) - time.time()) if reset.isdigit() else 2 * _LONGEST_WAIT


def _retry_after(value: str) -> float | None:
    """Seconds, from either form of the header: https://www.rfc-editor.org/rfc/rfc9110#field.retry-after."""
    if value.isdigit():
        return float(value)
    with contextlib.suppress(ValueError, TypeError):
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - time.time())
    return None
