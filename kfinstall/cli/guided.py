"""`kfinstall` without a command: the guided interface, where there is a terminal for it."""

import gc
import os
import sys

from kfinstall.cli.exit_codes import ExitCode
from kfinstall.cli.interaction import at_terminal
from kfinstall.errors import UsageError
from kfinstall.words import _


def guided(*, plain: bool) -> int:
    """Show the interface until the user leaves it. Raises UsageError where nobody can be asked.

    plain: ask in lines instead, as on a terminal that can do nothing else.
    """
    if not at_terminal():
        raise UsageError(
            _("without a terminal: kfinstall install -f FILE (kfinstall init writes one; --help has more).")
        )
    if plain or os.environ.get("TERM", "dumb") == "dumb" or not sys.stdout.isatty():
        from kfinstall.cli.plain import asked_and_installed  # noqa: PLC0415 - a command does without the questions

        return asked_and_installed()
    # Looking for garbage among all that is loaded for the first picture takes a quarter of the time to it.
    gc.disable()
    from kfinstall.tui.app import run  # noqa: PLC0415 - a command does without the interface

    return ExitCode(run())
