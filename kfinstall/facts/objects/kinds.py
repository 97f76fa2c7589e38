"""Kinds by name, and which of them come with Kubernetes and which a CustomResourceDefinition brings."""

from kfinstall.contracts.resource import GroupKind

POD = GroupKind("", "Pod")
NODE = GroupKind("", "Node")
NAMESPACE = GroupKind("", "Namespace")
SERVICE = GroupKind("", "Service")
SERVICE_ACCOUNT = GroupKind("", "ServiceAccount")
SECRET = GroupKind("", "Secret")
CONFIG_MAP = GroupKind("", "ConfigMap")
CLAIM = GroupKind("", "PersistentVolumeClaim")
VOLUME = GroupKind("", "PersistentVolume")
EVENT = GroupKind("", "Event")
QUOTA = GroupKind("", "ResourceQuota")
PRIORITY_CLASS = GroupKind("scheduling.k8s.io", "PriorityClass")
LEASE = GroupKind("coordination.k8s.io", "Lease")
DEPLOYMENT = GroupKind("apps", "Deployment")
REPLICA_SET = GroupKind("apps", "ReplicaSet")
STATEFUL_SET = GroupKind("apps", "StatefulSet")
DAEMON_SET = GroupKind("apps", "DaemonSet")
JOB = GroupKind("batch", "Job")
STORAGE_CLASS = GroupKind("storage.k8s.io", "StorageClass")
DEFINITION = GroupKind("apiextensions.k8s.io", "CustomResourceDefinition")
API_SERVICE = GroupKind("apiregistration.k8s.io", "APIService")
MUTATING = GroupKind("admissionregistration.k8s.io", "MutatingWebhookConfiguration")
VALIDATING = GroupKind("admissionregistration.k8s.io", "ValidatingWebhookConfiguration")
ENDPOINT_SLICE = GroupKind("discovery.k8s.io", "EndpointSlice")
CERTIFICATE = GroupKind("cert-manager.io", "Certificate")
ISSUER = GroupKind("cert-manager.io", "Issuer")
CLUSTER_ISSUER = GroupKind("cert-manager.io", "ClusterIssuer")
SIGNING_REQUEST = GroupKind("certificates.k8s.io", "CertificateSigningRequest")
ROLE = GroupKind("rbac.authorization.k8s.io", "Role")
CLUSTER_ROLE = GroupKind("rbac.authorization.k8s.io", "ClusterRole")
ROLE_BINDING = GroupKind("rbac.authorization.k8s.io", "RoleBinding")
CLUSTER_ROLE_BINDING = GroupKind("rbac.authorization.k8s.io", "ClusterRoleBinding")
PROFILE = GroupKind("kubeflow.org", "Profile")
NOTEBOOK = GroupKind("kubeflow.org", "Notebook")


def is_custom(group: str) -> bool:
    """Whether a group comes from a definition: those of Kubernetes itself have no dot, or end in .k8s.io."""
    return "." in group and not group.endswith(".k8s.io")


def plural(kind: str) -> str:
    """The plural name that Kubernetes guesses for a kind (UnsafeGuessKindToResource of k8s.io/apimachinery)."""
    name = kind.lower()
    if name.endswith("s"):
        return f"{name}es"
    return f"{name[:-1]}ies" if name.endswith("y") else f"{name}s"
