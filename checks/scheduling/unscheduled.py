"""The checks: pods that the scheduler refuses, grouped by what to mend; pods that no scheduler looks at."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from checks.scheduling.evidence import evidence, messages, wants
from checks.scheduling.remedies import remedy
from checks.scheduling.waiting import Waiting, waiting
from kfinstall.contracts.check import Check
from kfinstall.contracts.explanation import Explanation, Json, Remedy
from kfinstall.contracts.finding import Finding, Severity
from kfinstall.contracts.manifest import Body, ObjectKey
from kfinstall.contracts.snapshot import Snapshot
from kfinstall.facts.classify import explanation
from kfinstall.facts.objects.conditions import condition
from kfinstall.facts.objects.kinds import NAMESPACE, NODE, POD
from kfinstall.facts.objects.moments import between
from kfinstall.facts.objects.owners import POD_OWNERS, key_of
from kfinstall.facts.scheduling.accelerators import vendor_of
from kfinstall.facts.scheduling.capacity import PODS, Room, requests, rooms
from kfinstall.facts.scheduling.obstacles import Kind
from kfinstall.words import _, counted

UNSEEN_SECONDS = 60
"""So long after it was made, a scheduler has said something of every pod."""

AS_TOLD = ("st-", "sched-gated", "sched-gang", "sched-no-nodes")
"""Causes that do not lie in the nodes, or not in what is counted here: the scheduler's own words decide."""

TAINTS = frozenset({Kind.TAINT, Kind.UNWELL, Kind.CONTROL_PLANE})
CAUSES = {
    Kind.CORDONED: "sched-node-cordoned",
    Kind.PORT: "sched-host-ports",
    Kind.SPREAD: "sched-topology-spread",
    Kind.APART: "sched-pod-affinity",
    Kind.TOGETHER: "sched-pod-affinity",
    Kind.TAINT: "sched-untolerated-taint",
    Kind.LABELS: "sched-node-affinity-selector",
    Kind.UNWELL: "sched-untolerated-taint",
    Kind.CONTROL_PLANE: "sched-untolerated-taint",
}
SHORTAGES = {
    "cpu": "sched-insufficient-cpu",
    "memory": "sched-insufficient-memory",
    "ephemeral-storage": "sched-insufficient-ephemeral-storage",
    PODS: "sched-too-many-pods",
}


def unschedulable(snapshot: Snapshot) -> Iterator[Finding]:
    """Pods that the scheduler refuses, grouped by what to mend first."""
    nodes = rooms(snapshot)
    told: dict[str, list[Waiting]] = defaultdict(list)
    preempting: dict[str, list[Waiting]] = defaultdict(list)
    outdated: dict[str, list[Waiting]] = defaultdict(list)
    refused: dict[tuple[str, str, frozenset[str]], list[Waiting]] = defaultdict(list)
    explanations: dict[str, Explanation] = {}
    for each in waiting(snapshot, nodes):
        explained = each.explained
        if explained and (not each.refusals or explained.cause.startswith(AS_TOLD)):
            explanations[explained.cause] = explained
            told[explained.cause].append(each)
        elif nominated := str((each.pod.get("status") or {}).get("nominatedNodeName") or ""):
            preempting[nominated].append(each)
        elif each.refusals and not each.nearest.obstacles:
            outdated[each.nearest.room.name].append(each)
        elif each.refusals:
            places = frozenset(room.name for room in each.places)
            refused[_cause(each, nodes), each.decisive.what, places].append(each)
    yield from (_as_told(explanations[cause], group) for cause, group in told.items())
    yield from (_preempting(node, group) for node, group in preempting.items())
    yield from (_outdated(node, group) for node, group in outdated.items())
    yield from (_refused(cause, group, nodes, snapshot) for (cause, _what, _places), group in refused.items())


def _cause(pod: Waiting, nodes: Sequence[Room]) -> str:
    decisive = pod.decisive
    if decisive.kind is Kind.SHORT:
        return _shortage(decisive.what, nodes)
    if decisive.kind is Kind.CONTROL_PLANE and len(nodes) == 1:
        return "sched-single-control-plane-taint"
    if decisive.kind is Kind.TAINT and any(vendor_of(name) for name in requests(pod.pod)):
        return "gpu-taint"
    return CAUSES[decisive.kind]


def _shortage(resource: str, nodes: Sequence[Room]) -> str:
    if vendor_of(resource):
        offered = any(room.allocatable.get(resource) for room in nodes)
        return "gpu-all-busy-or-request-too-large" if offered else "gpu-insufficient-none-advertised"
    if "/" in resource:
        return "gpu-extended-resource-unknown"
    return SHORTAGES.get(resource, "sched-insufficient-memory")


def _refused(cause: str, group: Sequence[Waiting], nodes: Sequence[Room], snapshot: Snapshot) -> Finding:
    """A finding that the nodes themselves show."""
    first, what = group[0], group[0].decisive.what
    explained = explanation(cause, _parameters(first, nodes))
    return Finding(
        cause=cause,
        severity=Severity.ERROR,
        title=_titled(explained, group, what),
        objects=tuple(each.key for each in group),
        remedy=remedy(group, explained.remedy, snapshot),
        evidence=tuple(evidence(group)),
        needs=_to_blame(first),
        docs=explained.docs,
    )


def _to_blame(pod: Waiting) -> frozenset[ObjectKey]:
    """Nodes that would take the pod were they well; what would announce the device that is short."""
    if pod.decisive.kind is Kind.UNWELL:
        return frozenset(key_of(NODE, room.node) for room in pod.places)
    vendor = vendor_of(pod.decisive.what) if pod.decisive.kind is Kind.SHORT else None
    return frozenset({vendor.plugin} if vendor else ())


def _parameters(pod: Waiting, nodes: Sequence[Room]) -> dict[str, Json]:
    decisive = pod.decisive
    refusing = sum(any(each.what == decisive.what for each in refusal.obstacles) for refusal in pod.refusals)
    about: dict[str, Json] = {"namespace": pod.key.namespace, "pod": pod.key.name, "node": pod.nearest.room.name}
    named = "taint" if decisive.kind in TAINTS else "resource"
    return {**about, "count": refusing, "nodes": len(nodes), named: decisive.what}


def _as_told(explained: Explanation, group: Sequence[Waiting]) -> Finding:
    """A finding of which the scheduler's message is all that is known here."""
    return Finding(
        cause=explained.cause,
        severity=Severity.INFO if explained.cause == "sched-gated" else Severity.ERROR,
        title=_titled(explained, group),
        objects=tuple(each.key for each in group),
        remedy=explained.remedy,
        evidence=tuple(messages(group)),
        docs=explained.docs,
    )


def _titled(explained: Explanation, group: Sequence[Waiting], what: str = "") -> str:
    pods = counted("{count} pod", "{count} pods", len(group))
    about = f" ({what})" if what and explained.cause not in SHORTAGES.values() else ""
    return _("{cause}: {pods}").format(cause=explained.title + about, pods=pods)


def _preempting(node: str, group: Sequence[Waiting]) -> Finding:
    pods = counted("{count} pod", "{count} pods", len(group))
    return Finding(
        cause="sched-preempting",
        severity=Severity.INFO,
        title=_("Pods of lower priority end on {node} to make room: {pods}").format(node=node, pods=pods),
        objects=tuple(each.key for each in group),
        remedy=Remedy(
            _("Wait for them to end; if one does not, see what holds it."),
            (f"kubectl get pods -A -o wide --field-selector spec.nodeName={node} | grep Terminating",),
        ),
        evidence=(*wants(group), *messages(group)),
        docs="https://kubernetes.io/docs/concepts/scheduling-eviction/pod-priority-preemption/",
    )


def _outdated(node: str, group: Sequence[Waiting]) -> Finding:
    """The scheduler looks again when something changes, and every five minutes (flushUnschedulablePodsLeftover)."""
    pods = counted("{count} pod", "{count} pods", len(group))
    return Finding(
        cause="sched-outdated",
        severity=Severity.WARNING,
        title=_("{node} has room by now for what the scheduler refused: {pods}").format(node=node, pods=pods),
        objects=tuple(each.key for each in group),
        remedy=Remedy(
            _("The scheduler tries again within five minutes. If it does not, look at its log."),
            (f"kubectl describe node {node}", "kubectl -n kube-system logs -l component=kube-scheduler"),
        ),
        evidence=(*wants(group), *messages(group)),
    )


def unseen(snapshot: Snapshot) -> Iterator[Finding]:
    """Pods of which no scheduler has said anything."""
    by_scheduler: dict[str, list[Body]] = defaultdict(list)
    for pod in snapshot.all(POD):
        if _is_unseen(pod, snapshot.taken):
            by_scheduler[str((pod.get("spec") or {}).get("schedulerName") or "default-scheduler")].append(pod)
    for scheduler, pods in by_scheduler.items():
        many = counted("{count} pod waits", "{count} pods wait", len(pods))
        yield Finding(
            cause="sched-no-scheduler",
            severity=Severity.ERROR,
            title=_('The scheduler "{name}" says nothing: {pods}').format(name=scheduler, pods=many),
            objects=tuple(key_of(POD, pod) for pod in pods),
            remedy=Remedy(
                _("See whether a scheduler of that name runs; pods that ask for another one have it in schedulerName."),
                ("kubectl get pods -A | grep scheduler", "kubectl -n kube-system get leases"),
            ),
        )


def _is_unseen(pod: Body, now: str) -> bool:
    spec, status = pod.get("spec") or {}, pod.get("status") or {}
    if spec.get("nodeName") or status.get("phase") != "Pending" or condition(pod, "PodScheduled"):
        return False
    age = between(pod["metadata"].get("creationTimestamp"), now)
    return age is not None and age.total_seconds() > UNSEEN_SECONDS


CHECKS = (
    Check(
        "scheduling.pods",
        _("Does every pod find a node?"),
        frozenset({POD}),
        unschedulable,
        also=frozenset({NODE, NAMESPACE}) | POD_OWNERS,
    ),
    Check("scheduling.scheduler", _("Does a scheduler look at every pod?"), frozenset({POD}), unseen),
)
