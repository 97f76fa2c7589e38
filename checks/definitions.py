"""CustomResourceDefinitions that are missing, do not go, or do not work."""

from collections.abc import Iterator
from datetime import timedelta

from kfinstall.contracts.check import Check, Phase
from kfinstall.contracts.explanation import Remedy
from kfinstall.contracts.finding import Evidence, Finding, Severity
from kfinstall.contracts.manifest import Body, ObjectKey
from kfinstall.contracts.snapshot import Snapshot
from kfinstall.facts.classify import explanation
from kfinstall.facts.kubeflow.components import component_of, components, standing
from kfinstall.facts.network.served import has_ready_endpoint
from kfinstall.facts.objects.conditions import condition
from kfinstall.facts.objects.kinds import DEFINITION, DEPLOYMENT, ENDPOINT_SLICE, POD, SERVICE, STATEFUL_SET
from kfinstall.facts.objects.moments import between
from kfinstall.facts.objects.owners import key_of
from kfinstall.words import _, joined

PATIENCE = timedelta(minutes=2)
"""How long the deletion of a definition and all its objects may take."""


def missing(snapshot: Snapshot) -> Iterator[Finding]:
    """Definitions that a component of Kubeflow cannot work without, where that component is installed."""
    for component in components():
        mark = standing(component.marks, snapshot)
        lacking = [name for name in component.definitions if snapshot.get(ObjectKey(*DEFINITION, "", name)) is None]
        if mark and lacking:
            yield _missing(component.name, mark[0], lacking)


def _missing(component: str, mark: ObjectKey, lacking: list[str]) -> Finding:
    explained = explanation("crd-no-matches-yet", {"kind": lacking[0]})
    return Finding(
        cause=explained.cause,
        severity=Severity.ERROR,
        title=_("{component} is installed without its definitions {names}").format(
            component=component, names=joined(lacking)
        ),
        objects=tuple(ObjectKey(*DEFINITION, "", name) for name in lacking),
        remedy=Remedy(
            _("Apply the component again, definitions first, as kfinstall does; then restart its controller."),
            ("kfinstall install", f"kubectl -n {mark.namespace} rollout restart {mark.kind.lower()}/{mark.name}"),
        ),
        docs=explained.docs,
    )


def broken(snapshot: Snapshot) -> Iterator[Finding]:
    """Definitions that stand and do not work: being deleted for long, names taken, no schema, lost versions."""
    for body in snapshot.all(DEFINITION):
        key = key_of(DEFINITION, body)
        late = between(body["metadata"].get("deletionTimestamp"), snapshot.taken)
        if late is not None:
            if late > PATIENCE:
                yield _not_going(key, body, snapshot)
            continue
        if condition(body, "NamesAccepted").get("status") == "False":
            yield _name_taken(key, body)
        if condition(body, "NonStructuralSchema").get("status") == "True":
            yield _no_schema(key, body)
        lost = _lost_versions(body)
        if lost:
            yield _unserved(key, lost)


def _not_going(key: ObjectKey, body: Body, snapshot: Snapshot) -> Finding:
    """The objects of a definition go first, and wait for whoever works on them."""
    explained = explanation("crd-terminating-or-names", {"name": key.name})
    component = component_of(key.name)
    controller = standing(component.marks, snapshot) if component else None
    text = _("Bring back the controller that works on these objects, and they go by themselves. Otherwise take away "
             "the finalizers of exactly the objects that are left.")  # fmt: skip
    left = f"kubectl get {key.name} -A"
    names = "-o custom-columns=NAMESPACE:.metadata.namespace,NAME:.metadata.name,FINALIZERS:.metadata.finalizers"
    return Finding(
        cause=explained.cause,
        severity=Severity.ERROR,
        title=_("{definition} is being deleted, and objects of it do not go").format(definition=key),
        objects=(key,),
        remedy=Remedy(text, (f"{left} {names}",)),
        evidence=(Evidence(str(condition(body, "Terminating").get("message") or ""), key),),
        needs=frozenset({controller[0]}) if controller else frozenset(),
        docs=explained.docs,
    )


def _name_taken(key: ObjectKey, body: Body) -> Finding:
    refused = condition(body, "NamesAccepted")
    explained = explanation("crd-terminating-or-names", {"name": key.name})
    group = str((body.get("spec") or {}).get("group"))
    return Finding(
        cause=explained.cause,
        severity=Severity.ERROR,
        title=_("{definition} is not served, because another definition has one of its names").format(definition=key),
        objects=(key,),
        remedy=Remedy(
            _("Remove the definition that is not needed; of two with one name in a group only one is served."),
            (f"kubectl get crds | grep {group}", f"kubectl api-resources --api-group={group}"),
        ),
        evidence=(Evidence(f"{refused.get('reason')}: {refused.get('message')}", key),),
        docs=explained.docs,
    )


def _no_schema(key: ObjectKey, body: Body) -> Finding:
    explained = explanation("crd-nonstructural-schema", {"name": key.name})
    return Finding(
        cause=explained.cause,
        severity=Severity.WARNING,
        title=_("{definition}: {cause}").format(definition=key, cause=explained.title),
        objects=(key,),
        remedy=explained.remedy,
        evidence=(Evidence(str(condition(body, "NonStructuralSchema").get("message")), key),),
        docs=explained.docs,
    )


def _lost_versions(body: Body) -> list[str]:
    """Versions in which objects may be stored, and which are not served any more."""
    served = {each.get("name") for each in (body.get("spec") or {}).get("versions") or () if each.get("served")}
    return [each for each in (body.get("status") or {}).get("storedVersions") or () if each not in served]


def _unserved(key: ObjectKey, versions: list[str]) -> Finding:
    explained = explanation("crd-stored-versions", {"version": joined(versions)})
    return Finding(
        cause=explained.cause,
        severity=Severity.WARNING,
        title=_("{definition}: objects may be stored in {versions}, which is not served any more").format(
            definition=key, versions=joined(versions)
        ),
        objects=(key,),
        remedy=Remedy(
            _("Rewrite the objects, then strike the old version from the status: the next upgrade is refused else."),
            _rewriting(key),
        ),
        docs=explained.docs,
    )


def unconverted(snapshot: Snapshot) -> Iterator[Finding]:
    """Definitions whose objects are converted by a webhook that nobody serves."""
    for body in snapshot.all(DEFINITION):
        conversion = (body.get("spec") or {}).get("conversion") or {}
        client = (conversion.get("webhook") or {}).get("clientConfig") or {}
        reference = client.get("service") if conversion.get("strategy") == "Webhook" else None
        if reference and _converts(body):
            service = ObjectKey(*SERVICE, str(reference.get("namespace")), str(reference.get("name")))
            if snapshot.get(service) is None or not has_ready_endpoint(service, snapshot):
                yield _unconverted(key_of(DEFINITION, body), service, snapshot)


def _converts(body: Body) -> bool:
    """With one version there is nothing to convert."""
    return len((body.get("spec") or {}).get("versions") or ()) > 1


def _unconverted(key: ObjectKey, service: ObjectKey, snapshot: Snapshot) -> Finding:
    explained = explanation("crd-conversion-webhook", {"kind": key.name})
    why = _("{service} has no ready pod") if snapshot.get(service) else _("{service} does not exist")
    none = """'{"spec":{"conversion":{"strategy":"None","webhook":null}}}'"""
    return Finding(
        cause=explained.cause,
        severity=Severity.ERROR,
        title=_("Objects of {definition} cannot be converted: {why}").format(
            definition=key.name, why=why.format(service=service)
        ),
        objects=(key,),
        remedy=Remedy(
            explained.remedy.text,
            (f"kubectl -n {service.namespace} get pods", f"kubectl patch crd {key.name} --type=merge -p {none}"),
        ),
        needs=frozenset({service}),
        docs=explained.docs,
    )


def dropped_versions(snapshot: Snapshot) -> Iterator[Finding]:
    """Planned definitions without a version in which the cluster may hold objects: the API server refuses them."""
    for manifest in snapshot.planned:
        live = snapshot.get(manifest.key) if manifest.kind == DEFINITION.kind else None
        if live:
            kept = {each.get("name") for each in (manifest.body.get("spec") or {}).get("versions") or ()}
            stored = (live.get("status") or {}).get("storedVersions") or ()
            lost = [version for version in stored if version not in kept]
            if lost:
                yield _dropped(manifest.key, lost)


def _dropped(key: ObjectKey, versions: list[str]) -> Finding:
    explained = explanation("crd-stored-versions", {"version": joined(versions)})
    return Finding(
        cause=explained.cause,
        severity=Severity.ERROR,
        title=_("The plan drops {versions} of {definition}, in which objects may be stored").format(
            versions=joined(versions), definition=key.name
        ),
        objects=(key,),
        remedy=Remedy(
            _("Install the release in between, or rewrite the objects and strike the version from the status first."),
            _rewriting(key),
        ),
        docs=explained.docs,
    )


def _rewriting(key: ObjectKey) -> tuple[str, ...]:
    return (
        f"kubectl get {key.name} -A -o json | kubectl replace -f -",
        f"kubectl get crd {key.name} -o jsonpath='{{.status.storedVersions}}'",
    )


CHECKS = (
    Check(
        "definitions.missing",
        _("Does every component have its definitions?"),
        frozenset({DEFINITION, DEPLOYMENT}),
        missing,
        also=frozenset({STATEFUL_SET}),
    ),
    Check(
        "definitions.working",
        _("Does every definition work?"),
        frozenset({DEFINITION}),
        broken,
        also=frozenset({DEPLOYMENT, STATEFUL_SET}),
    ),
    Check(
        "definitions.converted",
        _("Can objects be converted between versions?"),
        frozenset({DEFINITION, SERVICE, ENDPOINT_SLICE}),
        unconverted,
        also=frozenset({POD}),
    ),
    Check(
        "definitions.planned",
        _("Does the plan keep the versions that objects are stored in?"),
        frozenset({DEFINITION}),
        dropped_versions,
        phases=frozenset({Phase.PRE}),
    ),
)
