"""A line to type into, as people at a terminal expect it."""

from typing import Any

from textual.actions import SkipAction
from textual.events import Paste
from textual.widgets import Input

from kfinstall.words import _


class Line(Input):
    """Ctrl-C means here what it means everywhere. Textual's copies what is selected, which is everything as soon as the
    line has the focus: a password, too. Its cursor stands still: blinking costs a slow connection something."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.cursor_blink = False

    def action_copy(self) -> None:
        raise SkipAction

    def action_cut(self) -> None:
        if self.password:
            raise SkipAction
        super().action_cut()

    def _on_paste(self, event: Paste) -> None:
        """Of several lines textual, whose own handler comes after this one, takes the first, and does not say so."""
        if len(event.text.splitlines()) > 1:
            self.app.notify(_("Only the first of the lines was taken."), severity="warning", markup=False)
