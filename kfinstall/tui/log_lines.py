"""Lines that become more and more, wrapped to the width; only what can be seen is drawn.

Not a ScrollView, whose size grows with each line: textual lays the whole screen out anew for that.
"""

from collections import deque
from collections.abc import Iterable
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.events import MouseScrollDown, MouseScrollUp
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget

from kfinstall.cells import width as cells
from kfinstall.words import _

INDENT = "  "
"""Before what does not fit into the first line."""

STEP = 3
"""Rows that a turn of the wheel moves."""


class LogLines(Widget, can_focus=True):
    """Keeps the last `most` lines, and stays at the end until somebody goes up."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(1)", show=False, id="log.up"),
        Binding("down", "move(-1)", show=False, id="log.down"),
        Binding("pageup", "page(1)", show=False, id="log.page_up"),
        Binding("pagedown", "page(-1)", show=False, id="log.page_down"),
        Binding("home", "move(1000000)", show=False, id="log.first"),
        Binding("end", "move(-1000000)", show=False, id="log.last"),
    ]

    def __init__(self, most: int, *, id: str | None = None) -> None:  # noqa: A002 - textual's name
        super().__init__(id=id)
        self._lines: deque[str] = deque(maxlen=most)
        self._rows: deque[str] = deque(maxlen=2 * most)
        self._below = 0
        self._width = 0
        self._style = Style.null()
        self._shown = Size(0, 0)

    def empty(self) -> None:
        """Forget all lines."""
        self._lines.clear()
        self._rows.clear()
        self._below = 0
        self.refresh()

    def extend(self, lines: Iterable[str]) -> None:
        """More lines; who reads further up goes on reading there."""
        for line in lines:
            self._lines.append(line)
            new = rows(line, self._width)
            self._rows.extend(new)
            if self._below:
                self._below += len(new)
        self.action_move(0)

    def on_resize(self) -> None:
        """Wrap what there is to the new width."""
        width = self.content_size.width
        if width != self._width:
            self._width, self._below = width, 0
            self._rows = deque((row for line in self._lines for row in rows(line, width)), self._rows.maxlen)
            self.refresh()

    def render_lines(self, crop: Region) -> list[Strip]:
        # Once for a picture, and not for each line: they are worked out from all that the widget is in.
        self._style, self._shown = self.rich_style, self.content_size
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        width, height = self._shown
        if self._below and y == height - 1:
            text = _("… {count} more lines below: End").format(count=self._below)
        else:
            number = max(0, len(self._rows) - height - self._below) + y
            text = self._rows[number] if number < len(self._rows) else ""
        return Strip([Segment(text, self._style)]).adjust_cell_length(width, self._style)

    def action_move(self, rows: int) -> None:
        """Up by so many rows; down where it is less than nothing."""
        highest = max(0, len(self._rows) - self.content_size.height)
        self._below = min(max(0, self._below + rows), highest)
        self.refresh()

    def action_page(self, pages: int) -> None:
        self.action_move(pages * max(1, self.content_size.height - 1))

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        event.stop()
        self.action_move(STEP)

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        event.stop()
        self.action_move(-STEP)


def rows(line: str, width: int) -> list[str]:
    """A line in pieces of at most so many cells, broken at spaces where there are any."""
    if width <= len(INDENT) + 1 or cells(line) <= width:
        return [line]
    found: list[str] = []
    while cells(line) > width:
        end = _fitting(line, width)
        space = line.rfind(" ", len(INDENT) + 1, end + 1)
        end = space if space > 0 else end
        found.append(line[:end])
        line = INDENT + line[end:].lstrip()
    return [*found, line]


def _fitting(line: str, width: int) -> int:
    """How many characters fit, one at least beyond the indent."""
    end = min(width, len(line))
    while end > len(INDENT) + 1 and cells(line[:end]) > width:
        end -= 1
    return end
