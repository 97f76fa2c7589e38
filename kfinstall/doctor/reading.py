"""A snapshot from a live cluster: every kind that the checks ask for, read at the same time, page by page."""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from kfinstall.contracts.manifest import Body, Manifest
from kfinstall.contracts.resource import GroupKind, Resource
from kfinstall.doctor.outside import Outside
from kfinstall.doctor.snapshot import Collected, sound
from kfinstall.errors import ApiError, ClusterError
from kfinstall.facts.objects.kinds import EVENT, SECRET
from kfinstall.kube import discovery
from kfinstall.kube.cluster import Cluster
from kfinstall.kube.connection import METADATA_LIST
from kfinstall.words import _

READERS = 4
"""Lists that are read at the same time; each page is decoded before the next one is asked for."""

METADATA_ONLY = frozenset({SECRET})
"""Kinds of which the contents are nobody's business."""


def from_cluster(cluster: Cluster, kinds: Iterable[GroupKind], planned: Sequence[Manifest] = ()) -> Collected:
    """Read a cluster. A kind that may not be read is missing with its reason; one that is not served has no objects.

    planned: what is about to be installed. Raises ClusterError when the cluster does not answer.
    """
    version = discovery.version(cluster.connection)
    resources = discovery.discover(cluster.connection)
    taken = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    objects: dict[GroupKind, list[Body]] = {}
    unread: dict[GroupKind, str] = {}
    forbidden: dict[GroupKind, str] = {}

    def read(kind: GroupKind) -> None:
        resource = resources.get(kind)
        try:
            objects[kind] = list(sound(_items(cluster, kind, resource))) if resource else []
        except ApiError as error:
            name = ".".join(filter(None, [resource.plural if resource else kind.kind, kind.group]))
            unread[kind] = _why(error, name)
            if error.status == 403:
                forbidden[kind] = name

    with ThreadPoolExecutor(READERS) as pool:
        list(pool.map(read, sorted(kinds)))
    served = {kind: resource.plural for kind, resource in resources.items()}
    return Collected(objects, version, taken, unread, served, Outside(cluster), planned, forbidden=forbidden)


def unreached(error: ClusterError) -> Collected:
    """What is known of a cluster that cannot be asked: nothing but that. Why, its client tells."""
    taken = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return Collected({}, taken=taken, unreached=error.what)


def _items(cluster: Cluster, kind: GroupKind, resource: Resource) -> Iterable[Body]:
    accept = METADATA_LIST if kind in METADATA_ONLY else "application/json"
    group_version = f"{kind.group}/{resource.versions[0]}" if kind.group else resource.versions[0]
    for item in cluster.items(resource.path(resource.versions[0]), accept=accept):
        # Only lists of custom resources name the type of each item.
        yield {**_slim(kind, item), "apiVersion": group_version, "kind": kind.kind}


def _slim(kind: GroupKind, item: Body) -> Mapping[str, object]:
    """Of an event, what a check reads: a cluster keeps tens of thousands of them."""
    if kind != EVENT:
        return item
    return {name: item[name] for name in _EVENT_FIELDS if name in item}


_EVENT_FIELDS = (
    "metadata", "involvedObject", "reason", "message", "type", "count", "lastTimestamp", "eventTime", "series",
)  # fmt: skip


def _why(error: ApiError, name: str) -> str:
    if error.status == 403:
        return _("needs the right to list {resource} in all namespaces").format(resource=name)
    return _("{resource} cannot be listed: {error}").format(resource=name, error=error.what)
