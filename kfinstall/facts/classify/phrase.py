"""Phrases: how the catalogue describes the words of a message.

A phrase is plain text with four additions, and is matched without regard to case:

    `…`         anything in between
    `(a|b)`     one of several wordings; an empty one makes it optional
    `{name}`    a name, number or reference that becomes a parameter; quotes around it do not matter
    `"`         any quote character

It is not a regular expression, on purpose: people who know the messages can write it, and no text, however hostile,
makes it slow. Each part between two gaps is searched once, from where the part before it ended.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

LONGEST_NAME = 253
"""Characters of a captured name: a DNS subdomain, the longest name that Kubernetes allows."""

_TOKEN = re.compile(r"…|\{(\w+)\}|\(([^()]*\|[^()]*)\)|[^…{(]+|[{(]")
_QUOTE = "[\"'`]"
_KINDS = {
    "number": r"\d+(?:\.\d+)?",
    "code": r"\d+",
    "status": r"\d{3}",
    "port": r"\d{1,5}",
    "address": r"[0-9a-fA-F.:\[\]]+",
    "apiGroup": r"[\w.-]*",
    "requirement": r"[\w.]+\s?[<>=]+\s?[\w.]+",
    "resources": r"[\w./,-]+",
    "error": r"[^\"'`\n]{1,200}",
    "field": r"[\"'`]?[^\s\"'`,;]{1,200}(?:\"[^\s\"]{0,100}\"[^\s\"'`,;]{0,200})?",
    "gates": r"[^\[\]()]{0,400}",
}
_NAME = rf"[^\s\"'`,;(){{}}]{{1,{LONGEST_NAME}}}"
_START = r"(?<![^\s\"'`,;(){}])"
"""Where a name may start; without it, each character of a long word would be tried as the start of one."""

_UNQUOTED = frozenset({"error", "gates", "field"})


@dataclass(frozen=True)
class Match:
    """weight: characters of fixed text that were found. start: where in the text. captures: the named parts."""

    weight: int
    start: int
    captures: dict[str, str] = field(default_factory=dict)


class Phrase:
    """One phrase of the catalogue; compiled only when all its fixed text is there."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._tokens = list(_tokens(text))
        self.literals = tuple(_literals(self._tokens))
        self._longest_first = tuple(sorted(self.literals, key=len, reverse=True))

    def __repr__(self) -> str:
        return f"Phrase({self.text!r})"

    def find(self, text: str, lowered: str) -> Match | None:
        """The first place where the phrase stands in a text of single-spaced words; lowered is its lower case."""
        for literal in self._longest_first:  # a loop: most phrases of the catalogue end here, for every message
            if literal not in lowered:
                return None
        position, start = 0, -1
        captures: dict[str, str] = {}
        for part in self._parts:
            found = part.search(text, position)
            if found is None:
                return None
            start = found.start() if start < 0 else start
            position = found.end()
            captures.update({name: _trimmed(value) for name, value in found.groupdict().items() if value})
        return Match(sum(map(len, self.literals)), max(start, 0), captures)

    @cached_property
    def _parts(self) -> list[re.Pattern[str]]:
        parts = [""]
        for kind, value in self._tokens:
            if kind == "gap":
                parts.append("")
                continue
            if kind == "capture" and not parts[-1]:
                parts[-1] = _START
            parts[-1] += _pattern(kind, value)
        return [re.compile(part, re.IGNORECASE) for part in parts if part]


def _trimmed(name: str) -> str:
    """Without the punctuation of the sentence around it."""
    name = name.strip("\"'`").rstrip(".:")
    return name.rstrip("]") if "[" not in name else name


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    for token in _TOKEN.finditer(text):
        if token[0] == "…":
            yield "gap", ""
        elif token[1]:
            yield "capture", token[1]
        elif token[2] is not None:
            yield "choice", token[2]
        else:
            yield "text", token[0]


def _literals(tokens: list[tuple[str, str]]) -> Iterator[str]:
    for kind, value in tokens:
        if kind == "text":
            yield from (piece.strip() for piece in re.split(_QUOTE, value.lower()) if piece.strip())


def _pattern(kind: str, value: str) -> str:
    if kind == "text":
        return _escape(value)
    if kind == "choice":
        return "(?:" + "|".join(map(_escape, value.split("|"))) + ")"
    shape = f"(?P<{value}>{_KINDS.get(value, _NAME)})"
    return shape if value in _UNQUOTED else f"{_QUOTE}?{shape}{_QUOTE}?"


def _escape(text: str) -> str:
    escaped = "".join(_QUOTE if character in "\"'`" else re.escape(character) for character in text.strip(" "))
    escaped = escaped.replace(r"\ ", r"\s+")
    before = r"\s+" if text.startswith(" ") and text.strip() else ""
    after = r"\s+" if text.endswith(" ") else ""
    return before + escaped + after
