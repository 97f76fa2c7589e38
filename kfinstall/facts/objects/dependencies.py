"""What an object waits for: the objects that must stand and be ready before it can be.

The edges along which one failure becomes many. An edge may lead to an object that does not exist.
"""

from collections.abc import Callable, Iterator, Mapping

from kfinstall.contracts.manifest import Body, ObjectKey
from kfinstall.contracts.resource import GroupKind
from kfinstall.contracts.snapshot import Snapshot
from kfinstall.facts.objects.kinds import CERTIFICATE, DEPLOYMENT, POD, STATEFUL_SET
from kfinstall.facts.objects.selectors import matches
from kfinstall.facts.pods.pod_needs import pod_needs

ISSUERS = ("cert-manager", "cert-manager")
"""Namespace and Deployment of cert-manager, where its own manifests and every Kubeflow put it."""

MADE_BY = {("ConfigMap", "istio-ca-root-cert"): ObjectKey("apps", "Deployment", "istio-system", "istiod")}
"""Objects that a controller makes in every namespace, by kind and name, and the Deployment of that controller."""

Edges = Callable[[Body, Snapshot], Iterator[ObjectKey]]


def dependencies(key: ObjectKey, snapshot: Snapshot) -> Iterator[ObjectKey]:
    """What an object waits for; of one that does not exist, who would make it."""
    body = snapshot.get(key)
    if body is None:
        yield from _makers(key, snapshot)
        return
    edges = _EDGES.get(GroupKind(key.group, key.kind))
    if edges:
        yield from edges(body, snapshot)


def _makers(key: ObjectKey, snapshot: Snapshot) -> Iterator[ObjectKey]:
    maker = MADE_BY.get((key.kind, key.name))
    if maker:
        yield maker
    if key.kind == "Secret":
        for certificate in snapshot.all(CERTIFICATE):
            metadata, spec = certificate["metadata"], certificate.get("spec") or {}
            if metadata.get("namespace") == key.namespace and spec.get("secretName") == key.name:
                yield ObjectKey(*CERTIFICATE, key.namespace, metadata["name"])


def _pod(body: Body, _snapshot: Snapshot) -> Iterator[ObjectKey]:
    spec = body.get("spec") or {}
    yield from pod_needs(spec, body["metadata"].get("namespace") or "")
    if spec.get("nodeName"):
        yield ObjectKey("", "Node", "", spec["nodeName"])


def _owner(body: Body, snapshot: Snapshot) -> Iterator[ObjectKey]:
    """A workload waits for what it has made: ReplicaSets, pods."""
    for child in snapshot.owned(str(body["metadata"].get("uid"))):
        kind, group = str(child.get("kind") or "Pod"), str(child.get("apiVersion") or "v1").rpartition("/")[0]
        yield ObjectKey(group, kind, child["metadata"].get("namespace") or "", child["metadata"]["name"])


def _claim(body: Body, _snapshot: Snapshot) -> Iterator[ObjectKey]:
    spec = body.get("spec") or {}
    if spec.get("storageClassName"):
        yield ObjectKey("storage.k8s.io", "StorageClass", "", spec["storageClassName"])
    if spec.get("volumeName"):
        yield ObjectKey("", "PersistentVolume", "", spec["volumeName"])


def _certificate(body: Body, _snapshot: Snapshot) -> Iterator[ObjectKey]:
    reference = (body.get("spec") or {}).get("issuerRef") or {}
    kind = str(reference.get("kind") or "Issuer")
    namespace = "" if kind == "ClusterIssuer" else body["metadata"].get("namespace") or ""
    yield ObjectKey("cert-manager.io", kind, namespace, str(reference.get("name")))
    yield ObjectKey(*DEPLOYMENT, *ISSUERS)


def _service(body: Body, snapshot: Snapshot) -> Iterator[ObjectKey]:
    """The pods behind it, and the workloads that should make them: there may be no pods yet."""
    selector = (body.get("spec") or {}).get("selector")
    namespace = body["metadata"].get("namespace") or ""
    for kind in (POD, DEPLOYMENT, STATEFUL_SET) if selector else ():
        for each in snapshot.all(kind):
            metadata = each["metadata"]
            if metadata.get("namespace") == namespace and matches({"matchLabels": selector}, _pod_labels(kind, each)):
                yield ObjectKey(*kind, namespace, metadata["name"])


def _pod_labels(kind: GroupKind, body: Body) -> Mapping[str, str]:
    template = body if kind == POD else (body.get("spec") or {}).get("template") or {}
    return (template.get("metadata") or {}).get("labels") or {}


def _webhooks(body: Body, _snapshot: Snapshot) -> Iterator[ObjectKey]:
    for webhook in body.get("webhooks") or ():
        yield from _served_by((webhook.get("clientConfig") or {}).get("service"))


def _api_service(body: Body, _snapshot: Snapshot) -> Iterator[ObjectKey]:
    yield from _served_by((body.get("spec") or {}).get("service"))


def _definition(body: Body, _snapshot: Snapshot) -> Iterator[ObjectKey]:
    webhook = ((body.get("spec") or {}).get("conversion") or {}).get("webhook") or {}
    yield from _served_by((webhook.get("clientConfig") or {}).get("service"))


def _served_by(service: Mapping[str, str] | None) -> Iterator[ObjectKey]:
    if service:
        yield ObjectKey("", "Service", service["namespace"], service["name"])


_EDGES: dict[GroupKind, Edges] = {
    GroupKind("", "Pod"): _pod,
    GroupKind("", "PersistentVolumeClaim"): _claim,
    GroupKind("", "Service"): _service,
    GroupKind("apps", "Deployment"): _owner,
    GroupKind("apps", "ReplicaSet"): _owner,
    GroupKind("apps", "StatefulSet"): _owner,
    GroupKind("apps", "DaemonSet"): _owner,
    GroupKind("batch", "Job"): _owner,
    CERTIFICATE: _certificate,
    GroupKind("admissionregistration.k8s.io", "MutatingWebhookConfiguration"): _webhooks,
    GroupKind("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"): _webhooks,
    GroupKind("apiregistration.k8s.io", "APIService"): _api_service,
    GroupKind("apiextensions.k8s.io", "CustomResourceDefinition"): _definition,
}
