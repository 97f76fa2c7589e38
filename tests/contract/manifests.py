"""Small objects to install: each function makes one, as a manifest would have it."""

from __future__ import annotations

from typing import Any

Object = dict[str, Any]


def named(api_version: str, kind: str, name: str, namespace: str = "", **fields: Any) -> Object:
    metadata: Object = {"name": name} | ({"namespace": namespace} if namespace else {})
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **fields}


def namespace(name: str, **labels: str) -> Object:
    body = named("v1", "Namespace", name)
    body["metadata"]["labels"] = labels
    return body


def config_map(name: str, where: str, **data: str) -> Object:
    return named("v1", "ConfigMap", name, where, data=data)


def secret(name: str, where: str, **data: str) -> Object:
    return named("v1", "Secret", name, where, stringData=data)


def claim(name: str, where: str) -> Object:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    return named("v1", "PersistentVolumeClaim", name, where, spec=spec)


def service(name: str, where: str, app: str) -> Object:
    return named("v1", "Service", name, where, spec={"selector": {"app": app}, "ports": [{"port": 443}]})


def template(app: str, image: str) -> Object:
    return {"metadata": {"labels": {"app": app}}, "spec": {"containers": [{"name": "main", "image": image}]}}


def deployment(name: str, where: str, replicas: int | None = 1, image: str = "example.com/main:1") -> Object:
    spec = {"selector": {"matchLabels": {"app": name}}, "template": template(name, image)}
    counted = {} if replicas is None else {"replicas": replicas}
    return named("apps/v1", "Deployment", name, where, spec={**counted, **spec})


def job(name: str, where: str, image: str = "example.com/job:1", **spec: Any) -> Object:
    pod = template(name, image)
    pod["spec"]["restartPolicy"] = "Never"
    return named("batch/v1", "Job", name, where, spec={"template": pod, "backoffLimit": 0, **spec})


def autoscaler(target: str, where: str) -> Object:
    reference = {"apiVersion": "apps/v1", "kind": "Deployment", "name": target}
    spec = {"scaleTargetRef": reference, "minReplicas": 2, "maxReplicas": 4}
    return named("autoscaling/v2", "HorizontalPodAutoscaler", target, where, spec=spec)


def account(name: str, where: str) -> Object:
    return named("v1", "ServiceAccount", name, where)


def role(name: str, where: str) -> Object:
    rules = [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get"]}]
    return named("rbac.authorization.k8s.io/v1", "Role", name, where, rules=rules)


def role_binding(name: str, where: str, role_name: str, account_name: str) -> Object:
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": role_name}
    subjects = [{"kind": "ServiceAccount", "name": account_name, "namespace": where}]
    return named("rbac.authorization.k8s.io/v1", "RoleBinding", name, where, roleRef=reference, subjects=subjects)


def cluster_role(name: str, **fields: Any) -> Object:
    return named("rbac.authorization.k8s.io/v1", "ClusterRole", name, **fields)


def definition(group: str, plural: str = "widgets", kind: str = "Widget", **names: Any) -> Object:
    schema = {
        "type": "object",
        "properties": {"spec": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
    }
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    return named(
        "apiextensions.k8s.io/v1",
        "CustomResourceDefinition",
        f"{plural}.{group}",
        spec={
            "group": group,
            "scope": "Namespaced",
            "names": {"plural": plural, "singular": kind.lower(), "kind": kind, **names},
            "versions": [version],
        },
    )


def widget(group: str, name: str, where: str, **spec: Any) -> Object:
    return named(f"{group}/v1", "Widget", name, where, spec=spec)


def webhook(name: str, service_name: str, where: str, **fields: Any) -> Object:
    """A validating webhook that is asked about the ConfigMaps with the label `checked: <name>`."""
    body = {
        "name": f"{name}.example.com",
        "clientConfig": {"service": {"name": service_name, "namespace": where}},
        "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["configmaps"]}],
        "objectSelector": {"matchLabels": {"checked": name}},
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
        "timeoutSeconds": 2,
        **fields,
    }
    return named("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration", name, webhooks=[body])
