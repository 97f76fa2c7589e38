"""What an exit code means, and which error gives which."""

from enum import IntEnum
from typing import TYPE_CHECKING

from kfinstall.errors import DocumentError, Interrupted, KfinstallError, NotReady, PlanRefused, UsageError

if TYPE_CHECKING:
    from kfinstall.contracts.event import Result


class ExitCode(IntEnum):
    """The exit codes of every command."""

    OK = 0
    """All is well."""
    FAILED = 1
    """The operation failed."""
    USAGE = 2
    """The command line or a document is wrong; nothing was done."""
    CHECK_FAILED = 3
    """A check failed: what is asked for cannot work here; nothing was done."""
    TIMED_OUT = 4
    """Not everything was ready in time."""
    WARNINGS = 5
    """Only warnings, and --fail-on=warn was given."""
    INTERRUPTED = 130
    """The user stopped it."""


_BY_ERROR: tuple[tuple[type[KfinstallError], ExitCode], ...] = (
    (UsageError, ExitCode.USAGE),
    (DocumentError, ExitCode.USAGE),
    (PlanRefused, ExitCode.CHECK_FAILED),
    (NotReady, ExitCode.TIMED_OUT),
    (Interrupted, ExitCode.INTERRUPTED),
)

# By the values of Result: --help has no events, and their classes take time to be made.
_BY_RESULT = {
    "succeeded": ExitCode.OK,
    "failed": ExitCode.FAILED,
    "timed-out": ExitCode.TIMED_OUT,
    "stopped": ExitCode.INTERRUPTED,
}


def of_error(error: KfinstallError) -> ExitCode:
    return next((code for kind, code in _BY_ERROR if isinstance(error, kind)), ExitCode.FAILED)


def of_result(result: "Result") -> ExitCode:
    return _BY_RESULT[result]
