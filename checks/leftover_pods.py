"""Pods that are over and still there: failed for good, or deleted and not gone."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta

from kfinstall.contracts.check import Check
from kfinstall.contracts.explanation import Remedy
from kfinstall.contracts.finding import Evidence, Finding, Severity
from kfinstall.contracts.manifest import Body, ObjectKey
from kfinstall.contracts.snapshot import Snapshot
from kfinstall.facts.classify import classify
from kfinstall.facts.objects.kinds import NODE, POD
from kfinstall.facts.objects.moments import between
from kfinstall.facts.objects.owners import controller, key_of
from kfinstall.facts.pods.containers import containers
from kfinstall.words import _, counted, joined

PATIENCE = timedelta(minutes=2)
"""How long after its grace period a pod may still be there."""


def ended(snapshot: Snapshot) -> Iterator[Finding]:
    """Pods that failed for good and are still there: evicted, refused by their node, or with an error of their own."""
    groups: dict[str, list[tuple[ObjectKey, str]]] = defaultdict(list)
    for body in snapshot.all(POD):
        status = body.get("status") or {}
        owner = controller(body)
        if status.get("phase") == "Failed" and not (owner and owner.kind == "Job"):
            reason = str(status.get("reason") or "Error")
            groups[reason].append((key_of(POD, body), str(status.get("message") or _exit_codes(body))))
    for reason, pods in groups.items():
        yield _leftover(reason, pods)


def _exit_codes(body: Body) -> str:
    ends = (f"{each.name}: {each.last_reason} ({each.exit_code})" for each in containers(body) if each.exit_code)
    return joined(ends)


def _leftover(reason: str, pods: list[tuple[ObjectKey, str]]) -> Finding:
    explained = classify(f"reason: {reason}. {pods[0][1]}") if reason != "Error" else None
    first = pods[0][0]
    count = counted("{count} pod has failed", "{count} pods have failed", len(pods))
    look = f"kubectl -n {first.namespace} logs {first.name} --all-containers"
    clear = "kubectl delete pods -A --field-selector=status.phase=Failed"
    return Finding(
        cause=explained.cause if explained else "pod-failed",
        severity=Severity.WARNING,
        title=_("{pods} and will not run again: {why}").format(
            pods=count, why=explained.title if explained else reason
        ),
        objects=tuple(key for key, _message in pods),
        remedy=Remedy(
            explained.remedy.text if explained else _("Read what they logged; delete them when nobody needs that."),
            (clear,) if explained else (look, clear),
        ),
        evidence=tuple(Evidence(message, key) for key, message in pods if message),
        docs=explained.docs if explained else "",
    )


def not_going(snapshot: Snapshot) -> Iterator[Finding]:
    """Pods that should be gone, and what holds them: a finalizer, a lost node, a kubelet that waits."""
    for body in snapshot.all(POD):
        late = between(body["metadata"].get("deletionTimestamp"), snapshot.taken)
        if late is not None and late > PATIENCE:
            yield _stuck(key_of(POD, body), body, late, snapshot)


def _stuck(key: ObjectKey, body: Body, late: timedelta, snapshot: Snapshot) -> Finding:
    finalizers = body["metadata"].get("finalizers") or []
    node = str((body.get("spec") or {}).get("nodeName") or "")
    if finalizers:
        why, remedy = _held(key, finalizers)
    elif node and snapshot.knows(NODE) and snapshot.get(ObjectKey(*NODE, "", node)) is None:
        why, remedy = _orphaned(key, node)
    else:
        why, remedy = _awaited(key, node or "?")
    return Finding(
        cause="pod-not-going",
        severity=Severity.ERROR,
        title=_("{pod} should have ended {minutes} minutes ago: {why}").format(
            pod=key, minutes=int(late.total_seconds() // 60), why=why
        ),
        objects=(key,),
        remedy=remedy,
        needs=frozenset({ObjectKey(*NODE, "", node)}) if node and not finalizers else frozenset(),
        docs="https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination",
    )


def _held(key: ObjectKey, finalizers: list[str]) -> tuple[str, Remedy]:
    release = """--type=merge -p '{"metadata":{"finalizers":null}}'"""
    return _("the finalizer {names} is still on it").format(names=joined(finalizers)), Remedy(
        _("Let the controller that set the finalizer run again; only if it is gone for good, take it away."),
        (f"kubectl -n {key.namespace} patch pod {key.name} {release}",),
    )


def _orphaned(key: ObjectKey, node: str) -> tuple[str, Remedy]:
    return _("its node {node} is gone").format(node=node), Remedy(
        _("Nobody runs it any more, so it may be removed by force."),
        (f"kubectl -n {key.namespace} delete pod {key.name} --force --grace-period=0",),
    )


def _awaited(key: ObjectKey, node: str) -> tuple[str, Remedy]:
    return _("the node {node} has not reported that it ended").format(node=node), Remedy(
        _("See what the kubelet waits for, often a volume or a process that cannot be killed."),
        (f"kubectl -n {key.namespace} describe pod {key.name}", f"kubectl describe node {node}"),
    )


CHECKS = (
    Check("workloads.ended", _("Are there pods that failed for good?"), frozenset({POD}), ended),
    Check("workloads.going", _("Do pods go that were deleted?"), frozenset({POD}), not_going, also=frozenset({NODE})),
)
