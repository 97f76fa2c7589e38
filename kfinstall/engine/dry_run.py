"""Letting the server check every object, and change nothing: --dry-run=server."""

import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from kfinstall.contracts.event import (
    ConflictFound,
    Event,
    Outcome,
    Result,
    RunFinished,
    RunStarted,
    StepFailed,
    StepFinished,
    StepSkipped,
)
from kfinstall.contracts.manifest import ObjectKey
from kfinstall.contracts.plan import Apply, Plan, Step, Verb
from kfinstall.engine.retrying import conflicts, explained
from kfinstall.errors import ApiError, ClusterError
from kfinstall.kube.cluster import Cluster
from kfinstall.words import _

WIDTH = 8
"""Objects that are checked at the same time."""


def dry_run(plan: Plan, cluster: Cluster, version: str) -> Iterator[Event]:
    """Send every change with dryRun=All. What needs an object that is not there yet cannot be checked, and says so."""
    steps = [step for step in plan.steps if isinstance(step.action, Apply)]
    made = {action.manifest.key for action in plan.applies if action.verb is Verb.CREATE}
    counts: Counter[str] = Counter()
    began = time.monotonic()
    shown = dict(Counter(step.application for step in steps))
    yield RunStarted(plan.install, cluster.connection.target.server, version, shown)
    with ThreadPoolExecutor(WIDTH) as pool:
        for events in pool.map(lambda step: _checked(step, cluster, made), steps):
            for event in events:
                counts[_count(event)] += 1
                yield event
    result = Result.FAILED if counts["failed"] else Result.SUCCEEDED
    del counts[""]
    yield RunFinished(result, dict(counts), 0, time.monotonic() - began)


def _checked(step: Step, cluster: Cluster, made: set[ObjectKey]) -> list[Event]:
    action = step.action
    assert isinstance(action, Apply)  # noqa: S101 - narrows the type
    if action.verb is Verb.KEEP:
        return [StepFinished(step.id, step.application, Outcome.UNCHANGED, 0.0)]
    began = time.monotonic()
    try:
        cluster.apply(action.path, action.manifest.body, force=action.force, dry_run=True)
    except ClusterError as error:
        return _refused(step, action, error, made)
    return [StepFinished(step.id, step.application, Outcome.CHECKED, time.monotonic() - began)]


def _refused(step: Step, action: Apply, error: ClusterError, made: set[ObjectKey]) -> list[Event]:
    key = action.manifest.key
    if isinstance(error, ApiError) and error.status == 404:
        namespace = ObjectKey("", "Namespace", "", key.namespace)
        first = namespace if namespace in made else f"CustomResourceDefinition {key.kind}.{key.group}"
        return [
            StepSkipped(step.id, step.application, _("cannot be checked before {object} exists").format(object=first))
        ]
    found = explained(error, action)
    events: list[Event] = [
        ConflictFound(step.id, str(key), conflict.field, conflict.manager) for conflict in conflicts(error)
    ]
    return [*events, StepFailed(step.id, step.application, found.what, found.why, found.fix)]


def _count(event: Event) -> str:
    if isinstance(event, StepFinished):
        return event.outcome
    return {StepFailed: "failed", StepSkipped: "skipped"}.get(type(event), "")
