"""Pods that wait for a Secret or a ConfigMap that is not there."""

from collections import defaultdict
from collections.abc import Iterator

from kfinstall.contracts.check import Check
from kfinstall.contracts.explanation import Json
from kfinstall.contracts.finding import Evidence, Finding, Severity
from kfinstall.contracts.manifest import Body, ObjectKey
from kfinstall.contracts.snapshot import Snapshot
from kfinstall.facts.classify import explanation
from kfinstall.facts.kinds import CONFIG_MAP, EVENT, POD, SECRET
from kfinstall.facts.pod_needs import pod_needs
from kfinstall.words import _, counted

FAILED = frozenset({"FailedMount", "Failed"})


def missing(snapshot: Snapshot) -> Iterator[Finding]:
    """One finding for each object that is missing, as the kubelet says."""
    waiting: dict[ObjectKey, list[tuple[ObjectKey, str]]] = defaultdict(list)
    for pod in snapshot.all(POD):
        if _has_started(pod):
            continue
        metadata = pod["metadata"]
        key = ObjectKey(*POD, metadata.get("namespace") or "", metadata["name"])
        for need, message in _unmet(pod, key, snapshot):
            waiting[need].append((key, message))
    for need, pods in waiting.items():
        yield _finding(need, pods)


def _has_started(pod: Body) -> bool:
    return (pod.get("status") or {}).get("phase") in {"Running", "Succeeded", "Failed"}


def _unmet(pod: Body, key: ObjectKey, snapshot: Snapshot) -> Iterator[tuple[ObjectKey, str]]:
    """What the kubelet calls missing, of what the pod needs; a Secret is not read to know that it is not there."""
    said = [each for each in snapshot.occurrences(key) if each.warning and each.reason in FAILED]
    for need in dict.fromkeys(pod_needs(pod.get("spec") or {}, key.namespace)):
        if need.kind not in {"Secret", "ConfigMap"} or snapshot.get(need):
            continue
        words = f'{need.kind.lower()} "{need.name}" not found'
        message = next((each.message for each in reversed(said) if words in each.message), "")
        if message:
            yield need, message


def _finding(need: ObjectKey, pods: list[tuple[ObjectKey, str]]) -> Finding:
    about: dict[str, Json] = {"kind": need.kind, "name": need.name, "namespace": need.namespace}
    explained = explanation("st-mount-object-missing", about)
    waiting = counted("{count} pod waits", "{count} pods wait", len(pods))
    return Finding(
        cause=explained.cause,
        severity=Severity.ERROR,
        title=_("{object} is missing: {pods} for it").format(object=need, pods=waiting),
        objects=tuple(key for key, _message in pods),
        remedy=explained.remedy,
        evidence=(Evidence(pods[0][1], pods[0][0], len(pods)),),
        needs=frozenset({need}),
        docs=explained.docs,
    )


CHECKS = (
    Check(
        "mounts.missing",
        _("Does every pod find the Secrets and ConfigMaps that it names?"),
        frozenset({POD, EVENT}),
        missing,
        also=frozenset({CONFIG_MAP, SECRET}),
    ),
)
