"""Text on the terminal at hand: lines break between words, and go on below where they began."""

import re
import shutil
import sys

from kfinstall.cells import width, wrapped

_BEGINNING = re.compile(r" *(?:[✓✗!i→-] )?(?:\d{1,3}[.:] )?(?:[a-z-]+\.[a-z-]+ +)?")
"""What stands before a line's text: its place, a mark, a number, the id of a check."""

_COPIED = ("$ ", "http")
"""How lines begin that are there to be copied, and stay whole."""

_NARROWEST = 20
"""Cells that a text needs beside its beginning."""


def laid_out(text: str) -> str:
    """For standard output: broken to the width of the terminal, unchanged where there is none."""
    if not sys.stdout.isatty():
        return text
    return "\n".join(broken(text.split("\n"), shutil.get_terminal_size().columns))


def broken(lines: list[str], cells: int) -> list[str]:
    """Lines of at most so many cells, but for commands, addresses and words that are longer."""
    return [part for line in lines for part in _broken(line, cells)]


def _broken(line: str, cells: int) -> list[str]:
    if width(line) <= cells or line.lstrip().startswith(_COPIED):
        return [line]
    found = _BEGINNING.match(line)
    beginning = found[0] if found else ""
    hang = width(beginning)
    if cells - hang < _NARROWEST:
        return [line]
    first, *rest = wrapped(line[len(beginning) :], cells - hang) or [""]
    return [beginning + first, *(" " * hang + part for part in rest)]
