"""Where lines break.

Textual breaks a text without spaces wherever the line is full, which in Chinese puts full stops at the beginnings of
lines: https://www.w3.org/TR/clreq/#prohibition_rules_for_line_start_end. It has no setting for that, but one function
that decides, which is replaced here; the lines of commands break by the same rules.
"""

from typing import Any

import textual.content
from rich._wrap import divide_line

from kfinstall.cells import breaks


def by_punctuation() -> None:
    """Let lines of the screens break where their punctuation allows it."""
    content: Any = textual.content
    content.divide_line = _divided


def _divided(text: str, width: int, fold: bool = True) -> list[int]:
    return divide_line(text, width, fold) if text.isascii() or not fold else breaks(text, width)
