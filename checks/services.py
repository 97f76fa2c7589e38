"""Services that lead nowhere: to no pod, to a port that no pod has, to pods that a network policy shuts in."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set

from kfinstall.contracts.check import Check
from kfinstall.contracts.explanation import Remedy
from kfinstall.contracts.finding import Evidence, Finding, Severity
from kfinstall.contracts.manifest import Body, ObjectKey
from kfinstall.contracts.resource import GroupKind
from kfinstall.contracts.snapshot import Snapshot
from kfinstall.facts.classify import explanation
from kfinstall.facts.network.routes import INGRESS, VIRTUAL_SERVICE, routed
from kfinstall.facts.objects.conditions import holds
from kfinstall.facts.objects.kinds import (
    API_SERVICE,
    DAEMON_SET,
    DEPLOYMENT,
    MUTATING,
    POD,
    SERVICE,
    STATEFUL_SET,
    VALIDATING,
)
from kfinstall.facts.objects.owners import key_of
from kfinstall.facts.objects.selectors import matches
from kfinstall.words import _, counted, joined

POLICY = GroupKind("networking.k8s.io", "NetworkPolicy")
WEBHOOKS = (MUTATING, VALIDATING)
WORKLOADS = (DEPLOYMENT, STATEFUL_SET, DAEMON_SET)

MANAGED = frozenset({"kube-system"})
"""Namespaces where charts for monitoring put Services for a control plane that a cloud hides."""


ADDED = frozenset({"statefulset.kubernetes.io/pod-name", "apps.kubernetes.io/pod-index"})
"""Labels that a pod has from its controller, and that stand in no template:
https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#pod-name-label"""


def selecting_nothing(snapshot: Snapshot) -> Iterator[Finding]:
    """Services whose selector meets no pod, and the pods of no workload either, which could be scaled to zero.

    Those that a controller made go with what it makes; those that requests are routed to, and that the API server
    asks, have checks of their own.
    """
    called = {*(service for _route, service in routed(snapshot)), *_asked(snapshot)}
    made = _by_namespace((*snapshot.all(POD), *_templates(snapshot)))
    for service in snapshot.all(SERVICE):
        key = key_of(SERVICE, service)
        if key in called or key.namespace in MANAGED or service["metadata"].get("ownerReferences"):
            continue
        if _selector(service).keys() - ADDED and not _selected(service, made[key.namespace], ignored=ADDED):
            labels = ",".join(f"{name}={value}" for name, value in _selector(service).items())
            yield _lost(key, _("{service} selects no pod"), Evidence(_("selects {labels}").format(labels=labels), key))


def _asked(snapshot: Snapshot) -> Iterator[ObjectKey]:
    """The Services of webhooks and of extensions of the API."""
    configured = [hook for kind in WEBHOOKS for each in snapshot.all(kind) for hook in each.get("webhooks") or ()]
    asked = [(hook.get("clientConfig") or {}).get("service") for hook in configured]
    for service in (*asked, *((each.get("spec") or {}).get("service") for each in snapshot.all(API_SERVICE))):
        if service:
            yield ObjectKey(*SERVICE, str(service.get("namespace") or ""), str(service.get("name") or ""))


def without_port(snapshot: Snapshot) -> Iterator[Finding]:
    """Services that send to a port by a name that none of their pods gives to a port."""
    pods = _by_namespace(snapshot.all(POD))
    for service in snapshot.all(SERVICE):
        key = key_of(SERVICE, service)
        selected = _selected(service, pods[key.namespace])
        known = {name for pod in selected for name in _port_names(pod)}
        for port in (service["spec"].get("ports") or ()) if selected else ():
            target = port.get("targetPort")
            if isinstance(target, str) and not target.isdigit() and target not in known:
                names = joined(sorted(known)) or _("none")
                text = _('sends to the port "{port}"; its pods have: {names}').format(port=target, names=names)
                yield _lost(key, _("{service} sends to a port that its pods do not have"), Evidence(text, key))


def _lost(key: ObjectKey, title: str, evidence: Evidence) -> Finding:
    explained = explanation("net-no-endpoints", {"service": key.name, "namespace": key.namespace})
    return Finding(
        cause=explained.cause,
        severity=Severity.WARNING,
        title=title.format(service=key),
        objects=(key,),
        remedy=Remedy(
            _("Give the Service the labels and the port names that its pods have, or remove it with what called it."),
            (
                f"kubectl -n {key.namespace} get pods --show-labels",
                f"kubectl -n {key.namespace} get service {key.name} -o yaml",
            ),
        ),
        evidence=(evidence,),
        docs=explained.docs,
    )


def shut_in(snapshot: Snapshot) -> Iterator[Finding]:
    """Pods behind a Service that network policies let nobody reach, and pods in trouble that may reach nobody.

    What one policy allows, another one does not take away:
    https://kubernetes.io/docs/concepts/services-networking/network-policies/
    """
    policies = _by_namespace(snapshot.all(POLICY))
    services = _by_namespace(snapshot.all(SERVICE))
    pods = _by_namespace(snapshot.all(POD))
    for namespace, inside in policies.items():
        for service in services[namespace]:
            selected = _selected(service, pods[namespace])
            closed = [_closing(pod, inside, "Ingress") for pod in selected]
            if closed and all(closed):
                yield _shut(selected, closed[0], _("Network policies let nobody reach {service}"), service)
        troubled = [pod for pod in pods[namespace] if holds(pod, "Ready") is False]
        mute = {pod["metadata"]["name"]: found for pod in troubled if (found := _closing(pod, inside, "Egress"))}
        if mute:
            stuck = [pod for pod in troubled if pod["metadata"]["name"] in mute]
            title = counted(
                "Network policies let {count} pod reach nobody, not even the DNS",
                "Network policies let {count} pods reach nobody, not even the DNS",
                len(stuck),
            )
            yield _shut(stuck, next(iter(mute.values())), title)


def _closing(pod: Body, policies: Iterable[Body], direction: str) -> Sequence[Body]:
    """The policies of one direction that select a pod, when none of them allows anything."""
    labels = pod["metadata"].get("labels") or {}
    chosen = [
        policy
        for policy in policies
        if direction in _directions(policy) and matches((policy.get("spec") or {}).get("podSelector"), labels)
    ]
    allowing = [policy for policy in chosen if (policy.get("spec") or {}).get(direction.lower())]
    return [] if allowing or pod["spec"].get("hostNetwork") else chosen


def _directions(policy: Body) -> Sequence[str]:
    """Left out, it is about what comes in, and about what goes out when it has rules for that."""
    spec = policy.get("spec") or {}
    return spec.get("policyTypes") or (["Ingress", "Egress"] if spec.get("egress") else ["Ingress"])


def _shut(pods: Sequence[Body], policies: Sequence[Body], title: str, service: Body | None = None) -> Finding:
    names = [key_of(POLICY, policy) for policy in policies]
    explained = explanation("net-policy-closed", {"namespace": names[0].namespace})
    objects = [key_of(POD, pod) for pod in pods]
    subject = [key_of(SERVICE, service)] if service else []
    return Finding(
        cause=explained.cause,
        severity=Severity.WARNING,
        title=title.format(service=subject[0]) if subject else title,
        objects=(*subject, *objects),
        remedy=explained.remedy,
        evidence=tuple(Evidence(_("selects the pods and allows nothing"), name) for name in names),
        docs=explained.docs,
    )


def _by_namespace(bodies: Iterable[Body]) -> Mapping[str, list[Body]]:
    found: dict[str, list[Body]] = defaultdict(list)
    for body in bodies:
        found[str(body["metadata"].get("namespace") or "")].append(body)
    return found


def _templates(snapshot: Snapshot) -> Iterator[Body]:
    """The pods that workloads make, as if they stood."""
    for kind in WORKLOADS:
        for workload in snapshot.all(kind):
            template = (workload.get("spec") or {}).get("template") or {}
            labels = (template.get("metadata") or {}).get("labels")
            yield {"metadata": {"namespace": workload["metadata"].get("namespace"), "labels": labels}}


def _selector(service: Body) -> Mapping[str, str]:
    found: Mapping[str, str] = (service.get("spec") or {}).get("selector") or {}
    return found


def _selected(service: Body, pods: Iterable[Body], ignored: Set[str] = frozenset()) -> list[Body]:
    """Those of its namespace that a Service selects; none without a selector. ignored: labels that do not matter."""
    selector = {name: value for name, value in _selector(service).items() if name not in ignored}
    if not selector:
        return []
    return [pod for pod in pods if matches({"matchLabels": selector}, pod["metadata"].get("labels") or {})]


def _port_names(pod: Body) -> Iterator[str]:
    spec = pod["spec"]
    for container in (*(spec.get("containers") or ()), *(spec.get("initContainers") or ())):
        yield from (port["name"] for port in container.get("ports") or () if port.get("name"))


DOCS = "https://kubernetes.io/docs/tasks/debug/debug-application/debug-service/"
CHECKS = (
    Check(
        "networking.services",
        _("Does every Service select a pod?"),
        frozenset({SERVICE, POD, *WORKLOADS}),
        selecting_nothing,
        also=frozenset({VIRTUAL_SERVICE, INGRESS, API_SERVICE, *WEBHOOKS}),
        docs=DOCS,
    ),
    Check(
        "networking.ports",
        _("Do pods have the ports that Services send to?"),
        frozenset({SERVICE, POD}),
        without_port,
        docs=DOCS,
    ),
    Check(
        "networking.policies",
        _("Do network policies let pods be reached?"),
        frozenset({POLICY, SERVICE, POD}),
        shut_in,
        docs="https://kubernetes.io/docs/concepts/services-networking/network-policies/",
    ),
)
