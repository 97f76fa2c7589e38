"""Pods that no node takes."""

from collections import defaultdict
from collections.abc import Iterator

from kfinstall.contracts.check import Check
from kfinstall.contracts.explanation import Explanation
from kfinstall.contracts.finding import Evidence, Finding, Severity
from kfinstall.contracts.manifest import Body, ObjectKey
from kfinstall.contracts.snapshot import Snapshot
from kfinstall.facts.classify import classify
from kfinstall.facts.kinds import EVENT, NODE, POD
from kfinstall.words import _, counted

WAITS_FOR_STORAGE = "st-"
"""Causes that the scheduler only reports: the claim's own finding says what to do."""


def unschedulable(snapshot: Snapshot) -> Iterator[Finding]:
    """Pods that the scheduler refuses, grouped by what to mend first."""
    groups: dict[str, list[tuple[ObjectKey, str, Explanation]]] = defaultdict(list)
    for pod in snapshot.all(POD):
        message = _refusal(pod)
        explained = classify(message) if message else None
        if explained and explained.failure:
            metadata = pod["metadata"]
            key = ObjectKey(*POD, metadata.get("namespace") or "", metadata["name"])
            groups[explained.cause].append((key, message, explained))
    for refused in groups.values():
        yield _finding(refused)


def _refusal(pod: Body) -> str:
    for condition in (pod.get("status") or {}).get("conditions") or ():
        if condition.get("type") == "PodScheduled" and condition.get("status") == "False":
            return str(condition.get("message") or "")
    return ""


def _finding(refused: list[tuple[ObjectKey, str, Explanation]]) -> Finding:
    _key, _message, explained = refused[0]
    pods = counted("{count} pod", "{count} pods", len(refused))
    messages: dict[str, list[ObjectKey]] = defaultdict(list)
    for key, message, _explained in refused:
        messages[message].append(key)
    return Finding(
        cause=explained.cause,
        severity=Severity.ERROR,
        title=_("{cause}: {pods}").format(cause=explained.title, pods=pods),
        objects=tuple(key for key, _message, _explained in refused),
        remedy=explained.remedy,
        evidence=tuple(Evidence(message, keys[0], len(keys)) for message, keys in messages.items()),
        docs=explained.docs,
    )


CHECKS = (
    Check(
        "scheduling.pods",
        _("Does every pod find a node?"),
        frozenset({POD}),
        unschedulable,
        also=frozenset({NODE, EVENT}),
    ),
)
