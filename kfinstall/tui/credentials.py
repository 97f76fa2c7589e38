"""Credentials of registries, asked for in front of a screen; a password is not shown, and is kept nowhere."""

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Button, Footer, Input, Static

from kfinstall.tui.line import Line
from kfinstall.words import _


class Credentials(ModalScreen[dict[str, tuple[str, str]] | None]):
    """Ends with registry -> user, password; None when the user goes back."""

    CSS = """
    Credentials { align: center middle; background: $background 60%; }
    Credentials #credentials {
        width: 90%; max-width: 100; height: auto; max-height: 90%;
        border: round $primary; background: $surface; padding: 0 1; scrollbar-size-vertical: 1;
    }
    Credentials .buttons { height: 1; margin-top: 1; align-horizontal: right; }
    Credentials Button { margin-left: 2; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", _("Back"), id="credentials.back"),
        Binding("up", "app.focus_previous", show=False, id="credentials.up"),
        Binding("down", "app.focus_next", show=False, id="credentials.down"),
    ]

    def __init__(self, registries: Sequence[str]) -> None:
        super().__init__()
        self._registries = registries

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="credentials", can_focus=False):
            for number, registry in enumerate(self._registries):
                yield Static(_("User at {registry}").format(registry=registry), markup=False)
                yield Line(id=f"user-{number}", compact=True)
                yield Static(_("Password or token"), markup=False)
                yield Line(id=f"password-{number}", password=True, compact=True)
            with Horizontal(classes="buttons"):
                yield Button(_("Back"), id="back", compact=True)
                yield Button(_("Change it"), id="give", compact=True)
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self.query(Input).first().focus()

    def explained(self) -> list[str]:
        """For F1."""
        return [
            _("Credentials"),
            _("They go into the pull secrets that were shown, and nowhere else: not into a file, not into a log."),
        ]

    @on(Input.Submitted)
    @on(Button.Pressed, "#give")
    def _given(self) -> None:
        """To the first line that is empty; when there is none, it is said."""
        empty = next((line for line in self.query(Input) if not line.value), None)
        if empty:
            empty.focus()
            return
        values = [line.value for line in self.query(Input)]
        self.dismiss(dict(zip(self._registries, zip(values[::2], values[1::2], strict=True), strict=True)))

    @on(Button.Pressed, "#back")
    def action_back(self) -> None:
        """Without any: nothing is changed."""
        self.dismiss(None)
