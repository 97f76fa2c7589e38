"""Pods, and the pod templates of workloads (pkg/apis/core/validation/validation.go)."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from kfinstall.contracts.manifest import Body
from kfinstall.facts.objects.quantities import amount
from kfinstall.sandbox.server.status import Cause, not_allowed, not_supported, required, wrong
from kfinstall.sandbox.validation.names import faults, label, port_name
from kfinstall.sandbox.validation.networking import PROTOCOLS
from kfinstall.sandbox.validation.rules import duplicate, given, one_of, port

Spec = Mapping[str, Any]
RESTARTS = ("Always", "OnFailure", "Never")
PULLS = ("Always", "IfNotPresent", "Never")
STANDARD = frozenset({"cpu", "memory", "ephemeral-storage", "storage"})
PODS_CHANGE = (
    "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
    "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
)
NEEDED = {
    "configMap": "name",
    "secret": "secretName",
    "hostPath": "path",
    "persistentVolumeClaim": "claimName",
    "nfs": "server",
}
"""What a volume of a type has to say."""


FIELDS = frozenset(
    {
        "metadata.name",
        "metadata.namespace",
        "metadata.uid",
        "spec.nodeName",
        "spec.serviceAccountName",
        "status.hostIP",
        "status.hostIPs",
        "status.podIP",
        "status.podIPs",
    }
)
"""What a variable may take from its pod, besides one label or annotation."""

SECURITY = (
    "capabilities",
    "privileged",
    "seLinuxOptions",
    "windowsOptions",
    "runAsUser",
    "runAsGroup",
    "runAsNonRoot",
    "readOnlyRootFilesystem",
    "allowPrivilegeEscalation",
    "procMount",
    "seccompProfile",
    "appArmorProfile",
)
"""The fields of a container's SecurityContext in the order of the Go struct."""


def pod(body: Body, old: Body | None) -> Iterator[Cause]:
    yield from pod_spec(body.get("spec") or {}, "spec")
    if old is None:
        return
    before, after = old["spec"], body["spec"]
    if len(before["containers"]) != len(after["containers"]):
        yield not_allowed("spec.containers", "pod updates may not add or remove containers")
    elif _unchangeable(before) != _unchangeable(after):
        yield not_allowed("spec", PODS_CHANGE)


def _unchangeable(spec: Body) -> Body:
    changeable = {"tolerations", "activeDeadlineSeconds", "nodeName"}
    kept = {name: value for name, value in spec.items() if name not in changeable}
    for field in ("containers", "initContainers"):
        if kept.get(field):
            kept[field] = [{**container, "image": ""} for container in kept[field]]
    return kept


def pod_spec(spec: Spec, path: str) -> Iterator[Cause]:
    yield from _volumes(spec.get("volumes") or (), f"{path}.volumes")
    volumes = {volume.get("name") for volume in spec.get("volumes") or ()}
    yield from given(f"{path}.containers", spec.get("containers"))
    names: set[str] = set()
    for field in ("containers", "initContainers"):
        for n, container in enumerate(spec.get(field) or ()):
            yield from _container(container, f"{path}.{field}[{n}]", volumes, names)
    yield from one_of(f"{path}.restartPolicy", spec.get("restartPolicy"), RESTARTS)
    if spec.get("dnsPolicy") == "None" and not (spec.get("dnsConfig") or {}).get("nameservers"):
        yield required(f"{path}.dnsConfig", "must provide `dnsConfig` when `dnsPolicy` is None")
    for n, toleration in enumerate(spec.get("tolerations") or ()):
        if toleration.get("operator") == "Exists" and toleration.get("value"):
            why = "value must be empty when `operator` is 'Exists'"
            yield wrong(f"{path}.tolerations[{n}].operator", toleration["value"], why)


def _volumes(volumes: Iterable[Spec], path: str) -> Iterator[Cause]:
    seen: set[str] = set()
    for n, volume in enumerate(volumes):
        here, name = f"{path}[{n}]", str(volume.get("name") or "")
        sources = sorted(source for source in volume if source != "name")
        for source in sources:
            needed = NEEDED.get(source)
            if (
                needed
                and not volume[source].get(needed)
                and not (source == "secret" and volume[source].get("optional"))
            ):
                yield required(f"{here}.{source}.{needed}")
        for source in _all_but_the_first(sources):
            yield not_allowed(f"{here}.{source}", "may not specify more than 1 volume type")
        yield from faults(f"{here}.name", name, label(name)) if name else given(f"{here}.name", name)
        if name in seen:
            yield duplicate(f"{here}.name", f'"{name}"')
        seen.add(name)


def _all_but_the_first(sources: list[str]) -> list[str]:
    """In the order in which a real server looks at them."""
    order = ("emptyDir", "hostPath", "gitRepo", "secret", "nfs", "persistentVolumeClaim", "configMap")
    return sorted(sources, key=lambda name: order.index(name) if name in order else len(order))[1:]


def _container(container: Spec, path: str, volumes: set[Any], names: set[str]) -> Iterator[Cause]:
    name = str(container.get("name") or "")
    yield from faults(f"{path}.name", name, label(name)) if name else given(f"{path}.name", name)
    if name and name in names:
        yield duplicate(f"{path}.name", f'"{name}"')
    names.add(name)
    yield from given(f"{path}.image", container.get("image"))
    for probe in ("livenessProbe", "readinessProbe", "startupProbe"):
        yield from _probe(container.get(probe), f"{path}.{probe}")
    yield from one_of(f"{path}.imagePullPolicy", container.get("imagePullPolicy"), PULLS)
    yield from _ports(container.get("ports") or (), f"{path}.ports")
    yield from _variables(container.get("env") or (), f"{path}.env")
    yield from _mounts(container.get("volumeMounts") or (), f"{path}.volumeMounts", volumes)
    yield from _resources(container.get("resources") or {}, f"{path}.resources")
    yield from _security(container.get("securityContext") or {}, f"{path}.securityContext")


def _probe(probe: Any, path: str) -> Iterator[Cause]:
    if probe is None:
        return
    if not any(handler in probe for handler in ("exec", "httpGet", "tcpSocket", "grpc")):
        yield required(path, "must specify a handler type")
    elif "exec" in probe:
        yield from given(f"{path}.exec.command", probe["exec"].get("command"))


def _ports(ports: Iterable[Spec], path: str) -> Iterator[Cause]:
    for n, each in enumerate(ports):
        here, name = f"{path}[{n}]", each.get("name")
        if name:
            yield from faults(f"{here}.name", name, port_name(name))
        if not each.get("containerPort"):
            yield required(f"{here}.containerPort")
        else:
            yield from port(f"{here}.containerPort", each["containerPort"])
        yield from one_of(f"{here}.protocol", each.get("protocol"), PROTOCOLS)


def _variables(variables: Iterable[Spec], path: str) -> Iterator[Cause]:
    for n, each in enumerate(variables):
        yield from given(f"{path}[{n}].name", each.get("name"))
        if each.get("value") and each.get("valueFrom"):
            yield wrong(f"{path}[{n}].valueFrom", "", "may not be specified when `value` is not empty")
        field = ((each.get("valueFrom") or {}).get("fieldRef") or {}).get("fieldPath")
        if field and field not in FIELDS and not field.startswith(("metadata.labels[", "metadata.annotations[")):
            why = f"error converting fieldPath: field label not supported: {field}"
            yield wrong(f"{path}[{n}].valueFrom.fieldRef.fieldPath", field, why)


def _go_name(name: str) -> str:
    return "SELinuxOptions" if name == "seLinuxOptions" else f"{name[0].upper()}{name[1:]}"


def _security(context: Spec, path: str) -> Iterator[Cause]:
    if context.get("privileged") and context.get("allowPrivilegeEscalation") is False:
        internal = {_go_name(name): context.get(name) for name in SECURITY}
        yield wrong(path, internal, "cannot set `allowPrivilegeEscalation` to false and `privileged` to true")


def _mounts(mounts: Iterable[Spec], path: str, volumes: set[Any]) -> Iterator[Cause]:
    places: set[str] = set()
    for n, mount in enumerate(mounts):
        if mount.get("name") not in volumes:
            yield Cause("FieldValueNotFound", f"{path}[{n}].name", f'Not found: "{mount.get("name")}"')
        place = mount.get("mountPath") or ""
        yield from given(f"{path}[{n}].mountPath", place)
        if place in places:
            yield wrong(f"{path}[{n}].mountPath", place, "must be unique")
        places.add(place)


def _resources(resources: Spec, path: str) -> Iterator[Cause]:
    limits, requests = resources.get("limits") or {}, resources.get("requests") or {}
    for field, amounts in (("limits", limits), ("requests", requests)):
        for name, value in amounts.items():
            yield from _amount(name, value, f"{path}.{field}[{name}]")
    for name, value in requests.items():
        if name in limits and amount(value) > amount(limits[name]):
            yield wrong(f"{path}.requests", value, f"must be less than or equal to {name} limit of {limits[name]}")
        elif name not in limits and "/" in name:
            yield required(f"{path}.limits", "Limit must be set for non overcommitable resources")


def _amount(name: str, value: str, path: str) -> Iterator[Cause]:
    if "/" not in name and name not in STANDARD and not name.startswith("hugepages-"):
        yield wrong(path, name, "must be a standard resource type or fully qualified")
        yield wrong(path, name, "must be a standard resource for containers")
    elif amount(value) < 0:
        yield wrong(path, value, "must be greater than or equal to 0")
    elif "/" in name and amount(value) % 1:
        yield wrong(path, value, "must be an integer")


def restarts(field: str, policy: str | None, known: tuple[str, ...]) -> Iterator[Cause]:
    """A template's restart policy, of which its workload allows only some."""
    if policy in RESTARTS and policy not in known:
        yield not_supported(field, policy, known)
