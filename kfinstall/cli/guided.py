"""`kfinstall` without a command: the guided interface, where there is a terminal for it."""

import sys

from kfinstall.cli.exit_codes import ExitCode
from kfinstall.cli.interaction import at_terminal
from kfinstall.errors import UsageError
from kfinstall.words import _


def guided() -> int:
    """Show the interface until the user leaves it. Raises UsageError where nobody can be asked."""
    if not (at_terminal() and sys.stdout.isatty()):
        raise UsageError(
            _("without a terminal: kfinstall install -f FILE (kfinstall init writes one; --help has more).")
        )
    from kfinstall.tui.app import run  # noqa: PLC0415 - a command does without the interface

    return ExitCode(run())
