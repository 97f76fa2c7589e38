"""Nodes that work, and will not for ever, or not as they should."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import timedelta

from kfinstall.contracts.check import Check
from kfinstall.contracts.explanation import Remedy
from kfinstall.contracts.finding import Evidence, Finding, Severity
from kfinstall.contracts.manifest import Body, ObjectKey
from kfinstall.contracts.snapshot import Snapshot
from kfinstall.facts.classify import classify, explanation
from kfinstall.facts.kubeflow.releases import minor
from kfinstall.facts.objects.conditions import condition, holds
from kfinstall.facts.objects.kinds import EVENT, LEASE, NODE, POD
from kfinstall.facts.objects.moments import between
from kfinstall.facts.objects.owners import key_of
from kfinstall.words import _, counted

UNKNOWN = (0, 0)
HEARTBEATS = "kube-node-lease"
CORDON = "node.kubernetes.io/unschedulable"
CLOSED = "were unschedulable"
"""What the scheduler says of cordoned nodes."""

CORDONED_LONG = timedelta(hours=1)
CLOCK = timedelta(minutes=2)
"""A kubelet renews its lease every ten seconds with its own clock, so a difference of this much is the clock's."""

PROBLEMS = frozenset(
    {
        "KernelDeadlock", "ReadonlyFilesystem", "CorruptDockerOverlay2", "FrequentKubeletRestart",
        "FrequentDockerRestart", "FrequentContainerdRestart", "FrequentUnregisterNetDevice", "NTPProblem",
        "KubeletUnhealthy", "ContainerRuntimeUnhealthy", "FilesystemCorruptionProblem", "KubeletProblem",
        "XIDErrors", "UnhealthyNvidiaDevicePlugin", "UnhealthyNvidiaDCGMServices",
    }
)  # fmt: skip
"""Conditions of kubernetes/node-problem-detector and of AKS that are true when something is wrong."""

TELLING = {
    "CgroupV1": Severity.INFO,
    "SystemOOM": Severity.WARNING,
    "FreeDiskSpaceFailed": Severity.WARNING,
    "ImageGCFailed": Severity.WARNING,
    "FilesystemIsReadOnly": Severity.WARNING,
}
"""Reasons of events about nodes that tell of something that lasts (kubernetes/pkg/kubelet/events)."""


def cordoned(snapshot: Snapshot) -> Iterator[Finding]:
    """Nodes that were closed long ago; where a pod waits because of it, the check of pods says so."""
    if any(CLOSED in str(condition(pod, "PodScheduled").get("message")) for pod in snapshot.all(POD)):
        return
    for node in snapshot.all(NODE):
        since = _cordoned_at(node)
        age = between(since, snapshot.taken)
        if (node.get("spec") or {}).get("unschedulable") and (age is None or age > CORDONED_LONG):
            yield _cordoned(key_of(NODE, node), since)


def _cordoned_at(node: Body) -> str:
    taints = (node.get("spec") or {}).get("taints") or ()
    return next((str(each.get("timeAdded") or "") for each in taints if each.get("key") == CORDON), "")


def _cordoned(node: ObjectKey, since: str) -> Finding:
    explained = explanation("sched-node-cordoned", {"node": node.name})
    text = _("Since {time}.").format(time=since) if since else _("Nothing tells since when.")
    return Finding(
        cause=explained.cause,
        severity=Severity.INFO,
        title=_("{node} takes no pods: it was cordoned").format(node=node),
        objects=(),
        remedy=Remedy(explained.remedy.text, (f"kubectl uncordon {node.name}",)),
        evidence=(Evidence(text, node),),
        docs=explained.docs,
    )


def versions(snapshot: Snapshot) -> Iterator[Finding]:
    """Kubelets that the API server's version does not go with."""
    wrong: dict[str, list[Evidence]] = defaultdict(list)
    for node in snapshot.all(NODE):
        kubelet = str(((node.get("status") or {}).get("nodeInfo") or {}).get("kubeletVersion") or "")
        why = _skew(minor(kubelet), minor(snapshot.version))
        if why:
            wrong[why].append(Evidence(kubelet, key_of(NODE, node)))
    for why, nodes in wrong.items():
        many = counted("{count} node", "{count} nodes", len(nodes))
        yield Finding(
            cause="node-version-skew",
            severity=Severity.WARNING,
            title=_("{nodes}: {why}, which is {version}").format(nodes=many, why=why, version=snapshot.version),
            objects=(),
            remedy=Remedy(
                _("Upgrade the control plane first, then the nodes, one minor version after the other."),
                ("kubectl get nodes -o wide",),
            ),
            evidence=tuple(nodes),
            docs="https://kubernetes.io/releases/version-skew-policy/#kubelet",
        )


def _skew(kubelet: tuple[int, int], server: tuple[int, int]) -> str:
    """https://kubernetes.io/releases/version-skew-policy/#kubelet; nothing where a version is not known."""
    if UNKNOWN in {kubelet, server}:
        return ""
    if kubelet > server:
        return _("kubelets are newer than the API server")
    older = 3 if kubelet >= (1, 25) else 2
    return _("kubelets are too old for the API server") if server[1] - kubelet[1] > older else ""


def clocks(snapshot: Snapshot) -> Iterator[Finding]:
    """Nodes whose clock is another one than this machine's, as their leases show."""
    for node in snapshot.all(NODE):
        lease = snapshot.get(ObjectKey(*LEASE, HEARTBEATS, node["metadata"]["name"]))
        behind = between(((lease or {}).get("spec") or {}).get("renewTime"), snapshot.taken)
        if behind is not None and abs(behind) > CLOCK and holds(node, "Ready"):
            yield _clock(key_of(NODE, node), behind)


def _clock(node: ObjectKey, behind: timedelta) -> Finding:
    minutes = round(abs(behind).total_seconds() / 60)
    differs = _("{minutes} minutes behind") if behind > timedelta() else _("{minutes} minutes ahead of")
    return Finding(
        cause="node-clock",
        severity=Severity.WARNING,
        title=_("The clock of {node} is {differs} this machine's").format(
            node=node, differs=differs.format(minutes=minutes)
        ),
        objects=(),
        remedy=Remedy(
            _("Let both follow a time server: tokens and certificates are refused where clocks differ."),
            ("timedatectl status", f"kubectl debug node/{node.name} -it --image=busybox -- date -u"),
        ),
    )


def problems(snapshot: Snapshot) -> Iterator[Finding]:
    """What nodes tell of themselves beside being ready: conditions of problem detectors, events that last."""
    told: dict[str, list[Evidence]] = defaultdict(list)
    for node in snapshot.all(NODE):
        key = key_of(NODE, node)
        for each in (node.get("status") or {}).get("conditions") or ():
            if each.get("type") in PROBLEMS and each.get("status") == "True":
                told[each["type"]].append(Evidence(str(each.get("message") or each.get("reason")), key))
        for reason, message in {each.reason: each.message for each in snapshot.occurrences(key)}.items():
            if reason in TELLING:
                told[reason].append(Evidence(message, key))
    for reason, evidence in told.items():
        yield _problem(reason, evidence)


def _problem(reason: str, evidence: Sequence[Evidence]) -> Finding:
    found = classify(f"{reason}: {evidence[0].text}")
    node = evidence[0].object
    name = node.name if node else ""
    return Finding(
        cause=found.cause if found else "node-problem",
        severity=TELLING.get(reason, Severity.WARNING),
        title=_("{nodes} {reason}").format(
            nodes=counted("{count} node reports", "{count} nodes report", len(evidence)), reason=reason
        ),
        objects=(),
        remedy=_cgroups() if reason == "CgroupV1" else found.remedy if found else _look(name),
        evidence=tuple(evidence),
        docs=found.docs if found else "",
    )


def _cgroups() -> Remedy:
    text = _("Nothing yet. Before Kubernetes drops cgroups v1, boot the nodes with version 2.")
    return Remedy(text, ("stat -fc %T /sys/fs/cgroup  # on the node; cgroup2fs is version 2",))


def _look(node: str) -> Remedy:
    return Remedy(_("Look at the node; when it does not recover, replace it."), (f"kubectl describe node {node}",))


CHECKS = (
    Check("nodes.cordoned", _("Do all nodes take pods?"), frozenset({NODE}), cordoned, also=frozenset({POD})),
    Check("nodes.versions", _("Do the kubelets go with the API server?"), frozenset({NODE}), versions),
    Check("nodes.clocks", _("Are the nodes' clocks right?"), frozenset({NODE, LEASE}), clocks),
    Check("nodes.problems", _("Do nodes tell of problems?"), frozenset({NODE, EVENT}), problems),
)
