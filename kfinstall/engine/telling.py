"""The events of a run in words, for every front door that tells them line by line."""

from kfinstall.cells import padded
from kfinstall.contracts import event as events
from kfinstall.contracts.event import Event, Outcome, RunFinished
from kfinstall.contracts.plan import Plan, Verb
from kfinstall.contracts.platform import Progress
from kfinstall.words import _

LONGEST_REASON = 300
"""Characters of a reason that are shown on a line."""

SOON = 1.0
"""Seconds: a wait that was over sooner is worth no line."""


_VERBS = {
    "apply": _("apply"), "change": _("change"), "create": _("create"), "delete": _("delete"), "keep": _("keep"),
    "patch": _("patch"), "release": _("release"),
    "changed": _("changed"), "checked": _("checked"), "created": _("created"), "deleted": _("deleted"),
    "released": _("released"), "skipped": _("skipped"), "unchanged": _("unchanged"),
    "CONFLICT": _("CONFLICT"), "FAILED": _("FAILED"), "cluster": _("cluster"), "done": _("done"), "fetch": _("fetch"),
    "gone": _("gone"), "mended": _("mended"), "note": _("note"), "ready": _("ready"), "render": _("render"),
    "retry": _("retry"), "wait": _("wait"),
}  # fmt: skip


def in_words(verb: str, cells: int = 0) -> str:
    """A verb of plans, fixes and events in the user's language, with spaces up to so many cells."""
    return padded(_VERBS.get(verb, verb), cells)


class News:
    """Which events are news: a wait that was one, the end of an application of which there was something to tell."""

    def __init__(self) -> None:
        self._waits: set[str] = set()
        self._applications: set[str] = set()

    def is_news(self, event: Event) -> bool:
        match event:
            case events.ApplicationFinished(application):
                return application in self._applications
            case events.StepFinished(_step, _application, Outcome.UNCHANGED):
                return False
            case events.StepFinished(step, _application, Outcome.MET, seconds):
                return step in self._waits or seconds >= SOON
            case events.Waiting(step):
                self._waits.add(step)
        if not isinstance(event, events.StepStarted):
            self._applications.add(getattr(event, "application", ""))
        return True


def progress_line(progress: Progress) -> str:
    """A step of making a cluster: how far, which, and what is said about it."""
    part = "" if progress.done is None else f"{progress.done:4.0%} "
    return part + ": ".join(filter(None, [progress.step, on_a_line(progress.message)]))


def line_of(event: Event) -> tuple[str, str, str] | None:
    """An event as (application, verb, text), the verb for in_words; None for one that is worth no line."""
    match event:
        case events.StepFinished(step, application, outcome, seconds):
            return application, _ending(step, outcome), f"{object_of(step)} ({seconds:.1f} s)"
        case events.StepRetried(step, application, why, _seconds):
            return application, "retry", f"{object_of(step)}: {on_a_line(why)}"
        case events.StepFailed(step, application, what, why, fix):
            return application, "FAILED", " ".join(filter(None, [what, on_a_line(why), f"→ {fix}" if fix else ""]))
        case events.StepSkipped(step, application, because):
            return application, "skipped", f"{object_of(step)}: {because}"
        case events.ConflictFound(_step, subject, field, manager):
            return (
                "",
                "CONFLICT",
                _("{object} {field} is managed by {manager}").format(object=subject, field=field, manager=manager),
            )
        case events.Waiting(step, application, why):
            return application, "wait", f"{object_of(step)}: {on_a_line(why)}"
        case events.ApplicationFinished(application, seconds):
            return application, "done", f"({seconds:.1f} s)"
        case events.Notice(message):
            return "", "note", message
    return None


def _ending(step: str, outcome: Outcome) -> str:
    if outcome is not Outcome.MET:
        return outcome
    return "gone" if step.startswith("await gone ") else "ready"


def on_a_line(why: str) -> str:
    """A reason short enough to read; a chain of errors keeps its first link and its last, which tells most."""
    why = " ".join(why.split())
    if len(why) <= LONGEST_REASON:
        return why
    return f"{why[: LONGEST_REASON // 3]} … {why[-LONGEST_REASON * 2 // 3 :]}"


def object_of(step: str) -> str:
    """The object of a step's id: "apply Deployment.apps/kubeflow/x" -> "Deployment.apps/kubeflow/x"."""
    return step.rpartition(" ")[2]


def summary(finished: RunFinished) -> str:
    """The last line of a run: what it came to, in counts."""
    order = ("created", "changed", "unchanged", "checked", "deleted", "released", "failed", "skipped")
    verbs = {"failed": "FAILED"}
    parts = [
        _("{count} {verb}").format(count=finished.counts[each], verb=in_words(verbs.get(each, each)))
        for each in order
        if finished.counts.get(each)
    ]
    took = _("{seconds:.1f} s").format(seconds=finished.seconds)
    return f"{', '.join(parts) or _('nothing to do')} ({took})"


def plan_line(plan: Plan, version: str) -> str:
    """The first line about a run: what the plan comes to, in counts. version: of the server."""
    deleted = sum(step.id.startswith("delete ") for step in plan.steps)
    counts = _("{create} to create, {change} to change, {keep} as wanted already").format(
        create=plan.count(Verb.CREATE), change=plan.count(Verb.CHANGE), keep=plan.count(Verb.KEEP)
    )
    more = _(", {count} to delete").format(count=deleted) if deleted else ""
    return f"Kubernetes {version}: {counts}{more}"
