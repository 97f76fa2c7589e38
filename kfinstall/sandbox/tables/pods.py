"""The cells of pods (printPod)."""

from collections.abc import Mapping
from typing import Any

from kfinstall.contracts.manifest import Body
from kfinstall.facts.objects.conditions import condition, holds
from kfinstall.sandbox.tables.ages import age
from kfinstall.sandbox.tables.parts import NONE, Cells, spec_of, status_of

State = Mapping[str, Any]


def pod(body: Body) -> Cells:
    spec, status = spec_of(body), status_of(body)
    gates = spec.get("readinessGates") or ()
    met = sum(bool(holds(body, gate["conditionType"])) for gate in gates)
    return {
        "Ready": _ready(body),
        "Status": _word(body),
        "Restarts": _restarts(body),
        "IP": status.get("podIP") or NONE,
        "Node": spec.get("nodeName") or NONE,
        "Nominated Node": status.get("nominatedNodeName") or NONE,
        "Readiness Gates": f"{met}/{len(gates)}" if gates else NONE,
    }


def ends(body: Body) -> list[Body]:
    """The conditions of a row: kubectl tells by them that a pod is done."""
    reason, message = _ENDS.get(status_of(body).get("phase", ""), ("", ""))
    return [{"type": "Completed", "status": "True", "reason": reason, "message": message}] if reason else []


_ENDS = {
    "Succeeded": ("Succeeded", "The pod has completed successfully."),
    "Failed": ("Failed", "The pod failed."),
}


def _ready(body: Body) -> str:
    """Of the containers that go on: sidecars, too."""
    status, total = status_of(body), spec_of(body).get("containers") or ()
    sidecars = [each for each in status.get("initContainerStatuses") or () if _is_sidecar(body, each)]
    ready = sum(map(_is_ready, [*sidecars, *(status.get("containerStatuses") or ())]))
    return f"{ready}/{len(total) + len(sidecars)}"


def _word(body: Body) -> str:
    status = status_of(body)
    if body["metadata"].get("deletionTimestamp"):
        if status.get("reason") == "NodeLost":
            return "Unknown"
        if status.get("phase") not in {"Succeeded", "Failed"}:
            return "Terminating"
    starting = _starting(body)
    if starting and not holds(body, "Initialized"):
        return starting
    return _running(body) or starting or _phase(body)


def _phase(body: Body) -> str:
    status = status_of(body)
    if condition(body, "PodScheduled").get("reason") == "SchedulingGated":
        return "SchedulingGated"
    return str(status.get("reason") or status.get("phase") or "Unknown")


def _starting(body: Body) -> str:
    """What the first init container does that is not done."""
    total = len(spec_of(body).get("initContainers") or ())
    for number, each in enumerate(status_of(body).get("initContainerStatuses") or ()):
        state = each.get("state") or {}
        ended, waits = state.get("terminated"), (state.get("waiting") or {}).get("reason", "")
        if _has_begun(body, each):
            continue
        if ended:
            return f"Init:{_end(ended)}"
        return f"Init:{waits}" if waits not in {"", "PodInitializing"} else f"Init:{number}/{total}"
    return ""


def _has_begun(body: Body, each: State) -> bool:
    """Whether an init container no longer holds up the next: it is done or, a sidecar, started."""
    ended = (each.get("state") or {}).get("terminated")
    return bool((ended and not ended.get("exitCode")) or (_is_sidecar(body, each) and each.get("started")))


def _running(body: Body) -> str:
    """The word of the first container that has one; "" while all run."""
    word, runs = "", False
    for each in reversed(status_of(body).get("containerStatuses") or ()):
        state = each.get("state") or {}
        if (state.get("waiting") or {}).get("reason"):
            word = state["waiting"]["reason"]
        elif state.get("terminated"):
            word = _end(state["terminated"])
        else:
            runs = runs or _is_ready(each)
    if word == "Completed" and runs:
        return "Running" if holds(body, "Ready") else "NotReady"
    return word


def _end(ended: State) -> str:
    if ended.get("reason"):
        return str(ended["reason"])
    return f"Signal:{ended['signal']}" if ended.get("signal") else f"ExitCode:{ended.get('exitCode', 0)}"


def _restarts(body: Body) -> str:
    """Of the init containers up to the one that is at work, or else of what goes on."""
    status = status_of(body)
    begun: list[State] = list(status.get("initContainerStatuses") or ())
    at_work = next((n for n, each in enumerate(begun) if not _has_begun(body, each)), None)
    if at_work is not None:
        begun = begun[: at_work + 1]
    if at_work is None or holds(body, "Initialized"):
        begun = [each for each in begun if _is_sidecar(body, each)] + list(status.get("containerStatuses") or ())
    count = sum(each.get("restartCount", 0) for each in begun)
    ends = [((each.get("lastState") or {}).get("terminated") or {}).get("finishedAt") for each in begun]
    last = max(filter(None, ends), default="")
    return f"{count} ({age(last)} ago)" if count and last else str(count)


def _is_ready(each: State) -> bool:
    return bool(each.get("ready") and (each.get("state") or {}).get("running") is not None)


def _is_sidecar(body: Body, status: State) -> bool:
    """An init container that goes on: https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/"""
    containers = spec_of(body).get("initContainers") or ()
    return any(each["name"] == status["name"] and each.get("restartPolicy") == "Always" for each in containers)
