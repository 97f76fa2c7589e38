"""The steps that cases are made of: requests, and the objects that are sent in them.

In paths, queries and bodies "{ns}" stands for the case's own namespace; "{uid}", "{version}" and "{continue}" for what
the latest answer that had one said of it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

APPLY = "application/apply-patch+yaml"
MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
JSON_PATCH = "application/json-patch+json"
JSON = "application/json"
METADATA = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
METADATA_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"

Body = Any
NAMESPACES = "/api/v1/namespaces"
MAPS = f"{NAMESPACES}/{{ns}}/configmaps"
PODS = f"{NAMESPACES}/{{ns}}/pods"
SECRETS = f"{NAMESPACES}/{{ns}}/secrets"
SERVICES = f"{NAMESPACES}/{{ns}}/services"
CLAIMS = f"{NAMESPACES}/{{ns}}/persistentvolumeclaims"
EVENTS = f"{NAMESPACES}/{{ns}}/events"
ACCOUNTS = f"{NAMESPACES}/{{ns}}/serviceaccounts"
VOLUMES = "/api/v1/persistentvolumes"
ROLES = "/apis/rbac.authorization.k8s.io/v1/namespaces/{ns}/roles"
BINDINGS = "/apis/rbac.authorization.k8s.io/v1/namespaces/{ns}/rolebindings"
DEPLOYMENTS = "/apis/apps/v1/namespaces/{ns}/deployments"
DAEMON_SETS = "/apis/apps/v1/namespaces/{ns}/daemonsets"
STATEFUL_SETS = "/apis/apps/v1/namespaces/{ns}/statefulsets"
JOBS = "/apis/batch/v1/namespaces/{ns}/jobs"
CRON_JOBS = "/apis/batch/v1/namespaces/{ns}/cronjobs"
POLICIES = "/apis/networking.k8s.io/v1/namespaces/{ns}/networkpolicies"
INGRESSES = "/apis/networking.k8s.io/v1/namespaces/{ns}/ingresses"
BUDGETS = "/apis/policy/v1/namespaces/{ns}/poddisruptionbudgets"
SCALERS = "/apis/autoscaling/v2/namespaces/{ns}/horizontalpodautoscalers"
LEASES = "/apis/coordination.k8s.io/v1/namespaces/{ns}/leases"
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


@dataclass(frozen=True)
class Step:
    """One request. body may be any JSON value, or text to send as it is. until: what its answer has to be; asked again
    as long as it is not."""

    method: str
    path: str
    body: Body = None
    content: str = JSON
    query: dict[str, str] = field(default_factory=dict)
    accept: str = JSON
    until: Callable[[int, Any], bool] | None = None


Cases = dict[str, list[Step]]


def create(path: str, body: Body, **query: str) -> Step:
    return Step("POST", path, body, query={"fieldManager": "tester", **query})


def put(path: str, body: Body, **query: str) -> Step:
    return Step("PUT", path, body, query={"fieldManager": "other", **query})


def apply(path: str, body: Body, manager: str = "applier", **query: str) -> Step:
    return Step("PATCH", path, body, APPLY, {"fieldManager": manager, **query})


def patch(path: str, body: Body, content: str = MERGE, **query: str) -> Step:
    return Step("PATCH", path, body, content, {"fieldManager": "patcher", **query})


def get(path: str, accept: str = JSON, **query: str) -> Step:
    return Step("GET", path, query=query, accept=accept)


def delete(path: str, body: Body = None, **query: str) -> Step:
    return Step("DELETE", path, body, query=query)


def config(name: str = "a", **data: str) -> Body:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def labelled(name: str, **labels: str) -> Body:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "labels": labels}}


def secret(**more: Any) -> Body:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, **more}


def container(name: str = "main", **more: Any) -> Body:
    return {"name": name, "image": "example.com/web:1", **more}


def pod(name: str = "p", **spec: Any) -> Body:
    """A pod that no scheduler looks at."""
    base = {"schedulerName": "nobody", "containers": [container()], "automountServiceAccountToken": False}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": {**base, **spec}}


def deployment(name: str = "web", labels: str = "web", **spec: Any) -> Body:
    containers = [container(ports=[{"containerPort": 80}], env=[{"name": "A", "value": "1"}])]
    template = {"metadata": {"labels": {"app": labels}}, "spec": {"containers": containers}}
    base = {"replicas": 0, "selector": {"matchLabels": {"app": "web"}}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": {**base, **spec}}


def with_pod(**spec: Any) -> Body:
    """A Deployment whose pods have this specification."""
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [container()], **spec}}
    return deployment(template=template)


def stateful_set(**spec: Any) -> Body:
    body = deployment()
    return {**body, "kind": "StatefulSet", "spec": {**body["spec"], "serviceName": "web", **spec}}


def daemon_set(**spec: Any) -> Body:
    body = deployment()
    spec = {**{name: value for name, value in body["spec"].items() if name != "replicas"}, **spec}
    return {**body, "kind": "DaemonSet", "spec": spec}


def job(**spec: Any) -> Body:
    body = {"restartPolicy": "Never", "containers": [{"name": "c", "image": "i"}]}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "j"},
        "spec": {"suspend": True, "template": {"spec": body}, **spec},
    }


def cron_job(**spec: Any) -> Body:
    template = {"spec": {"template": job()["spec"]["template"]}}
    base = {"schedule": "0 0 1 1 *", "suspend": True, "jobTemplate": template}
    return {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "c"}, "spec": {**base, **spec}}


def service(*ports: Body, **spec: Any) -> Body:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "s"},
        "spec": {"clusterIP": "None", "selector": {"a": "b"}, "ports": list(ports), **spec},
    }


def claim(**spec: Any) -> Body:
    base = {
        "storageClassName": "none",
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "1024Mi"}},
    }
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "c"}, "spec": {**base, **spec}}


def role(*resources: str) -> Body:
    rules = [{"apiGroups": [""], "resources": list(resources), "verbs": ["get"]}]
    return {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "r"}, "rules": rules}


def binding(name: str) -> Body:
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name}
    subjects = [{"kind": "ServiceAccount", "name": "x", "namespace": "default"}, {"kind": "User", "name": "u"}]
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": {"name": "b"},
        "roleRef": reference,
        "subjects": subjects,
    }


def autoscaler(**spec: Any) -> Body:
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "h"},
        "spec": {"maxReplicas": 2, "scaleTargetRef": target, **spec},
    }


def network_policy(**spec: Any) -> Body:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "n"},
        "spec": {"podSelector": {}, **spec},
    }


def ingress(**spec: Any) -> Body:
    backend = {"service": {"name": "s", "port": {"number": 80}}}
    rule = {"host": "example.com", "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": "i"},
        "spec": {"rules": [rule], **spec},
    }


def budget(**spec: Any) -> Body:
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": "b"},
        "spec": {"selector": {"matchLabels": {"a": "b"}}, **spec},
    }


# Definitions, each in a group of the case's own

GROUP = "{ns}.example.com"
WIDGETS = f"/apis/{GROUP}/v1/namespaces/{{ns}}/widgets"


def version(schema: Body | None = None, name: str = "v1", **more: Any) -> Body:
    schema = schema or {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    return {"name": name, "served": True, "storage": name == "v1", "schema": {"openAPIV3Schema": schema}, **more}


def definition(*versions: Body, plural: str = "widgets", kind: str = "Widget", **spec: Any) -> Body:
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{GROUP}"},
        "spec": {
            "group": GROUP,
            "scope": "Namespaced",
            "names": {"plural": plural, "kind": kind},
            "versions": list(versions) or [version()],
            **spec,
        },
    }


def spec_of(properties: Body, **more: Any) -> Body:
    """A schema whose spec has these properties."""
    return {"type": "object", "properties": {"spec": {"type": "object", "properties": properties, **more}}}


def widget(name: str = "w", api: str = "v1", **spec: Any) -> Body:
    return {"apiVersion": f"{GROUP}/{api}", "kind": "Widget", "metadata": {"name": name}, "spec": spec}


def _is_served(_code: int, body: Any) -> bool:
    return isinstance(body, dict) and "name" in (body.get("details") or {})


def defined(*versions: Body, **spec: Any) -> list[Step]:
    """Define widgets and wait until they are served."""
    absent = Step("GET", f"{WIDGETS}/absent", until=_is_served)
    return [create(DEFINITIONS, definition(*versions, **spec)), absent]


def settled(name: str) -> Step:
    """A definition after its names were judged."""
    return Step("GET", f"{DEFINITIONS}/{name}", until=_is_judged)


def _is_judged(_code: int, body: Any) -> bool:
    conditions = (body.get("status") or {}).get("conditions") or ()
    found = {(each["type"], each["status"]) for each in conditions}
    return ("Established", "True") in found or {("NamesAccepted", "False"), ("Established", "False")} <= found
