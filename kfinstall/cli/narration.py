"""How a run is told on standard error: three renderers of one stream of events."""

import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import asdict
from typing import Protocol, TextIO

from kfinstall.contracts.event import Event, RunFinished, as_json
from kfinstall.contracts.platform import Progress
from kfinstall.engine.telling import News, in_words, line_of, progress_line
from kfinstall.errors import KfinstallError
from kfinstall.render.renderer import RenderEvent
from kfinstall.words import _, counted

MOMENT = "%Y-%m-%dT%H:%M:%S%z"


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
        _tell(self._out, json.dumps({"time": _now(MOMENT), **data}))


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
        _tell(self._out, message)

    def progress(self, stream: Iterable[Progress]) -> None:
        last = ""
        for each in stream:
            line = progress_line(each)
            if line != last:
                self._line("", "cluster", line)
            last = line

    def tell(self, stream: Iterable[Event]) -> RunFinished:
        last: RunFinished | None = None
        news = News()
        for event in stream:
            line = line_of(event) if news.is_news(event) else None
            if line:
                self._line(*line)
            last = event if isinstance(event, RunFinished) else last
        assert last is not None  # noqa: S101 - every run ends with one
        return last

    def _line(self, application: str, verb: str, text: str) -> None:
        _tell(self._out, f"{_now('%H:%M:%S')} {application or '-':24} {in_words(verb, 9)} {text}".rstrip())


def _now(form: str) -> str:
    return time.strftime(form)


def _tell(out: TextIO, line: str) -> None:
    """What is done goes on when nobody listens any more: `| tee` ends at the Ctrl-C that a run takes its time for."""
    with suppress(BrokenPipeError):
        out.write(line + "\n")
        out.flush()


def error_line(error: KfinstallError) -> str:
    """What a command ends with, as a line of JSON."""
    told = {"what": error.what, "why": error.why, "fix": error.fix, "docs": error.docs}
    return json.dumps({"time": _now(MOMENT), "event": "Error", **told})
