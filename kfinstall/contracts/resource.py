"""What the API server serves, and what stands in the cluster already: all that planning needs to know."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from kfinstall.contracts.manifest import ObjectKey


class GroupKind(NamedTuple):
    """A kind in its API group; group "" is the core group."""

    group: str
    kind: str

    def __str__(self) -> str:
        return f"{self.kind}.{self.group}" if self.group else self.kind


@dataclass(frozen=True, slots=True)
class Resource:
    """How a kind is reached: its plural name, its scope, and the versions that are served, preferred first.

    listable: whether its objects can be listed at all; reviews, for example, are only created.
    """

    group: str
    kind: str
    plural: str
    namespaced: bool
    versions: tuple[str, ...]
    listable: bool = True

    def path(self, version: str, namespace: str = "", name: str = "") -> str:
        """The URL path of an object, or of the collection when no name is given."""
        root = f"/apis/{self.group}/{version}" if self.group else f"/api/{version}"
        within = f"/namespaces/{namespace}" if self.namespaced and namespace else ""
        return f"{root}{within}/{self.plural}" + (f"/{name}" if name else "")


@dataclass(frozen=True, slots=True)
class Live:
    """An object that stands in the cluster, as far as planning cares.

    owner: the ApplySet that it belongs to, "" if none. owned: digest of the fields that kfinstall applied
    and still owns, "" if none. deleting: it has a deletionTimestamp.
    """

    uid: str
    owner: str
    owned: str
    deleting: bool


@dataclass(frozen=True, slots=True)
class Applied:
    """What the inventory remembers of one object: digests of what was wanted and of what was owned then."""

    wanted: str
    owned: str


@dataclass(frozen=True, slots=True)
class Member:
    """An object that stands. path: its URL path. dependent: another object owns it and takes it along."""

    key: ObjectKey
    path: str
    uid: str
    owner: str
    dependent: bool
    finalizers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ClusterState:
    """A cluster as the planner sees it.

    version: as /version names it, for example "v1.34.1". missing_namespaces: namespaces that objects name, and that
    neither stand nor are planned. leftovers: what an earlier install of the same name made and this one does not want.
    """

    version: str
    resources: Mapping[GroupKind, Resource]
    live: Mapping[ObjectKey, Live]
    inventory: Mapping[ObjectKey, Applied] = field(default_factory=dict)
    missing_namespaces: frozenset[str] = frozenset()
    leftovers: tuple[Member, ...] = ()
