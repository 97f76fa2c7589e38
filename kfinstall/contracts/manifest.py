"""A Kubernetes object as it is wanted, and where it comes from."""

from dataclasses import dataclass
from typing import Any, NamedTuple

Body = dict[str, Any]
"""A Kubernetes object as plain JSON data."""


class ObjectKey(NamedTuple):
    """What makes an object the same one across API versions; namespace is "" for a cluster-scoped one."""

    group: str
    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        kind = f"{self.kind}.{self.group}" if self.group else self.kind
        return f"{kind}/{self.namespace}/{self.name}" if self.namespace else f"{kind}/{self.name}"


@dataclass(frozen=True, slots=True)
class Manifest:
    """One object to apply. application: the KfDef application that it belongs to."""

    body: Body
    application: str

    @property
    def api_version(self) -> str:
        return str(self.body["apiVersion"])

    @property
    def group(self) -> str:
        group, _, version = self.api_version.partition("/")
        return group if version else ""

    @property
    def kind(self) -> str:
        return str(self.body["kind"])

    @property
    def name(self) -> str:
        return str(self.body["metadata"]["name"])

    @property
    def namespace(self) -> str:
        return str(self.body["metadata"].get("namespace") or "")

    @property
    def key(self) -> ObjectKey:
        return ObjectKey(self.group, self.kind, self.namespace, self.name)
