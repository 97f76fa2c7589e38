"""Quotas and limits of namespaces that keep pods from being made, or soon will."""

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from decimal import Decimal

from kfinstall.contracts.check import Check
from kfinstall.contracts.explanation import Remedy
from kfinstall.contracts.finding import Evidence, Finding, Severity
from kfinstall.contracts.manifest import Body, ObjectKey
from kfinstall.contracts.snapshot import Snapshot
from kfinstall.facts.classify import explanation
from kfinstall.facts.objects.kinds import EVENT, POD, PRIORITY_CLASS, QUOTA
from kfinstall.facts.objects.owners import POD_OWNERS, key_of
from kfinstall.facts.objects.quantities import canonical, readable
from kfinstall.facts.pods.refused_pods import MAKERS, Refused, refused_pods
from kfinstall.facts.scheduling.capacity import ENDED, NOTHING, Amounts, amounts, plus, requests
from kfinstall.words import _, counted, joined

EXCEEDED = "quota-exceeded"
CAUSES = (EXCEEDED, "quota-must-specify", "quota-limitrange")
NEARLY = Decimal("0.9")
OF_PROFILES = "kf-resource-quota"
"""The quota that the profile controller keeps as the profile has it (kubeflow/kubeflow, profile_controller.go)."""

LARGEST = 3
"""Pods that are named as those who take most."""


def refused(snapshot: Snapshot) -> Iterator[Finding]:
    """Workloads that get no pods because of a quota or a LimitRange, grouped by it."""
    groups: dict[tuple[str, str, str], list[Refused]] = defaultdict(list)
    for each in refused_pods(snapshot):
        if each.explained and each.explained.cause in CAUSES:
            quota = str(each.explained.parameters.get("quota") or "")
            groups[each.explained.cause, each.owner.namespace, quota].append(each)
    for (cause, namespace, quota), group in groups.items():
        yield _refused(cause, namespace, quota, group, snapshot)


def _refused(cause: str, namespace: str, quota: str, group: Sequence[Refused], snapshot: Snapshot) -> Finding:
    parameters = group[0].explained.parameters if group[0].explained else {}
    explained = explanation(cause, {**parameters, "namespace": namespace})
    owners = tuple(dict.fromkeys(each.owner for each in group))
    body = snapshot.get(ObjectKey(*QUOTA, namespace, quota))
    more = _asked(group) if cause == EXCEEDED else {}
    return Finding(
        cause=cause,
        severity=Severity.ERROR,
        title=_("{cause} ({namespace}): no pods for {workloads}").format(
            cause=explained.title,
            namespace=namespace,
            workloads=counted("{count} workload", "{count} workloads", len(owners)),
        ),
        objects=owners,
        remedy=_raise(body, more, explained.remedy) if body and more else explained.remedy,
        evidence=(
            *(_room(body, more) if body else ()),
            *_takers(namespace, more, snapshot),
            *(Evidence(" ".join(each.message.split()), each.owner, each.count) for each in group),
        ),
        docs=explained.docs,
    )


def _asked(group: Sequence[Refused]) -> Amounts:
    """What one more pod of each workload asks for, of what its quota counts."""
    total: Amounts = {}
    for each in group:
        requested = each.explained.parameters.get("requested") if each.explained else None
        if isinstance(requested, dict):
            total = plus(total, amounts({name: str(value) for name, value in requested.items()}))
    return total


def _room(quota: Body, more: Amounts) -> Iterator[Evidence]:
    hard, used = _counts(quota)
    for name, value in more.items():
        text = _("{resource}: {asked} asked, {used} of {hard} used").format(
            resource=name,
            asked=readable(name, value),
            used=readable(name, used.get(name, NOTHING)),
            hard=readable(name, hard.get(name, NOTHING)),
        )
        yield Evidence(text, key_of(QUOTA, quota))


def _counts(quota: Body) -> tuple[Amounts, Amounts]:
    """What a quota allows, and what is used of it."""
    status = quota.get("status") or {}
    return amounts(status.get("hard")), amounts(status.get("used"))


def _takers(namespace: str, more: Amounts, snapshot: Snapshot) -> Iterator[Evidence]:
    """The pods that take most of what is short."""
    for name in more:
        resource = name.removeprefix("requests.")
        pods = [pod for pod in snapshot.all(POD) if _counts_in(pod, namespace) and resource in requests(pod)]
        largest = sorted(pods, key=lambda pod: -requests(pod)[resource])[:LARGEST]
        listed = joined(f"{pod['metadata']['name']} ({readable(resource, requests(pod)[resource])})" for pod in largest)
        if listed and resource != "pods":
            yield Evidence(_("Most {resource} goes to {pods}.").format(resource=resource, pods=listed))


def _counts_in(pod: Body, namespace: str) -> bool:
    return pod["metadata"].get("namespace") == namespace and (pod.get("status") or {}).get("phase") not in ENDED


def _raise(quota: Body, more: Amounts, general: Remedy) -> Remedy:
    """The smallest quota that lets everybody in; in a profile the profile has it, and sets the quota back."""
    key, (hard, used) = key_of(QUOTA, quota), _counts(quota)
    needed = {
        name: _written(max(hard.get(name, NOTHING), used.get(name, NOTHING) + value)) for name, value in more.items()
    }
    if key.name == OF_PROFILES:
        patch = {"spec": {"resourceQuotaSpec": {"hard": needed}}}
        command = f"kubectl patch profile {key.namespace} --type=merge -p '{json.dumps(patch)}'"
    else:
        command = (
            f"kubectl -n {key.namespace} patch resourcequota {key.name} -p '{json.dumps({'spec': {'hard': needed}})}'"
        )
    return Remedy(general.text, (f"kubectl -n {key.namespace} describe resourcequota {key.name}", command))


def _written(value: Decimal) -> str:
    whole = value == value.to_integral_value()
    mebibytes = whole and value >= 1024**2 and value % 1024**2 == 0
    return canonical(f"{int(value) // 1024**2}Mi" if mebibytes else f"{value.normalize():f}")


def priority_missing(snapshot: Snapshot) -> Iterator[Finding]:
    """Workloads that get no pods because the PriorityClass that they name does not exist."""
    groups: dict[str, list[Refused]] = defaultdict(list)
    for each in refused_pods(snapshot):
        if each.priority_class:
            groups[each.priority_class].append(each)
    there = joined(sorted(each["metadata"]["name"] for each in snapshot.all(PRIORITY_CLASS)))
    for name, group in groups.items():
        yield Finding(
            cause="priority-class-missing",
            severity=Severity.ERROR,
            title=_('The PriorityClass "{name}" does not exist: no pods for {workloads}').format(
                name=name, workloads=counted("{count} workload", "{count} workloads", len(group))
            ),
            objects=tuple(dict.fromkeys(each.owner for each in group)),
            remedy=Remedy(
                _("Make the class, or name one that exists: {names}.").format(names=there or "-"),
                (f"kubectl create priorityclass {name} --value=1000", "kubectl get priorityclasses"),
            ),
            evidence=tuple(Evidence(" ".join(each.message.split()), each.owner, each.count) for each in group),
            docs="https://kubernetes.io/docs/concepts/scheduling-eviction/pod-priority-preemption/",
        )


def nearly_used(snapshot: Snapshot) -> Iterator[Finding]:
    """Quotas with little or nothing left."""
    for quota in snapshot.all(QUOTA):
        hard, used = _counts(quota)
        full = {name for name, most in hard.items() if most and used.get(name, NOTHING) / most >= NEARLY}
        if full:
            yield _nearly_used(key_of(QUOTA, quota), sorted(full), hard, used)


def _nearly_used(key: ObjectKey, full: Sequence[str], hard: Amounts, used: Amounts) -> Finding:
    explained = explanation(EXCEEDED, {"namespace": key.namespace, "quota": key.name})
    amounts_used = joined(f"{name} {readable(name, used[name])}/{readable(name, hard[name])}" for name in full)
    return Finding(
        cause="quota-nearly-used",
        severity=Severity.INFO,
        title=_("{quota} has little left: {amounts}").format(quota=key, amounts=amounts_used),
        objects=(),
        remedy=Remedy(explained.remedy.text, explained.remedy.commands),
        docs=explained.docs,
    )


CHECKS = (
    Check(
        "quotas.pods",
        _("Do quotas and limits let all pods be made?"),
        frozenset(MAKERS),
        refused,
        also=frozenset({EVENT, POD, QUOTA}) | POD_OWNERS,
    ),
    Check(
        "quotas.priorities",
        _("Do the priority classes exist that pods name?"),
        frozenset(MAKERS),
        priority_missing,
        also=frozenset({EVENT, PRIORITY_CLASS}) | POD_OWNERS,
    ),
    Check("quotas.room", _("Have the quotas room left?"), frozenset({QUOTA}), nearly_used),
)
