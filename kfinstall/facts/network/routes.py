"""Where requests from outside are sent: the Services that Ingresses and Istio's VirtualServices name."""

from collections.abc import Iterator

from kfinstall.contracts.manifest import Body, ObjectKey
from kfinstall.contracts.resource import GroupKind
from kfinstall.contracts.snapshot import Snapshot
from kfinstall.facts.objects.kinds import SERVICE

VIRTUAL_SERVICE = GroupKind("networking.istio.io", "VirtualService")
INGRESS = GroupKind("networking.k8s.io", "Ingress")


def routed(snapshot: Snapshot) -> Iterator[tuple[ObjectKey, ObjectKey]]:
    """What sends requests, and the Service that they go to."""
    for kind, targets in ((VIRTUAL_SERVICE, _of_virtual_service), (INGRESS, _of_ingress)):
        for body in snapshot.all(kind):
            namespace = str(body["metadata"].get("namespace") or "")
            route = ObjectKey(*kind, namespace, body["metadata"]["name"])
            for service in dict.fromkeys(targets(body, namespace)):
                yield route, service


def _of_virtual_service(body: Body, namespace: str) -> Iterator[ObjectKey]:
    for rule in (body.get("spec") or {}).get("http") or ():
        for target in rule.get("route") or ():
            found = _service(str((target.get("destination") or {}).get("host") or ""), namespace)
            if found:
                yield found


def _service(host: str, namespace: str) -> ObjectKey | None:
    """A short name is one of the same namespace; what is not the cluster's own is no Service of it."""
    name, _dot, rest = host.partition(".")
    if not rest:
        return ObjectKey(*SERVICE, namespace, name) if name else None
    where, _dot, domain = rest.partition(".")
    if domain != "svc" and not domain.startswith("svc."):
        return None
    return ObjectKey(*SERVICE, where, name)


def _of_ingress(body: Body, namespace: str) -> Iterator[ObjectKey]:
    spec = body.get("spec") or {}
    paths = [path for rule in spec.get("rules") or () for path in (rule.get("http") or {}).get("paths") or ()]
    for backend in [spec.get("defaultBackend"), *(path.get("backend") for path in paths)]:
        name = ((backend or {}).get("service") or {}).get("name")
        if name:
            yield ObjectKey(*SERVICE, namespace, str(name))
