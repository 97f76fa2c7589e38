"""The cells of what makes pods, scales them or protects them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from kfinstall.contracts.manifest import Body
from kfinstall.facts.objects.conditions import holds
from kfinstall.sandbox.tables.ages import age, duration
from kfinstall.sandbox.tables.parts import NONE, UNSET, Cells, labels, spec_of, status_of, template


def deployment(body: Body) -> Cells:
    spec, status = spec_of(body), status_of(body)
    return {
        "Ready": f"{status.get('readyReplicas', 0)}/{spec.get('replicas', 1)}",
        "Up-to-date": status.get("updatedReplicas", 0),
        "Available": status.get("availableReplicas", 0),
        **template(spec),
    }


def replica_set(body: Body) -> Cells:
    spec, status = spec_of(body), status_of(body)
    ready = status.get("readyReplicas", 0)
    return {"Desired": spec.get("replicas", 1), "Current": status.get("replicas", 0), "Ready": ready, **template(spec)}


def stateful_set(body: Body) -> Cells:
    spec = spec_of(body)
    return {"Ready": f"{status_of(body).get('readyReplicas', 0)}/{spec.get('replicas', 1)}", **template(spec)}


def daemon_set(body: Body) -> Cells:
    spec, status = spec_of(body), status_of(body)
    chosen = ((spec.get("template") or {}).get("spec") or {}).get("nodeSelector")
    return {
        "Desired": status.get("desiredNumberScheduled", 0),
        "Current": status.get("currentNumberScheduled", 0),
        "Ready": status.get("numberReady", 0),
        "Up-to-date": status.get("updatedNumberScheduled", 0),
        "Available": status.get("numberAvailable", 0),
        "Node Selector": labels(chosen),
        **template(spec),
    }


def job(body: Body) -> Cells:
    spec, status = spec_of(body), status_of(body)
    ends = ("Complete", "Failed", "Suspended", "FailureTarget", "SuccessCriteriaMet")
    side_by_side = spec.get("parallelism", 0)
    unbounded = f"1 of {side_by_side}" if side_by_side > 1 else "1"
    return {
        "Status": next((end for end in ends if holds(body, end)), "Running"),
        "Completions": f"{status.get('succeeded', 0)}/{spec.get('completions', unbounded)}",
        "Duration": _duration(status),
        **template(spec),
    }


def _duration(status: Mapping[str, Any]) -> str:
    if not status.get("startTime"):
        return ""
    begun = datetime.fromisoformat(status["startTime"])
    done = datetime.fromisoformat(status["completionTime"]) if status.get("completionTime") else datetime.now(UTC)
    return duration(int((done - begun).total_seconds()))


def cron_job(body: Body) -> Cells:
    spec, last = spec_of(body), status_of(body).get("lastScheduleTime")
    return {
        **template(spec["jobTemplate"]["spec"]),
        "Schedule": spec["schedule"],
        "Timezone": spec.get("timeZone", NONE),
        "Suspend": str(bool(spec.get("suspend"))),
        "Active": len(status_of(body).get("active") or ()),
        "Last Schedule": age(last) if last else NONE,
    }


def disruption_budget(body: Body) -> Cells:
    spec = spec_of(body)
    return {
        "Min Available": str(spec.get("minAvailable", "N/A")),
        "Max Unavailable": str(spec.get("maxUnavailable", "N/A")),
        "Allowed Disruptions": status_of(body).get("disruptionsAllowed", 0),
    }


def autoscaler(body: Body) -> Cells:
    spec = spec_of(body)
    target = spec["scaleTargetRef"]
    return {
        "Reference": f"{target['kind']}/{target['name']}",
        "Targets": ", ".join(_metric(metric) for metric in (spec.get("metrics") or ())[:2]) or NONE,
        "MinPods": str(spec.get("minReplicas", UNSET)),
        "MaxPods": spec["maxReplicas"],
        "Replicas": status_of(body).get("currentReplicas", 0),
    }


def _metric(metric: Mapping[str, Any]) -> str:
    """Nobody measures here, so that nothing is known of what is used."""
    source: Mapping[str, Any] = next((value for name, value in metric.items() if name != "type"), {})
    target = source.get("target") or {}
    wanted = target.get("averageValue") or target.get("value") or f"{target.get('averageUtilization', '<auto>')}%"
    return f"{source['name']}: <unknown>/{wanted}" if "name" in source else f"<unknown>/{wanted}"
