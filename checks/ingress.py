"""Ways in from outside that nobody opens: Ingresses, what is of the Gateway API, Google's load balancers."""

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from kfinstall.contracts.check import Check
from kfinstall.contracts.explanation import Json
from kfinstall.contracts.finding import Evidence, Finding, Severity
from kfinstall.contracts.manifest import Body, ObjectKey
from kfinstall.contracts.resource import GroupKind
from kfinstall.contracts.snapshot import Snapshot
from kfinstall.facts.classify import explanation
from kfinstall.facts.network.routes import INGRESS
from kfinstall.facts.objects.moments import between
from kfinstall.facts.objects.owners import key_of
from kfinstall.words import _, joined

INGRESS_CLASS = GroupKind("networking.k8s.io", "IngressClass")
API = "gateway.networking.k8s.io"
OPENED = (GroupKind(API, "GatewayClass"), GroupKind(API, "Gateway"), GroupKind(API, "HTTPRoute"))
MANAGED_CERTIFICATE = GroupKind("networking.gke.io", "ManagedCertificate")

PATIENCE = timedelta(minutes=5)
"""How long a controller may take to say something."""

BACKENDS = "ingress.kubernetes.io/backends"
"""Where Google's controller notes the state of each backend:
https://cloud.google.com/kubernetes-engine/docs/concepts/ingress#health_checks"""

UNHEALTHY = "UNHEALTHY"


def without_class(snapshot: Snapshot) -> Iterator[Finding]:
    """Ingresses that name a class which does not exist: no controller looks at them."""
    classes = {each["metadata"]["name"] for each in snapshot.all(INGRESS_CLASS)}
    for ingress in snapshot.all(INGRESS):
        name = (ingress.get("spec") or {}).get("ingressClassName")
        balancer = (ingress.get("status") or {}).get("loadBalancer") or {}
        if name and name not in classes and not balancer.get("ingress"):
            key = key_of(INGRESS, ingress)
            there = joined(sorted(classes)) or _("none")
            text = _("names the class {name}; those that exist: {names}").format(name=name, names=there)
            yield _closed("net-door-closed", _("{door} is of a class that does not exist"), key, text)


def not_accepted(snapshot: Snapshot) -> Iterator[Finding]:
    """What of the Gateway API its controller refuses, or no controller looks at.

    https://gateway-api.sigs.k8s.io/geps/gep-1364/
    """
    for kind in OPENED:
        for body in snapshot.all(kind):
            silent = (between(body["metadata"].get("creationTimestamp"), snapshot.taken) or timedelta()) > PATIENCE
            for condition in _conditions(body):
                state = condition.get("status")
                if state == "False" or (state == "Unknown" and silent):
                    text = f"{condition.get('type')}: {condition.get('reason')}: {condition.get('message')}"
                    title = _("{door} is not served") if state == "False" else _("No controller looks at {door}")
                    yield _closed("net-door-closed", title, key_of(kind, body), text)
                    break


def _conditions(body: Body) -> Iterator[Mapping[str, Any]]:
    """Its own, and those by each of its parents."""
    status = body.get("status") or {}
    for holder in (status, *(status.get("parents") or ())):
        for condition in holder.get("conditions") or ():
            if condition.get("type") in {"Accepted", "Programmed", "ResolvedRefs"}:
                yield condition


def unhealthy(snapshot: Snapshot) -> Iterator[Finding]:
    """What Google's load balancers send nothing to, because it does not pass their health check (HTTP 502)."""
    for ingress in snapshot.all(INGRESS):
        noted = (ingress["metadata"].get("annotations") or {}).get(BACKENDS)
        ill = [name for name, state in _states(noted).items() if state == UNHEALTHY]
        if ill:
            title = _("Google's load balancer finds nobody healthy behind {door}")
            yield _closed("gke-backend-unhealthy", title, key_of(INGRESS, ingress), joined(ill))


def _states(noted: object) -> Mapping[str, object]:
    try:
        found = json.loads(str(noted or "{}"))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def not_provisioned(snapshot: Snapshot) -> Iterator[Finding]:
    """Certificates that Google does not issue, because the name does not lead to the load balancer."""
    for certificate in snapshot.all(MANAGED_CERTIFICATE):
        for domain in (certificate.get("status") or {}).get("domainStatus") or ():
            state = str(domain.get("status") or "")
            if state.startswith("Failed"):
                text = f"{domain.get('domain')}: {state}"
                key = key_of(MANAGED_CERTIFICATE, certificate)
                yield _closed("gke-certificate-failed", _("Google does not issue {door}"), key, text)


def _closed(cause: str, title: str, key: ObjectKey, text: str) -> Finding:
    about: dict[str, Json] = {"namespace": key.namespace, "name": key.name, "kind": key.kind.lower()}
    explained = explanation(cause, about)
    return Finding(
        cause=explained.cause,
        severity=Severity.WARNING,
        title=title.format(door=key),
        objects=(key,),
        remedy=explained.remedy,
        evidence=(Evidence(text, key),),
        docs=explained.docs,
    )


def _any(*kinds: GroupKind) -> Any:
    return lambda snapshot: any(snapshot.all(kind) for kind in kinds)


CHECKS = (
    Check(
        "networking.ingress-classes",
        _("Does the class of every Ingress exist?"),
        frozenset({INGRESS, INGRESS_CLASS}),
        without_class,
        docs="https://kubernetes.io/docs/concepts/services-networking/ingress/#ingress-class",
    ),
    Check(
        "networking.gateways",
        _("Does somebody serve every Gateway and its routes?"),
        frozenset(OPENED),
        not_accepted,
        concerns=_any(*OPENED),
    ),
    Check(
        "gke.backends",
        _("Does Google's load balancer find the pods healthy?"),
        frozenset({INGRESS}),
        unhealthy,
        concerns=lambda snapshot: any(
            BACKENDS in (each["metadata"].get("annotations") or {}) for each in snapshot.all(INGRESS)
        ),
    ),
    Check(
        "gke.certificates",
        _("Does Google issue every certificate that is asked of it?"),
        frozenset({MANAGED_CERTIFICATE}),
        not_provisioned,
        concerns=_any(MANAGED_CERTIFICATE),
    ),
)
