"""The cells of nodes, events, rights and quotas."""

from collections.abc import Mapping
from typing import Any

from kfinstall.contracts.manifest import Body
from kfinstall.facts.objects.conditions import condition, holds
from kfinstall.sandbox.tables.ages import age
from kfinstall.sandbox.tables.parts import NONE, UNKNOWN, Cells, spec_of, status_of

ROLE, OLD_ROLE = "node-role.kubernetes.io/", "kubernetes.io/role"


def node(body: Body) -> Cells:
    info = status_of(body).get("nodeInfo") or {}
    return {
        "Status": _health(body),
        "Roles": ",".join(sorted(_roles(body["metadata"].get("labels") or {}))) or NONE,
        "Version": info.get("kubeletVersion", ""),
        "Internal-IP": _address(body, "InternalIP"),
        "External-IP": _address(body, "ExternalIP"),
        "OS-Image": info.get("osImage") or UNKNOWN,
        "Kernel-Version": info.get("kernelVersion") or UNKNOWN,
        "Container-Runtime": info.get("containerRuntimeVersion") or UNKNOWN,
    }


def _health(body: Body) -> str:
    known = "Ready" if holds(body, "Ready") else "NotReady"
    word = known if condition(body, "Ready") else "Unknown"
    return f"{word},SchedulingDisabled" if spec_of(body).get("unschedulable") else word


def _roles(labels: Mapping[str, str]) -> set[str]:
    named = {key.removeprefix(ROLE) for key in labels if key.startswith(ROLE)}
    return {role for role in named | {labels.get(OLD_ROLE, "")} if role}


def _address(body: Body, kind: str) -> str:
    known = status_of(body).get("addresses") or ()
    return next((each["address"] for each in known if each["type"] == kind), NONE)


def event(body: Body) -> Cells:
    subject, series = body.get("involvedObject") or {}, body.get("series") or {}
    first = body.get("firstTimestamp") or body.get("eventTime")
    return {
        "Last Seen": age(series.get("lastObservedTime") or body.get("lastTimestamp") or first),
        "Type": body.get("type", ""),
        "Reason": body.get("reason", ""),
        "Object": f"{str(subject.get('kind', '')).lower()}/{subject.get('name', '')}",
        "Subobject": subject.get("fieldPath", ""),
        "Source": _source(body),
        "Message": str(body.get("message", "")).strip(),
        "First Seen": age(first),
        "Count": series.get("count") or body.get("count") or 1,
    }


def _source(body: Body) -> str:
    source = body.get("source") or {}
    component = source.get("component") or body.get("reportingComponent", "")
    host = source.get("host") or body.get("reportingInstance", "")
    return ", ".join(filter(None, (component, host)))


def role_binding(body: Body) -> Cells:
    reference, subjects = body.get("roleRef") or {}, body.get("subjects") or ()

    def named(kind: str) -> str:
        found = (each for each in subjects if each["kind"] == kind)
        return ", ".join("/".join(filter(None, (each.get("namespace"), each["name"]))) for each in found)

    return {
        "Role": f"{reference.get('kind')}/{reference.get('name')}",
        "Users": named("User"),
        "Groups": named("Group"),
        "ServiceAccounts": named("ServiceAccount"),
    }


def resource_quota(body: Body) -> Cells:
    hard, used = status_of(body).get("hard") or {}, status_of(body).get("used") or {}
    shown = {name: f"{name}: {used.get(name, '0')}/{hard[name]}" for name in sorted(hard)}
    limits = [name for name in shown if name.startswith("limits.")]
    return {
        "Request": ", ".join(text for name, text in shown.items() if name not in limits),
        "Limit": ", ".join(shown[name] for name in limits),
    }


def priority_class(body: Body) -> Mapping[str, Any]:
    return {
        "Value": body["value"],
        "Global-Default": bool(body.get("globalDefault")),
        "PreemptionPolicy": body.get("preemptionPolicy", ""),
    }


def namespace(body: Body) -> Cells:
    return {"Status": status_of(body).get("phase", "")}


def config_map(body: Body) -> Cells:
    return {"Data": len(body.get("data") or {}) + len(body.get("binaryData") or {})}


def secret(body: Body) -> Cells:
    return {"Type": body.get("type", ""), "Data": len(body.get("data") or {})}
