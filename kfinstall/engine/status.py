"""What an install consists of, and whether it is ready."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from kfinstall.contracts.manifest import Body, ObjectKey
from kfinstall.contracts.resource import GroupKind, Resource
from kfinstall.errors import ApiError
from kfinstall.facts.objects import applyset
from kfinstall.facts.objects.readiness import WAITED_FOR, Readiness, readiness
from kfinstall.facts.objects.selectors import matches
from kfinstall.facts.pods.pod_trouble import trouble
from kfinstall.kube import discovery
from kfinstall.kube import inventory as inventories
from kfinstall.kube.cluster import Cluster
from kfinstall.words import _

WIDTH = 8
"""Objects that are read at the same time."""


@dataclass(frozen=True, slots=True)
class ObjectStatus:
    """One object of an install. missing: it is recorded and does not stand."""

    key: ObjectKey
    readiness: Readiness
    missing: bool = False


def installs(cluster: Cluster) -> list[str]:
    """The names of the installs in a cluster."""
    collection = f"{inventories.NAMESPACE_PATH}/configmaps"
    prefix = applyset.parent_name("")
    found = (body["metadata"]["name"] for body in cluster.metadata(collection, selector=applyset.ID))
    return sorted(name.removeprefix(prefix) for name in found)


def status(cluster: Cluster, install: str) -> list[ObjectStatus]:
    """Every recorded object; those that become ready are looked at, the others only have to exist."""
    records = inventories.read(cluster, install).records or {}
    resources = discovery.discover(cluster.connection)
    with ThreadPoolExecutor(WIDTH) as pool:
        return list(pool.map(lambda key: _status(cluster, key, resources), sorted(records)))


def _status(cluster: Cluster, key: ObjectKey, resources: dict[GroupKind, Resource]) -> ObjectStatus:
    resource = resources.get(GroupKind(key.group, key.kind))
    body = cluster.look(resource.path(resource.versions[0], key.namespace, key.name)) if resource else None
    if body is None:
        return ObjectStatus(key, Readiness(ready=False, why=_("does not exist any more")), missing=True)
    state = readiness(body)
    if state.ready or (key.group, key.kind) not in WAITED_FOR:
        return ObjectStatus(key, state)
    why = "; ".join(filter(None, [state.why, next(_pod_troubles(cluster, key, body), "")]))
    return ObjectStatus(key, Readiness(ready=False, failed=state.failed, why=why))


def _pod_troubles(cluster: Cluster, key: ObjectKey, workload: dict[str, object]) -> Iterator[str]:
    spec = workload.get("spec")
    selector = spec.get("selector") if isinstance(spec, dict) else None
    if not selector:
        return
    for pod in _pods(cluster, key.namespace):
        found = trouble(pod)
        if found and matches(selector, pod["metadata"].get("labels") or {}):
            yield found


def _pods(cluster: Cluster, namespace: str) -> list[Body]:
    """None for whoever may not look at them."""
    try:
        return list(cluster.items(f"/api/v1/namespaces/{namespace}/pods"))
    except ApiError as error:
        if error.status == 403:
            return []
        raise
