"""What stands beside the questions: what a choice means, and what the answers say in the file."""

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from kfinstall.words import _


class Aside(VerticalScroll, can_focus=False):
    """Seen where there is room for two columns."""

    def __init__(self) -> None:
        super().__init__(id="aside")

    def compose(self) -> ComposeResult:
        yield Static(id="means", markup=False)
        yield Static(_("In the file"), markup=False, classes="title")
        yield Static(id="preview", markup=False)
        yield Static(_("The file so far"), markup=False, classes="title whole")
        yield Static(id="whole", markup=False, classes="whole")

    def say(self, text: str) -> None:
        """What a choice means."""
        self.query_one("#means", Static).update(text)

    def preview(self, text: str, whole: str) -> None:
        """What the answers of the step say in the file, "" for nothing; and the file, where there is room for it."""
        self.query_one("#preview", Static).update(text or _("Nothing: the defaults hold."))
        self.query_one("#whole", Static).update(whole)
