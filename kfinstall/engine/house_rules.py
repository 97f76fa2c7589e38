"""What a cluster imposes on all that is installed into its namespaces: quotas, limits, an account's pull secrets.

A user who may not read them installs all the same; then they are left out.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from kfinstall.contracts.manifest import Body, Manifest, ObjectKey
from kfinstall.errors import ApiError
from kfinstall.facts.network.webhooks import pod_template
from kfinstall.facts.objects.kinds import QUOTA, SECRET
from kfinstall.facts.objects.quantities import amount, canonical
from kfinstall.kube.cluster import Cluster
from kfinstall.kube.connection import METADATA

CORE = "/api/v1/namespaces"
LIMITS = "LimitRange"
NO_CREDENTIALS = '{"auths":{}}'
"""What a pull secret holds here: whether there is one is known, what is in it is never read."""


def house_rules(cluster: Cluster, manifests: Sequence[Manifest], standing: Collection[str]) -> Iterator[Body]:
    """Of the namespaces of the manifests. standing: those in which some of the manifests stand already."""
    brought = {manifest.key for manifest in manifests}
    secrets = set(_pull_secrets(manifests))
    for namespace in sorted({manifest.namespace for manifest in manifests if manifest.namespace}):
        for quota in _listed(cluster, namespace, "resourcequotas"):
            yield _copied(QUOTA.kind, quota, _left(quota, counts=namespace not in standing))
        for limits in _listed(cluster, namespace, "limitranges"):
            yield _copied(LIMITS, limits, limits["spec"])
        named = (_seen(cluster, f"{CORE}/{namespace}/serviceaccounts/default") or {}).get("imagePullSecrets")
        if named:
            yield {**_object("ServiceAccount", namespace, "default"), "imagePullSecrets": named}
            secrets |= {ObjectKey(*SECRET, namespace, each["name"]) for each in named}
    for key in sorted(secrets - brought):
        if _seen(cluster, f"{CORE}/{key.namespace}/secrets/{key.name}", METADATA):
            content = {"type": "kubernetes.io/dockerconfigjson", "stringData": {".dockerconfigjson": NO_CREDENTIALS}}
            yield {**_object(SECRET.kind, key.namespace, key.name), **content}


def _pull_secrets(manifests: Iterable[Manifest]) -> Iterator[ObjectKey]:
    for manifest in manifests:
        template = pod_template(manifest.body) or {}
        holder = manifest.body if manifest.kind == "ServiceAccount" else template.get("spec") or {}
        for each in holder.get("imagePullSecrets") or ():
            yield ObjectKey(*SECRET, manifest.namespace, each["name"])


def _left(quota: Body, *, counts: bool) -> Body:
    """The quota's specification; counts: less what others have of it, whose objects are not played."""
    spec: Body = quota["spec"]
    used: Mapping[str, str] = (quota.get("status") or {}).get("used") or {} if counts else {}
    hard = {name: _difference(given, used.get(name, "0")) for name, given in (spec.get("hard") or {}).items()}
    return {**spec, "hard": hard}


def _difference(given: str, used: str) -> str:
    """At least nothing, to thousandths."""
    left = max(amount(given) - amount(used), Decimal(0))
    return given if not amount(used) else canonical(f"{int(left * 1000)}m")


def _listed(cluster: Cluster, namespace: str, plural: str) -> list[Body]:
    try:
        return list(cluster.items(f"{CORE}/{namespace}/{plural}"))
    except ApiError as error:
        if error.status in {403, 404}:
            return []
        raise


def _seen(cluster: Cluster, path: str, accept: str = "application/json") -> Body | None:
    try:
        return cluster.look(path, accept=accept)
    except ApiError as error:
        if error.status == 403:
            return None
        raise


def _copied(kind: str, body: Body, spec: Any) -> Body:
    return {**_object(kind, body["metadata"]["namespace"], body["metadata"]["name"]), "spec": spec}


def _object(kind: str, namespace: str, name: str) -> Body:
    return {"apiVersion": "v1", "kind": kind, "metadata": {"namespace": namespace, "name": name}}
