"""URLs and hosts of a message, and which registry they belong to."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from urllib.parse import parse_qs, unquote, urlsplit

_URL = re.compile(r"https?://[^\s\"'`\\)]{1,2000}")
_LOOKUP = re.compile(
    r"(?:lookup|resolve host:?|resolve|pulling from host|dial tcp:? (?:address )?)\s+['\"]?"
    r"([A-Za-z0-9][\w.-]{1,252})['\"]?",
    re.IGNORECASE,
)
_REPOSITORY = re.compile(r"/v2/(.+?)/(?:manifests|blobs|tags)/(.+)")
_MOST = 20


@dataclass(frozen=True, slots=True)
class Address:
    """host: without its port. path: as written. origin: the registry whose content a mirror is asked for, or ""."""

    host: str
    port: str
    path: str
    query: str

    @property
    def origin(self) -> str:
        """containerd asks a mirror with `?ns=ORIGIN`, https://github.com/containerd/containerd/blob/main/docs/hosts.md."""
        return parse_qs(self.query).get("ns", [""])[0]

    @property
    def registry_api(self) -> bool:
        """Whether this is a registry's API or its token service."""
        path = self.path.rstrip("/")
        return path.startswith(("/v2", "/v1/_ping")) or path.endswith("/token") or "service=" in self.query

    @property
    def repository(self) -> str:
        """The repository that is asked for, from the path or from the token's scope; "" where none is."""
        found = _REPOSITORY.match(self.path)
        if found:
            return found[1]
        scope = parse_qs(self.query).get("scope", [""])[0].split(":")
        return unquote(scope[1]) if len(scope) > 2 else ""

    @property
    def tag(self) -> str:
        """The tag or the digest of the manifest that is asked for, "" where none is."""
        found = _REPOSITORY.match(self.path)
        return found[2] if found else ""


def addresses(text: str) -> list[Address]:
    """The URLs of a text, in their order."""
    found = []
    for match in _URL.finditer(text):
        try:
            parts = urlsplit(match[0].rstrip(".,:;>"))
            port = str(parts.port or "")
        except ValueError:  # a port or an IPv6 address that is none
            continue
        if parts.hostname:
            found.append(Address(parts.hostname, port, parts.path, parts.query))
        if len(found) == _MOST:
            break
    return found


def looked_up(text: str) -> list[str]:
    """The names that a resolver was asked for."""
    return [match[1] for match in _LOOKUP.finditer(text) if "." in match[1]][:_MOST]


def family(host: str, registries: Mapping[str, Iterable[str]]) -> str:
    """The registry that a host belongs to: dockerhub, ghcr, ecr, …; "" for one that no pattern knows."""
    host = host.lower().partition(":")[0]
    return next(
        (name for name, patterns in registries.items() if any(fnmatchcase(host, pattern) for pattern in patterns)), ""
    )
