"""A request as the API sees it, and the answer."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from kfinstall.contracts.manifest import Body
from kfinstall.sandbox.access.users import COMPONENT, User
from kfinstall.sandbox.server.status import bad_request

JSON = "application/json"
YAML = "application/yaml"
MERGE = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
APPLY = "application/apply-patch+yaml"
PROTOBUF = "application/vnd.kubernetes.protobuf"


@dataclass(frozen=True, slots=True)
class Request:
    """body: decoded, None when there is none. content: its media type. agent: the User-Agent header. user: who asks.

    doubled: the paths of fields that the body has twice.
    """

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    content: str = JSON
    accept: str = JSON
    agent: str = "unknown"
    user: User = COMPONENT
    doubled: tuple[str, ...] = ()

    def number(self, name: str) -> int:
        """A query parameter that is a number; 0 when it is absent. Raises StatusError 400 when it is none."""
        text = self.query.get(name) or "0"
        try:
            return int(text)
        except ValueError:
            raise bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax') from None

    def flag(self, name: str) -> bool:
        """A query parameter that is a boolean, as Go parses it: present without a value means true."""
        return self.query.get(name, "false").lower() not in {"false", "0"}

    @property
    def dry(self) -> bool:
        return bool(self.query.get("dryRun"))

    @property
    def manager(self) -> str:
        """The field manager; without one it is the first part of the User-Agent, as in Kubernetes."""
        return self.query.get("fieldManager") or self.agent.partition("/")[0][:128] or "unknown"


@dataclass(frozen=True, slots=True)
class Answer:
    """code: of HTTP. body: JSON data, or encoded bytes. stream: events of a watch, instead of a body.

    warnings: texts for Warning headers.
    """

    code: int
    body: Body | bytes = b""
    content: str = JSON
    stream: Iterator[bytes] | None = None
    warnings: tuple[str, ...] = ()
    retry_after: int | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """What a path names. subresource is "" for the object itself, name "" for the collection."""

    group: str
    version: str
    plural: str
    namespace: str
    name: str
    subresource: str


def parse_path(path: str) -> Target | None:
    """None when it cannot be the path of a resource."""
    parts = [part for part in path.split("/") if part]
    if not parts or parts[0] not in {"api", "apis"}:
        return None
    if parts[0] == "api":
        group, version, rest = "", parts[1] if len(parts) > 1 else "", parts[2:]
    else:
        group, version = [*parts, "", ""][1:3]
        rest = parts[3:]
    if not version or not rest:
        return None
    namespace = ""
    # A namespace's own subresources are those of the Namespace, not collections in it.
    if rest[0] == "namespaces" and len(rest) >= 3 and rest[2] not in {"status", "finalize"}:
        namespace, rest = rest[1], rest[2:]
    if len(rest) > 3:
        return None
    plural, name, subresource = [*rest, "", ""][:3]
    return Target(group, version, plural, namespace, name, subresource)
