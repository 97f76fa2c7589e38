"""The log of a run: its last lines, and of them those that have a word in them."""

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input, RichLog

from kfinstall.engine.telling import in_words
from kfinstall.guide.run_log import KEPT, Line, RunLog
from kfinstall.words import _

LOUD = {"FAILED": "red", "CONFLICT": "red", "wait": "yellow", "retry": "yellow", "note": "bold", "mended": "green"}


class LogPane(Vertical):
    """Draws nothing while it is hidden; the lines are in the log."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - textual's name
        super().__init__(id=id)
        self._drawn = 0
        self._log: RunLog | None = None

    def compose(self) -> ComposeResult:
        yield Input(placeholder=_("Only lines with …"), id="filter", compact=True)
        yield RichLog(max_lines=KEPT, wrap=True, markup=False, highlight=False, min_width=20, id="lines")

    def draw(self, log: RunLog) -> None:
        """Write what is new."""
        self._log = log
        if not self.region.area:
            return
        lines, self._drawn = log.since(self._drawn)
        word = self.query_one("#filter", Input).value.lower()
        pane = self.query_one("#lines", RichLog)
        for line in lines:
            if word in str(line).lower():
                pane.write(_shown(line))

    @on(Input.Changed, "#filter")
    def again(self) -> None:
        """Write everything anew."""
        self.query_one("#lines", RichLog).clear()
        self._drawn = 0
        if self._log:
            self.draw(self._log)


def _shown(line: Line) -> Text:
    of = f"{line.application}: " if line.application else ""
    return Text.assemble((f"{line.when} ", "dim"), of, (f"{in_words(line.verb)} ", LOUD.get(line.verb, "")), line.text)
