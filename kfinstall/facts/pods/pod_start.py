"""How far a pod has come between its node and its first container.

The kubelet mounts the volumes, has a sandbox made, then pulls and starts (kubernetes/pkg/kubelet/kubelet.go, SyncPod).
"""

from collections.abc import Collection, Iterator

from kfinstall.contracts.manifest import Body, ObjectKey
from kfinstall.contracts.snapshot import Occurrence, Snapshot
from kfinstall.facts.images.pulls import STARTING
from kfinstall.facts.objects.kinds import POD
from kfinstall.facts.objects.owners import key_of
from kfinstall.facts.pods.containers import containers

PROGRESS = frozenset({"Pulling", "Pulled", "Created", "Started"})
"""Reasons of events that come only after volumes and sandbox are there."""


def not_begun(snapshot: Snapshot) -> Iterator[tuple[ObjectKey, Body]]:
    """Pods of which no container has been tried yet."""
    for pod in snapshot.all(POD):
        if (pod.get("status") or {}).get("phase") != "Pending" or pod["metadata"].get("deletionTimestamp"):
            continue
        if all(each.state in {"", "waiting"} and each.reason in {"", *STARTING} for each in containers(pod)):
            yield key_of(POD, pod), pod


def failures(key: ObjectKey, reasons: Collection[str], snapshot: Snapshot) -> list[Occurrence]:
    """The events of these reasons since the pod last got further, newest first."""
    found: list[Occurrence] = []
    for each in reversed(snapshot.occurrences(key)):
        if each.reason in PROGRESS:
            break
        if each.warning and each.reason in reasons:
            found.append(each)
    return found
