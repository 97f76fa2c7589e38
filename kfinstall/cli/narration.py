"""How a run is told on standard error: three renderers of one stream of events."""

import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict
from typing import Protocol, TextIO

from kfinstall.contracts import event as events
from kfinstall.contracts.event import Event, Outcome, RunFinished, as_json
from kfinstall.contracts.platform import Progress
from kfinstall.render.renderer import RenderEvent
from kfinstall.words import _, counted

LONGEST_REASON = 300
"""Characters of a reason that are shown on a line."""


class Narrator(Protocol):
    """Something that tells events to a person or a program."""

    def rendering(self) -> AbstractContextManager[Callable[[RenderEvent], None]]:
        """While objects are fetched and rendered: who is to be called at each step of it."""

    def note(self, message: str) -> None:
        """A line that belongs to no step."""

    def progress(self, stream: Iterable[Progress]) -> None:
        """Tell how a cluster is made or taken away."""

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

    @contextmanager
    def rendering(self) -> Iterator[Callable[[RenderEvent], None]]:
        yield lambda event: self._line(
            {"event": "Rendering", "step": event.kind, "subject": event.subject, "seconds": event.seconds}
        )

    def note(self, message: str) -> None:
        self._line({"event": "Notice", "message": message})

    def progress(self, stream: Iterable[Progress]) -> None:
        for each in stream:
            self._line({"event": "Progress", **asdict(each)})

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
    """One line per event, for pipes, logs, serial lines and screen readers; nothing for what is as it was."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    @contextmanager
    def rendering(self) -> Iterator[Callable[[RenderEvent], None]]:
        cached: list[RenderEvent] = []

        def observe(event: RenderEvent) -> None:
            if event.kind == "fetching":
                self._line(event.subject, "fetch", "")
            elif event.kind == "rendered" and event.cached:
                cached.append(event)
            elif event.kind == "rendered":
                objects = counted("{count} object", "{count} objects", event.objects)
                self._line(event.subject, "render", f"{objects} ({event.seconds:.1f} s)")

        yield observe
        if cached:
            applications = counted("{count} application", "{count} applications", len(cached))
            objects = counted("{count} object", "{count} objects", sum(event.objects for event in cached))
            self._line("", "render", _("{applications}, {objects} (cached)").format(
                applications=applications, objects=objects
            ))  # fmt: skip

    def note(self, message: str) -> None:
        self._out.write(f"{message}\n")
        self._out.flush()

    def progress(self, stream: Iterable[Progress]) -> None:
        last = ""
        for each in stream:
            line = progress_line(each)
            if line != last:
                self._line("", "cluster", line)
            last = line

    def tell(self, stream: Iterable[Event]) -> RunFinished:
        last: RunFinished | None = None
        worth = _Worth()
        for event in stream:
            line = line_of(event) if worth.telling(event) else None
            if line:
                self._line(*line)
            last = event if isinstance(event, RunFinished) else last
        assert last is not None  # noqa: S101 - every run ends with one
        return last

    def _line(self, application: str, verb: str, text: str) -> None:
        self._out.write(f"{_now('%H:%M:%S')} {application or '-':24} {verb:9} {text}".rstrip() + "\n")
        self._out.flush()


SOON = 1.0
"""Seconds: a wait that was over sooner is worth no line."""


class _Worth:
    """Which events are news: a wait that was one, the end of an application of which there was something to tell."""

    def __init__(self) -> None:
        self._waits: set[str] = set()
        self._applications: set[str] = set()

    def telling(self, event: Event) -> bool:
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
    """An event as (application, verb, text); None for one that is worth no line."""
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
    names = {
        "created": _("created"), "changed": _("changed"), "unchanged": _("unchanged"), "checked": _("checked"),
        "deleted": _("deleted"), "released": _("released"), "failed": _("FAILED"), "skipped": _("skipped"),
    }  # fmt: skip
    parts = [f"{finished.counts[name]} {names[name]}" for name in order if finished.counts.get(name)]
    took = _("{seconds:.1f} s").format(seconds=finished.seconds)
    return f"{', '.join(parts) or _('nothing to do')} ({took})"


def _now(form: str) -> str:
    return time.strftime(form)
