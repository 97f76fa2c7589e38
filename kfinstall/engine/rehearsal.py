"""What a practice cluster needs of a real one so that an install meets the same there; the real one is only read."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from kfinstall.contracts.manifest import Body, Manifest, ObjectKey
from kfinstall.contracts.resource import GroupKind, Resource
from kfinstall.engine.planner import served_resources
from kfinstall.facts.network.webhooks import pod_template
from kfinstall.facts.objects.kinds import CONFIG_MAP, DEFINITION, NAMESPACE, SECRET, is_custom
from kfinstall.facts.pods.pod_needs import pod_needs
from kfinstall.kube import discovery
from kfinstall.kube.cluster import Cluster
from kfinstall.kube.connection import METADATA

MANAGER = "kfinstall-rehearsal"
WORKLOADS = frozenset({"apps", "batch"})
"""Groups whose objects have a template of pods."""


def surroundings(
    cluster: Cluster, manifests: Sequence[Manifest], resources: Mapping[GroupKind, Resource]
) -> Iterator[Body]:
    """What stands in a cluster, and what the manifests need and do not bring: namespaces, definitions, ConfigMaps.

    Of a Secret it is the name, and the keys that pods ask for without a value. Raises ClusterError.
    """
    # a namespace that stands has what the pods name, even if the manifests bring it as well
    brought = {manifest.key for manifest in manifests if manifest.kind != "Namespace"}
    asked = _asked(manifests)
    needed = [*_namespaces(manifests), *_definitions(manifests, resources), *asked]
    for key in dict.fromkeys(needed):
        resource = resources.get(GroupKind(key.group, key.kind))
        if key in brought or resource is None:
            continue
        path = resource.path(resource.versions[0], key.namespace, key.name)
        secret = GroupKind(key.group, key.kind) == SECRET
        found = cluster.look(path, accept=METADATA) if secret else cluster.look(path)
        if found is not None:
            content = {"stringData": dict.fromkeys(asked[key], "")} if secret else _content(found)
            yield {**_typed(resource), "metadata": _identity(key), **content}


def furnish(cluster: Cluster, bodies: Iterable[Body]) -> None:
    """Put objects into a practice cluster. Raises ClusterError."""
    resources = discovery.discover(cluster.connection)
    for body in bodies:
        manifest = Manifest(body, "")
        resource = resources[GroupKind(manifest.group, manifest.kind)]
        version = manifest.api_version.rpartition("/")[2]
        path = resource.path(version, manifest.namespace, manifest.name)
        cluster.apply(path, body, force=True, manager=MANAGER)


def _namespaces(manifests: Iterable[Manifest]) -> Iterator[ObjectKey]:
    for manifest in manifests:
        if manifest.namespace:
            yield ObjectKey(*NAMESPACE, "", manifest.namespace)


def _definitions(manifests: Sequence[Manifest], resources: Mapping[GroupKind, Resource]) -> Iterator[ObjectKey]:
    known = served_resources(manifests, resources)
    for manifest in manifests:
        resource = known.get(GroupKind(manifest.group, manifest.kind))
        if resource and is_custom(manifest.group):
            yield ObjectKey(*DEFINITION, "", f"{resource.plural}.{resource.group}")


def _asked(manifests: Iterable[Manifest]) -> dict[ObjectKey, set[str]]:
    """The ConfigMaps and Secrets that pods name, with the keys that they name."""
    found: dict[ObjectKey, set[str]] = defaultdict(set)
    for manifest in manifests:
        if manifest.group not in WORKLOADS:
            continue
        pod = (pod_template(manifest.body) or {}).get("spec") or {}
        for key in pod_needs(pod, manifest.namespace):
            if GroupKind(key.group, key.kind) in (CONFIG_MAP, SECRET):
                found[key].update(_keys(pod, key.name))
    return found


def _keys(value: Any, secret: str) -> Iterator[str]:
    """The keys of a Secret that a pod names, in its environment and in its volumes."""
    if isinstance(value, list):
        for each in value:
            yield from _keys(each, secret)
    elif isinstance(value, dict):
        reference = value.get("secretKeyRef") or {}
        if reference.get("name") == secret:
            yield reference["key"]
        if secret in {value.get("secretName"), value.get("name")} and isinstance(value.get("items"), list):
            yield from (each["key"] for each in value["items"] if "key" in each)
        for each in value.values():
            yield from _keys(each, secret)


def _typed(resource: Resource) -> Body:
    version = resource.versions[0]
    return {"apiVersion": f"{resource.group}/{version}" if resource.group else version, "kind": resource.kind}


def _identity(key: ObjectKey) -> Body:
    return {"name": key.name, **({"namespace": key.namespace} if key.namespace else {})}


def _content(body: Body) -> Body:
    return {name: value for name, value in body.items() if name not in {"apiVersion", "kind", "metadata", "status"}}
