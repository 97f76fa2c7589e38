"""Extensions of the API that do not answer."""

from collections.abc import Iterator, Mapping
from typing import Any

from kfinstall.contracts.check import Check
from kfinstall.contracts.explanation import Remedy
from kfinstall.contracts.finding import Evidence, Finding, Severity
from kfinstall.contracts.fix import Fix
from kfinstall.contracts.manifest import Body, ObjectKey
from kfinstall.contracts.snapshot import Snapshot
from kfinstall.facts.classify import explanation
from kfinstall.facts.objects.conditions import condition
from kfinstall.facts.objects.kinds import API_SERVICE, NAMESPACE, POD, SERVICE
from kfinstall.facts.objects.owners import key_of
from kfinstall.words import _

METRICS = "metrics.k8s.io"
METRICS_PIPELINE = frozenset({METRICS, "custom.metrics.k8s.io", "external.metrics.k8s.io"})


def unavailable(snapshot: Snapshot) -> Iterator[Finding]:
    """Each extension whose Service the API server cannot reach, and what is lost by that."""
    for body in snapshot.all(API_SERVICE):
        spec, available = body.get("spec") or {}, condition(body, "Available")
        if spec.get("service") and available.get("status") == "False":
            yield _finding(key_of(API_SERVICE, body), spec, available, snapshot)


def _finding(key: ObjectKey, spec: Body, available: Mapping[str, Any], snapshot: Snapshot) -> Finding:
    namespace, name = str(spec["service"].get("namespace")), str(spec["service"].get("name"))
    explained = explanation("ns-discovery-failure", {"name": key.name, "apiVersion": key.name})
    gone = snapshot.knows(SERVICE) and snapshot.get(ObjectKey(*SERVICE, namespace, name)) is None
    delete = (f"kubectl delete apiservice {key.name}",) if gone else ()
    return Finding(
        cause=explained.cause,
        severity=Severity.ERROR,
        title=_("The extension {name} of the API does not answer: {lost}").format(
            name=key.name, lost=_lost(str(spec.get("group")))
        ),
        objects=(key,),
        remedy=Remedy(explained.remedy.text, (f"kubectl -n {namespace} get pods,service {name}", *delete)),
        evidence=(Evidence(f"{available.get('reason')}: {available.get('message')}", key),),
        needs=frozenset({ObjectKey(*SERVICE, namespace, name)}),
        docs=explained.docs,
        fix=_deletion(key) if gone and _is_gone(namespace, snapshot) else None,
    )


def _lost(group: str) -> str:
    no_end = _("no namespace can be deleted")
    if group in METRICS_PIPELINE:
        return _("{no_end}, and autoscalers and kubectl top get no numbers").format(no_end=no_end)
    return no_end


def _is_gone(namespace: str, snapshot: Snapshot) -> bool:
    return snapshot.knows(NAMESPACE) and snapshot.get(ObjectKey(*NAMESPACE, "", namespace)) is None


def _deletion(key: ObjectKey) -> Fix:
    return Fix(
        title=_("Delete the APIService {name}, whose namespace is gone").format(name=key.name),
        deletions=(key,),
        risk=_("Whatever still uses {name} gets no answer, as it gets none now.").format(name=key.name),
    )


CHECKS = (
    Check(
        "apiservices.available",
        _("Does every extension of the API answer?"),
        frozenset({API_SERVICE}),
        unavailable,
        also=frozenset({NAMESPACE, SERVICE, POD}),
    ),
)
