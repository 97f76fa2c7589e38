"""The way in: whether what a browser is given there works."""

from collections import defaultdict
from collections.abc import Iterator

from kfinstall.contracts.check import Check
from kfinstall.contracts.explanation import Remedy
from kfinstall.contracts.finding import Evidence, Finding, Severity
from kfinstall.contracts.manifest import Body, ObjectKey
from kfinstall.contracts.resource import GroupKind
from kfinstall.contracts.snapshot import Snapshot
from kfinstall.facts.classify import explanation
from kfinstall.facts.network.routes import INGRESS, routed
from kfinstall.facts.objects.kinds import CERTIFICATE, DEPLOYMENT, SECRET, SERVICE
from kfinstall.facts.objects.owners import key_of
from kfinstall.words import _, counted

GATEWAY = GroupKind("networking.istio.io", "Gateway")
DOOR = ObjectKey(*SERVICE, "istio-system", "istio-ingressgateway")
WEB_APPS = ("jupyter-web-app", "volumes-web-app", "tensorboards-web-app")
"""Kubeflow's own web apps that change things, by the beginning of their Deployment's name."""

VARIABLE = "APP_SECURE_COOKIES"
"""Without it they set secure cookies (components/crud-web-apps/common/backend of kubeflow/kubeflow)."""

TLS_OUTSIDE = ("ssl", "tls", "https", "certificate", "acm")
"""Parts of the annotations by which clouds' load balancers end TLS themselves."""


def cookies(snapshot: Snapshot) -> Iterator[Finding]:
    """Web apps whose cookies a browser keeps only over https, behind a door that is http; localhost is excepted."""
    door = snapshot.get(DOOR)
    kind = str(((door or {}).get("spec") or {}).get("type") or "")
    gateways = [body for body in snapshot.all(GATEWAY) if (body.get("spec") or {}).get("servers")]
    if door is None or kind not in {"NodePort", "LoadBalancer"} or not gateways:
        return
    if _ends_tls(door) or any(map(_has_tls, gateways)) or any(service == DOOR for _by, service in routed(snapshot)):
        return
    apps = [key_of(DEPLOYMENT, body) for body in snapshot.all(DEPLOYMENT) if _sets_secure_cookies(body)]
    if apps:
        yield _finding(apps, kind)


def _ends_tls(service: Body) -> bool:
    annotations = service["metadata"].get("annotations") or {}
    return any(part in name.lower() for name in annotations for part in TLS_OUTSIDE)


def _has_tls(gateway: Body) -> bool:
    return any(
        server.get("tls") or str((server.get("port") or {}).get("protocol")).upper() in {"HTTPS", "TLS"}
        for server in gateway["spec"]["servers"]
    )


def _sets_secure_cookies(body: Body) -> bool:
    if not body["metadata"]["name"].startswith(WEB_APPS):
        return False
    containers = (((body.get("spec") or {}).get("template") or {}).get("spec") or {}).get("containers") or ()
    values = [each.get("value") for one in containers for each in one.get("env") or () if each.get("name") == VARIABLE]
    return str(values[0] if values else "true").lower() == "true"


def _finding(apps: list[ObjectKey], kind: str) -> Finding:
    explained = explanation("kf-csrf-http", {})
    switch = [f"kubectl -n {each.namespace} set env deployment/{each.name} {VARIABLE}=false" for each in apps]
    return Finding(
        cause=explained.cause,
        severity=Severity.WARNING if kind == "LoadBalancer" else Severity.INFO,
        title=_("{apps} cannot be used from another machine: cookies for https, and the door is http").format(
            apps=counted("{count} web app", "{count} web apps", len(apps))
        ),
        objects=(),
        remedy=Remedy(
            _("Give the gateway a certificate (access.tls in the file), or open it at localhost; else switch it off."),
            ("kfinstall open", *switch),
        ),
        evidence=(Evidence(_("a Service of type {kind}, without TLS").format(kind=kind), DOOR),
                  *(Evidence(_("sets secure cookies"), each) for each in apps)),
        docs=explained.docs,
    )  # fmt: skip


def certificates(snapshot: Snapshot) -> Iterator[Finding]:
    """Doors for https whose certificate is not there: nobody answers, or the proxy shows one of its own."""
    lacking: dict[ObjectKey, list[ObjectKey]] = defaultdict(list)
    for door, secret in _certificates(snapshot):
        if snapshot.get(secret) is None and door not in lacking[secret]:
            lacking[secret].append(door)
    for secret, doors in lacking.items():
        if doors:
            yield _without_certificate(secret, doors)


def _certificates(snapshot: Snapshot) -> Iterator[tuple[ObjectKey, ObjectKey]]:
    """Each door, and the Secret that it takes its certificate from.

    A Gateway's is in the namespace of the proxies (https://istio.io/latest/docs/reference/config/networking/gateway/).
    """
    for body in snapshot.all(GATEWAY):
        for server in (body.get("spec") or {}).get("servers") or ():
            name = (server.get("tls") or {}).get("credentialName")
            if name and "://" not in name:
                yield key_of(GATEWAY, body), ObjectKey(*SECRET, DOOR.namespace, name)
    for body in snapshot.all(INGRESS):
        for entry in (body.get("spec") or {}).get("tls") or ():
            if entry.get("secretName"):
                door = key_of(INGRESS, body)
                yield door, ObjectKey(*SECRET, door.namespace, entry["secretName"])


def _without_certificate(secret: ObjectKey, doors: list[ObjectKey]) -> Finding:
    explained = explanation("access-certificate-missing", {"secret": secret.name, "namespace": secret.namespace})
    return Finding(
        cause=explained.cause,
        severity=Severity.ERROR,
        title=_("{doors} without a certificate: there is no {secret}").format(
            doors=counted("{count} door for https is", "{count} doors for https are", len(doors)), secret=secret
        ),
        objects=tuple(doors),
        remedy=explained.remedy,
        needs=frozenset({secret}),
        docs=explained.docs,
    )


CHECKS = (
    Check(
        "access.certificates",
        _("Does every door for https have its certificate?"),
        frozenset({SECRET}),
        certificates,
        also=frozenset({GATEWAY, INGRESS, CERTIFICATE}),
    ),
    Check(
        "access.cookies",
        _("Do browsers keep the cookies of Kubeflow's web apps?"),
        frozenset({SERVICE, DEPLOYMENT, GATEWAY}),
        cookies,
        also=frozenset({INGRESS}),
        docs="https://github.com/kubeflow/manifests#nodeport--loadbalancer--ingress",
    ),
)
