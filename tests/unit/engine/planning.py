"""Small objects and clusters to plan with."""

from typing import Any

from kfinstall.contracts.manifest import Body, Manifest, ObjectKey
from kfinstall.contracts.plan import Plan
from kfinstall.contracts.resource import ClusterState, GroupKind, Live, Resource
from kfinstall.engine.planner import Wishes, plan, wanted

NAMESPACED = {
    ("", "ConfigMap"): "configmaps",
    ("", "Secret"): "secrets",
    ("", "Service"): "services",
    ("", "ServiceAccount"): "serviceaccounts",
    ("", "PersistentVolumeClaim"): "persistentvolumeclaims",
    ("apps", "Deployment"): "deployments",
    ("rbac.authorization.k8s.io", "Role"): "roles",
    ("rbac.authorization.k8s.io", "RoleBinding"): "rolebindings",
    ("cert-manager.io", "Certificate"): "certificates",
    ("cert-manager.io", "Issuer"): "issuers",
}
CLUSTER_SCOPED = {
    ("", "Namespace"): "namespaces",
    ("rbac.authorization.k8s.io", "ClusterRole"): "clusterroles",
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"): "clusterrolebindings",
    ("storage.k8s.io", "StorageClass"): "storageclasses",
    ("apiextensions.k8s.io", "CustomResourceDefinition"): "customresourcedefinitions",
    ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"): "mutatingwebhookconfigurations",
}
RESOURCES = {
    GroupKind(*kind): Resource(*kind, plural, namespaced, ("v1",))
    for known, namespaced in ((NAMESPACED, True), (CLUSTER_SCOPED, False))
    for kind, plural in known.items()
}


def body(kind: str, name: str, namespace: str = "", *, group: str = "", **fields: Any) -> Body:
    metadata: Body = {"name": name} | ({"namespace": namespace} if namespace else {})
    return {"apiVersion": f"{group}/v1" if group else "v1", "kind": kind, "metadata": metadata, **fields}


def state(live: dict[ObjectKey, Live] | None = None, **fields: Any) -> ClusterState:
    return ClusterState("v1.34.1", RESOURCES, live or {}, **fields)


def planned(*bodies: Body, state: ClusterState, **wishes: Any) -> Plan:
    wish = Wishes("test", "default", **wishes)
    return plan(wanted([Manifest(entry, "app") for entry in bodies], state.resources, wish), state, wish)


def needs(plan: Plan, step: str) -> set[str]:
    """All that must have been done before a step, directly or not."""
    by_id = {entry.id: entry for entry in plan.steps}
    found: set[str] = set()
    todo = list(by_id[step].needs)
    while todo:
        current = todo.pop()
        if current not in found:
            found.add(current)
            todo += by_id[current].needs
    return found
