"""What a transformation of objects may have to know of the cluster that they go to."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Protocol

from kfinstall.contracts.manifest import Body


class Surroundings(Protocol):
    """None where no cluster is looked at, as for `kfinstall build`, or where the user may not look."""

    @property
    def namespace(self) -> str:
        """Where Kubeflow runs."""

    @property
    def nodes(self) -> Sequence[Body] | None:
        """The cluster's nodes."""

    @property
    def daemon_sets(self) -> Sequence[Body] | None:
        """The cluster's DaemonSets."""

    @property
    def storage_classes(self) -> Sequence[Body] | None:
        """The cluster's storage classes."""

    @property
    def user(self) -> str | None:
        """How the API server names whoever installs."""

    @property
    def groups(self) -> Set[str] | None:
        """The names of the API groups that are served."""

    @property
    def service_networks(self) -> Sequence[str] | None:
        """The networks that Services have their addresses of, as 10.96.0.0/12."""

    def serves(self, collection: str) -> bool | None:
        """Whether the API server has a collection, or a part of its objects, as /api/v1/serviceaccounts/token."""

    def secret(self, namespace: str, name: str) -> Mapping[str, str] | None:
        """What a Secret of the cluster holds, decoded; {} where there is no such."""


@dataclass(frozen=True, slots=True)
class Nowhere:
    """The Surroundings of objects that go to no cluster yet."""

    namespace: str
    nodes: Sequence[Body] | None = None
    daemon_sets: Sequence[Body] | None = None
    storage_classes: Sequence[Body] | None = None
    user: str | None = None
    groups: Set[str] | None = None
    service_networks: Sequence[str] | None = None

    def serves(self, collection: str) -> bool | None:  # noqa: ARG002 - of the protocol
        return None

    def secret(self, namespace: str, name: str) -> Mapping[str, str] | None:  # noqa: ARG002 - of the protocol
        return None
