"""What the API server refuses in built-in objects: the rules that installs meet (pkg/apis/*/validation)."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from kfinstall.contracts.manifest import Body
from kfinstall.facts.quantities import amount
from kfinstall.facts.selectors import matches
from kfinstall.sandbox.kinds import Kind
from kfinstall.sandbox.status import Cause, not_allowed, required, wrong

SUBDOMAIN = re.compile(r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$")
LABEL = re.compile(r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")
SERVICE_NAME = re.compile(r"^[a-z]([-a-z0-9]*[a-z0-9])?$")
LABEL_VALUE = re.compile(r"^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$")
LABEL_NAME = re.compile(r"^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$")

SUBDOMAIN_TEXT = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    r"'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
LABEL_TEXT = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with "
    "an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)
SERVICE_TEXT = (
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, "
    "and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for "
    "validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"
)
VALUE_TEXT = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', "
    "and must start and end "
    "with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
    "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)
IMMUTABLE = "field is immutable"
RBAC = "rbac.authorization.k8s.io"
LABELS_ONLY = frozenset({"namespaces"})


def faults(kind: Kind, body: Body, old: Body | None) -> list[Cause]:
    """Everything that is wrong; old: None for a new object."""
    found = list(_metadata(kind, body, old))
    rule = _RULES.get((kind.group, kind.kind))
    if rule and not kind.custom:
        found += rule(body, old)
    return found


def _metadata(kind: Kind, body: Body, old: Body | None) -> Iterator[Cause]:
    metadata = body["metadata"]
    if old is None:
        yield from _name(kind, str(metadata.get("name") or ""))
    yield from labels(metadata.get("labels"), "metadata.labels")


def _name(kind: Kind, name: str) -> Iterator[Cause]:
    field = "metadata.name"
    if not name:
        yield required(field, "name or generateName is required")
    elif kind.group == RBAC:
        if name in {".", ".."} or "/" in name or "%" in name:
            yield wrong(field, name, f"may not contain '{'/' if '/' in name else '%'}'")
    elif kind.kind == "Service":
        if not SERVICE_NAME.match(name) or len(name) > 63:
            yield wrong(field, name, SERVICE_TEXT if len(name) <= 63 else "must be no more than 63 characters")
    elif kind.plural in LABELS_ONLY:
        if not LABEL.match(name) or len(name) > 63:
            yield wrong(field, name, LABEL_TEXT if len(name) <= 63 else "must be no more than 63 characters")
    elif not SUBDOMAIN.match(name) or len(name) > 253:
        yield wrong(field, name, SUBDOMAIN_TEXT if len(name) <= 253 else "must be no more than 253 characters")


def labels(given: Mapping[str, str] | None, field: str) -> Iterator[Cause]:
    for key, value in (given or {}).items():
        if len(value) > 63:
            yield wrong(field, value, "must be no more than 63 bytes")
        elif not LABEL_VALUE.match(value):
            yield wrong(field, value, VALUE_TEXT)
        name = key.rpartition("/")[2]
        if not LABEL_NAME.match(name):
            yield wrong(
                field,
                key,
                "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
                "alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
                "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
            )


def pod_spec(spec: Mapping[str, Any], path: str) -> Iterator[Cause]:
    containers = spec.get("containers") or ()
    if not containers:
        yield required(f"{path}.containers")
    volumes = {volume.get("name") for volume in spec.get("volumes") or ()}
    for field in ("initContainers", "containers"):
        names: set[str] = set()
        for n, container in enumerate(spec.get(field) or ()):
            yield from _container(container, f"{path}.{field}[{n}]", volumes, names)


def _container(container: Mapping[str, Any], path: str, volumes: set[Any], names: set[str]) -> Iterator[Cause]:
    name = str(container.get("name") or "")
    if not name:
        yield required(f"{path}.name")
    elif not LABEL.match(name):
        yield wrong(f"{path}.name", name, LABEL_TEXT)
    elif name in names:
        yield Cause("FieldValueDuplicate", f"{path}.name", f'Duplicate value: "{name}"')
    names.add(name)
    if not container.get("image"):
        yield required(f"{path}.image")
    for n, mount in enumerate(container.get("volumeMounts") or ()):
        if mount.get("name") not in volumes:
            text = f'Not found: "{mount.get("name")}"'
            yield Cause("FieldValueNotFound", f"{path}.volumeMounts[{n}].name", text)
    yield from _resources(container.get("resources") or {}, f"{path}.resources")


def _resources(resources: Mapping[str, Any], path: str) -> Iterator[Cause]:

    limits = resources.get("limits") or {}
    for name, value in (resources.get("requests") or {}).items():
        if name in limits and amount(value) > amount(limits[name]):
            yield wrong(f"{path}.requests", value, f"must be less than or equal to {name} limit of {limits[name]}")


def _workload(body: Body, old: Body | None) -> Iterator[Cause]:
    spec = body.get("spec") or {}
    selector, template = spec.get("selector"), spec.get("template") or {}
    found = (template.get("metadata") or {}).get("labels") or {}
    if not selector:
        yield required("spec.selector")
        yield wrong("spec.template.metadata.labels", found, "`selector` does not match template `labels`")
    elif not (selector.get("matchLabels") or selector.get("matchExpressions")):
        yield wrong("spec.selector", selector, "empty selector is invalid for deployment")
    elif not matches(selector, found):
        yield wrong("spec.template.metadata.labels", found, "`selector` does not match template `labels`")
    yield from labels(found, "spec.template.labels")
    yield from pod_spec(template.get("spec") or {}, "spec.template.spec")
    if old is not None and body["kind"] != "StatefulSet" and old["spec"].get("selector") != selector:
        yield wrong("spec.selector", selector, IMMUTABLE)


_CHANGEABLE = frozenset(
    {
        "replicas",
        "ordinals",
        "template",
        "updateStrategy",
        "revisionHistoryLimit",
        "persistentVolumeClaimRetentionPolicy",
        "minReadySeconds",
    }
)


def _stateful_set(body: Body, old: Body | None) -> Iterator[Cause]:
    yield from _workload(body, old)
    if old is None:
        return
    before, after = old["spec"], body["spec"]
    if any(before.get(name) != after.get(name) for name in (before.keys() | after.keys()) - _CHANGEABLE):
        yield not_allowed(
            "spec",
            "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', "
            "'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
        )


def _job(body: Body, old: Body | None) -> Iterator[Cause]:
    spec = body["spec"]
    yield from pod_spec(spec["template"].get("spec") or {}, "spec.template.spec")
    policy = spec["template"]["spec"].get("restartPolicy")
    if policy not in {"OnFailure", "Never"}:
        yield Cause(
            "FieldValueRequired" if policy == "Always" else "FieldValueNotSupported",
            "spec.template.spec.restartPolicy",
            'Required value: valid values: "OnFailure", "Never"'
            if policy == "Always"
            else f'Unsupported value: "{policy}": supported values: "OnFailure", "Never"',
        )
    if old is None:
        return
    for name in ("completions", "selector", "template", "completionMode", "podFailurePolicy", "backoffLimitPerIndex"):
        if old["spec"].get(name) != spec.get(name):
            yield wrong(f"spec.{name}", spec.get(name), IMMUTABLE)


def _pod(body: Body, old: Body | None) -> Iterator[Cause]:
    if old is None:
        yield from pod_spec(body.get("spec") or {}, "spec")
    elif _comparable(old["spec"]) != _comparable(body["spec"]):
        yield not_allowed(
            "spec",
            "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
            "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
            "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)",
        )


def _comparable(spec: Body) -> Body:
    """A pod's spec without what may change."""
    kept = {
        name: value for name, value in spec.items() if name not in {"tolerations", "activeDeadlineSeconds", "nodeName"}
    }
    for field in ("containers", "initContainers"):
        if kept.get(field):
            kept[field] = [{**container, "image": ""} for container in kept[field]]
    return kept


def _service(body: Body, old: Body | None) -> Iterator[Cause]:
    spec = body.get("spec") or {}
    ports = spec.get("ports") or ()
    if not ports and spec.get("type") != "ExternalName" and spec.get("clusterIP") != "None":
        yield required("spec.ports")
    for n, port in enumerate(ports):
        if len(ports) > 1 and not port.get("name"):
            yield required(f"spec.ports[{n}].name")
        number = port.get("port")
        if not isinstance(number, int) or not 0 < number < 65536:
            yield wrong(f"spec.ports[{n}].port", number, "must be between 1 and 65535, inclusive")
        target = port.get("targetPort")
        if isinstance(target, int) and not 0 < target < 65536:
            yield wrong(f"spec.ports[{n}].targetPort", target, "must be between 1 and 65535, inclusive")
    before = (old or {}).get("spec") or {}
    stays = "ExternalName" not in {spec.get("type"), before.get("type")}
    if stays and before.get("clusterIP") and spec.get("clusterIP") != before["clusterIP"]:
        yield wrong("spec.clusterIPs[0]", [spec.get("clusterIP")], "may not change once set")


def _claim(body: Body, old: Body | None) -> Iterator[Cause]:
    spec = body["spec"]
    if old is None:
        if not spec.get("accessModes"):
            yield required("spec.accessModes", "at least 1 access mode is required")
        if not ((spec.get("resources") or {}).get("requests") or {}).get("storage"):
            yield required("spec.resources[storage]")
        return
    fixed = {"volumeName", "resources", "storageClassName", "volumeAttributesClassName"}
    same = {name: value for name, value in spec.items() if name not in fixed}
    before = {name: value for name, value in old["spec"].items() if name not in fixed}
    class_before = old["spec"].get("storageClassName")
    if same != before or (class_before is not None and class_before != spec.get("storageClassName")):
        yield not_allowed(
            "spec",
            "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims",
        )


def _role_binding(body: Body, old: Body | None) -> Iterator[Cause]:
    if old is not None and old.get("roleRef") != body.get("roleRef"):
        reference = body.get("roleRef") or {}
        shown = {"APIGroup": reference.get("apiGroup"), "Kind": reference.get("kind"), "Name": reference.get("name")}
        yield wrong("roleRef", shown, "cannot change roleRef")


def _secret(body: Body, old: Body | None) -> Iterator[Cause]:
    yield from _immutable_data(body, old)
    if old is not None and old.get("type") != body.get("type"):
        yield wrong("type", body.get("type"), IMMUTABLE)
    if body.get("type") == "kubernetes.io/tls" and old is None:
        for name in ("tls.crt", "tls.key"):
            if name not in (body.get("data") or {}):
                yield required(f"data[{name}]")


def _immutable_data(body: Body, old: Body | None) -> Iterator[Cause]:
    if old is None or not old.get("immutable"):
        return
    if body.get("immutable") is not True:
        yield not_allowed("immutable", "field is immutable when `immutable` is set")
    for name in ("data", "binaryData"):
        if old.get(name) != body.get(name):
            yield not_allowed(name, "field is immutable when `immutable` is set")


def _definition(body: Body, _old: Body | None) -> Iterator[Cause]:
    spec = body.get("spec") or {}
    names = spec.get("names") or {}
    expected = f"{names.get('plural')}.{spec.get('group')}"
    if body["metadata"].get("name") != expected:
        yield wrong("metadata.name", body["metadata"].get("name"), 'must be spec.names.plural+"."+spec.group')
    if spec.get("scope") not in {"Namespaced", "Cluster"}:
        yield Cause(
            "FieldValueNotSupported" if spec.get("scope") else "FieldValueRequired",
            "spec.scope",
            f'Unsupported value: "{spec.get("scope", "")}": supported values: "Cluster", "Namespaced"'
            if spec.get("scope")
            else "Required value",
        )
    stored = [version for version in spec.get("versions") or () if version.get("storage")]
    if len(stored) != 1:
        yield wrong("spec.versions", spec.get("versions"), "must have exactly one version marked as storage version")
    for n, version in enumerate(spec.get("versions") or ()):
        if not (version.get("schema") or {}).get("openAPIV3Schema"):
            yield required(f"spec.versions[{n}].schema.openAPIV3Schema", "schemas are required")


def _storage_class(body: Body, old: Body | None) -> Iterator[Cause]:
    if not body.get("provisioner"):
        yield required("provisioner")
    if old is not None:
        for name in ("provisioner", "parameters", "reclaimPolicy", "volumeBindingMode"):
            if old.get(name) != body.get(name):
                yield not_allowed(name, f"updates to {name} are forbidden.")


_RULES: dict[tuple[str, str], Callable[[Body, Body | None], Iterator[Cause]]] = {
    ("", "Pod"): _pod,
    ("", "Service"): _service,
    ("", "Secret"): _secret,
    ("", "ConfigMap"): _immutable_data,
    ("", "PersistentVolumeClaim"): _claim,
    ("apps", "Deployment"): _workload,
    ("apps", "ReplicaSet"): _workload,
    ("apps", "DaemonSet"): _workload,
    ("apps", "StatefulSet"): _stateful_set,
    ("batch", "Job"): _job,
    (RBAC, "RoleBinding"): _role_binding,
    (RBAC, "ClusterRoleBinding"): _role_binding,
    ("apiextensions.k8s.io", "CustomResourceDefinition"): _definition,
    ("storage.k8s.io", "StorageClass"): _storage_class,
}
