"""Whether an object has the shape of its kind, as far as anything here reads it.

The API server checks all of it, and says what is wrong; what is read before it is asked has to be what it seems.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from kfinstall.contracts.manifest import Body
from kfinstall.facts.objects.quantities import amount
from kfinstall.model.document import path_text
from kfinstall.model.faults import Fault, words

Path = tuple[str | int, ...]

ANY: Final = "*"
"""Every key of a mapping."""

SCALAR, COUNT, QUANTITY = object(), object(), object()
"""What is neither a mapping nor a list; a whole number; an amount of a resource."""

MAP = {ANY: SCALAR}
SELECTOR = {"matchLabels": MAP, "matchExpressions": [{"key": SCALAR, "operator": SCALAR, "values": [SCALAR]}]}
METADATA = {"labels": MAP, "annotations": MAP}
REFERENCE = {"name": SCALAR, "key": SCALAR}
ITEMS = [{"key": SCALAR}]
CONTAINER = {
    "name": SCALAR,
    "image": SCALAR,
    "command": [SCALAR],
    "args": [SCALAR],
    "env": [{"name": SCALAR, "valueFrom": {"secretKeyRef": REFERENCE, "configMapKeyRef": REFERENCE}}],
    "envFrom": [{"secretRef": REFERENCE, "configMapRef": REFERENCE}],
    "ports": [{"name": SCALAR, "containerPort": SCALAR}],
    "resources": {"requests": {ANY: QUANTITY}, "limits": {ANY: QUANTITY}},
}
SOURCE = {"name": SCALAR, "secretName": SCALAR, "claimName": SCALAR, "items": ITEMS}
VOLUME = {
    "name": SCALAR,
    "secret": SOURCE,
    "configMap": SOURCE,
    "persistentVolumeClaim": SOURCE,
    "projected": {"sources": [{"secret": SOURCE, "configMap": SOURCE}]},
}
POD_SPEC = {
    "serviceAccountName": SCALAR,
    "containers": [CONTAINER],
    "initContainers": [CONTAINER],
    "volumes": [VOLUME],
    "imagePullSecrets": [REFERENCE],
    "nodeSelector": MAP,
    "overhead": {ANY: QUANTITY},
    "resources": {"requests": {ANY: QUANTITY}},
}
TEMPLATE = {"metadata": METADATA, "spec": POD_SPEC}
CLAIM_SPEC = {"resources": {"requests": {ANY: QUANTITY}}, "storageClassName": SCALAR, "accessModes": [SCALAR]}
WORKLOAD = {
    "spec": {
        "replicas": COUNT,
        "parallelism": COUNT,
        "selector": SELECTOR,
        "template": TEMPLATE,
        "volumeClaimTemplates": [{"metadata": METADATA, "spec": CLAIM_SPEC}],
    }
}
SERVICE_OF_A_WEBHOOK = {"service": {"namespace": SCALAR, "name": SCALAR}}
WEBHOOKS = {
    "webhooks": [
        {
            "clientConfig": SERVICE_OF_A_WEBHOOK,
            "rules": [{"apiGroups": [SCALAR], "apiVersions": [SCALAR], "operations": [SCALAR], "resources": [SCALAR]}],
            "namespaceSelector": SELECTOR,
            "objectSelector": SELECTOR,
        }
    ]
}
BINDING = {"subjects": [{"kind": SCALAR, "name": SCALAR, "namespace": SCALAR}], "roleRef": REFERENCE}
RULES = [{"apiGroups": [SCALAR], "resources": [SCALAR], "verbs": [SCALAR]}]
DEFINITION = {
    "spec": {
        "group": SCALAR,
        "scope": SCALAR,
        "names": {"kind": SCALAR, "plural": SCALAR},
        "versions": [{"name": SCALAR}],
        "conversion": {"webhook": {"clientConfig": SERVICE_OF_A_WEBHOOK}},
    }
}

SHAPES: Mapping[tuple[str, str], Mapping[str, Any]] = {
    ("", "ConfigMap"): {"data": MAP},
    ("", "Secret"): {"data": MAP, "stringData": MAP},
    ("", "Service"): {"spec": {"selector": MAP, "ports": [{"name": SCALAR, "port": SCALAR, "targetPort": SCALAR}]}},
    ("", "ServiceAccount"): {"imagePullSecrets": [REFERENCE]},
    ("", "PersistentVolumeClaim"): {"spec": CLAIM_SPEC},
    ("", "PersistentVolume"): {"spec": {"capacity": {ANY: QUANTITY}}},
    ("", "Pod"): {"spec": POD_SPEC},
    **dict.fromkeys([("apps", kind) for kind in ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet")], WORKLOAD),
    ("batch", "Job"): WORKLOAD,
    ("batch", "CronJob"): {"spec": {"jobTemplate": WORKLOAD}},
    ("autoscaling", "HorizontalPodAutoscaler"): {"spec": {"scaleTargetRef": REFERENCE}},
    ("rbac.authorization.k8s.io", "RoleBinding"): BINDING,
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"): BINDING,
    ("rbac.authorization.k8s.io", "Role"): {"rules": RULES},
    ("rbac.authorization.k8s.io", "ClusterRole"): {"rules": RULES},
    ("apiregistration.k8s.io", "APIService"): {"spec": SERVICE_OF_A_WEBHOOK},
    ("apiextensions.k8s.io", "CustomResourceDefinition"): DEFINITION,
    ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"): WEBHOOKS,
    ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"): WEBHOOKS,
    ("cert-manager.io", "Certificate"): {"spec": {"secretName": SCALAR, "issuerRef": {"kind": SCALAR, "name": SCALAR}}},
}
"""(group, kind) -> what its keys hold: a mapping, a list of one shape, or one of the three above."""


def misfit(body: Body) -> str:
    """The first place of an object that has not the shape of its kind, and what is wrong there; "" where all have.

    Values of Secrets are not repeated.
    """
    group = body["apiVersion"].rpartition("/")[0]
    shape = {"metadata": METADATA, **SHAPES.get((group, body["kind"]), {})}
    found = next(_misfits(body, shape, ()), None)
    if found is None:
        return ""
    path, kind, value = found
    sentence = words(Fault(kind, value, {}, path, hidden=body["kind"] == "Secret"))
    return f"{path_text(path)}: {sentence}"


def _misfits(value: Any, shape: Any, path: Path) -> Iterator[tuple[Path, str, Any]]:
    """(path, the error as pydantic would call it, value) of each value that is something else."""
    if isinstance(shape, Mapping) and isinstance(value, dict):
        for key in value.keys() if ANY in shape else value.keys() & shape.keys():
            inner = shape.get(ANY) or shape[key]
            if value[key] is not None or inner is QUANTITY:
                yield from _misfits(value[key], inner, (*path, key))
    elif isinstance(shape, list) and isinstance(value, list):
        for index, each in enumerate(value):
            yield from _misfits(each, shape[0], (*path, index))
    elif wrong := _wrong(value, shape):
        yield path, wrong, value


def _wrong(value: Any, shape: Any) -> str:
    if isinstance(shape, Mapping):
        return "dict_type"
    if isinstance(shape, list):
        return "list_type"
    if isinstance(value, dict | list):
        return "string_type"
    if shape is COUNT and not (isinstance(value, int) and abs(value) < 2**31):
        return "int_type"
    return "decimal_type" if shape is QUANTITY and not _is_quantity(value) else ""


def _is_quantity(value: Any) -> bool:
    try:
        amount(value)
    except (ValueError, ArithmeticError):
        return False
    return True
