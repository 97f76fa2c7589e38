"""What goes on between a command and the person at the terminal: questions, Ctrl-C, the command to repeat."""

import shlex
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress

import click


def at_terminal() -> bool:
    """Whether somebody can be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def confirm(question: str) -> None:
    """Ask before a change; without a terminal the -f of an install is the word of the user."""
    if at_terminal():
        click.confirm(question, abort=True, err=True)


def again() -> str:
    """The command line to repeat."""
    return shlex.join(["kfinstall", *sys.argv[1:]])


@contextmanager
def on_stop(stop: Callable[[], None]) -> Iterator[None]:
    """Call `stop` at each Ctrl-C and each SIGTERM, instead of ending the program."""
    before = {number: signal.signal(number, lambda *_: stop()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def in_the_middle() -> AbstractContextManager[None]:
    """Around what is told when a signal comes: it may come in the middle of a line, which nothing can be put into."""
    return suppress(RuntimeError)
