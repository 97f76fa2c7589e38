"""Standard input as text, in whichever encoding a shell wrote it."""

import codecs
import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO, cast

_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_SEEN = 64
"""Bytes that tell the encoding."""


@contextmanager
def standard_input() -> Iterator[TextIO]:
    """UTF-8, or UTF-16, which `>` of Windows PowerShell writes; bytes that are no text become question marks.

    https://learn.microsoft.com/en-us/powershell/module/microsoft.powershell.core/about/about_character_encoding
    """
    stream = io.BufferedReader(cast(io.RawIOBase, sys.stdin.buffer))
    text = io.TextIOWrapper(stream, _encoding(stream.peek(_SEEN)[:_SEEN]), errors="replace")
    try:
        yield text
    finally:
        text.detach().detach()  # it is not ours to close


def _encoding(head: bytes) -> str:
    """In UTF-16, a mark comes first, or else Latin letters; of those, every other byte is zero."""
    if head.startswith(_MARKS) and 0 in head:
        return "utf-16"
    zeros = [byte == 0 for byte in head[:4]]
    if zeros == [False, True] * 2:
        return "utf-16-le"
    return "utf-16-be" if zeros == [True, False] * 2 else "utf-8-sig"
