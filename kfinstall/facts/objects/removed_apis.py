"""API versions that Kubernetes no longer serves, from https://kubernetes.io/docs/reference/using-api/deprecation-guide/.

The server's discovery decides; this table only says since when, and what came instead.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Removal:
    """removed: the first Kubernetes minor that does not serve it. successor: the apiVersion to use, "" if none."""

    removed: str
    successor: str


def removal(api_version: str, kind: str) -> Removal | None:
    """What became of a kind at an API version; None when Kubernetes never removed it."""
    by_kind = _REMOVED.get(api_version)
    if by_kind is None:
        return None
    return by_kind.get(kind) or by_kind.get("*")


_REMOVED: dict[str, dict[str, Removal]] = {
    "admissionregistration.k8s.io/v1beta1": {
        "MutatingWebhookConfiguration": Removal("1.22", "admissionregistration.k8s.io/v1"),
        "ValidatingWebhookConfiguration": Removal("1.22", "admissionregistration.k8s.io/v1"),
    },
    "apiextensions.k8s.io/v1beta1": {"*": Removal("1.22", "apiextensions.k8s.io/v1")},
    "apiregistration.k8s.io/v1beta1": {"*": Removal("1.22", "apiregistration.k8s.io/v1")},
    "apps/v1beta1": {"*": Removal("1.16", "apps/v1")},
    "apps/v1beta2": {"*": Removal("1.16", "apps/v1")},
    "autoscaling/v2beta1": {"*": Removal("1.25", "autoscaling/v2")},
    "autoscaling/v2beta2": {"*": Removal("1.26", "autoscaling/v2")},
    "batch/v1beta1": {"*": Removal("1.25", "batch/v1")},
    "certificates.k8s.io/v1beta1": {"CertificateSigningRequest": Removal("1.22", "certificates.k8s.io/v1")},
    "coordination.k8s.io/v1beta1": {"Lease": Removal("1.22", "coordination.k8s.io/v1")},
    "discovery.k8s.io/v1beta1": {"*": Removal("1.25", "discovery.k8s.io/v1")},
    "events.k8s.io/v1beta1": {"*": Removal("1.25", "events.k8s.io/v1")},
    "extensions/v1beta1": {
        "Ingress": Removal("1.22", "networking.k8s.io/v1"),
        "NetworkPolicy": Removal("1.16", "networking.k8s.io/v1"),
        "PodSecurityPolicy": Removal("1.16", ""),
        "*": Removal("1.16", "apps/v1"),
    },
    "flowcontrol.apiserver.k8s.io/v1beta1": {"*": Removal("1.26", "flowcontrol.apiserver.k8s.io/v1")},
    "flowcontrol.apiserver.k8s.io/v1beta2": {"*": Removal("1.29", "flowcontrol.apiserver.k8s.io/v1")},
    "flowcontrol.apiserver.k8s.io/v1beta3": {"*": Removal("1.32", "flowcontrol.apiserver.k8s.io/v1")},
    "networking.k8s.io/v1beta1": {
        "Ingress": Removal("1.22", "networking.k8s.io/v1"),
        "IngressClass": Removal("1.22", "networking.k8s.io/v1"),
    },
    "node.k8s.io/v1beta1": {"*": Removal("1.25", "node.k8s.io/v1")},
    "policy/v1beta1": {
        "PodDisruptionBudget": Removal("1.25", "policy/v1"),
        "PodSecurityPolicy": Removal("1.25", ""),
    },
    "rbac.authorization.k8s.io/v1alpha1": {"*": Removal("1.22", "rbac.authorization.k8s.io/v1")},
    "rbac.authorization.k8s.io/v1beta1": {"*": Removal("1.22", "rbac.authorization.k8s.io/v1")},
    "scheduling.k8s.io/v1beta1": {"PriorityClass": Removal("1.22", "scheduling.k8s.io/v1")},
    "storage.k8s.io/v1beta1": {
        "CSIStorageCapacity": Removal("1.27", "storage.k8s.io/v1"),
        "*": Removal("1.22", "storage.k8s.io/v1"),
    },
}
