"""The log of a run: its last lines, and of them those that have a word in them."""

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input

from kfinstall.engine.telling import in_words
from kfinstall.guide.run_log import KEPT, Line, RunLog
from kfinstall.tui import line
from kfinstall.tui.log_lines import LogLines
from kfinstall.words import _


class LogPane(Vertical):
    """Draws nothing while it is hidden; the lines are in the log."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - textual's name
        super().__init__(id=id)
        self._drawn = 0
        self._log: RunLog | None = None

    def compose(self) -> ComposeResult:
        yield line.Line(placeholder=_("Only lines with …"), id="filter", compact=True)
        yield LogLines(KEPT, id="lines")

    def draw(self, log: RunLog) -> None:
        """Write what is new."""
        self._log = log
        if not self.region.area:
            return
        lines, self._drawn = log.since(self._drawn)
        word = self.query_one("#filter", Input).value.lower()
        shown = [text for text in map(_shown, lines) if word in text.lower()]
        if shown:
            self.query_one("#lines", LogLines).extend(shown)

    @on(Input.Changed, "#filter")
    def again(self) -> None:
        """Write everything anew."""
        self.query_one("#lines", LogLines).empty()
        self._drawn = 0
        if self._log:
            self.draw(self._log)


def _shown(line: Line) -> str:
    of = f"{line.application}:" if line.application else ""
    return " ".join(filter(None, [line.when, of, in_words(line.verb), line.text]))
