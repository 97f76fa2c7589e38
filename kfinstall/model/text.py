"""The text of a document: from a file or standard input, checked to be text at all."""

import sys
from pathlib import Path

from kfinstall.errors import DocumentError, Place, Problem
from kfinstall.words import _

LIMIT = 4 * 1024 * 1024
"""Bytes. The largest KfDef that was ever released has 30 kB; a file beyond this is not a document of ours."""

STDIN = "-"

_BOMS = {
    b"\xff\xfe\x00\x00": "UTF-32",
    b"\x00\x00\xfe\xff": "UTF-32",
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
}


def shown_name(path: str | Path) -> str:
    """How messages name a file; standard input is `<stdin>`."""
    return "<stdin>" if str(path) == STDIN else str(path)


def refusal(place: Place, message: str, fix: str = "") -> DocumentError:
    """The error for a document that cannot even be read."""
    return DocumentError(_("{file} cannot be read.").format(file=place.file), [Problem(place, "", message)], fix=fix)


def read_text(path: str | Path) -> str:
    """The text of a file, or of standard input for "-".

    A UTF-8 byte order mark is dropped. Raises DocumentError for a file that is missing, is a folder, may not
    be read, is larger than LIMIT, or is not UTF-8.
    """
    name = shown_name(path)
    try:
        if str(path) == STDIN:
            content = sys.stdin.buffer.read(LIMIT + 1)
        else:
            with Path(path).open("rb") as file:
                content = file.read(LIMIT + 1)
    except (OSError, ValueError) as error:
        raise refusal(Place(name), _os_words(error)) from None
    return decode(content, name)


def decode(content: bytes, name: str) -> str:
    """The bytes of a document as text. Raises DocumentError when they are too many or not UTF-8."""
    if len(content) > LIMIT:
        raise refusal(Place(name), too_large())
    for mark, encoding in _BOMS.items():
        if content.startswith(mark):
            message = _("the file is {encoding}. Save it as UTF-8.").format(encoding=encoding)
            raise refusal(Place(name, 1, 1), message)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = error.object[: error.start]
        line = before.count(b"\n") + 1
        column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8", "replace")) + 1
        byte = f"0x{error.object[error.start]:02x}"
        message = _("byte {byte} is not UTF-8 text. Save the file as UTF-8.").format(byte=byte)
        raise refusal(Place(name, line, column), message) from None


def too_large() -> str:
    return _("larger than {limit} MiB, which no install file is.").format(limit=LIMIT // 1024 // 1024)


def _os_words(error: Exception) -> str:
    match error:
        case FileNotFoundError():
            return _("no such file.")
        case IsADirectoryError():
            return _("this is a folder; name a file in it.")
        case PermissionError():
            return _("you may not read this file.")
        case OSError() if error.strerror:
            return _("the system says: {reason}.").format(reason=error.strerror)
        case _error:
            return _("this is not a file name.")
