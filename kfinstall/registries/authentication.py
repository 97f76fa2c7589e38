"""What a registry wants to see before it answers: a token from the place that it names, or user and password.

https://distribution.github.io/distribution/spec/auth/token/
"""

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import urlencode

from urllib3.util import make_headers

from kfinstall.registries.requests import is_safe, request

LARGEST = 64 * 1024
"""Bytes of a token."""

_PARAMETER = re.compile(r'(\w+)="([^"]*)"')


@dataclass(frozen=True, slots=True)
class Login:
    """A user of a registry."""

    username: str
    password: str = field(repr=False)

    @property
    def basic(self) -> dict[str, str]:
        return dict(make_headers(basic_auth=f"{self.username}:{self.password}"))


def authorization(headers: Mapping[str, str], login: Login | None) -> dict[str, str]:
    """The header that answers the challenge of a 401; empty where there is no answer to it.

    headers: of the 401, lower case. Raises urllib3's HTTPError where there is no way to whoever gives tokens.
    """
    scheme, _space, rest = headers.get("www-authenticate", "").partition(" ")
    challenge = dict(_PARAMETER.findall(rest))
    match scheme.lower():
        case "basic" if login:
            return login.basic
        case "bearer" if is_safe(challenge.get("realm", "")):
            token = _token(challenge, login)
            return {"authorization": f"Bearer {token}"} if token else {}
    return {}


def _token(challenge: Mapping[str, str], login: Login | None) -> str:
    """Strangers get one, too, which opens what is public; "" for a login that is not accepted."""
    query = urlencode({name: challenge[name] for name in ("service", "scope") if name in challenge})
    answer = request("GET", f"{challenge['realm']}?{query}", login.basic if login else {}, limit=LARGEST)
    with suppress(ValueError):
        given = json.loads(answer.body) if answer.status == 200 else None
        if isinstance(given, dict):
            return str(given.get("token") or given.get("access_token") or "")
    return ""
