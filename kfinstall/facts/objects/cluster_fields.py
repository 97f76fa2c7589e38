"""Fields of an object that the cluster fills, and that an installer must therefore not apply.

Applying them would take them from the controller that fills them, which takes them back: two writers for ever.
"""

import base64
from collections.abc import Callable, Iterable
from typing import Any

from kfinstall.contracts.manifest import Body, Manifest, ObjectKey

SERVER_METADATA = ("creationTimestamp", "generation", "managedFields", "resourceVersion", "selfLink", "uid")


def without_cluster_fields(manifests: Iterable[Manifest]) -> list[Manifest]:
    """The manifests as they are to be applied; the given ones are not changed."""
    manifests = list(manifests)
    scaled = {target for manifest in manifests if (target := _scaled_by(manifest))}
    return [Manifest(_stripped(manifest, scaled), manifest.application) for manifest in manifests]


def _stripped(manifest: Manifest, scaled: set[ObjectKey]) -> Body:
    body: Body = _without_nulls(manifest.body)
    body.pop("status", None)
    for name in SERVER_METADATA:
        body["metadata"].pop(name, None)
    if manifest.key in scaled and isinstance(body.get("spec"), dict):
        body["spec"].pop("replicas", None)
    strip = _BY_KIND.get((manifest.group, manifest.kind))
    if strip:
        strip(body)
    return body


def _without_nulls(value: Any) -> Any:
    """A copy. A null in an applied object means "absent", yet structured-merge-diff would own it: left out."""
    if isinstance(value, dict):
        return {key: _without_nulls(child) for key, child in value.items() if child is not None}
    if isinstance(value, list):
        return [_without_nulls(child) for child in value]
    return value


def _scaled_by(manifest: Manifest) -> ObjectKey | None:
    """The workload whose replicas a HorizontalPodAutoscaler writes."""
    if (manifest.group, manifest.kind) != ("autoscaling", "HorizontalPodAutoscaler"):
        return None
    target = (manifest.body.get("spec") or {}).get("scaleTargetRef") or {}
    group, _, version = str(target.get("apiVersion", "")).partition("/")
    return ObjectKey(group if version else "", str(target.get("kind")), manifest.namespace, str(target.get("name")))


def _cluster_role(body: Body) -> None:
    """The rules of an aggregated ClusterRole are written by the control plane (clusterroleaggregation)."""
    if body.get("aggregationRule"):
        body.pop("rules", None)


def _webhooks(body: Body) -> None:
    for webhook in body.get("webhooks") or ():
        _without_ca(webhook.get("clientConfig"), body)
        # Istio ships Ignore and istiod sets Fail once it can serve: values.global.configValidation of its chart.
        if body["metadata"]["name"].startswith("istio-validator"):
            webhook.pop("failurePolicy", None)


def _custom_resource_definition(body: Body) -> None:
    conversion = (body.get("spec") or {}).get("conversion") or {}
    _without_ca((conversion.get("webhook") or {}).get("clientConfig"), body)


def _api_service(body: Body) -> None:
    _without_ca(body.get("spec"), body)


INJECTED = (
    "cert-manager.io/inject-ca-from",
    "cert-manager.io/inject-ca-from-secret",
    "cert-manager.io/inject-apiserver-ca",
)


def _without_ca(client: Any, body: Body) -> None:
    """Drop a CA bundle that a controller injects, or that is only a placeholder for one.

    "Cg==" is a line feed, which kustomize bases of controller-gen carry until cert-manager fills it.
    """
    if not isinstance(client, dict) or "caBundle" not in client:
        return
    annotations = body["metadata"].get("annotations") or {}
    if client["caBundle"] in ("", "Cg==", "\n") or any(name in annotations for name in INJECTED):
        del client["caBundle"]


def _secret(body: Body) -> None:
    """The server moves stringData into data and then nobody owns it there: a change by hand would go unseen."""
    texts = body.get("stringData")
    if isinstance(texts, dict) and all(isinstance(text, str) for text in texts.values()):
        encoded = {name: base64.b64encode(text.encode()).decode() for name, text in texts.items()}
        body["data"] = {**(body.get("data") or {}), **encoded}
        del body["stringData"]


_BY_KIND: dict[tuple[str, str], Callable[[Body], None]] = {
    ("", "Secret"): _secret,
    ("rbac.authorization.k8s.io", "ClusterRole"): _cluster_role,
    ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"): _webhooks,
    ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"): _webhooks,
    ("apiextensions.k8s.io", "CustomResourceDefinition"): _custom_resource_definition,
    ("apiregistration.k8s.io", "APIService"): _api_service,
}
