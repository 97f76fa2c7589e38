"""What belongs to an install, and what stands beside it: all that taking it away needs to know."""

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

from kfinstall.contracts.manifest import Body, ObjectKey
from kfinstall.contracts.resource import GroupKind, Member, Resource
from kfinstall.errors import ApiError
from kfinstall.facts.applyset import PART_OF
from kfinstall.kube.cluster import READERS, Cluster
from kfinstall.kube.inventory import Inventory


def members(
    cluster: Cluster, owner: str, inventory: Inventory, resources: Mapping[GroupKind, Resource]
) -> list[Member]:
    """Every object that carries the label of an ApplySet."""
    known = [resources[kind] for kind in sorted(inventory.kinds) if kind in resources]
    selector = f"{PART_OF}={owner}"
    with ThreadPoolExecutor(READERS) as pool:
        found = pool.map(lambda resource: _listed(cluster, resource, selector, inventory.namespaces), known)
        return [member for some in found for member in some]


def recorded(cluster: Cluster, keys: Iterable[ObjectKey], resources: Mapping[GroupKind, Resource]) -> list[Member]:
    """Those of the given objects that stand."""
    found = []
    for key in keys:
        resource = resources.get(GroupKind(key.group, key.kind))
        body = cluster.look(resource.path(resource.versions[0], key.namespace, key.name)) if resource else None
        if resource and body:
            found.append(_member(resource, body))
    return found


def instances(cluster: Cluster, resource: Resource) -> list[Member]:
    """Every object of a kind, in the whole cluster."""
    return [_member(resource, body) for body in cluster.metadata(resource.path(resource.versions[0]))]


def contents(cluster: Cluster, namespace: str, resources: Mapping[GroupKind, Resource]) -> list[Member]:
    """Everything in a namespace that somebody put there; not what Kubernetes itself keeps in every namespace."""
    kinds = [found for found in resources.values() if found.namespaced and found.listable and _counts(found)]
    with ThreadPoolExecutor(READERS) as pool:
        found = pool.map(lambda resource: _in_namespace(cluster, resource, namespace), kinds)
        return [member for some in found for member in some if not _is_furniture(member.key)]


EPHEMERAL = frozenset({"Event", "Endpoints", "EndpointSlice", "Lease", "PodMetrics", "NodeMetrics"})
"""Kinds that the control plane writes about other objects, and that go with them."""


def _counts(resource: Resource) -> bool:
    return resource.kind not in EPHEMERAL


def _is_furniture(key: ObjectKey) -> bool:
    """What kube-controller-manager puts into every namespace (root-ca-cert-publisher, serviceaccount)."""
    return (key.kind, key.name) in {("ConfigMap", "kube-root-ca.crt"), ("ServiceAccount", "default")}


def _in_namespace(cluster: Cluster, resource: Resource, namespace: str) -> list[Member]:
    try:
        return [_member(resource, body) for body in cluster.metadata(resource.path(resource.versions[0], namespace))]
    except ApiError as error:
        if error.status in (404, 405):
            return []
        raise


def _listed(cluster: Cluster, resource: Resource, selector: str, namespaces: Iterable[str]) -> list[Member]:
    """In the whole cluster with one request, or namespace by namespace for a user who may only do that."""
    version = resource.versions[0]
    try:
        return [_member(resource, body) for body in cluster.metadata(resource.path(version), selector=selector)]
    except ApiError as error:
        if error.status == 404:
            return []
        if error.status != 403 or not resource.namespaced:
            raise
    paths = [resource.path(version, namespace) for namespace in sorted(namespaces)]
    return [_member(resource, body) for path in paths for body in cluster.metadata(path, selector=selector)]


def _member(resource: Resource, body: Body) -> Member:
    metadata = body["metadata"]
    key = ObjectKey(resource.group, resource.kind, metadata.get("namespace", ""), metadata["name"])
    return Member(
        key=key,
        path=resource.path(resource.versions[0], key.namespace, key.name),
        uid=metadata["uid"],
        owner=(metadata.get("labels") or {}).get(PART_OF, ""),
        dependent=bool(metadata.get("ownerReferences")),
        finalizers=tuple(metadata.get("finalizers") or ()),
    )


def strangers(found: Iterable[Member], ours: set[ObjectKey]) -> Iterator[Member]:
    """Those that are neither ours nor made by a controller for an object that is."""
    return (member for member in found if member.key not in ours and not member.dependent)
