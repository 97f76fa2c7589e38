"""The terminal in the hands of another program until that is done: a command that talks in lines, a pager."""

import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any

from textual.app import App

from kfinstall.words import _

STAYING = frozenset({"less", "more", "most", "vim", "nvim", "view", "bat", "batcat"})
"""Pagers that show what they have until their user leaves them."""


def run(app: App[Any], command: Sequence[str], told: Sequence[str]) -> None:
    """Give a command the terminal; what it said last can be read until its user presses Enter.

    told: the command as its user would type it.
    """
    with app.suspend(), _interrupts(_for_the_program):
        sys.stderr.write(f"$ {shlex.join(told)}\n")
        sys.stderr.flush()
        _started(command)
        _until_enter()


def read(app: App[Any], file: Path) -> None:
    """Show a file in the user's pager. Without one, `less` or `more`, nothing is shown but where the file is."""
    if not (pager := _pager()):
        app.notify(str(file), markup=False, timeout=15)
        return
    with app.suspend(), _interrupts(_for_the_program):
        if not _started([*pager, str(file)]) or Path(pager[0]).name not in STAYING:
            _until_enter()


def _pager() -> list[str]:
    with suppress(ValueError):  # quotes without an end
        if chosen := shlex.split(os.environ.get("PAGER", "")):
            return chosen
    return [name for name in ("less", "more") if shutil.which(name)][:1]


def _started(command: Sequence[str]) -> bool:
    """Run it to its end; False, with the reason said, where it cannot be run."""
    try:
        subprocess.run(command, check=False)  # noqa: S603 - our own program, or what the user has as a pager
    except OSError as error:
        sys.stderr.write(f"{command[0]}: {error.strerror}\n")
        return False
    return True


def _until_enter() -> None:
    sys.stderr.write("\n" + _("Enter: back to kfinstall ") + "\n")
    sys.stderr.flush()
    with suppress(KeyboardInterrupt), _interrupts(signal.default_int_handler):
        sys.stdin.readline()


def _for_the_program(_number: int, _frame: FrameType | None) -> None:
    """Ctrl-C reaches everything at the terminal: the program that has it ends, this one waits for that. Ignoring it
    would be inherited by the program."""


@contextmanager
def _interrupts(handler: "signal._HANDLER") -> Iterator[None]:
    before = signal.signal(signal.SIGINT, handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
