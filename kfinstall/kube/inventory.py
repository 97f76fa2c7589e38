"""What an install owns, remembered in the cluster: the ApplySet's parent and the digests of what was applied."""

import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from kfinstall import __version__
from kfinstall.contracts.manifest import Body, ObjectKey
from kfinstall.contracts.resource import Applied, GroupKind
from kfinstall.errors import ApiError
from kfinstall.facts.objects import applyset
from kfinstall.kube.cluster import Cluster

NAMESPACE_PATH = f"/api/v1/namespaces/{applyset.NAMESPACE}"
RECORDS = "objects.json"

ENDING = 60.0
"""Seconds that a namespace with next to nothing in it may take to end."""


@dataclass(frozen=True, slots=True)
class Inventory:
    """kinds and namespaces: where members may be, a superset. records: what was applied, and how it stood then."""

    kinds: frozenset[GroupKind] = frozenset()
    namespaces: frozenset[str] = frozenset()
    records: Mapping[ObjectKey, Applied] | None = None

    @property
    def exists(self) -> bool:
        return self.records is not None

    def covering(self, keys: Iterable[ObjectKey]) -> "Inventory":
        """The same, with room for more members."""
        keys = list(keys)
        return Inventory(
            self.kinds | {GroupKind(key.group, key.kind) for key in keys},
            self.namespaces | {key.namespace for key in keys if key.namespace},
            self.records or {},
        )

    def with_records(self, records: Mapping[ObjectKey, Applied]) -> "Inventory":
        return Inventory(self.kinds, self.namespaces, dict(records))


def path(install: str) -> str:
    return f"{NAMESPACE_PATH}/configmaps/{applyset.parent_name(install)}"


def read(cluster: Cluster, install: str) -> Inventory:
    """The inventory of an install; one that does not exist when there is none."""
    body = cluster.look(path(install))
    if body is None:
        return Inventory()
    annotations = body["metadata"].get("annotations") or {}
    return Inventory(
        kinds=frozenset(applyset.parse_group_kinds(annotations.get(applyset.CONTAINS, ""))),
        namespaces=frozenset(filter(None, annotations.get(applyset.NAMESPACES, "").split(","))),
        records=_records((body.get("data") or {}).get(RECORDS, "")),
    )


def write(cluster: Cluster, install: str, inventory: Inventory) -> None:
    """Write the parent, in its namespace, which is made when it is missing.

    One that an uninstall has just deleted is waited for, ENDING seconds at most.
    """
    body = parent(install, inventory)
    deadline = time.monotonic() + ENDING
    while True:
        try:
            cluster.apply(path(install), body, force=True)
            return
        except ApiError as error:
            ending = error.status == 403 and "being terminated" in error.message
            if time.monotonic() > deadline or not (ending or error.status == 404):
                raise
        if ending:
            cluster.connection.stopped.wait(0.2)
        else:
            _make_namespace(cluster, install)


def _make_namespace(cluster: Cluster, install: str) -> None:
    labels = {applyset.PART_OF: applyset.applyset_id(install)}
    metadata = {"name": applyset.NAMESPACE, "labels": labels}
    cluster.apply(NAMESPACE_PATH, {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}, force=True)


def parent(install: str, inventory: Inventory) -> Body:
    """The ConfigMap that is the ApplySet's parent."""
    records = inventory.records or {}
    lines = {"|".join(key): f"{applied.wanted} {applied.owned}" for key, applied in sorted(records.items())}
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": applyset.parent_name(install),
            "namespace": applyset.NAMESPACE,
            "labels": {
                applyset.ID: applyset.applyset_id(install),
                "app.kubernetes.io/managed-by": "kfinstall",
            },
            "annotations": {
                applyset.TOOLING: f"kfinstall/v{__version__}",
                applyset.CONTAINS: applyset.group_kinds(inventory.kinds),
                applyset.NAMESPACES: ",".join(sorted(inventory.namespaces)),
            },
        },
        "data": {RECORDS: json.dumps(lines, indent=0)},
    }


def _records(text: str) -> dict[ObjectKey, Applied]:
    """A record that somebody has damaged is forgotten: its object is applied once more, which does no harm."""
    try:
        lines = json.loads(text)
        return {ObjectKey(*key.split("|")): Applied(*value.split(" ")) for key, value in lines.items()}
    except (ValueError, TypeError, AttributeError):
        return {}
