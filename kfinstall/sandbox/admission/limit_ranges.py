"""LimitRanges: what containers get that ask for nothing, and how much they may ask for (admission/limitranger)."""

from collections.abc import Iterator, Mapping

from kfinstall.contracts.manifest import Body
from kfinstall.facts.objects.quantities import amount
from kfinstall.sandbox.admission import pod_resources
from kfinstall.sandbox.server.status import forbidden
from kfinstall.sandbox.storage.store import Store
from kfinstall.sandbox.types.kinds import GroupResource

RANGES = GroupResource("", "limitranges")
PODS = GroupResource("", "pods")
CLAIMS = GroupResource("", "persistentvolumeclaims")
ANNOTATION = "kubernetes.io/limit-ranger"
Quantities = Mapping[str, str]


def fill(store: Store, pod: Body) -> None:
    """Give the containers of a new pod the defaults of its namespace, and note it."""
    for limit_range in store.all(RANGES, pod["metadata"]["namespace"]):
        items = [item for item in _items(limit_range) if item["type"] == "Container"]
        defaults = {
            "request": {name: value for item in items for name, value in (item.get("defaultRequest") or {}).items()},
            "limit": {name: value for item in items for name, value in (item.get("default") or {}).items()},
        }
        notes = [
            note
            for field, label in (("containers", "container"), ("initContainers", "init container"))
            for container in pod["spec"].get(field) or ()
            for note in _filled(container, label, defaults)
        ]
        if notes:
            annotations = pod["metadata"].setdefault("annotations", {})
            annotations[ANNOTATION] = f"LimitRanger plugin set: {'; '.join(notes)}"


def _items(limit_range: Body) -> list[Body]:
    found: list[Body] = (limit_range.get("spec") or {}).get("limits") or []
    return found


def _filled(container: Body, label: str, defaults: Mapping[str, Quantities]) -> Iterator[str]:
    for word, values in defaults.items():
        given = container.setdefault("resources", {}).get(f"{word}s") or {}
        missing = sorted(values.keys() - given.keys())
        if missing:
            container["resources"][f"{word}s"] = {**values, **given}
            yield f"{', '.join(missing)} {word} for {label} {container['name']}"


def check(store: Store, resource: GroupResource, body: Body) -> None:
    """Raises StatusError 403 for a pod or a claim that asks for too much or too little."""
    if resource not in {PODS, CLAIMS}:
        return
    for limit_range in store.all(RANGES, body["metadata"]["namespace"]):
        found = [fault for item in _items(limit_range) for fault in _faults(item, resource, body)]
        if found:
            why = found[0] if len(found) == 1 else f"[{', '.join(found)}]"
            raise forbidden("", resource.plural, body["metadata"]["name"], why)


def _faults(item: Body, resource: GroupResource, body: Body) -> Iterator[str]:
    spec = body["spec"]
    match item["type"], resource.plural:
        case "Container", "pods":
            for container in [*spec["containers"], *(spec.get("initContainers") or ())]:
                given = container.get("resources") or {}
                yield from _outside(item, given.get("requests") or {}, given.get("limits") or {})
        case "Pod", "pods":
            yield from _outside(item, pod_resources.total(body, "requests"), pod_resources.total(body, "limits"))
        case "PersistentVolumeClaim", "persistentvolumeclaims":
            requests = (spec.get("resources") or {}).get("requests") or {}
            yield from _too_little(item, requests, {})
            for name, most in sorted((item.get("max") or {}).items()):
                if amount(requests.get(name, "0")) > amount(most):
                    yield f"maximum {name} usage per {item['type']} is {most}, but request is {requests[name]}"


def _outside(item: Body, requests: Quantities, limits: Quantities) -> Iterator[str]:
    yield from _too_little(item, requests, limits)
    for name, most in sorted((item.get("max") or {}).items()):
        start = f"maximum {name} usage per {item['type']} is {most}"
        if name not in limits:
            yield f"{start}.  No limit is specified"
        elif amount(limits[name]) > amount(most):
            yield f"{start}, but limit is {limits[name]}"
        elif name in requests and amount(requests[name]) > amount(most):
            yield f"{start}, but request is {requests[name]}"
    for name, most in sorted((item.get("maxLimitRequestRatio") or {}).items()):
        start = f"{name} max limit to request ratio per {item['type']} is {most}"
        request, limit = amount(requests.get(name, "0")), amount(limits.get(name, "0"))
        if not request:
            yield f"{start}, but no request is specified or request is 0"
        elif not limit:
            yield f"{start}, but no limit is specified or limit is 0"
        elif limit / request > amount(most):
            yield f"{start}, but provided ratio is {limit / request:.6f}"


def _too_little(item: Body, requests: Quantities, limits: Quantities) -> Iterator[str]:
    for name, least in sorted((item.get("min") or {}).items()):
        start = f"minimum {name} usage per {item['type']} is {least}"
        if name not in requests:
            yield f"{start}.  No request is specified"
        elif amount(requests[name]) < amount(least):
            yield f"{start}, but request is {requests[name]}"
        elif name in limits and amount(limits[name]) < amount(least):
            yield f"{start}, but limit is {limits[name]}"
