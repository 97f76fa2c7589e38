"""Notebooks that do not start."""

from collections.abc import Iterator
from datetime import timedelta

from kfinstall.contracts.check import Check
from kfinstall.contracts.explanation import Remedy
from kfinstall.contracts.finding import Evidence, Finding, Severity
from kfinstall.contracts.manifest import Body, ObjectKey
from kfinstall.contracts.snapshot import Snapshot
from kfinstall.facts.kubeflow.spawned import user_of
from kfinstall.facts.objects.conditions import condition
from kfinstall.facts.objects.kinds import DEPLOYMENT, EVENT, NOTEBOOK, POD, PROFILE, REPLICA_SET, STATEFUL_SET
from kfinstall.facts.objects.moments import between
from kfinstall.facts.objects.owners import key_of
from kfinstall.words import _

STOPPED = "kubeflow-resource-stopped"
"""Annotation of a notebook that was stopped, by its user or for idleness (kubeflow/kubeflow, notebook-controller)."""

CONTROLLER = ObjectKey(*DEPLOYMENT, "kubeflow", "notebook-controller-deployment")
PATIENCE = timedelta(minutes=2)
DOCS = "https://www.kubeflow.org/docs/components/notebooks/"


def not_started(snapshot: Snapshot) -> Iterator[Finding]:
    """Notebooks without a ready pod that nobody stopped."""
    for body in snapshot.all(NOTEBOOK):
        metadata, status = body["metadata"], body.get("status") or {}
        age = between(metadata.get("creationTimestamp"), snapshot.taken)
        over = STOPPED in (metadata.get("annotations") or {}) or metadata.get("deletionTimestamp")
        if not over and not status.get("readyReplicas") and (age is None or age > PATIENCE):
            yield _notebook(key_of(NOTEBOOK, body), body, snapshot)


def _notebook(key: ObjectKey, body: Body, snapshot: Snapshot) -> Finding:
    """What it waits for: its pod, the StatefulSet that makes it, or the controller that makes that."""
    pod = ObjectKey(*POD, key.namespace, f"{key.name}-0")
    made = ObjectKey(*STATEFUL_SET, key.namespace, key.name)
    where = f"kubectl -n {key.namespace}"
    if snapshot.get(pod):
        why, needs, look = _("its pod is not ready"), pod, f"{where} describe pod {pod.name}"
    elif snapshot.get(made):
        why, needs, look = _("it gets no pod"), made, f"{where} describe statefulset {made.name}"
    else:
        why, needs = _("the notebook controller has not looked at it"), CONTROLLER
        look = "kubectl -n kubeflow logs deployment/notebook-controller-deployment --tail=50"
    return Finding(
        cause="notebook-not-started",
        severity=Severity.ERROR,
        title=_("The notebook {name} of {user} does not start: {why}").format(
            name=key.name, user=_owner(key.namespace, snapshot), why=why
        ),
        objects=(key,),
        remedy=Remedy(_("Mend what its pod waits for; a notebook then starts by itself."), (look,)),
        evidence=tuple(_said(key, body)),
        needs=frozenset({needs}),
        docs=DOCS,
    )


def _owner(namespace: str, snapshot: Snapshot) -> str:
    profile = snapshot.get(ObjectKey(*PROFILE, "", namespace)) or {}
    return str(((profile.get("spec") or {}).get("owner") or {}).get("name") or namespace)


def _said(key: ObjectKey, body: Body) -> Iterator[Evidence]:
    """The state of the container as the notebook controller copies it from the pod."""
    state = (body.get("status") or {}).get("containerState") or {}
    for name, found in state.items():
        said = ": ".join(str(found[each]) for each in ("reason", "message") if (found or {}).get(each))
        yield Evidence(f"{name}: {said}" if said else name, key)


def not_spawned(snapshot: Snapshot) -> Iterator[Finding]:
    """Pods of JupyterHub, which early Kubeflow had: the user is in the pod's name."""
    for body in snapshot.all(POD):
        key = key_of(POD, body)
        user = user_of(key.name)
        if user and condition(body, "Ready").get("status") != "True":
            yield Finding(
                cause="notebook-not-started",
                severity=Severity.ERROR,
                title=_("The notebook of {user} does not start").format(user=user),
                objects=(),
                remedy=Remedy(
                    _("Mend what its pod waits for, then have it started again from JupyterHub."),
                    (f"kubectl -n {key.namespace} describe pod {key.name}",),
                ),
                evidence=(Evidence(_("the pod of {user}").format(user=user), key),),
                needs=frozenset({key}),
                docs=DOCS,
            )


CHECKS = (
    Check(
        "notebooks.started",
        _("Does every notebook start that nobody stopped?"),
        frozenset({NOTEBOOK}),
        not_started,
        also=frozenset({POD, STATEFUL_SET, DEPLOYMENT, REPLICA_SET, PROFILE, EVENT}),
    ),
    Check("notebooks.spawned", _("Does JupyterHub start every notebook?"), frozenset({POD}), not_spawned),
)
