"""Single requests to registries: by the user's proxy, credentials only over TLS or to this machine."""

import ipaddress
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

import urllib3

import kfinstall
from kfinstall.render.proxy import pool, proxy_for

SECONDS = 20.0

REDIRECTS = urllib3.Retry(connect=0, read=0, other=0, status=0, redirect=3, respect_retry_after_header=False)
"""Followed: registry.k8s.io answers with one. urllib3 takes the credentials out where it leads to another host."""


@dataclass(frozen=True, slots=True)
class Answer:
    """headers: lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""


def request(method: str, url: str, headers: Mapping[str, str], *, limit: int = 0) -> Answer:
    """Ask once. limit: bytes of the body that are read. Raises urllib3's HTTPError."""
    sent = {"user-agent": f"kfinstall/{kfinstall.__version__}", **headers}
    with pool(proxy_for(url)).request(
        method, url, headers=sent, retries=REDIRECTS, preload_content=False, timeout=SECONDS
    ) as response:
        received = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status, received, response.read(limit) if limit else b"")


def address(host: str) -> str:
    """Where a registry is asked: without TLS only on this machine, as Docker does it.

    host: as references have it, with its port.
    """
    if host == "docker.io":
        return "https://registry-1.docker.io"
    return f"http://{host}" if _is_here(urlsplit(f"//{host}").hostname or "") else f"https://{host}"


def is_safe(url: str) -> bool:
    """Whether credentials may go there."""
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and _is_here(parts.hostname or ""))


def _is_here(host: str) -> bool:
    """https://docs.docker.com/reference/cli/dockerd/#insecure-registries"""
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"
