"""Work that may take long or never end, off the thread that draws; its result comes back to the screen.

Threads of our own, and daemons: textual's cannot be killed and keep a program that is to end waiting for them.
"""

import threading
from collections.abc import Callable
from typing import Any, TypeVar

from textual.events import Callback
from textual.screen import Screen

from kfinstall.errors import KfinstallError
from kfinstall.words import _

Result = TypeVar("Result")


class Background:
    """Of one screen. A result that nobody waits for any more is dropped: after cancel(), or once the screen is gone."""

    def __init__(self, screen: Screen[Any]) -> None:
        self._screen = screen
        self._current = 0

    def run(self, work: Callable[[], Result], done: Callable[[Result | KfinstallError], None]) -> None:
        """Call `work` in a thread, then `done` with its result or with why there is none."""
        self._current += 1
        number = self._current

        def deliver(result: Result | KfinstallError) -> None:
            if number == self._current and self._screen.is_mounted:
                done(result)

        def act() -> None:
            result: Result | KfinstallError
            try:
                result = work()
            except KfinstallError as error:
                result = error
            except OSError as error:
                result = KfinstallError(str(error))
            except Exception as error:  # a mistake of ours is shown, and does not end the program
                result = KfinstallError(
                    _("This should not have happened: {error}.").format(error=f"{type(error).__name__}: {error}")
                )
            self._screen.post_message(Callback(callback=lambda: deliver(result)))

        threading.Thread(target=act, daemon=True).start()

    def cancel(self) -> None:
        """Wait for nothing any more."""
        self._current += 1
