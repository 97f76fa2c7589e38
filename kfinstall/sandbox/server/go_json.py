"""What Go's encoding/json says of a text that is not JSON (encoding/json/scanner.go, quoteChar of it included)."""

import re

_LITERALS = {b"t"[0]: b"true", b"f"[0]: b"false", b"n"[0]: b"null"}
_CLOSING = {b"{"[0]: b"}"[0], b"["[0]: b"]"[0]}
_SPACE = re.compile(rb"[ \t\r\n]*")
_TEXT = re.compile(rb'(?:[^"\\\x00-\x1f]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*')
_ESCAPE = re.compile(rb"\\u[0-9a-fA-F]{0,3}|\\")
_NUMBER = re.compile(rb"(?:-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)?")
_UNFINISHED = (
    (re.compile(rb"-"), "in numeric literal"),
    (re.compile(rb"\."), "after decimal point in numeric literal"),
    (re.compile(rb"[eE][+-]?"), "in exponent of numeric literal"),
)
"""What a number cannot end with."""

END = "unexpected end of JSON input"
KINDS = {str: "string", bool: "bool", int: "number", float: "number", list: "array", dict: "object", type(None): "null"}
"""What encoding/json calls a value that does not fit its type."""


def fault(text: bytes) -> str:
    """The message about the first thing that is wrong; "" when Go reads it."""
    try:
        _Scanner(text).scan()
    except ValueError as error:
        return str(error)
    return ""


class _Scanner:
    def __init__(self, text: bytes) -> None:
        self._text = text
        self._place = 0
        self._opened: list[int] = []

    def scan(self) -> None:
        """Raises ValueError with the message."""
        self._value()
        while self._opened:
            self._go_on()
        if self._next() is not None:
            raise self._refusal("after top-level value")

    def _next(self) -> int | None:
        """The next letter that is no space."""
        self._skip(_SPACE)
        return self._text[self._place] if self._place < len(self._text) else None

    def _skip(self, pattern: re.Pattern[bytes]) -> bytes:
        found = pattern.match(self._text, self._place)
        self._place = found.end() if found else self._place
        return found[0] if found else b""

    def _refusal(self, where: str) -> ValueError:
        if self._place >= len(self._text):
            return ValueError(END)
        return ValueError(f"invalid character {_quoted(self._text[self._place])} {where}")

    def _value(self) -> None:
        """A value; of a list or an object all up to its first scalar."""
        while (head := self._next()) in _CLOSING:
            self._place += 1
            if self._next() == _CLOSING[head]:
                self._place += 1
                return
            self._opened.append(head)
            if head == b"{"[0]:
                self._key()
        if head == b'"'[0]:
            self._string()
        elif head in _LITERALS:
            self._literal(_LITERALS[head])
        elif head is not None and head in b"-0123456789":
            self._number()
        else:
            raise self._refusal("looking for beginning of value")

    def _go_on(self) -> None:
        """What follows a value in the innermost list or object."""
        inside, head = self._opened[-1], self._next()
        if head == _CLOSING[inside]:
            self._opened.pop()
            self._place += 1
        elif head == b","[0]:
            self._place += 1
            if inside == b"{"[0]:
                self._key()
            self._value()
        else:
            raise self._refusal("after object key:value pair" if inside == b"{"[0] else "after array element")

    def _key(self) -> None:
        if self._next() != b'"'[0]:
            raise self._refusal("looking for beginning of object key string")
        self._string()
        if self._next() != b":"[0]:
            raise self._refusal("after object key")
        self._place += 1

    def _string(self) -> None:
        self._place += 1
        self._skip(_TEXT)
        if self._text[self._place : self._place + 1] != b'"':
            escaped = self._skip(_ESCAPE)
            where = "in string literal" if not escaped else "in string escape code"
            raise self._refusal(r"in \u hexadecimal character escape" if len(escaped) > 1 else where)
        self._place += 1

    def _literal(self, word: bytes) -> None:
        for letter in word:
            if self._text[self._place : self._place + 1] != bytes([letter]):
                raise self._refusal(f"in literal {word.decode()} (expecting {_quoted(letter)})")
            self._place += 1

    def _number(self) -> None:
        read = self._skip(_NUMBER)
        for begun, where in _UNFINISHED[1:] if read else _UNFINISHED:
            if self._skip(begun):
                raise self._refusal(where)


def _quoted(letter: int) -> str:
    """A byte, as Go quotes the rune of that number."""
    if letter == b"'"[0]:
        return r"'\''"
    if letter == b'"'[0]:
        return "'\"'"
    named = {7: r"\a", 8: r"\b", 9: r"\t", 10: r"\n", 11: r"\v", 12: r"\f", 13: r"\r", 92: r"\\"}
    if letter in named:
        return f"'{named[letter]}'"
    if chr(letter).isprintable():
        return f"'{chr(letter)}'"
    return f"'\\x{letter:02x}'" if letter < 128 else f"'\\u{letter:04x}'"
