"""Workloads whose pods the API server refuses to make, in its words."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from kfinstall.contracts.explanation import Explanation
from kfinstall.contracts.manifest import Body, ObjectKey
from kfinstall.contracts.resource import GroupKind
from kfinstall.contracts.snapshot import Snapshot
from kfinstall.facts.classify import classify
from kfinstall.facts.objects.conditions import condition
from kfinstall.facts.objects.kinds import DAEMON_SET, JOB, REPLICA_SET, STATEFUL_SET
from kfinstall.facts.objects.owners import key_of, workload

MAKERS = (REPLICA_SET, STATEFUL_SET, DAEMON_SET, JOB)
"""Kinds whose controllers make pods."""

_NO_PRIORITY = re.compile(r"no PriorityClass with name (\S+) was found")


@dataclass(frozen=True, slots=True)
class Refused:
    """A workload that lacks pods. message: what the API server answered last; count: how often it was asked."""

    owner: ObjectKey
    message: str
    count: int
    explained: Explanation | None

    @property
    def priority_class(self) -> str:
        """The PriorityClass that is missing, where that is the reason (plugin/pkg/admission/priority)."""
        found = _NO_PRIORITY.search(self.message)
        return found[1] if found else ""


def refused_pods(snapshot: Snapshot) -> Iterator[Refused]:
    """Every workload that lacks pods because they were refused."""
    for kind in MAKERS:
        for body in snapshot.all(kind):
            key = key_of(kind, body)
            message, count = _refusal(key, body, snapshot) if _lacks_pods(kind, body) else ("", 0)
            if message:
                yield Refused(workload(key, body, snapshot), message, count, classify(message))


def _lacks_pods(kind: GroupKind, body: Body) -> bool:
    spec, status = body.get("spec") or {}, body.get("status") or {}
    if kind == DAEMON_SET:
        return (status.get("currentNumberScheduled") or 0) < (status.get("desiredNumberScheduled") or 0)
    if kind == JOB:
        ended = status.get("completionTime") or condition(body, "Failed").get("status") == "True"
        return not (ended or spec.get("suspend") or status.get("active"))
    return bool((status.get("replicas") or 0) < spec.get("replicas", 1))


def _refusal(key: ObjectKey, body: Body, snapshot: Snapshot) -> tuple[str, int]:
    """What the API server answered to the controller, and how often; nothing when it did not refuse."""
    said = [each for each in snapshot.occurrences(key) if each.reason == "FailedCreate"]
    failure = condition(body, "ReplicaFailure")
    if failure.get("status") == "True":
        return str(failure.get("message") or ""), max((each.count for each in said), default=1)
    return (said[-1].message, said[-1].count) if said else ("", 0)
