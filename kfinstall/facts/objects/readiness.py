"""When an object is ready, as kstatus defines it for built-in kinds and by conditions for the rest.

https://github.com/kubernetes-sigs/cli-utils/blob/master/pkg/kstatus/README.md
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from kfinstall.contracts.manifest import Body
from kfinstall.words import _


@dataclass(frozen=True, slots=True)
class Readiness:
    """ready: nothing more to wait for. failed: waiting cannot help. why: what is missing, in a few words."""

    ready: bool
    failed: bool = False
    why: str = ""


READY = Readiness(ready=True)


def readiness(body: Body) -> Readiness:
    """Whether a live object is ready. A kind without any status is ready once it exists."""
    metadata = body.get("metadata") or {}
    if metadata.get("deletionTimestamp"):
        return Readiness(ready=False, why=_("is being deleted"))
    spec, status = _fields(body.get("spec")), _fields(body.get("status"))
    seen = status.get("observedGeneration")
    if isinstance(seen, int) and seen < (metadata.get("generation") or 0):
        return Readiness(ready=False, why=_("its controller has not seen the change yet"))
    group = str(body.get("apiVersion", "")).rpartition("/")[0]
    rule = _RULES.get((group, str(body.get("kind"))), _by_conditions)
    return rule(spec, status)


WAITED_FOR = frozenset(
    {
        ("apps", "Deployment"),
        ("apps", "StatefulSet"),
        ("apps", "DaemonSet"),
        ("batch", "Job"),
        ("", "Pod"),
    }
)
"""Built-in kinds, as (group, kind), that become ready after they are made. Custom resources are waited for too.

Claims are not: one whose class waits for the first consumer stays pending until a pod uses it, and then that pod waits.
"""

Fields = Mapping[str, Any]


def _fields(value: object) -> Fields:
    """A custom resource may have anything in place of an object."""
    return value if isinstance(value, Mapping) else {}


def _conditions(status: Fields) -> list[Fields]:
    conditions = status.get("conditions")
    return [entry for entry in conditions if isinstance(entry, Mapping)] if isinstance(conditions, list) else []


def _deployment(spec: Fields, status: Fields) -> Readiness:
    for condition in _conditions(status):
        late = condition.get("type") == "Progressing" and condition.get("reason") == "ProgressDeadlineExceeded"
        if late or (condition.get("type") == "ReplicaFailure" and condition.get("status") == "True"):
            return Readiness(ready=False, why=str(condition.get("message", "")))
    wanted = spec.get("replicas", 1)
    if status.get("updatedReplicas", 0) < wanted:
        return _count(_("updated"), status.get("updatedReplicas", 0), wanted)
    if status.get("replicas", 0) > status.get("updatedReplicas", 0):
        return Readiness(ready=False, why=_("old pods are being stopped"))
    return _replicas(status.get("availableReplicas", 0), wanted)


def _stateful_set(spec: Fields, status: Fields) -> Readiness:
    wanted = spec.get("replicas", 1)
    if (spec.get("updateStrategy") or {}).get("type") != "OnDelete" and wanted:
        partition = ((spec.get("updateStrategy") or {}).get("rollingUpdate") or {}).get("partition", 0)
        if not partition and status.get("currentRevision") != status.get("updateRevision"):
            return _count(_("updated"), status.get("updatedReplicas", 0), wanted)
    return _replicas(status.get("readyReplicas", 0), wanted)


def _daemon_set(_spec: Fields, status: Fields) -> Readiness:
    if "desiredNumberScheduled" not in status:
        return Readiness(ready=False, why=_("its controller has not seen it yet"))
    wanted = status["desiredNumberScheduled"]
    if status.get("updatedNumberScheduled", 0) < wanted:
        return _count(_("updated"), status.get("updatedNumberScheduled", 0), wanted)
    return _replicas(status.get("numberAvailable", 0), wanted)


def _job(spec: Fields, status: Fields) -> Readiness:
    for condition in _conditions(status):
        if condition.get("status") == "True" and condition.get("type") == "Failed":
            return Readiness(ready=False, failed=True, why=str(condition.get("message", "")))
        if condition.get("status") == "True" and condition.get("type") in {"Complete", "Suspended"}:
            return READY
    if spec.get("suspend"):
        return READY
    return _count(_("succeeded"), status.get("succeeded", 0), spec.get("completions", 1) or 1)


def _pod(_spec: Fields, status: Fields) -> Readiness:
    phase = status.get("phase")
    if phase == "Succeeded" or _condition(status, "Ready") == "True":
        return READY
    return Readiness(ready=False, failed=phase == "Failed", why=str(status.get("message") or phase or ""))


def _claim(_spec: Fields, status: Fields) -> Readiness:
    phase = status.get("phase", "Pending")
    if phase == "Lost":
        return Readiness(ready=False, failed=True, why=_("its volume is gone"))
    return Readiness(ready=phase == "Bound", why=_("no volume is bound to it yet"))


def _definition(_spec: Fields, status: Fields) -> Readiness:
    for condition in _conditions(status):
        if condition.get("type") == "NamesAccepted" and condition.get("status") == "False":
            return Readiness(ready=False, failed=True, why=str(condition.get("message", "")))
    return Readiness(ready=_condition(status, "Established") == "True", why=_("is not established yet"))


def _by_conditions(_spec: Fields, status: Fields) -> Readiness:
    """Custom resources: Ready when they have it; one that stalled or failed says so in its conditions."""
    for condition in _conditions(status):
        kind, holds = condition.get("type"), condition.get("status")
        why = str(condition.get("message") or condition.get("reason") or "")
        if holds == "True" and kind in {"Stalled", "Failed"}:
            return Readiness(ready=False, failed=True, why=why)
        if kind in {"Ready", "Available"} and holds != "True":
            return Readiness(ready=False, why=why)
    return READY


def _condition(status: Fields, kind: str) -> str:
    for condition in _conditions(status):
        if condition.get("type") == kind:
            return str(condition.get("status"))
    return ""


def _replicas(ready: int, wanted: int) -> Readiness:
    return READY if ready >= wanted else _count(_("ready"), ready, wanted)


def _count(what: str, have: int, wanted: int) -> Readiness:
    return Readiness(ready=False, why=_("{have}/{wanted} {what}").format(have=have, wanted=wanted, what=what))


_RULES: dict[tuple[str, str], Callable[[Fields, Fields], Readiness]] = {
    ("apps", "Deployment"): _deployment,
    ("apps", "StatefulSet"): _stateful_set,
    ("apps", "DaemonSet"): _daemon_set,
    ("batch", "Job"): _job,
    ("", "Pod"): _pod,
    ("", "PersistentVolumeClaim"): _claim,
    ("apiextensions.k8s.io", "CustomResourceDefinition"): _definition,
}
