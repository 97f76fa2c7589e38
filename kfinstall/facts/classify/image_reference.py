"""Image references, by the grammar of https://github.com/distribution/reference.

    reference  = [domain "/"] path [":" tag] ["@" digest]

The first component is a domain only where it has a "." or a ":", or is "localhost"; otherwise the image is of
Docker Hub, and one with a single component is an official one (`library/`).
"""

import re
from dataclasses import dataclass

DOCKER_HUB = "docker.io"
LONGEST_NAME = 255

_DOMAIN_PART = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
_DOMAIN = re.compile(rf"(?:{_DOMAIN_PART}(?:\.{_DOMAIN_PART})*|\[[a-fA-F0-9:]+\])(?::\d+)?")
_PATH_PART = re.compile(r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*")
_TAG = re.compile(r"\w[\w.-]{0,127}", re.ASCII)
_DIGEST = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}")
_UNREPLACED = re.compile(r"\$\(|\$\{|\{\{|%s|<[^>]*>")


@dataclass(frozen=True, slots=True)
class Reference:
    """registry: as the reference means it, docker.io where it names none. tag: "latest" where neither is given."""

    registry: str
    repository: str
    tag: str
    digest: str

    def __str__(self) -> str:
        return (
            f"{self.registry}/{self.repository}"
            + (f":{self.tag}" if self.tag else "")
            + (f"@{self.digest}" if self.digest else "")
        )


class InvalidReference(ValueError):
    """Not an image reference. reason: a word for what is wrong: empty, placeholder, space, uppercase, …"""

    def __init__(self, text: str, reason: str) -> None:
        super().__init__(f"{text!r}: {reason}")
        self.reason = reason


def parse(text: str) -> Reference:
    """The parts of an image reference; raises InvalidReference."""
    _refuse_what_is_common(text)
    rest, at, digest = text.partition("@")
    if at and not _DIGEST.fullmatch(digest):
        raise InvalidReference(text, "digest")
    domain, path = _split_domain(rest)
    path, tag = _split_tag(path)
    if tag is not None and not _TAG.fullmatch(tag):
        raise InvalidReference(text, "tag")
    if not _DOMAIN.fullmatch(domain):
        raise InvalidReference(text, "domain")
    _check_path(text, path)
    if domain == DOCKER_HUB and "/" not in path:
        path = f"library/{path}"
    return Reference(domain, path, tag or ("" if digest else "latest"), digest)


def _refuse_what_is_common(text: str) -> None:
    if not text:
        raise InvalidReference(text, "empty")
    if _UNREPLACED.search(text):
        raise InvalidReference(text, "placeholder")
    if text != text.strip() or any(character.isspace() for character in text):
        raise InvalidReference(text, "space")
    if "://" in text:
        raise InvalidReference(text, "scheme")


def _split_domain(text: str) -> tuple[str, str]:
    first, slash, rest = text.partition("/")
    if not slash or not ("." in first or ":" in first or first == "localhost" or first.lower() != first):
        return DOCKER_HUB, text
    if first in {"index.docker.io", "registry-1.docker.io"}:
        return DOCKER_HUB, rest
    return first, rest


def _split_tag(path: str) -> tuple[str, str | None]:
    head, slash, last = path.rpartition("/")
    name, colon, tag = last.partition(":")
    return f"{head}{slash}{name}", tag if colon else None


def _check_path(text: str, path: str) -> None:
    if path != path.lower():
        raise InvalidReference(text, "uppercase")
    if len(path) > LONGEST_NAME:
        raise InvalidReference(text, "length")
    if not all(_PATH_PART.fullmatch(part) for part in path.split("/")):
        raise InvalidReference(text, "characters")
