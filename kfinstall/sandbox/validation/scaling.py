"""Autoscalers, disruption budgets, priority classes and leases."""

import re
from collections.abc import Iterator
from typing import Any

from kfinstall.contracts.manifest import Body
from kfinstall.sandbox.server.status import Cause, not_allowed, required, wrong
from kfinstall.sandbox.validation.rules import fixed, given, not_negative

HIGHEST_PRIORITY = 1_000_000_000
SYSTEM = frozenset({"system-cluster-critical", "system-node-critical"})
PERCENT_TEXT = (
    "a valid percent string must be a numeric string followed by an ending '%' "
    "(e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')"
)


def autoscaler(body: Body, _old: Body | None) -> Iterator[Cause]:
    spec = body["spec"]
    low, high, target = spec.get("minReplicas", 1), spec.get("maxReplicas") or 0, spec.get("scaleTargetRef") or {}
    if low < 1:
        yield wrong("spec.minReplicas", low, "must be greater than or equal to 1")
    if high < 1:
        yield required("spec.maxReplicas", "must be set and greater than 0")
    if high < low:
        yield wrong("spec.maxReplicas", high, "must be greater than or equal to `minReplicas`")
    for name in ("kind", "name"):
        yield from given(f"spec.scaleTargetRef.{name}", target.get(name))
    if not target.get("apiVersion"):
        yield wrong("spec.scaleTargetRef.apiVersion", "", "apiVersion must specify API group")
    if low == 0 and not any(each.get("type") in {"Object", "External"} for each in spec.get("metrics") or ()):
        why = "must specify at least one Object or External metric to support scaling to zero replicas"
        yield not_allowed("spec.metrics", why)


def budget(body: Body, _old: Body | None) -> Iterator[Cause]:
    spec = body.get("spec") or {}
    low, high = spec.get("minAvailable"), spec.get("maxUnavailable")
    if low is not None and high is not None:
        shown = {
            "MinAvailable": low,
            "Selector": spec.get("selector"),
            "MaxUnavailable": high,
            "UnhealthyPodEvictionPolicy": spec.get("unhealthyPodEvictionPolicy"),
        }
        yield wrong("spec", shown, "minAvailable and maxUnavailable cannot be both set")
    for name, value in (("minAvailable", low), ("maxUnavailable", high)):
        yield from share(f"spec.{name}", value)


def share(field: str, value: Any) -> Iterator[Cause]:
    """A number or a percentage."""
    yield from not_negative(field, value)
    if not isinstance(value, str):
        return
    if not re.fullmatch("[0-9]+%", value):
        yield wrong(field, value, PERCENT_TEXT)
    elif int(value[:-1]) > 100:
        yield wrong(field, value, "must not be greater than 100%")


def priority_class(body: Body, old: Body | None) -> Iterator[Cause]:
    name, value = str(body["metadata"].get("name")), body.get("value", 0)
    if name.startswith("system-"):
        if name not in SYSTEM:
            why = "priority class names with 'system-' prefix are reserved for system use only. error: "
            yield not_allowed("metadata.name", f"{why}{name} is not a known system priority class")
    elif value > HIGHEST_PRIORITY:
        yield not_allowed("value", f"maximum allowed value of a user defined priority is {HIGHEST_PRIORITY}")
    if old is not None:
        if old.get("value", 0) != value:
            yield not_allowed("value", "may not be changed in an update.")
        yield from fixed("preemptionPolicy", body.get("preemptionPolicy"), old.get("preemptionPolicy"))


def lease(body: Body, _old: Body | None) -> Iterator[Cause]:
    spec = body.get("spec") or {}
    seconds = spec.get("leaseDurationSeconds")
    if seconds is not None and seconds <= 0:
        yield wrong("spec.leaseDurationSeconds", seconds, "must be greater than 0")
    yield from not_negative("spec.leaseTransitions", spec.get("leaseTransitions"))
