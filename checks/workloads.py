"""Workloads that get no pods."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta

from kfinstall.contracts.check import Check
from kfinstall.contracts.explanation import Remedy
from kfinstall.contracts.finding import Evidence, Finding, Severity
from kfinstall.contracts.manifest import Body, ObjectKey
from kfinstall.contracts.snapshot import Snapshot
from kfinstall.facts.classify import explanation
from kfinstall.facts.objects.kinds import (
    DAEMON_SET,
    DEPLOYMENT,
    EVENT,
    JOB,
    MUTATING,
    REPLICA_SET,
    SERVICE_ACCOUNT,
    STATEFUL_SET,
    VALIDATING,
)  # fmt: skip
from kfinstall.facts.objects.moments import between
from kfinstall.facts.objects.owners import POD_OWNERS, command_name, key_of
from kfinstall.facts.pods.refused_pods import MAKERS, Refused, refused_pods
from kfinstall.words import _, counted

QUOTAS = "quota-"
"""Causes that have checks of their own."""

PATIENCE = timedelta(minutes=2)
"""How long a controller may take before its silence is one."""


def no_pods(snapshot: Snapshot) -> Iterator[Finding]:
    """Workloads whose pods are refused before they exist, by what refuses them."""
    groups: dict[tuple[str, ...], list[Refused]] = defaultdict(list)
    for refusal in refused_pods(snapshot):
        by_quota = refusal.explained and refusal.explained.cause.startswith(QUOTAS)
        if not by_quota and not refusal.priority_class:
            groups[_to_mend(refusal)].append(refusal)
    for refusals in groups.values():
        yield _refused(refusals, snapshot)


def _to_mend(refusal: Refused) -> tuple[str, ...]:
    """Refusals with the same of these are mended at once."""
    if refusal.explained is None:
        return (str(refusal.owner),)
    found = refusal.explained.parameters
    subject = found.get("webhook") or found.get("serviceAccount") or ""
    namespace = "" if found.get("webhook") else refusal.owner.namespace
    return (refusal.explained.cause, str(subject), namespace)


def _refused(refusals: list[Refused], snapshot: Snapshot) -> Finding:
    first = refusals[0]
    owners = tuple(dict.fromkeys(refusal.owner for refusal in refusals))
    who = str(owners[0]) if len(owners) == 1 else counted("{count} workload", "{count} workloads", len(owners))
    return Finding(
        cause=first.explained.cause if first.explained else "workload-pods-refused",
        severity=Severity.ERROR,
        title=_("No pods for {workloads}: {why}").format(
            workloads=who, why=first.explained.title if first.explained else _("the API server refuses them")
        ),
        objects=owners,
        remedy=_remedy(first),
        evidence=tuple(Evidence(" ".join(each.message.split()), each.owner, each.count) for each in refusals),
        needs=frozenset(_needed(first, snapshot)),
        docs=first.explained.docs if first.explained else "",
    )


def _remedy(refusal: Refused) -> Remedy:
    owner = refusal.owner
    if refusal.explained is None:
        look = f"kubectl -n {owner.namespace} describe {command_name(owner)}"
        return Remedy(_("Change what the message objects to; the pods are then made without more ado."), (look,))
    about = {"namespace": owner.namespace, **refusal.explained.parameters}
    return explanation(refusal.explained.cause, about).remedy


def _needed(refusal: Refused, snapshot: Snapshot) -> Iterator[ObjectKey]:
    """The webhook that could not be asked, the account that is not there."""
    named = refusal.explained.parameters if refusal.explained else {}
    if named.get("serviceAccount"):
        yield ObjectKey(*SERVICE_ACCOUNT, refusal.owner.namespace, str(named["serviceAccount"]))
    for kind in (MUTATING, VALIDATING) if named.get("webhook") else ():
        for body in snapshot.all(kind):
            if any(each.get("name") == named["webhook"] for each in body.get("webhooks") or ()):
                yield key_of(kind, body)


def silent(snapshot: Snapshot) -> Iterator[Finding]:
    """Workloads that nobody works on: their controllers have not looked at them."""
    idle = [
        key_of(kind, body)
        for kind in (DEPLOYMENT, *MAKERS)
        for body in snapshot.all(kind)
        if _is_unseen(body, snapshot.taken)
    ]
    if idle:
        yield Finding(
            cause="workload-controllers-silent",
            severity=Severity.ERROR,
            title=_("Nobody works on {workloads}: the controllers of the cluster do not run").format(
                workloads=counted("{count} workload", "{count} workloads", len(idle))
            ),
            objects=tuple(idle),
            remedy=Remedy(
                _("Let kube-controller-manager run again; its log says why it does not."),
                (
                    "kubectl -n kube-system get pods -l component=kube-controller-manager",
                    "kubectl -n kube-system get lease kube-controller-manager -o yaml",
                ),
            ),
        )


def _is_unseen(body: Body, taken: str) -> bool:
    """Whether there is no status at all long after it was made, or changed for the first time."""
    age = between(body["metadata"].get("creationTimestamp"), taken)
    return (
        not body.get("status") and age is not None and age > PATIENCE and not body["metadata"].get("deletionTimestamp")
    )


CHECKS = (
    Check(
        "workloads.pods",
        _("Does every workload get its pods?"),
        frozenset({REPLICA_SET, STATEFUL_SET, DAEMON_SET, JOB}),
        no_pods,
        also=frozenset({EVENT, DEPLOYMENT, SERVICE_ACCOUNT, MUTATING, VALIDATING}),
    ),
    Check("workloads.controllers", _("Are the cluster's controllers at work?"), POD_OWNERS, silent),
)
