"""Questions to servers on the internet: short, without the user's credentials, by the user's proxy.

A registry answers even a stranger only with a token, which it gives to anybody who asks where it says:
https://distribution.github.io/distribution/spec/auth/token/
"""

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from urllib.parse import urlencode, urlsplit

import urllib3

import kfinstall
from kfinstall.contracts.snapshot import Reply
from kfinstall.render.proxy import pool, proxy_for

SECONDS = 5.0
LARGEST_REPLY = 1024
LARGEST_TOKEN = 64 * 1024
MANIFESTS = (
    "application/vnd.oci.image.index.v1+json, application/vnd.docker.distribution.manifest.list.v2+json, "
    "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json"
)
_PARAMETER = re.compile(r'(\w+)="([^"]*)"')


def asked(url: str) -> Reply | None:
    """What a server answers; None when there is no way to it.

    Where it wants a token for strangers the question goes out again as a HEAD, which registries do not count as a pull.
    """
    with suppress(urllib3.exceptions.HTTPError, OSError):
        first, _body = _request("GET", url, {}, LARGEST_REPLY)
        token = _token(url, first.headers) if first.status == 401 else ""
        if not token:
            return first
        return _request("HEAD", url, {"authorization": f"Bearer {token}", "accept": MANIFESTS}, 0)[0]
    return None


def _token(url: str, headers: Mapping[str, str]) -> str:
    """An anonymous token; "" when the server names no place that gives one, or none that is as safe as itself."""
    scheme, _space, rest = headers.get("www-authenticate", "").partition(" ")
    challenge = dict(_PARAMETER.findall(rest))
    realm = challenge.pop("realm", "")
    if scheme.lower() != "bearer" or urlsplit(realm).scheme != urlsplit(url).scheme:
        return ""
    query = urlencode({name: challenge[name] for name in ("service", "scope") if name in challenge})
    answer, body = _request("GET", f"{realm}?{query}", {}, LARGEST_TOKEN)
    with suppress(ValueError):
        given = json.loads(body) if answer.status == 200 else None
        if isinstance(given, dict):
            return str(given.get("token") or given.get("access_token") or "")
    return ""


def _request(method: str, url: str, headers: Mapping[str, str], limit: int) -> tuple[Reply, bytes]:
    """One request; redirects are not followed, so that a token reaches nobody but whom it is for."""
    sent = {"user-agent": f"kfinstall/{kfinstall.__version__}", **headers}
    with pool(proxy_for(url)).request(
        method, url, headers=sent, redirect=False, retries=False, preload_content=False, timeout=SECONDS
    ) as response:
        received = {name.lower(): value for name, value in response.headers.items()}
        body = response.read(limit) if limit else b""
        return Reply(response.status, received, body[:LARGEST_REPLY].decode("utf-8", "replace")), body
