"""How a run is told on standard error: three renderers of one stream of events."""

import json
import sys
import time
from collections.abc import Iterable
from typing import Protocol, TextIO

from kfinstall.contracts import event as events
from kfinstall.contracts.event import Event, Outcome, RunFinished, as_json
from kfinstall.render.renderer import RenderEvent
from kfinstall.words import _, counted


class Narrator(Protocol):
    """Something that tells events to a person or a program."""

    def rendering(self, event: RenderEvent) -> None:
        """A step of fetching and rendering."""

    def note(self, message: str) -> None:
        """A line that belongs to no step."""

    def tell(self, stream: Iterable[Event]) -> RunFinished:
        """Tell a whole run, and return how it ended."""


def narrator(log_format: str, color: str, *, plain: bool, quiet: bool = False) -> Narrator:
    """The renderer that fits: JSON lines, a live view on a terminal, or one line per event."""
    if log_format == "json":
        return JsonLines(sys.stderr)
    if plain or quiet or not sys.stderr.isatty():
        return Lines(sys.stderr)
    from kfinstall.cli.live import Live  # noqa: PLC0415 - rich is only needed for a terminal

    return Live(color)


class JsonLines:
    """One JSON object a line."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def rendering(self, event: RenderEvent) -> None:
        self._line({"event": "Rendering", "step": event.kind, "subject": event.subject, "seconds": event.seconds})

    def note(self, message: str) -> None:
        self._line({"event": "Notice", "message": message})

    def tell(self, stream: Iterable[Event]) -> RunFinished:
        last: RunFinished | None = None
        for event in stream:
            self._line(as_json(event))
            last = event if isinstance(event, RunFinished) else last
        assert last is not None  # noqa: S101 - every run ends with one
        return last

    def _line(self, data: dict[str, object]) -> None:
        self._out.write(json.dumps({"time": _now("%Y-%m-%dT%H:%M:%S%z"), **data}) + "\n")
        self._out.flush()


class Lines:
    """One line per event, for pipes, logs, serial lines and screen readers."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def rendering(self, event: RenderEvent) -> None:
        if event.kind == "rendered":
            how = _("cached") if event.cached else f"{event.seconds:.1f} s"
            self._line(
                event.subject, "render", f"{counted('{count} object', '{count} objects', event.objects)} ({how})"
            )
        elif event.kind == "fetching":
            self._line(event.subject, "fetch", "")

    def note(self, message: str) -> None:
        self._out.write(f"{message}\n")
        self._out.flush()

    def tell(self, stream: Iterable[Event]) -> RunFinished:
        last: RunFinished | None = None
        for event in stream:
            line = line_of(event)
            if line:
                self._line(*line)
            last = event if isinstance(event, RunFinished) else last
        assert last is not None  # noqa: S101 - every run ends with one
        return last

    def _line(self, application: str, verb: str, text: str) -> None:
        self._out.write(f"{_now('%H:%M:%S')} {application or '-':24} {verb:9} {text}".rstrip() + "\n")
        self._out.flush()


def line_of(event: Event) -> tuple[str, str, str] | None:
    """An event as (application, verb, text); None for one that is worth no line."""
    match event:
        case events.StepFinished(step, application, outcome, seconds):
            if outcome is Outcome.UNCHANGED:
                return None
            return application, "ready" if outcome is Outcome.MET else outcome, f"{object_of(step)} ({seconds:.1f} s)"
        case events.StepRetried(step, application, why, _seconds):
            return application, "retry", f"{object_of(step)}: {why}"
        case events.StepFailed(step, application, what, why, fix):
            return application, "FAILED", " ".join(filter(None, [what, why, f"→ {fix}" if fix else ""]))
        case events.StepSkipped(step, application, because):
            return application, "skipped", f"{object_of(step)}: {because}"
        case events.ConflictFound(_step, subject, field, manager):
            return (
                "",
                "CONFLICT",
                _("{object} {field} is managed by {manager}").format(object=subject, field=field, manager=manager),
            )
        case events.Waiting(step, application, why):
            return application, "wait", f"{object_of(step)}: {why}"
        case events.ApplicationFinished(application, seconds):
            return application, "done", f"({seconds:.1f} s)"
        case events.Notice(message):
            return "", "note", message
    return None


def object_of(step: str) -> str:
    """The object of a step's id: "apply Deployment.apps/kubeflow/x" -> "Deployment.apps/kubeflow/x"."""
    return step.rpartition(" ")[2]


def summary(finished: RunFinished) -> str:
    """The last line of a run: what it came to, in counts."""
    order = ("created", "changed", "unchanged", "checked", "deleted", "released", "failed", "skipped")
    names = {
        "created": _("created"), "changed": _("changed"), "unchanged": _("unchanged"), "checked": _("checked"),
        "deleted": _("deleted"), "released": _("released"), "failed": _("FAILED"), "skipped": _("skipped"),
    }  # fmt: skip
    parts = [f"{finished.counts[name]} {names[name]}" for name in order if finished.counts.get(name)]
    took = _("{seconds:.1f} s").format(seconds=finished.seconds)
    return f"{', '.join(parts) or _('nothing to do')} ({took})"


def _now(form: str) -> str:
    return time.strftime(form)
