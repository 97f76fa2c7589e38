"""What the API server's admission and registries fill in or refuse when an object is created or changed."""

import ipaddress
import secrets
from collections.abc import Callable
from typing import Any

from kfinstall.contracts.manifest import Body
from kfinstall.sandbox.access import escalation
from kfinstall.sandbox.access.authorization import Authorizer
from kfinstall.sandbox.access.users import User
from kfinstall.sandbox.admission import limit_ranges, quota
from kfinstall.sandbox.server.status import Cause, StatusError, forbidden, invalid, not_found, wrong
from kfinstall.sandbox.storage.store import Name, Store
from kfinstall.sandbox.types.kinds import GroupResource, Kind

NAMESPACES = GroupResource("", "namespaces")
ACCOUNTS = GroupResource("", "serviceaccounts")
SERVICES = GroupResource("", "services")
CLASSES = GroupResource("storage.k8s.io", "storageclasses")
PRIORITIES = GroupResource("scheduling.k8s.io", "priorityclasses")
DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"
SERVICE_NETWORK = ipaddress.IPv4Network("10.96.0.0/16")
NODE_PORTS = range(30000, 32768)
TOKEN_MOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"  # noqa: S105 - a path
ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
"""Letters of generated names (k8s.io/apimachinery/pkg/util/rand)."""


def suffix(length: int = 5) -> str:
    """The end of a generated name."""
    return "".join(secrets.choice(ALPHABET) for _letter in range(length))


def check_namespace(store: Store, kind: Kind, namespace: str, name: str) -> None:
    """Nothing is made in a namespace that does not exist or ends (plugin/pkg/admission/namespace/lifecycle)."""
    found = store.get(NAMESPACES, Name("", namespace))
    if found is None:
        raise not_found("", "namespaces", namespace)
    if found["metadata"].get("deletionTimestamp"):
        why = f"unable to create new content in namespace {namespace} because it is being terminated"
        cause = Cause("NamespaceTerminating", "metadata.namespace", f"namespace {namespace} is being terminated")
        raise forbidden(kind.group, kind.plural, name, why, [cause])


def admit(store: Store, kind: Kind, body: Body, old: Body | None, user: User) -> None:
    """Change a new body as admission does; may raise StatusError. old: None on creation."""
    rule = _RULES.get(kind.key)
    if rule:
        rule(store, body, old)
    escalation.check(Authorizer(store), user, kind, body, old)


def allocate(store: Store, kind: Kind, body: Body, old: Body | None) -> None:
    """Give a Service its addresses and ports, which belong to no field manager. May raise StatusError."""
    if kind.key == SERVICES:
        _service(store, body, old)


def check_amounts(store: Store, kind: Kind, body: Body, old: Body | None) -> None:
    """Refuse what is more than the namespace allows; old: None on creation. Raises StatusError 403."""
    if kind.namespaced:
        if old is None or kind.key != limit_ranges.PODS:
            limit_ranges.check(store, kind.key, body)
        quota.check(store, kind.key, body, old)


def _pod(store: Store, pod: Body, old: Body | None) -> None:
    spec = pod["spec"]
    if old is not None:
        _tolerations(spec)
        return
    limit_ranges.fill(store, pod)
    _account(store, pod)
    _priority(store, pod)
    _tolerations(spec)
    pod.setdefault("status", {})["phase"] = "Pending"
    pod["status"]["qosClass"] = _quality(spec)


def _account(store: Store, pod: Body) -> None:
    """plugin/pkg/admission/serviceaccount."""
    spec, metadata = pod["spec"], pod["metadata"]
    name = spec.setdefault("serviceAccountName", "default")
    spec["serviceAccount"] = name
    account = store.get(ACCOUNTS, Name(metadata["namespace"], name))
    if account is None:
        why = f'error looking up service account {metadata["namespace"]}/{name}: serviceaccount "{name}" not found'
        raise forbidden("", "pods", metadata.get("name", ""), why)
    secrets_of = account.get("imagePullSecrets")
    if secrets_of and not spec.get("imagePullSecrets"):
        spec["imagePullSecrets"] = [dict(each) for each in secrets_of]
    if spec.get("automountServiceAccountToken", account.get("automountServiceAccountToken", True)):
        _mount_token(spec)


def _mount_token(spec: Body) -> None:
    containers = [*(spec.get("initContainers") or ()), *(spec.get("containers") or ())]
    bare = [
        each for each in containers if TOKEN_MOUNT not in (m.get("mountPath") for m in each.get("volumeMounts") or ())
    ]
    if not bare:
        return
    name = f"kube-api-access-{suffix()}"
    for container in bare:
        container.setdefault("volumeMounts", []).append({"name": name, "readOnly": True, "mountPath": TOKEN_MOUNT})
    field = {"path": "namespace", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}
    sources = [
        {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
        {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
        {"downwardAPI": {"items": [field]}},
    ]
    spec.setdefault("volumes", []).append({"name": name, "projected": {"sources": sources, "defaultMode": 420}})


def _priority(store: Store, pod: Body) -> None:
    spec, name = pod["spec"], pod["spec"].get("priorityClassName")
    found = store.get(PRIORITIES, Name("", name)) if name else None
    if name and found is None:
        raise forbidden("", "pods", pod["metadata"].get("name", ""), f"no PriorityClass with name {name} was found")
    spec["priority"] = (found or {}).get("value", 0)
    spec["preemptionPolicy"] = (found or {}).get("preemptionPolicy") or "PreemptLowerPriority"


def _tolerations(spec: Body) -> None:
    """plugin/pkg/admission/defaulttolerationseconds."""
    given = spec.setdefault("tolerations", [])
    for key in ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"):
        if not any(_tolerates(each, key) for each in given):
            given.append({"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300})


def _tolerates(toleration: Body, key: str) -> bool:
    return toleration.get("key", "") in {key, ""} and toleration.get("effect", "") in {"NoExecute", ""}


def _quality(spec: Body) -> str:
    """pkg/apis/core/v1/helper/qos."""
    containers = [*(spec.get("containers") or ()), *(spec.get("initContainers") or ())]
    resources = [each.get("resources") or {} for each in containers]
    counted = ("cpu", "memory")
    if not any(
        (each.get(kind) or {}).get(name) for each in resources for kind in ("limits", "requests") for name in counted
    ):
        return "BestEffort"
    guaranteed = all(
        (each.get("limits") or {}).get(name)
        and (each.get("limits") or {}).get(name) == (each.get("requests") or {}).get(name)
        for each in resources
        for name in counted
    )
    return "Guaranteed" if guaranteed else "Burstable"


def _claim(store: Store, claim: Body, old: Body | None) -> None:
    if old is not None:
        return
    finalizers = claim["metadata"].setdefault("finalizers", [])
    if "kubernetes.io/pvc-protection" not in finalizers:
        finalizers.append("kubernetes.io/pvc-protection")
    if claim["spec"].get("storageClassName") is None:
        found = default_class(store)
        if found:
            claim["spec"]["storageClassName"] = found


def default_class(store: Store) -> str | None:
    """The newest of the storage classes that are marked as default."""
    marked = [
        each for each in store.all(CLASSES) if (each["metadata"].get("annotations") or {}).get(DEFAULT_CLASS) == "true"
    ]
    marked.sort(key=lambda each: str(each["metadata"]["creationTimestamp"]))
    return str(marked[-1]["metadata"]["name"]) if marked else None


def _volume(_store: Store, volume: Body, old: Body | None) -> None:
    finalizers = volume["metadata"].setdefault("finalizers", [])
    if old is None and "kubernetes.io/pv-protection" not in finalizers:
        finalizers.append("kubernetes.io/pv-protection")


def _service(store: Store, service: Body, old: Body | None) -> None:
    spec = service["spec"]
    before = (old or {}).get("spec") or {}
    if spec["type"] == "ExternalName":
        for name in ("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "internalTrafficPolicy"):
            spec.pop(name, None)
        return
    if spec.get("clusterIP") not in {None, "", "None", before.get("clusterIP")}:
        _check_address(store, service)
    if not spec.get("clusterIP"):
        spec["clusterIP"] = before.get("clusterIP") or _free_address(store)
    spec.setdefault("clusterIPs", [spec["clusterIP"]])
    spec.setdefault("ipFamilies", before.get("ipFamilies") or ["IPv4"])
    spec.setdefault(
        "ipFamilyPolicy",
        before.get("ipFamilyPolicy") or ("RequireDualStack" if _selectorless_headless(spec) else "SingleStack"),
    )
    if spec["type"] in {"NodePort", "LoadBalancer"} and spec.get("allocateLoadBalancerNodePorts", True):
        _node_ports(store, service, before)
    service.setdefault("status", {}).setdefault("loadBalancer", {})


def _selectorless_headless(spec: Body) -> bool:
    """A headless service without a selector may have endpoints of every family (pkg/registry/core/service/storage)."""
    return spec.get("clusterIP") == "None" and not spec.get("selector")


def _check_address(store: Store, service: Body) -> None:
    """Raises StatusError 422 for an address that cannot be had (pkg/registry/core/service/ipallocator)."""
    address, why = service["spec"]["clusterIP"], ""
    try:
        if ipaddress.ip_address(address) not in SERVICE_NETWORK:
            why = "the provided network does not match the current range"
    except ValueError:
        return  # which the validation says better
    if address in _addresses(store):
        why = "provided IP is already allocated"
    if why:
        fault = wrong("spec.clusterIPs", [address], f"failed to allocate IP {address}: {why}")
        raise invalid("", "Service", service["metadata"].get("name", ""), [fault])


def _addresses(store: Store) -> set[str | None]:
    return {each["spec"].get("clusterIP") for each in store.all(SERVICES)}


def _free_address(store: Store) -> str:
    taken = _addresses(store)
    for address in SERVICE_NETWORK.hosts():
        if str(address) not in taken:
            return str(address)
    raise StatusError(500, "InternalError", "range is full")


def _node_ports(store: Store, service: Body, before: Body) -> None:
    taken = {port.get("nodePort") for each in store.all(SERVICES) for port in each["spec"].get("ports") or ()}
    own = {(port.get("name"), port.get("port")): port.get("nodePort") for port in before.get("ports") or ()}
    free = (port for port in NODE_PORTS if port not in taken)
    kept = set(own.values())
    for place, port in enumerate(service["spec"].get("ports") or ()):
        if port.get("nodePort") and port["nodePort"] not in kept:
            _check_node_port(service, place, port["nodePort"], taken)
        if not port.get("nodePort"):
            port["nodePort"] = own.get((port.get("name"), port.get("port"))) or next(free, 0)


def _check_node_port(service: Body, place: int, port: int, taken: set[int | None]) -> None:
    """Raises StatusError 422 for a port that cannot be had (pkg/registry/core/service/portallocator)."""
    why = "provided port is already allocated" if port in taken else ""
    if port not in NODE_PORTS:
        shown = f"{NODE_PORTS.start}-{NODE_PORTS.stop - 1}"
        why = f"provided port is not in the valid range. The range of valid ports is {shown}"
    if why:
        fault = wrong(f"spec.ports[{place}].nodePort", port, why)
        raise invalid("", "Service", service["metadata"].get("name", ""), [fault])


def _event(_store: Store, event: Body, _old: Body | None) -> None:
    """The fields of an Event that Go writes when they are zero: they are without omitempty, or structs."""
    for name in ("firstTimestamp", "lastTimestamp", "eventTime"):
        event.setdefault(name, None)
    for name in ("reportingComponent", "reportingInstance"):
        event.setdefault(name, "")


def _priority_value(_store: Store, body: Body, _old: Body | None) -> None:
    body.setdefault("value", 0)


def _job(_store: Store, job: Body, old: Body | None) -> None:
    """The selector that a Job generates (pkg/registry/batch/job/strategy.go)."""
    spec, metadata = job["spec"], job["metadata"]
    if old is not None:
        if not spec.get("manualSelector"):
            spec["selector"] = old["spec"]["selector"]
            labels = spec["template"]["metadata"].setdefault("labels", {})
            for name, value in old["spec"]["template"]["metadata"].get("labels", {}).items():
                if name.endswith(("controller-uid", "job-name")):
                    labels[name] = value
        return
    if spec.get("manualSelector"):
        return
    labels = spec["template"].setdefault("metadata", {}).setdefault("labels", {})
    for prefix in ("batch.kubernetes.io/", ""):
        labels[f"{prefix}controller-uid"] = metadata["uid"]
        labels[f"{prefix}job-name"] = metadata.get("name", "")
    metadata.setdefault("labels", dict(labels))
    given = spec.get("selector") or {}
    exact = {**(given.get("matchLabels") or {}), "batch.kubernetes.io/controller-uid": metadata["uid"]}
    spec["selector"] = {**given, "matchLabels": exact}


_RULES: dict[GroupResource, Callable[[Store, Body, Any], None]] = {
    GroupResource("", "pods"): _pod,
    GroupResource("", "persistentvolumeclaims"): _claim,
    GroupResource("", "persistentvolumes"): _volume,
    GroupResource("batch", "jobs"): _job,
    PRIORITIES: _priority_value,
    GroupResource("", "events"): _event,
}
