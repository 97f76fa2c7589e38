"""Workloads (pkg/apis/apps/validation, pkg/apis/batch/validation)."""

import zoneinfo
from collections.abc import Iterator
from typing import Any

from kfinstall.contracts.manifest import Body
from kfinstall.facts.objects.selectors import matches
from kfinstall.sandbox.server.status import Cause, not_allowed, not_supported, required, wrong
from kfinstall.sandbox.validation.names import labels
from kfinstall.sandbox.validation.pods import pod_spec, restarts
from kfinstall.sandbox.validation.rules import IMMUTABLE, fixed, given, not_negative
from kfinstall.sandbox.validation.scaling import share

UNMATCHED = "`selector` does not match template `labels`"
TEMPLATE = "spec.template.spec"
FIXED_JOB = ("completionMode", "podFailurePolicy", "backoffLimitPerIndex", "managedBy", "successPolicy")
CHANGEABLE = (
    "replicas",
    "ordinals",
    "template",
    "updateStrategy",
    "revisionHistoryLimit",
    "persistentVolumeClaimRetentionPolicy",
    "minReadySeconds",
)
"""What of a StatefulSet's specification may change."""


def _selected(body: Body, old: Body | None, word: str) -> Iterator[Cause]:
    """What all workloads with a selector have in common. word: the kind, as an empty selector is refused."""
    spec = body.get("spec") or {}
    selector, template = spec.get("selector"), spec.get("template") or {}
    found = (template.get("metadata") or {}).get("labels")
    yield from not_negative("spec.replicas", spec.get("replicas"))
    if selector is None:
        yield required("spec.selector")
    elif not (selector.get("matchLabels") or selector.get("matchExpressions")):
        yield wrong("spec.selector", selector, f"empty selector is invalid for {word}")
    if selector is None or not matches(selector, found or {}):
        yield wrong("spec.template.metadata.labels", found, UNMATCHED)
    yield from labels(found, "spec.template.labels")
    yield from pod_spec(template.get("spec") or {}, TEMPLATE)
    yield from restarts(f"{TEMPLATE}.restartPolicy", (template.get("spec") or {}).get("restartPolicy"), ("Always",))
    if old is not None and word != "statefulset":
        yield from fixed("spec.selector", selector, old["spec"].get("selector"))


def replica_set(body: Body, old: Body | None) -> Iterator[Cause]:
    yield from _selected(body, old, "deployment")


def deployment(body: Body, old: Body | None) -> Iterator[Cause]:
    yield from _selected(body, old, "deployment")
    spec = body["spec"]
    strategy = spec.get("strategy") or {}
    kind, rolling = strategy.get("type"), strategy.get("rollingUpdate")
    if kind not in {"Recreate", "RollingUpdate"}:
        shown = {"Type": kind, "RollingUpdate": rolling}
        yield not_supported("spec.strategy", shown, ("Recreate", "RollingUpdate"))
    elif kind == "Recreate" and rolling is not None:
        why = "may not be specified when strategy `type` is 'Recreate'"
        yield not_allowed("spec.strategy.rollingUpdate", why)
    elif rolling is not None:
        yield from _rolling(rolling, "spec.strategy.rollingUpdate", "maxSurge")
    yield from not_negative("spec.minReadySeconds", spec.get("minReadySeconds"))
    yield from not_negative("spec.revisionHistoryLimit", spec.get("revisionHistoryLimit"))


def _rolling(rolling: Body, path: str, surge: str) -> Iterator[Cause]:
    for name in ("maxUnavailable", surge):
        yield from share(f"{path}.{name}", rolling.get(name))
    nothing = (0, "0%")
    if rolling.get("maxUnavailable") in nothing and rolling.get(surge) in nothing:
        yield wrong(f"{path}.maxUnavailable", rolling["maxUnavailable"], f"may not be 0 when `{surge}` is 0")


def daemon_set(body: Body, old: Body | None) -> Iterator[Cause]:
    yield from _selected(body, old, "daemonset")


def stateful_set(body: Body, old: Body | None) -> Iterator[Cause]:
    spec = body["spec"]
    policy, strategy = spec.get("podManagementPolicy"), spec.get("updateStrategy") or {}
    if policy not in {"OrderedReady", "Parallel"}:
        yield wrong("spec.podManagementPolicy", policy, "must be 'OrderedReady' or 'Parallel'")
    if strategy.get("type") not in {"RollingUpdate", "OnDelete"}:
        shown = {"Type": strategy.get("type"), "RollingUpdate": strategy.get("rollingUpdate")}
        yield wrong("spec.updateStrategy", shown, "must be 'RollingUpdate' or 'OnDelete'")
    yield from _selected(body, old, "statefulset")
    if old is not None and any(
        old["spec"].get(name) != spec.get(name) for name in {*old["spec"], *spec} - {*CHANGEABLE}
    ):
        listed = ", ".join(f"'{name}'" for name in CHANGEABLE[:-1])
        why = f"updates to statefulset spec for fields other than {listed} and '{CHANGEABLE[-1]}' are forbidden"
        yield not_allowed("spec", why)


def job(body: Body, old: Body | None) -> Iterator[Cause]:
    spec = body["spec"]
    yield from _own_selector(body)
    yield from job_spec(spec, "spec")
    if old is None:
        return
    before = old["spec"]
    if spec.get("completionMode") != "Indexed":
        yield from fixed("spec.completions", spec.get("completions"), before.get("completions"))
    yield from fixed("spec.selector", spec.get("selector"), before.get("selector"))
    if before["template"] != spec["template"]:
        yield wrong(TEMPLATE, spec["template"].get("spec"), IMMUTABLE)
    for name in FIXED_JOB:
        yield from fixed(f"spec.{name}", spec.get(name), before.get(name))


def _own_selector(body: Body) -> Iterator[Cause]:
    spec, metadata = body["spec"], body["metadata"]
    found = (spec["template"].get("metadata") or {}).get("labels") or {}
    made = {"matchLabels": {"batch.kubernetes.io/controller-uid": metadata.get("uid")}}
    if not spec.get("manualSelector") and spec.get("selector") != made:
        yield wrong("spec.selector", spec.get("selector"), "`selector` not auto-generated")
    if spec.get("selector") and not matches(spec["selector"], found):
        yield wrong("spec.template.metadata.labels", found, UNMATCHED)


def job_spec(spec: Body, path: str) -> Iterator[Cause]:
    for name in ("parallelism", "completions", "activeDeadlineSeconds", "backoffLimit", "ttlSecondsAfterFinished"):
        yield from not_negative(f"{path}.{name}", spec.get(name))
    if spec.get("completionMode") == "Indexed" and spec.get("completions") is None:
        yield required(f"{path}.completions", "when completion mode is Indexed")
    template: dict[str, Any] = (spec.get("template") or {}).get("spec") or {}
    yield from pod_spec(template, f"{path}.template.spec")
    if template.get("restartPolicy") == "Always":
        yield required(f"{path}.template.spec.restartPolicy", 'valid values: "OnFailure", "Never"')


def cron_job(body: Body, _old: Body | None) -> Iterator[Cause]:
    spec = body["spec"]
    schedule, zone = spec.get("schedule") or "", spec.get("timeZone")
    yield from given("spec.schedule", schedule)
    fields = schedule.split()
    if schedule and not schedule.startswith("@") and len(fields) != 5:
        why = f"expected exactly 5 fields, found {len(fields)}: [{' '.join(fields)}]"
        yield wrong("spec.schedule", schedule, why)
    if zone is not None and zone not in zoneinfo.available_timezones():
        yield wrong("spec.timeZone", zone, f"unknown time zone {zone}")
    yield from job_spec((spec.get("jobTemplate") or {}).get("spec") or {}, "spec.jobTemplate.spec")
