"""A cluster as it was at one moment, as far as checks asked to see it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from kfinstall.contracts.finding import Finding
from kfinstall.contracts.manifest import Body, Manifest, ObjectKey
from kfinstall.contracts.resource import GroupKind

if TYPE_CHECKING:
    from kfinstall.contracts.client import Client  # loads pydantic, which explaining a message does without


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A Kubernetes Event. count: how often it was seen. last: RFC 3339, "" when it is not known."""

    reason: str
    message: str
    warning: bool
    count: int
    last: str


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server on the internet answered. headers: names in lower case. text: the first KiB of its body."""

    status: int
    headers: Mapping[str, str]
    text: str = ""


@dataclass(frozen=True, slots=True, order=True)
class Right:
    """A right to do something to a kind of objects. namespace: "" for all of them, or for cluster-scoped objects."""

    verb: str
    group: str
    resource: str
    namespace: str = ""


class Outside(Protocol):
    """What is not in the objects of a cluster. An answer is remembered, and goes into a bundle."""

    def log(self, pod: ObjectKey, container: str) -> Sequence[str]:
        """The last lines of a container, redacted: of its last end when it was started again. Empty: not to be had."""

    def ask(self, url: str) -> Reply | None:
        """What a server (of the check's `asks`) tells a stranger, by the user's proxy; None when it is out of reach."""

    def may(self, right: Right) -> bool | None:
        """Whether the user has a right; None when the API server does not say."""


class Snapshot(Protocol):
    """What checks look at. Bodies are not to be changed; each has a metadata.name."""

    @property
    def outside(self) -> Outside:
        """To be asked sparingly: each question takes its time."""

    @property
    def client(self) -> "Client | None":
        """The machine that asks; None where the objects come from elsewhere."""

    @property
    def unplanned(self) -> Finding | None:
        """What kept the plan from being made; None where `planned` is all of it."""

    @property
    def version(self) -> str:
        """The server's version, for example "v1.34.1"; "" when it is not known."""

    @property
    def taken(self) -> str:
        """When, RFC 3339 in UTC."""

    def all(self, kind: GroupKind) -> Sequence[Body]:
        """Every object of a kind, in the order of the server."""

    def get(self, key: ObjectKey) -> Body | None:
        """One object; None when it does not exist, or was not read."""

    def knows(self, kind: GroupKind) -> bool:
        """Whether the kind was read: only then does None mean that an object does not exist."""

    def occurrences(self, key: ObjectKey) -> Sequence[Occurrence]:
        """The events about an object that are still kept, oldest first."""

    def owned(self, uid: str) -> Sequence[Body]:
        """The objects whose controller has this uid."""

    @property
    def planned(self) -> Sequence[Manifest]:
        """What is about to be installed; nothing, unless it is asked before an install."""

    @property
    def served(self) -> Mapping[GroupKind, str]:
        """Kinds that the server serves, with their plural name."""
