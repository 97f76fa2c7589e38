"""The application: looks, keys that hold everywhere, and the way from screen to screen.

A screen is imported when it is shown, and what a screen shows is looked for in the background: the first picture
has to stand before anybody wonders whether the program hangs.
"""

import asyncio
import gc
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.filter import LineFilter
from textual.screen import Screen

from kfinstall.guide import garbage
from kfinstall.tui import line_breaks, odd_bytes, turns
from kfinstall.tui.colorless import Colorless
from kfinstall.tui.dimming import Dimming
from kfinstall.tui.settings import Settings, settings
from kfinstall.tui.themes import CONTRAST, DARK, LIGHT, THEMES, terminal_colors
from kfinstall.words import _

if TYPE_CHECKING:
    from collections.abc import Iterable


AGAIN = 5.0
"""Seconds within which a second Ctrl-C means it."""


class Guided(App[int]):
    """kfinstall for a person at a terminal; ends with an exit code.

    first: makes the screen that comes first, the home screen as a rule.
    """

    CSS_PATH = Path(__file__).with_name("look.tcss")
    TITLE = "kfinstall"
    ENABLE_COMMAND_PALETTE = False
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide"), (160, "-very-wide")]  # noqa: RUF012 - as textual has it
    VERTICAL_BREAKPOINTS = [(0, "-low"), (22, "-high")]  # noqa: RUF012 - as above
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f1", "help", _("Help"), id="help", priority=True),
        Binding("f9", "next_theme", _("Colours"), id="theme", show=False, priority=True),
        Binding("f10", "quit", _("Quit"), id="quit", priority=True),
    ]

    def __init__(self, first: Callable[[], Screen[Any]] | None = None, wanted: Settings | None = None) -> None:
        with _no_color_only_if_it_says_so():
            super().__init__()
        line_breaks.by_punctuation()
        self.ansi_theme_dark, self.ansi_theme_light = terminal_colors(DARK), terminal_colors(LIGHT)
        self._dimming, self._colorless = Dimming(), Colorless()
        self._interrupted = float("-inf")
        self._first = first
        self._wanted = wanted or settings()
        for theme in THEMES:
            self.register_theme(theme)
        names = [theme.name for theme in THEMES]
        self.theme = self._wanted.theme if self._wanted.theme in names else names[0]
        if self.no_color:
            self.theme = CONTRAST.name
        self.set_keymap(dict(self._wanted.keymap))

    def get_default_screen(self) -> Screen[Any]:
        if self._first is not None:
            return self._first()
        from kfinstall.tui.home import Home  # noqa: PLC0415 - a test of another screen does without it

        return Home()

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Dim text stays readable; without colours nothing is tinted."""
        return [self._colorless] if self.no_color else [self._dimming, *super().get_line_filters()]

    async def action_quit(self) -> None:
        """Leave; a screen that has something under way asks first: its `leaving()` says whether it may be left."""
        leaving = getattr(self.screen, "leaving", None)
        if leaving is None or leaving():
            self.exit()

    def _fatal_error(self) -> None:
        """A mistake of ours ends the program, and is told as that of any command: see run(). What textual would print
        has the values of all variables, and so whatever was typed."""
        self._close_messages_no_wait()

    def action_help_quit(self) -> None:
        """Ctrl-C where nothing is under way: said once, meant twice."""
        now = time.monotonic()
        if now - self._interrupted < AGAIN:
            self.call_later(self.action_quit)
            return
        self._interrupted = now
        self.notify(_("Ctrl-C once more, or F10, leaves kfinstall. Your answers are kept."), timeout=AGAIN)

    def on_ready(self) -> None:
        """The first picture stands: from now on garbage is collected again (see kfinstall.cli.guided)."""
        garbage.keep()
        gc.enable()

    def action_next_theme(self) -> None:
        """The next look, until the program ends; settings.yaml and $KFINSTALL_THEME make it stay."""
        if self.no_color:
            return
        names = [theme.name for theme in THEMES]
        self.theme = names[(names.index(self.theme) + 1) % len(names)]

    def action_help(self) -> None:
        """Explain what is in front of the user: the screen says what that is by `explained()`."""
        from kfinstall.tui.help import Help  # noqa: PLC0415 - most people never ask

        if isinstance(self.screen, Help):
            self.pop_screen()
        else:
            self.push_screen(Help(self.screen))

    def get_system_commands(self, screen: Screen[Any]) -> "Iterable[SystemCommand]":  # noqa: ARG002 - textual's
        """None: every act has a key in the footer."""
        return ()


class _no_color_only_if_it_says_so:  # noqa: N801 - reads as a sentence where it is used
    """https://no-color.org: NO_COLOR counts when it is set and not empty; textual takes any presence for it."""

    def __enter__(self) -> None:
        self._removed = os.environ.pop("NO_COLOR", None) if os.environ.get("NO_COLOR") == "" else None

    def __exit__(self, *_error: object) -> None:
        if self._removed is not None:
            os.environ["NO_COLOR"] = self._removed


def run(app: Guided | None = None) -> int:
    """Show the application until the user leaves it; the exit code. Raises what nobody foresaw."""
    app = app or Guided()
    odd_bytes.replaced()
    with asyncio.Runner(loop_factory=turns.loop) as runner:
        code = runner.run(app.run_async())
    if app._exception is not None:
        raise app._exception
    return code or app.return_code or 0
