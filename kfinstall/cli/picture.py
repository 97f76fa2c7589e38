"""The picture of a run: what failed, what is under way and what is waited for, never higher than the terminal."""

import time
from collections import Counter
from enum import IntEnum

from rich.console import Console, Group
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from kfinstall.contracts import event as events
from kfinstall.contracts.event import Event, Outcome
from kfinstall.engine.telling import object_of
from kfinstall.words import _

BAR, NAME = 24, 30
"""Columns of a bar, and of an application's name at most."""

AROUND = 3
"""Lines beside applications and waits: the folded ones, the foot, and the one where the cursor stands."""


class _State(IntEnum):
    """How an application fares; in the order in which a picture that is too small leaves them out."""

    FAILED = 0
    UNDER_WAY = 1
    TO_COME = 2
    DONE = 3


class Picture:
    """Takes in the events of a run, and draws how it stands now."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._total: dict[str, int] = {}
        self._done: Counter[str] = Counter()
        self._failed: Counter[str] = Counter()
        self._why: dict[str, str] = {}
        self._begin = time.monotonic()
        self._busy = ""

    def take(self, event: Event) -> None:
        match event:
            case events.RunStarted(steps=steps):
                self._total = steps
            case events.StepStarted(step, _application):
                self._busy = object_of(step)
            case events.StepFinished(step, application, outcome, _seconds):
                self._done[application] += 1
                self._why.pop(step, None)
                if outcome is not Outcome.MET:
                    self._busy = object_of(step)
            case events.StepFailed() | events.StepSkipped():
                self._failed[event.application] += 1
                self._why.pop(event.step, None)
            case events.StepRetried() | events.Waiting():
                self._why[event.step] = event.why

    def draw(self) -> Group:
        waits = self._waits(max(1, self._console.height // 4))
        room = max(1, self._console.height - AROUND - len(waits))
        states = {application: self._state(application) for application in self._total}
        shown = [each for each in states if states[each] in {_State.FAILED, _State.UNDER_WAY}]
        shown = sorted(shown, key=lambda application: states[application])[:room]
        table = Table.grid(padding=(0, 1))
        for application in shown:
            table.add_row(*self._row(application, states[application]))
        folded = Counter(state for application, state in states.items() if application not in shown)
        lines = [_fold(folded)] if folded else []
        return Group(*([table] if shown else []), *lines, *waits, _one_line(self._foot(), "dim"))

    def _state(self, application: str) -> _State:
        done, failed = self._done[application], self._failed[application]
        if failed:
            return _State.FAILED
        if done >= self._total[application]:
            return _State.DONE
        return _State.UNDER_WAY if done else _State.TO_COME

    def _row(self, application: str, state: _State) -> tuple[Text, Text, ProgressBar, Text]:
        done, total = self._done[application], self._total[application]
        mark = Text("✗", style="red") if state is _State.FAILED else Text("•")
        name = Text(application)
        name.truncate(NAME, overflow="ellipsis")
        return mark, name, ProgressBar(total=total, completed=done, width=BAR), Text(f"{done}/{total}")

    def _waits(self, room: int) -> list[Text]:
        """What is waited for and why; the last line says how many more there are, if there is no room for them."""
        shown = list(self._why.items())
        more = len(shown) - room + 1 if len(shown) > room else 0
        lines = [_one_line(f"  {object_of(step)}: {why}", "yellow") for step, why in shown[: len(shown) - more]]
        if more:
            lines.append(_one_line("  " + _("and {count} more are waited for").format(count=more), "yellow"))
        return lines

    def _foot(self) -> str:
        done, total = self._done.total() + self._failed.total(), sum(self._total.values())
        minutes, seconds = divmod(int(time.monotonic() - self._begin), 60)
        return f"{done}/{total}  {minutes}:{seconds:02d}  {self._busy}"


def _fold(folded: Counter[_State]) -> Text:
    """Those that have no line of their own, as counts."""
    parts = [
        (_State.DONE, _("✓ {count} done"), "green"),
        (_State.FAILED, _("✗ {count} more failed"), "red"),
        (_State.UNDER_WAY, _("• {count} more under way"), ""),
        (_State.TO_COME, _("{count} to come"), "dim"),
    ]
    texts = [Text(words.format(count=folded[state]), style=style) for state, words, style in parts if folded[state]]
    line = Text("   ").join(texts)
    line.no_wrap, line.overflow = True, "ellipsis"
    return line


def _one_line(words: str, style: str) -> Text:
    return Text(words, style=style, no_wrap=True, overflow="ellipsis")
