"""A line to type into, as people at a terminal expect it."""

from textual.actions import SkipAction
from textual.events import Paste
from textual.widgets import Input

from kfinstall.words import _


class Line(Input):
    """Ctrl-C means here what it means everywhere. Textual's copies what is selected, which is everything as soon as the
    line has the focus: a password, too."""

    def action_copy(self) -> None:
        raise SkipAction

    def action_cut(self) -> None:
        if self.password:
            raise SkipAction
        super().action_cut()

    def _on_paste(self, event: Paste) -> None:
        """Of several lines textual takes the first, and does not say so."""
        if len(event.text.splitlines()) > 1:
            self.app.notify(_("Only the first of the lines was taken."), severity="warning", markup=False)
        super()._on_paste(event)
