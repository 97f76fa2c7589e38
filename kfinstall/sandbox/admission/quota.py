"""ResourceQuotas: what a namespace may hold, and what it holds (pkg/quota/v1, apiserver admission/resourcequota).

The API server keeps what is used in the quota's status; here it is counted anew each time, from what is stored.
"""

from collections.abc import Callable, Iterable, Mapping

from kfinstall.contracts.manifest import Body
from kfinstall.facts.objects.quantities import amount
from kfinstall.sandbox.admission import pod_resources
from kfinstall.sandbox.admission.pod_resources import added
from kfinstall.sandbox.server.status import forbidden
from kfinstall.sandbox.storage.store import Store
from kfinstall.sandbox.types.kinds import GroupResource

QUOTAS = GroupResource("", "resourcequotas")
PODS = GroupResource("", "pods")
CLAIMS = GroupResource("", "persistentvolumeclaims")
SERVICES = GroupResource("", "services")
COUNTED_BY_NAME = frozenset({"configmaps", "secrets", "replicationcontrollers", "resourcequotas"})
"""Resources of the core group whose objects are counted under their plain name, too."""

CHARGED_FOR_CHANGES = frozenset({CLAIMS, SERVICES})
MUST_BE_SPECIFIED = frozenset(
    f"{prefix}{name}" for prefix in ("", "requests.", "limits.") for name in ("cpu", "memory")
)
CLASS = ".storageclass.storage.k8s.io/"
Usage = dict[str, str]


def check(store: Store, resource: GroupResource, body: Body, old: Body | None) -> None:
    """Raises StatusError 403 when a quota of the namespace has no room for a new object, or for a change of it."""
    if old is not None and resource not in CHARGED_FOR_CHANGES:
        return
    wanted, before = usage(resource, body), usage(resource, old) if old else {}
    for quota in store.all(QUOTAS, body["metadata"].get("namespace", "")):
        hard = {name: limit for name, limit in _hard(quota).items() if measured(name) == resource}
        if not hard or not _in_scope(quota, resource, body):
            continue
        name, plural = body["metadata"]["name"], resource.plural
        missing = _unspecified(hard, body) if resource == PODS else ""
        if missing:
            raise forbidden(resource.group, plural, name, f"failed quota: {quota['metadata']['name']}: {missing}")
        growth = {each: amount(wanted.get(each, "0")) - amount(before.get(each, "0")) for each in hard}
        asked = {each: pod_resources.quantity(more, [wanted[each]]) for each, more in growth.items() if more > 0}
        held = used(store, quota, asked)
        over = sorted(each for each in asked if amount(added([held[each], asked[each]])) > amount(hard[each]))
        if over:
            why = (
                f"exceeded quota: {quota['metadata']['name']}, requested: {_listed(asked, over)}, "
                f"used: {_listed(held, over)}, limited: {_listed(hard, over)}"
            )
            raise forbidden(resource.group, plural, name, why)


def used(store: Store, quota: Body, names: Iterable[str]) -> Usage:
    """What the namespace of a quota holds of what these names measure."""
    found: Usage = {}
    for name in names:
        resource = measured(name)
        bodies = store.all(resource, quota["metadata"]["namespace"])
        counted = (usage(resource, body).get(name, "0") for body in bodies if _in_scope(quota, resource, body))
        found[name] = added(counted)
    return found


def measured(name: str) -> GroupResource:
    """Whose objects a name in a quota measures."""
    if name.startswith("count/"):
        plural, _, group = name.removeprefix("count/").partition(".")
        return GroupResource(group, plural)
    if name in COUNTED_BY_NAME:
        return GroupResource("", name)
    if name in {"persistentvolumeclaims", "requests.storage"} or CLASS in name:
        return CLAIMS
    return SERVICES if name.partition(".")[0] == "services" else PODS


def usage(resource: GroupResource, body: Body) -> Usage:
    """What one object takes, by the names of quotas."""
    plural = f"{resource.plural}.{resource.group}" if resource.group else resource.plural
    counted = {f"count/{plural}": "1"}
    if resource.plural in COUNTED_BY_NAME and not resource.group:
        counted[resource.plural] = "1"
    measure = _MEASURES.get(resource)
    return counted | (measure(body) if measure else {})


def _pod(pod: Body) -> Usage:
    if (pod.get("status") or {}).get("phase") in {"Failed", "Succeeded"}:
        return {}
    return {"pods": "1", **_computed(pod_resources.total(pod, "requests"), pod_resources.total(pod, "limits"))}


def _computed(requests: Mapping[str, str], limits: Mapping[str, str]) -> Usage:
    plain = {name: value for name, value in requests.items() if "/" not in name}
    return {
        **plain,
        **{f"requests.{name}": value for name, value in requests.items()},
        **{f"limits.{name}": value for name, value in limits.items() if "/" not in name},
    }


def _claim(claim: Body) -> Usage:
    spec = claim["spec"]
    size = ((spec.get("resources") or {}).get("requests") or {}).get("storage", "0")
    found = {"persistentvolumeclaims": "1", "requests.storage": size}
    if spec.get("storageClassName"):
        found |= {f"{spec['storageClassName']}{CLASS}{name}": value for name, value in found.items()}
    return found


def _service(service: Body) -> Usage:
    spec = service["spec"]
    ports = len(spec.get("ports") or ())
    match spec.get("type"):
        case "NodePort":
            return {"services": "1", "services.nodeports": str(ports)}
        case "LoadBalancer":
            opened = ports if spec.get("allocateLoadBalancerNodePorts", True) else 0
            return {"services": "1", "services.loadbalancers": "1", "services.nodeports": str(opened)}
    return {"services": "1"}


_MEASURES: Mapping[GroupResource, Callable[[Body], Usage]] = {PODS: _pod, CLAIMS: _claim, SERVICES: _service}


def _unspecified(hard: Iterable[str], pod: Body) -> str:
    """Every container has to ask for the CPU and memory that a quota limits."""
    spec = pod["spec"]
    if spec.get("resources"):
        return ""
    missing: dict[str, list[str]] = {}
    for container in [*spec["containers"], *(spec.get("initContainers") or ())]:
        given = container.get("resources") or {}
        specified = _computed(given.get("requests") or {}, given.get("limits") or {})
        for name in MUST_BE_SPECIFIED & set(hard) - specified.keys():
            missing.setdefault(name, []).append(container["name"])
    listed = "; ".join(f"{name} for: {','.join(sorted(missing[name]))}" for name in sorted(missing))
    return f"must specify {listed}" if listed else ""


def _in_scope(quota: Body, resource: GroupResource, body: Body) -> bool:
    """Whether an object is one that the quota is for; a quota with scopes is for pods only."""
    spec = quota.get("spec") or {}
    scopes = [{"scopeName": name} for name in spec.get("scopes") or ()]
    scopes += (spec.get("scopeSelector") or {}).get("matchExpressions") or ()
    return not scopes or (resource == PODS and all(_matches(scope, body["spec"], body) for scope in scopes))


def _matches(scope: Body, spec: Body, pod: Body) -> bool:
    ends = spec.get("activeDeadlineSeconds") is not None
    best_effort = (pod.get("status") or {}).get("qosClass") == "BestEffort"
    match scope["scopeName"]:
        case "Terminating":
            return ends
        case "NotTerminating":
            return not ends
        case "BestEffort":
            return best_effort
        case "NotBestEffort":
            return not best_effort
        case "PriorityClass":
            return _selects(scope, spec.get("priorityClassName", ""))
    return False


def _selects(scope: Body, priority: str) -> bool:
    match scope.get("operator", "Exists"):
        case "In":
            return priority in (scope.get("values") or ())
        case "NotIn":
            return priority not in (scope.get("values") or ())
        case "DoesNotExist":
            return not priority
    return bool(priority)


def _hard(quota: Body) -> Mapping[str, str]:
    found: Mapping[str, str] = (quota.get("spec") or {}).get("hard") or {}
    return found


def _listed(quantities: Mapping[str, str], names: Iterable[str]) -> str:
    return ",".join(f"{name}={quantities[name]}" for name in names)
