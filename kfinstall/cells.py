"""Text in the cells of a terminal: Chinese characters take two each, and lines may break between any two of them."""

import functools
import re
from unicodedata import combining, east_asian_width

_WIDE = "\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6"
_CLOSING = "\u3001\u3002\u300b\u300d\u300f\u3011\uff01\uff09\uff0c\uff1a\uff1b\uff1f\u201d\u2019\u2026"
_OPENING = "\u300a\u300c\u300e\u3010\uff08\u201c\u2018"


@functools.cache
def _unit() -> re.Pattern[str]:
    """What a line keeps together: a word, or a wide character, with the punctuation that may not be torn off it.

    Made when the first text is wrapped: that takes milliseconds, which most commands do without.
    """
    narrow = rf"[,.;:!?)\]]+(?=[\s{_WIDE}]|$)"  # punctuation of English behind Chinese
    word = rf"(?:[{_WIDE}](?:{narrow})?|[^\s{_WIDE}{_OPENING}{_CLOSING}]+)"
    return re.compile(rf" +|[{_OPENING}]*{word}[{_CLOSING}]*|[{_OPENING}{_CLOSING}]+|\s")


def width(text: str) -> int:
    """How many cells a text takes."""
    if text.isascii():
        return len(text)
    return sum(0 if combining(each) else 2 if east_asian_width(each) in "WF" else 1 for each in text)


def padded(text: str, cells: int) -> str:
    """A text with spaces behind it, up to so many cells."""
    return text + " " * (cells - width(text))


def wrapped(text: str, cells: int) -> list[str]:
    """A paragraph as lines of at most so many cells; a word that is longer has a line of its own."""
    lines, line, used = [], "", 0
    for unit in _unit().findall(" ".join(text.split())):
        needed = width(unit)
        if line and unit != " " and used + needed > cells:
            lines.append(line.rstrip())
            line, used = "", 0
        if line or unit != " ":
            line, used = line + unit, used + needed
    return [*lines, line.rstrip()] if line else lines


def breaks(text: str, cells: int) -> list[int]:
    """Where a line breaks so that its parts, without the spaces at their ends, take at most so many cells each.

    A word that is longer is cut. A part never ends up with nothing but the spaces that the line begins with.
    """
    found: list[int] = []
    used, empty = 0, True
    for unit in _unit().finditer(text):
        needed = width(unit.group())
        if unit.group().isspace():
            used += needed
            continue
        if not empty and used + needed > cells:
            found.append(unit.start())
            used, empty = 0, True
        if cuts := _cuts(unit.group(), cells, used):
            found += [unit.start() + cut for cut in cuts]
            used, needed = 0, width(unit.group()[cuts[-1] :])
        used, empty = used + needed, False
    return found


def _cuts(word: str, cells: int, used: int) -> list[int]:
    """Where a word is cut that is too long for a line; used: cells that its first line has already."""
    found: list[int] = []
    for at, each in enumerate(word):
        if used + width(each) > cells and at:
            found.append(at - 1 if each in _CLOSING and at > 1 else at)  # what may not begin a line takes one along
            used = width(word[found[-1] : at])
        used += width(each)
    return found
