"""Admission webhooks that nobody serves, and those that the API server cannot trust."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from kfinstall.contracts.check import Check
from kfinstall.contracts.explanation import Remedy
from kfinstall.contracts.finding import Evidence, Finding, Severity
from kfinstall.contracts.fix import Fix
from kfinstall.contracts.manifest import ObjectKey
from kfinstall.contracts.snapshot import Snapshot
from kfinstall.facts.classify import explanation
from kfinstall.facts.network.authorities import bundle, last_valid
from kfinstall.facts.network.served import has_ready_endpoint
from kfinstall.facts.objects.conditions import condition
from kfinstall.facts.objects.dependencies import dependencies
from kfinstall.facts.objects.kinds import (
    CERTIFICATE,
    DEPLOYMENT,
    ENDPOINT_SLICE,
    ISSUER,
    MUTATING,
    NAMESPACE,
    POD,
    SERVICE,
    STATEFUL_SET,
    VALIDATING,
)
from kfinstall.facts.objects.moments import moment
from kfinstall.facts.objects.owners import command_name, key_of
from kfinstall.facts.objects.selectors import matches
from kfinstall.words import _, counted, joined

INJECTED = "cert-manager.io/inject-ca-from"
"""Annotation: the Certificate, as namespace/name, whose authority cert-manager puts into the configuration."""

INJECTOR = ObjectKey(*DEPLOYMENT, "cert-manager", "cert-manager-cainjector")
SYSTEM = "kube-system"
SOON = timedelta(days=7)

ADMISSION = "https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/"


@dataclass(frozen=True, slots=True)
class _Webhook:
    configuration: ObjectKey
    annotations: Mapping[str, str]
    body: Mapping[str, Any]

    @property
    def client(self) -> Mapping[str, Any]:
        return self.body.get("clientConfig") or {}

    @property
    def service(self) -> ObjectKey | None:
        service = self.client.get("service")
        return ObjectKey(*SERVICE, str(service.get("namespace")), str(service.get("name"))) if service else None

    @property
    def port(self) -> int:
        return int((self.client.get("service") or {}).get("port") or 443)

    @property
    def blocks(self) -> bool:
        """Whether objects are refused when it does not answer."""
        return bool(self.body.get("failurePolicy", "Fail") == "Fail")


def _webhooks(snapshot: Snapshot) -> Iterator[_Webhook]:
    for kind in (MUTATING, VALIDATING):
        for configuration in snapshot.all(kind):
            annotations = configuration["metadata"].get("annotations") or {}
            for body in configuration.get("webhooks") or ():
                yield _Webhook(key_of(kind, configuration), annotations, body)


def unserved(snapshot: Snapshot) -> Iterator[Finding]:
    """One finding for each Service that should answer and cannot, whatever configurations ask it."""
    groups: dict[ObjectKey, list[_Webhook]] = defaultdict(list)
    for webhook in _webhooks(snapshot):
        if webhook.service:
            groups[webhook.service].append(webhook)
    for service, webhooks in groups.items():
        body = snapshot.get(service)
        if body is None:
            yield _left_behind(service, webhooks, snapshot)
        elif not _has_ports(body, webhooks):
            yield _wrong_port(service, webhooks, snapshot)
        elif snapshot.knows(ENDPOINT_SLICE) and not has_ready_endpoint(service, snapshot):
            yield _nobody_answers(service, webhooks, snapshot)


def _has_ports(service: Mapping[str, Any], webhooks: list[_Webhook]) -> bool:
    ports = {port.get("port") for port in (service.get("spec") or {}).get("ports") or ()}
    return not ports or all(webhook.port in ports for webhook in webhooks)


def _left_behind(service: ObjectKey, webhooks: list[_Webhook], snapshot: Snapshot) -> Finding:
    explained = explanation("wh-stale-config", {"service": str(service), "webhook": webhooks[0].body.get("name")})
    stale = _only_for(service, webhooks, snapshot)
    gone = service.namespace if _is_gone(service.namespace, snapshot) else ""
    title = _("A webhook was left behind: {service} does not exist")
    if gone:
        title = _("A webhook was left behind: its namespace {namespace} does not exist")
    return Finding(
        cause=explained.cause,
        severity=_severity(webhooks),
        title=title.format(service=service, namespace=service.namespace),
        objects=_configurations(webhooks),
        remedy=Remedy(
            _("Delete the configuration if what it belonged to is gone, or install that again."),
            tuple(f"kubectl delete {command_name(key)}" for key in stale),
        ),
        evidence=tuple(_evidence(webhooks, snapshot)),
        needs=frozenset({service}),
        docs=ADMISSION,
        fix=_deletion(stale, service) if gone and stale else None,
    )


def _only_for(service: ObjectKey, webhooks: list[_Webhook], snapshot: Snapshot) -> tuple[ObjectKey, ...]:
    """The configurations that ask nobody else."""
    others = {webhook.configuration for webhook in _webhooks(snapshot) if webhook.service != service}
    return tuple(key for key in _configurations(webhooks) if key not in others)


def _is_gone(namespace: str, snapshot: Snapshot) -> bool:
    return snapshot.knows(NAMESPACE) and snapshot.get(ObjectKey(*NAMESPACE, "", namespace)) is None


def _deletion(configurations: tuple[ObjectKey, ...], service: ObjectKey) -> Fix:
    return Fix(
        title=_("Delete the webhooks that ask {service}").format(service=service),
        deletions=configurations,
        risk=_("What the webhooks checked or filled in is not checked or filled in any more."),
    )


def _wrong_port(service: ObjectKey, webhooks: list[_Webhook], snapshot: Snapshot) -> Finding:
    explained = explanation("wh-connection-refused", {"namespace": service.namespace})
    ports = joined(sorted({str(webhook.port) for webhook in webhooks}))
    return Finding(
        cause=explained.cause,
        severity=_severity(webhooks),
        title=_("The webhooks of {service} are asked at port {ports}, which the Service does not have").format(
            service=service, ports=ports
        ),
        objects=_configurations(webhooks),
        remedy=Remedy(
            _("Let the Service and the configuration name the same port; apply the component's manifests again."),
            (f"kubectl -n {service.namespace} get service {service.name} -o wide",),
        ),
        evidence=tuple(_evidence(webhooks, snapshot)),
        docs=ADMISSION,
    )


def _nobody_answers(service: ObjectKey, webhooks: list[_Webhook], snapshot: Snapshot) -> Finding:
    about = {"service": service.name, "namespace": service.namespace, "webhook": webhooks[0].body.get("name")}
    explained = explanation("wh-no-endpoints", about)
    return Finding(
        cause=explained.cause,
        severity=_severity(webhooks),
        title=_("Nobody serves the webhooks of {service}: {effect}").format(
            service=service, effect=_effect(webhooks, snapshot)
        ),
        objects=_configurations(webhooks),
        remedy=_started(list(_switched_off(service, snapshot))) or explained.remedy,
        evidence=tuple(_evidence(webhooks, snapshot)),
        docs=ADMISSION,
    )


def _switched_off(service: ObjectKey, snapshot: Snapshot) -> Iterator[ObjectKey]:
    """Deployments behind a Service that are scaled to zero."""
    for key in dependencies(service, snapshot):
        body = snapshot.get(key)
        if body and key.kind == DEPLOYMENT.kind and (body.get("spec") or {}).get("replicas") == 0:
            yield key


def _started(deployments: list[ObjectKey]) -> Remedy | None:
    if not deployments:
        return None
    commands = (f"kubectl -n {key.namespace} scale {command_name(key)} --replicas=1" for key in deployments)
    text = _("Its deployment is scaled to zero: start it again, or delete the webhook if it is to stay off.")
    return Remedy(text, tuple(commands))


def _severity(webhooks: list[_Webhook]) -> Severity:
    return Severity.ERROR if any(webhook.blocks for webhook in webhooks) else Severity.WARNING


def _effect(webhooks: list[_Webhook], snapshot: Snapshot) -> str:
    blocking = [each for each in webhooks if each.blocks and (_selected(each, snapshot) or not snapshot.all(NAMESPACE))]
    kinds = joined(sorted({name for webhook in blocking for name in _resources(webhook)}))
    if kinds:
        return _("{resources} cannot be written").format(resources=kinds)
    return _("objects are stored without what they would fill in or check")


def _configurations(webhooks: list[_Webhook]) -> tuple[ObjectKey, ...]:
    return tuple(dict.fromkeys(webhook.configuration for webhook in webhooks))


def _resources(webhook: _Webhook) -> Iterator[str]:
    for rule in webhook.body.get("rules") or ():
        yield from rule.get("resources") or ()


def _evidence(webhooks: list[_Webhook], snapshot: Snapshot) -> Iterator[Evidence]:
    """What each webhook stands in the way of, and where."""
    for webhook in webhooks:
        asked = sorted({name for rule in webhook.body.get("rules") or () for name in rule.get("operations") or ()})
        text = _("{name} is asked about {operations} of {resources} in {where}; failurePolicy {policy}")
        yield Evidence(
            text.format(
                name=webhook.body.get("name"),
                operations=joined(asked),
                resources=joined(sorted(set(_resources(webhook)))),
                where=_where(webhook, snapshot),
                policy=webhook.body.get("failurePolicy", "Fail"),
            ),
            webhook.configuration,
        )


def _where(webhook: _Webhook, snapshot: Snapshot) -> str:
    """The namespaces that it is asked about; kube-system among them can keep a cluster from coming back."""
    selected = _selected(webhook, snapshot)
    text = counted("{count} namespace", "{count} namespaces", len(selected))
    return _("{namespaces}, kube-system among them").format(namespaces=text) if SYSTEM in selected else text


def _selected(webhook: _Webhook, snapshot: Snapshot) -> list[str]:
    return [
        namespace["metadata"]["name"]
        for namespace in snapshot.all(NAMESPACE)
        if matches(webhook.body.get("namespaceSelector"), namespace["metadata"].get("labels") or {})
    ]


def untrusted(snapshot: Snapshot) -> Iterator[Finding]:
    """Webhooks whose authority is missing, broken or expired, by who should have filled it in."""
    groups: dict[tuple[str, str], list[_Webhook]] = defaultdict(list)
    faults: dict[str, tuple[str, Severity]] = {}
    for webhook in _webhooks(snapshot):
        fault = _fault(webhook, snapshot) if webhook.service else None
        if fault:
            cause, why, severity = fault
            groups[why, str(INJECTOR) if INJECTED in webhook.annotations else str(webhook.service)].append(webhook)
            faults[why] = cause, min(severity, faults.get(why, (cause, severity))[1], key=list(Severity).index)
    for (why, _filler), webhooks in groups.items():
        yield _distrust(why, *faults[why], webhooks)


def _fault(webhook: _Webhook, snapshot: Snapshot) -> tuple[str, str, Severity] | None:
    """Cause, what is wrong with the authority, and how bad that is."""
    encoded = webhook.client.get("caBundle")
    broken = Severity.ERROR if webhook.blocks else Severity.WARNING
    if not encoded:
        return "wh-x509", _("its configuration names no authority (caBundle is empty)"), broken
    try:
        certificates = bundle(str(encoded))
    except ValueError:
        return "wh-x509", _("the caBundle of its configuration is not a certificate"), broken
    end, now = last_valid(certificates), moment(snapshot.taken)
    if now and end < now:
        return "cert-webhook-expired", _("its authority expired on {date}").format(date=end.date()), broken
    renewed = _renewed(webhook, snapshot)
    if renewed and all(each.not_valid_after_utc != renewed for each in certificates):
        return "wh-x509", _("its authority is not the one of its Certificate any more"), broken
    if now and end - now < SOON:
        return "cert-webhook-expired", _("its authority expires on {date}").format(date=end.date()), Severity.WARNING
    return None


def _renewed(webhook: _Webhook, snapshot: Snapshot) -> Any:
    """When the certificate expires that signs for itself, and is its own authority; None where another one signs."""
    body = snapshot.get(_certificate(webhook))
    spec, status = (body or {}).get("spec") or {}, (body or {}).get("status") or {}
    reference = spec.get("issuerRef") or {}
    issuer = snapshot.get(ObjectKey(*ISSUER, _certificate(webhook).namespace, str(reference.get("name"))))
    signs_itself = "selfSigned" in ((issuer or {}).get("spec") or {})
    ready = condition(body or {}, "Ready").get("status") == "True"
    return moment(status.get("notAfter")) if signs_itself and ready else None


def _certificate(webhook: _Webhook) -> ObjectKey:
    namespace, _slash, name = webhook.annotations.get(INJECTED, "").partition("/")
    return ObjectKey(*CERTIFICATE, namespace, name)


def _distrust(why: str, cause: str, severity: Severity, webhooks: list[_Webhook]) -> Finding:
    keys, injected = _configurations(webhooks), INJECTED in webhooks[0].annotations
    namespace = webhooks[0].service.namespace if webhooks[0].service else ""
    explained = explanation(cause, {"webhook": webhooks[0].body.get("name"), "namespace": namespace})
    many = counted("{count} webhook configuration", "{count} webhook configurations", len(keys))
    return Finding(
        cause=explained.cause,
        severity=severity,
        title=_("The API server cannot trust {configurations}: {why}").format(
            configurations=keys[0] if len(keys) == 1 else many, why=why
        ),
        objects=keys,
        remedy=_injected_again() if injected else _served_again(keys[0], namespace),
        evidence=tuple(Evidence(str(webhook.body.get("name")), webhook.configuration) for webhook in webhooks),
        needs=frozenset({INJECTOR, *map(_certificate, webhooks)}) if injected else frozenset(),
        docs=explained.docs,
    )


def _injected_again() -> Remedy:
    text = _("cert-manager's injector fills it in from the Certificate: see that both are ready, and start it again.")
    restart = "kubectl -n cert-manager rollout restart deployment/cert-manager-cainjector"
    return Remedy(text, ("kubectl get certificates -A", restart))


def _served_again(configuration: ObjectKey, namespace: str) -> Remedy:
    text = _("The webhook's own pods fill it in when they start: see that they run, and start them again.")
    restart = f"kubectl -n {namespace} rollout restart deployment NAME"
    return Remedy(
        text, (f"kubectl get {command_name(configuration)} -o yaml", f"kubectl -n {namespace} get pods", restart)
    )


CONFIGURATIONS = frozenset({MUTATING, VALIDATING})

CHECKS = (
    Check(
        "webhooks.served",
        _("Does every admission webhook have somebody who answers?"),
        CONFIGURATIONS | {SERVICE},
        unserved,
        also=frozenset({DEPLOYMENT, ENDPOINT_SLICE, NAMESPACE, POD, STATEFUL_SET}),
    ),
    Check(
        "webhooks.trusted",
        _("Can the API server trust every admission webhook?"),
        CONFIGURATIONS,
        untrusted,
        also=frozenset({CERTIFICATE, DEPLOYMENT, ISSUER, POD}),
    ),
)
