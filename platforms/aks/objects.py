"""What AKS needs other in the objects of Kubeflow."""

from kfinstall.contracts.manifest import Body, Manifest
from platforms.shared_volumes import with_shared_class

FILES = "azurefile-csi"
"""The class of AKS whose volumes many nodes may write; those of its default class, managed-csi, only one."""

INJECTOR = ("MutatingWebhookConfiguration", "istio-sidecar-injector")
ENFORCER_OFF = {"admissions.enforcer/disabled": "true"}
"""AKS keeps webhooks away from namespaces with a label control-plane, which kubeflow has: no sidecars there.

https://learn.microsoft.com/azure/aks/faq#can-admission-controller-webhooks-impact-kube-system-and-internal-aks-namespaces-
"""


def adapted(manifest: Manifest) -> Manifest:
    """One object as AKS needs it."""
    if (manifest.kind, manifest.name) == INJECTOR:
        return Manifest(_annotated(manifest.body, ENFORCER_OFF), manifest.application)
    return with_shared_class(manifest, FILES)


def _annotated(body: Body, annotations: dict[str, str]) -> Body:
    metadata = body["metadata"]
    return {**body, "metadata": {**metadata, "annotations": {**(metadata.get("annotations") or {}), **annotations}}}
