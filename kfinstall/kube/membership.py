"""What belongs to an install, and what stands beside it: all that taking it away needs to know."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from kfinstall.contracts.manifest import Body, ObjectKey
from kfinstall.contracts.resource import GroupKind, Member, Resource
from kfinstall.errors import ApiError
from kfinstall.facts.objects.applyset import PART_OF
from kfinstall.kube.cluster import READERS, Cluster
from kfinstall.kube.connection import METADATA
from kfinstall.kube.inventory import Inventory


@dataclass(frozen=True, slots=True)
class Found(Member):
    """owners: uids of the objects that it goes with."""

    owners: tuple[str, ...] = ()


def members(cluster: Cluster, owner: str, inventory: Inventory, resources: Mapping[GroupKind, Resource]) -> list[Found]:
    """Every object that carries the label of an ApplySet."""
    known = [resources[kind] for kind in sorted(inventory.kinds) if kind in resources]
    selector = f"{PART_OF}={owner}"
    with ThreadPoolExecutor(READERS) as pool:
        found = pool.map(lambda resource: _listed(cluster, resource, selector, inventory.namespaces), known)
        return [member for some in found for member in some]


def recorded(cluster: Cluster, keys: Iterable[ObjectKey], resources: Mapping[GroupKind, Resource]) -> list[Found]:
    """Those of the given objects that stand."""
    found = []
    for key in keys:
        resource = resources.get(GroupKind(key.group, key.kind))
        if resource is None:
            continue
        body = cluster.look(resource.path(resource.versions[0], key.namespace, key.name), accept=METADATA)
        if body:
            found.append(_found(resource, body))
    return found


def instances(cluster: Cluster, resource: Resource) -> list[Found]:
    """Every object of a kind, in the whole cluster."""
    return [_found(resource, body) for body in cluster.metadata(resource.path(resource.versions[0]))]


def contents(
    cluster: Cluster, namespaces: Iterable[str], resources: Mapping[GroupKind, Resource]
) -> dict[str, list[Found]]:
    """Everything in some namespaces that somebody put there; not what controllers put into every namespace."""
    inside: dict[str, list[Found]] = {namespace: [] for namespace in namespaces}
    kinds = [found for found in resources.values() if found.namespaced and found.listable and _counts(found)]
    with ThreadPoolExecutor(READERS) as pool:
        for some in pool.map(lambda resource: _inside(cluster, resource, inside), kinds if inside else ()):
            for member in some:
                if member.key.namespace in inside and not _is_furniture(member.key):
                    inside[member.key.namespace].append(member)
    return inside


def _inside(cluster: Cluster, resource: Resource, namespaces: Iterable[str]) -> list[Found]:
    try:
        return _listed(cluster, resource, "", namespaces)
    except ApiError as error:
        if error.status in (404, 405):
            return []
        raise


EPHEMERAL = frozenset({"Event", "Endpoints", "EndpointSlice", "Lease", "PodMetrics", "NodeMetrics"})
"""Kinds that the control plane writes about other objects, and that go with them."""


def _counts(resource: Resource) -> bool:
    return resource.kind not in EPHEMERAL


FURNITURE = frozenset(
    {
        ("ConfigMap", "kube-root-ca.crt"),  # kube-controller-manager: root-ca-cert-publisher
        ("ServiceAccount", "default"),  # kube-controller-manager: serviceaccount
        ("ConfigMap", "istio-ca-root-cert"),  # istiod
        ("ConfigMap", "openshift-service-ca.crt"),  # OpenShift, like the accounts below
        ("ServiceAccount", "builder"),
        ("ServiceAccount", "deployer"),
    }
)
"""What controllers put into every namespace, as (kind, name)."""


def _is_furniture(key: ObjectKey) -> bool:
    return (key.kind, key.name) in FURNITURE


def _listed(cluster: Cluster, resource: Resource, selector: str, namespaces: Iterable[str]) -> list[Found]:
    """In the whole cluster with one request, or namespace by namespace for a user who may only do that."""
    version = resource.versions[0]
    try:
        return [_found(resource, body) for body in cluster.metadata(resource.path(version), selector=selector)]
    except ApiError as error:
        if error.status == 404:
            return []
        if error.status != 403 or not resource.namespaced:
            raise
    paths = [resource.path(version, namespace) for namespace in sorted(namespaces)]
    return [_found(resource, body) for path in paths for body in cluster.metadata(path, selector=selector)]


def _found(resource: Resource, body: Body) -> Found:
    metadata = body["metadata"]
    key = ObjectKey(resource.group, resource.kind, metadata.get("namespace", ""), metadata["name"])
    return Found(
        key=key,
        path=resource.path(resource.versions[0], key.namespace, key.name),
        uid=metadata.get("uid", ""),  # what an aggregated API makes up when it is asked may have none
        owner=(metadata.get("labels") or {}).get(PART_OF, ""),
        dependent=_is_issued(metadata),
        finalizers=tuple(metadata.get("finalizers") or ()),
        owners=tuple(reference["uid"] for reference in metadata.get("ownerReferences") or ()),
    )


def _is_issued(metadata: Body) -> bool:
    """Whether cert-manager made it for a Certificate, of which it would make it again; it sets no owner on it."""
    return "cert-manager.io/certificate-name" in (metadata.get("annotations") or {})


def descendants(roots: Iterable[str], found: Sequence[Found]) -> set[str]:
    """The uids of `roots` and of all that is owned by one of them, directly or through others."""
    known = set(roots)
    while True:
        more = {member.uid for member in found if member.uid not in known and not known.isdisjoint(member.owners)}
        if not more:
            return known
        known |= more


def with_dependents(found: Iterable[Found], owners: set[str]) -> list[Member]:
    """The same, with `dependent` set on those that one of the owners takes along."""
    return [replace(member, dependent=member.dependent or not owners.isdisjoint(member.owners)) for member in found]


def strangers(found: Iterable[Member], ours: set[ObjectKey]) -> Iterator[Member]:
    """Those that are neither ours nor made by a controller for an object that is."""
    return (member for member in found if member.key not in ours and not member.dependent)
