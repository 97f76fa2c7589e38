"""The live view of a run on a terminal: an application a line, what is waited for, and why."""

import time
from collections import Counter
from collections.abc import Iterable

from rich.console import Console, Group
from rich.live import Live as Screen
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from kfinstall.cli.narration import line_of, object_of
from kfinstall.contracts import event as events
from kfinstall.contracts.event import Event, Outcome, RunFinished
from kfinstall.render.renderer import RenderEvent
from kfinstall.words import _

PER_SECOND = 8
"""How often the picture is drawn."""

BAR, WAITS_SHOWN = 24, 6
"""Columns of a bar; waits that are explained at once."""


class Live:
    """Tells a run as a table that changes in place; what must not be missed scrolls above it."""

    def __init__(self, color: str) -> None:
        self._console = Console(
            stderr=True, no_color=True if color == "never" else None, force_terminal=True if color == "always" else None
        )
        self._view = _View()
        self._rendered: Counter[str] = Counter()

    def rendering(self, event: RenderEvent) -> None:
        if event.kind == "fetching":
            self.note(_("Fetching {name} …").format(name=event.subject))
        elif event.kind == "rendered":
            self._rendered["applications"] += 1
            self._rendered["objects"] += event.objects
            text = _("Rendered {applications} applications, {objects} objects").format(**self._rendered)
            self._console.print(text, end="\r", highlight=False)

    def note(self, message: str) -> None:
        self._console.print(message, highlight=False, markup=False)

    def tell(self, stream: Iterable[Event]) -> RunFinished:
        last: RunFinished | None = None
        with Screen(console=self._console, refresh_per_second=PER_SECOND, get_renderable=self._view.draw) as screen:
            for event in stream:
                self._view.take(event)
                loud = self._loud(event)
                if loud:
                    screen.console.print(loud)
                last = event if isinstance(event, RunFinished) else last
        assert last is not None  # noqa: S101 - every run ends with one
        return last

    def _loud(self, event: Event) -> Text | None:
        """What stays to be read after the table has moved on."""
        if not isinstance(event, events.StepFailed | events.ConflictFound | events.Notice):
            return None
        line = line_of(event)
        style = "" if isinstance(event, events.Notice) else "red"
        return Text(f"✗ {line[2]}" if style and line else (line[2] if line else ""), style=style)


class _View:
    def __init__(self) -> None:
        self.total: dict[str, int] = {}
        self.done: Counter[str] = Counter()
        self.failed: Counter[str] = Counter()
        self.seconds: dict[str, float] = {}
        self.why: dict[str, str] = {}
        self.begin = time.monotonic()
        self.busy = ""

    def take(self, event: Event) -> None:
        match event:
            case events.RunStarted(steps=steps):
                self.total = steps
            case events.StepStarted(step, _application):
                self.busy = object_of(step)
            case events.StepFinished(step, application, outcome, _seconds):
                self.done[application] += 1
                self.why.pop(step, None)
                if outcome is not Outcome.MET:
                    self.busy = object_of(step)
            case events.StepFailed() | events.StepSkipped():
                self.failed[event.application] += 1
                self.why.pop(event.step, None)
            case events.StepRetried() | events.Waiting():
                self.why[event.step] = event.why
            case events.ApplicationFinished(application, seconds):
                self.seconds[application] = seconds

    def draw(self) -> Group:
        table = Table.grid(padding=(0, 1))
        for application, total in self.total.items():
            table.add_row(*self._row(application, total))
        return Group(table, *self._waits(), Text(self._foot(), style="dim"))

    def _row(self, application: str, total: int) -> tuple[Text, Text, ProgressBar, Text, Text]:
        done, failed = self.done[application], self.failed[application]
        whole = done + failed >= total
        mark, style = ("✗", "red") if failed else (("✓", "green") if whole else ("•", ""))
        seconds = self.seconds.get(application)
        return (
            Text(mark, style=style),
            Text(application, style="bold" if done and not whole else ""),
            ProgressBar(total=total, completed=done, width=BAR),
            Text(f"{done}/{total}"),
            Text(f"{seconds:.0f} s" if seconds is not None else "", style="dim"),
        )

    def _waits(self) -> list[Text]:
        shown = list(self.why.items())[:WAITS_SHOWN]
        lines = [Text(f"  {object_of(step)}: {why}", style="yellow", overflow="ellipsis") for step, why in shown]
        if len(self.why) > WAITS_SHOWN:
            lines.append(Text("  " + _("and {count} more").format(count=len(self.why) - WAITS_SHOWN), style="yellow"))
        for line in lines:
            line.no_wrap = True
        return lines

    def _foot(self) -> str:
        done, total = self.done.total() + self.failed.total(), sum(self.total.values())
        minutes, seconds = divmod(int(time.monotonic() - self.begin), 60)
        return f"{done}/{total}  {minutes}:{seconds:02d}  {self.busy}"
