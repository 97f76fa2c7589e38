"""A plan and the end of a run, as text for a person and as versioned JSON."""

from collections.abc import Iterable, Iterator

from kfinstall.cells import padded, width
from kfinstall.cli.versioned import versioned
from kfinstall.contracts.event import ConflictFound, Event, RunFinished, StepFailed, as_json
from kfinstall.contracts.plan import Plan
from kfinstall.engine.telling import in_words
from kfinstall.words import _


class Kept:
    """What of a run has to be said again at its end: failures, conflicts."""

    def __init__(self) -> None:
        self.failures: list[StepFailed] = []
        self.conflicts: list[ConflictFound] = []

    def all(self, stream: Iterable[Event]) -> Iterator[Event]:
        for event in stream:
            if isinstance(event, StepFailed):
                self.failures.append(event)
            elif isinstance(event, ConflictFound):
                self.conflicts.append(event)
            yield event


def conflict_table(conflicts: Iterable[ConflictFound]) -> str:
    """Object, field and manager, with the ways out."""
    rows = [(_("OBJECT"), _("FIELD"), _("MANAGER")), *((c.object, c.field, c.manager) for c in conflicts)]
    widths = [max(width(row[column]) for row in rows) for column in range(3)]
    lines = ["  ".join(padded(cell, cells) for cell, cells in zip(row, widths, strict=True)).rstrip() for row in rows]
    ways = _(
        "Somebody else manages these fields. Either leave them out with a patch (kubeflow.patches), "
        "or ask the other manager to give them up, or take them with --force-conflicts."
    )
    return "\n".join([*lines, ways])


def plan_text(plan: Plan) -> str:
    """The plan for a person: what happens to which object, grouped by application."""
    lines = []
    application = None
    for action in sorted(plan.applies, key=lambda action: action.manifest.application):
        if action.manifest.application != application:
            application = action.manifest.application
            lines.append(f"{application}:")
        lines.append(f"  {in_words(action.verb, 7)} {action.manifest.key}")
    deleted = [step.id.partition(" ")[2] for step in plan.steps if step.id.startswith("delete ")]
    lines += [f"  {in_words('delete', 7)} {key}" for key in deleted]
    lines += [f"  {in_words('keep', 7)} {key}: {why}" for key, why in plan.kept.items()]
    return "\n".join(lines)


def report(plan: Plan, finished: RunFinished | None = None, kept: Kept | None = None) -> str:
    """The versioned JSON of a plan or a finished install."""
    steps = [
        {
            "verb": action.verb,
            "kind": action.manifest.kind,
            "apiVersion": action.manifest.api_version,
            "namespace": action.manifest.namespace,
            "name": action.manifest.name,
            "application": action.manifest.application,
        }
        for action in plan.applies
    ]
    deleted = [step.id.partition(" ")[2] for step in plan.steps if step.id.startswith("delete ")]
    return versioned(
        "InstallReport" if finished else "Plan",
        metadata={"name": plan.install},
        objects=steps,
        delete=deleted,
        kept={str(key): why for key, why in plan.kept.items()},
        warnings=list(plan.warnings),
        **_ending(finished, kept),
    )


def removal_text(plan: Plan) -> str:
    """What goes and what stays, for a person."""
    acts = [step.id.split(" ", 1) for step in plan.steps if step.id.startswith(("delete ", "release "))]
    kept = [f"{in_words('keep', 7)} {key}: {why}" for key, why in plan.kept.items()]
    return "\n".join([*(f"{in_words(verb, 7)} {key}" for verb, key in acts), *kept])


def removal_report(plan: Plan, finished: RunFinished | None = None, kept: Kept | None = None) -> str:
    """The versioned JSON of a planned or finished removal."""
    return versioned(
        "RemovalReport" if finished else "RemovalPlan",
        metadata={"name": plan.install},
        delete=[step.id.partition(" ")[2] for step in plan.steps if step.id.startswith("delete ")],
        release=[step.id.partition(" ")[2] for step in plan.steps if step.id.startswith("release ")],
        kept={str(key): why for key, why in plan.kept.items()},
        **_ending(finished, kept),
    )


def _ending(finished: RunFinished | None, kept: Kept | None) -> dict[str, object]:
    if finished is None or kept is None:
        return {}
    return {
        "result": finished.result,
        "counts": finished.counts,
        "writes": finished.writes,
        "seconds": round(finished.seconds, 3),
        "failures": [as_json(event) for event in kept.failures],
        "conflicts": [as_json(event) for event in kept.conflicts],
    }
