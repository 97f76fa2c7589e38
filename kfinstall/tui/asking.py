"""A question in front of a screen, with the answers as buttons: nothing is done without a word."""

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Button, Static

from kfinstall.words import _


class Asking(ModalScreen[str]):
    """answers: id -> what the button says; the first one is safe, has the focus, and is what Escape and Ctrl-C mean.

    first: the answer that has the focus instead, where none does any harm. interrupted: what Ctrl-C means where it is
    what brought the question up, so that it comes again. Ends with the id of the answer.
    """

    CSS = """
    Asking { align: center middle; background: $background 60%; }
    Asking > Vertical {
        width: 90%; max-width: 100; height: auto; max-height: 95%;
        border: round $primary; background: $surface; padding: 0 1;
    }
    Asking VerticalScroll { height: auto; max-height: 70vh; scrollbar-size-vertical: 1; }
    Asking .question { text-style: bold; color: $primary; height: auto; }
    Asking .answers { height: auto; margin-top: 1; }
    Asking Button { width: 100%; content-align: left middle; text-align: left; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "first", _("Back"), id="asking.back"),
        Binding("ctrl+c", "interrupt", show=False, id="asking.interrupt"),
        Binding("left,up", "app.focus_previous", show=False),
        Binding("right,down", "app.focus_next", show=False),
    ]

    def __init__(
        self,
        question: str,
        lines: Sequence[str],
        answers: dict[str, str],
        *,
        first: str = "",
        interrupted: str = "",
    ) -> None:
        super().__init__()
        self._question, self._lines, self._answers = question, lines, answers
        self._safe = next(iter(answers))
        self._first, self._interrupted = first or self._safe, interrupted or self._safe

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static(self._question, markup=False, classes="question")
            with VerticalScroll(can_focus=False):
                yield Static("\n".join(self._lines), markup=False)
            with Vertical(classes="answers"):
                for name, words in self._answers.items():
                    yield Button(words, id=name, compact=True)

    def on_mount(self) -> None:
        self.query_one(f"#{self._first}", Button).focus()

    @on(Button.Pressed)
    def _answered(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id or "")

    def action_first(self) -> None:
        self.dismiss(self._safe)

    def action_interrupt(self) -> None:
        self.dismiss(self._interrupted)

    def explained(self) -> list[str]:
        """For F1."""
        return [self._question, *self._lines]
