"""Questions to servers on the internet: short, by the user's proxy; checks ask without the user's credentials.

A registry answers even a stranger only with a token, which it gives to anybody who asks where it says.
"""

from collections.abc import Mapping
from contextlib import suppress

import urllib3

import kfinstall
from kfinstall.contracts.snapshot import Reply
from kfinstall.registries.authentication import authorization
from kfinstall.registries.registry import MANIFESTS
from kfinstall.render.proxy import pool, proxy_for

SECONDS = 5.0
LARGEST_REPLY = 1024


def asked(url: str) -> Reply | None:
    """What a server answers; None when there is no way to it.

    Where it wants a token for strangers the question goes out again as a HEAD, which registries do not count as a pull.
    """
    with suppress(urllib3.exceptions.HTTPError, OSError):
        first = _request("GET", url, {}, LARGEST_REPLY)
        token = authorization(first.headers, None) if first.status == 401 else {}
        if not token:
            return first
        return _request("HEAD", url, {"accept": MANIFESTS, **token}, 0)
    return None


def answer(method: str, url: str, headers: Mapping[str, str]) -> Reply | None:
    """The answer to one request with these headers; None when there is no way to the server."""
    with suppress(urllib3.exceptions.HTTPError, OSError):
        return _request(method, url, headers, LARGEST_REPLY)
    return None


def _request(method: str, url: str, headers: Mapping[str, str], limit: int) -> Reply:
    """One request; redirects are not followed, so that a token reaches nobody but whom it is for."""
    sent = {"user-agent": f"kfinstall/{kfinstall.__version__}", **headers}
    with pool(proxy_for(url)).request(
        method, url, headers=sent, redirect=False, retries=False, preload_content=False, timeout=SECONDS
    ) as response:
        received = {name.lower(): value for name, value in response.headers.items()}
        body = response.read(limit) if limit else b""
        return Reply(response.status, received, body.decode("utf-8", "replace"))
