"""Namespaces that are being deleted and do not go."""

import re
from collections.abc import Iterator
from datetime import timedelta

from kfinstall.contracts.check import Check
from kfinstall.contracts.explanation import Remedy
from kfinstall.contracts.finding import Evidence, Finding, Severity
from kfinstall.contracts.fix import Fix, Patch
from kfinstall.contracts.manifest import Body, ObjectKey
from kfinstall.contracts.resource import GroupKind
from kfinstall.contracts.snapshot import Snapshot
from kfinstall.facts.classify import classify, explanation
from kfinstall.facts.kubeflow.components import component_of, standing
from kfinstall.facts.objects.conditions import condition
from kfinstall.facts.objects.kinds import (
    API_SERVICE,
    CLAIM,
    DEFINITION,
    DEPLOYMENT,
    NAMESPACE,
    NOTEBOOK,
    POD,
    SERVICE,
    STATEFUL_SET,
    plural,
)
from kfinstall.facts.objects.moments import between
from kfinstall.facts.objects.owners import command_name, key_of
from kfinstall.words import _, joined

PATIENCE = timedelta(minutes=2)
"""How long the deletion of a namespace may take before something is wrong."""

REMAINING = re.compile(r"([\w.-]+) has (\d+) resource instances")
"""kubernetes/pkg/controller/namespace/deletion/status_condition_utils.go."""

HELD = frozenset(
    {
        NOTEBOOK,
        CLAIM,
        POD,
        GroupKind("serving.kserve.io", "InferenceService"),
        GroupKind("serving.knative.dev", "Service"),
        GroupKind("argoproj.io", "Workflow"),
        GroupKind("kubeflow.org", "Experiment"),
        GroupKind("kubeflow.org", "Suggestion"),
        GroupKind("kubeflow.org", "Trial"),
        GroupKind("kubeflow.org", "PyTorchJob"),
        GroupKind("trainer.kubeflow.org", "TrainJob"),
        GroupKind("sparkoperator.k8s.io", "SparkApplication"),
    }
)
"""Kinds of a user's namespace whose controllers put finalizers on them."""

FINALIZERS = "https://kubernetes.io/docs/concepts/overview/working-with-objects/finalizers/"


def terminating(snapshot: Snapshot) -> Iterator[Finding]:
    """Each namespace that has been going for minutes, by what the namespace controller says about it."""
    for body in snapshot.all(NAMESPACE):
        late = between(body["metadata"].get("deletionTimestamp"), snapshot.taken)
        if late is not None and late > PATIENCE:
            yield _finding(key_of(NAMESPACE, body), body, snapshot)


def _finding(key: ObjectKey, body: Body, snapshot: Snapshot) -> Finding:
    if condition(body, "NamespaceDeletionDiscoveryFailure").get("status") == "True":
        return _undiscovered(key, body, snapshot)
    if condition(body, "NamespaceDeletionContentFailure").get("status") == "True":
        return _refused(key, body)
    return _held(key, body, snapshot)


def _said(body: Body) -> tuple[Evidence, ...]:
    key = key_of(NAMESPACE, body)
    conditions = (body.get("status") or {}).get("conditions") or ()
    return tuple(Evidence(str(each.get("message")), key) for each in conditions if each.get("status") == "True")


def _undiscovered(key: ObjectKey, body: Body, snapshot: Snapshot) -> Finding:
    """An extension of the API that does not answer might have objects in the namespace."""
    dead = [
        key_of(API_SERVICE, each)
        for each in snapshot.all(API_SERVICE)
        if condition(each, "Available").get("status") == "False"
    ]
    explained = explanation("ns-discovery-failure", {"name": dead[0].name} if dead else {})
    names = joined(each.name for each in dead) or "?"
    return Finding(
        cause=explained.cause,
        severity=Severity.ERROR,
        title=_("{namespace} cannot go, because an extension of the API does not answer: {names}").format(
            namespace=key, names=names
        ),
        objects=(key,),
        remedy=explained.remedy,
        evidence=_said(body),
        needs=frozenset(dead),
        docs=explained.docs,
    )


def _refused(key: ObjectKey, body: Body) -> Finding:
    """The API server refuses to list or delete what is in the namespace."""
    message = str(condition(body, "NamespaceDeletionContentFailure").get("message"))
    found = classify(message)
    explained = found or explanation("ns-terminating-finalizers", {"namespace": key.name})
    return Finding(
        cause=explained.cause,
        severity=Severity.ERROR,
        title=_("{namespace} cannot go, because its content cannot be deleted: {cause}").format(
            namespace=key, cause=found.title if found else message
        ),
        objects=(key,),
        remedy=explained.remedy,
        evidence=_said(body),
        docs=explained.docs,
    )


def _held(key: ObjectKey, body: Body, snapshot: Snapshot) -> Finding:
    resources = REMAINING.findall(str(condition(body, "NamespaceContentRemaining").get("message")))
    left = list(_left(key.name, snapshot))
    absent = [each for each in left if _controller_is_gone(each, snapshot)]
    names = joined(f"{count} {resource.rstrip('.')}" for resource, count in resources) or "?"
    commands = [f"kubectl -n {key.name} get {resource.rstrip('.')}" for resource, _count in resources]
    release = """--type=merge -p '{"metadata":{"finalizers":null}}'"""
    return Finding(
        cause="ns-terminating-finalizers",
        severity=Severity.ERROR,
        title=_("{namespace} cannot go, because objects in it wait for a controller: {names}").format(
            namespace=key, names=names
        ),
        objects=(key, *left),
        remedy=Remedy(
            _(
                "Bring the controller back if you can, and it cleans up by itself. Otherwise take the finalizers away "
                "from exactly these objects; never from the namespace, which would leave them behind."
            ),
            (*commands, *(f"kubectl -n {key.name} patch {command_name(each)} {release}" for each in left)),
        ),
        evidence=_said(body),
        needs=frozenset(_controllers(left, snapshot)),
        docs=FINALIZERS,
        fix=_release(absent, key.name) if absent and absent == left else None,
    )


def _left(namespace: str, snapshot: Snapshot) -> Iterator[ObjectKey]:
    for kind in sorted(HELD):
        for body in snapshot.all(kind):
            metadata = body["metadata"]
            if metadata.get("namespace") == namespace and metadata.get("finalizers"):
                yield key_of(kind, body)


def _definition(key: ObjectKey) -> str:
    return f"{plural(key.kind)}.{key.group}"


def _controller_is_gone(key: ObjectKey, snapshot: Snapshot) -> bool:
    component = component_of(_definition(key))
    return component is not None and standing(component.marks, snapshot) is None


def _controllers(left: list[ObjectKey], snapshot: Snapshot) -> Iterator[ObjectKey]:
    for key in left:
        component = component_of(_definition(key))
        found = standing(component.marks, snapshot) if component else None
        if found:
            yield found[0]


def _release(keys: list[ObjectKey], namespace: str) -> Fix:
    return Fix(
        title=_("Take the finalizers from what is left in {namespace}, whose controller is gone").format(
            namespace=namespace
        ),
        patches=tuple(Patch(key, {"metadata": {"finalizers": None}}) for key in keys),
        risk=_("What the controllers would have cleaned up outside of the cluster stays there."),
    )


CHECKS = (
    Check(
        "namespaces.terminating",
        _("Do namespaces go that were deleted?"),
        frozenset({NAMESPACE}),
        terminating,
        also=HELD | {API_SERVICE, DEFINITION, DEPLOYMENT, SERVICE, STATEFUL_SET},
    ),
)
