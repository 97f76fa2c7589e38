"""The labelSelector parameter of a list (k8s.io/apimachinery/pkg/labels/selector.go): read, refused in its words."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, repeat
from typing import NamedTuple

from kfinstall.contracts.manifest import Body
from kfinstall.sandbox.server.status import Cause, bad_request, wrong
from kfinstall.sandbox.validation import names

Labels = Mapping[str, str]
Selects = Callable[[Body], bool]

_TOKEN = re.compile(r"\s*(?:(?P<symbol>!=|==|[=!(),<>])|(?P<word>[^\s=!(),<>]+))")
IDENTIFIER, END = "identifier", "end of string"
OPERATORS = "in, notin, =, ==, !=, gt, lt"


def label_selector(text: str) -> Selects:
    """What it selects. Raises StatusError 400 when it is none."""
    try:
        requirements = list(_Parser(text).requirements())
    except ValueError as error:
        raise bad_request(str(error)) from None

    def selects(body: Body) -> bool:
        labels: Labels = body["metadata"].get("labels") or {}
        return all(requirement.holds(labels) for requirement in requirements)

    return selects


@dataclass(frozen=True, slots=True)
class Requirement:
    """operator: as it is written; "" for a label that has to be there, "!" for one that may not."""

    key: str
    operator: str
    values: frozenset[str]

    def holds(self, labels: Labels) -> bool:
        has, value = self.key in labels, labels.get(self.key, "")
        match self.operator:
            case "":
                return has
            case "!":
                return not has
            case "!=" | "notin":
                return not has or value not in self.values
            case "<" | ">":
                return _is_integer(value) and self._is_beyond(int(value))
        return has and value in self.values

    def _is_beyond(self, value: int) -> bool:
        bound = int(next(iter(self.values)))
        return value > bound if self.operator == ">" else value < bound

    def faults(self) -> Iterator[Cause]:
        yield from names.faults("<nil>", self.key, names.qualified(self.key))
        for value in self.values if self.operator in {"<", ">"} else ():
            if not _is_integer(value):
                yield wrong("values[0]", value, "for 'Gt', 'Lt' operators, the value must be an integer")
        for n, value in enumerate(sorted(self.values)):
            yield from names.faults(f"values[{n}][{self.key}]", value, names.value(value))


def _is_integer(text: str) -> bool:
    return re.fullmatch(r"[+-]?[0-9]+", text) is not None


class _Token(NamedTuple):
    kind: str
    text: str


class _Parser:
    """Each method reads what it is named for. Raises ValueError with what was found instead."""

    def __init__(self, text: str) -> None:
        self._tokens = _tokens(text)
        self._next = next(self._tokens)

    def _take(self) -> _Token:
        taken, self._next = self._next, next(self._tokens)
        return taken

    def requirements(self) -> Iterator[Requirement]:
        while self._next.kind != END:
            if self._next.kind not in {IDENTIFIER, "!"}:
                raise ValueError(f"found '{self._next.text}', expected: !, identifier, or 'end of string'")
            yield self._requirement()
            token = self._take()
            if token.kind not in {",", END}:
                raise ValueError(f"found '{token.text}', expected: ',' or 'end of string'")
            if token.kind == "," and self._next.kind not in {IDENTIFIER, "!"}:
                raise ValueError(f"found '{self._next.text}', expected: identifier after ','")

    def _requirement(self) -> Requirement:
        try:
            found = self._read()
            _refuse(found.faults())
        except ValueError as error:
            raise ValueError(f"unable to parse requirement: {error}") from None
        return found

    def _read(self) -> Requirement:
        absent = self._next.kind == "!"
        if absent:
            self._take()
        key = self._take()
        if key.kind != IDENTIFIER:
            raise ValueError(f"found '{key.text}', expected: identifier")
        _refuse(names.faults("<nil>", key.text, names.qualified(key.text)))
        if absent or self._next.kind in {",", END}:
            return Requirement(key.text, "!" if absent else "", frozenset())
        operator = self._take().text
        if operator in {"in", "notin"}:
            return Requirement(key.text, operator, frozenset(self._values()))
        if operator not in {"=", "==", "!=", "<", ">"}:
            raise ValueError(f"found '{operator}', expected: {OPERATORS}")
        return Requirement(key.text, operator, frozenset({self._value()}))

    def _value(self) -> str:
        if self._next.kind in {",", END}:
            return ""
        token = self._take()
        if token.kind != IDENTIFIER:
            raise ValueError(f"found '{token.text}', expected: identifier")
        return token.text

    def _values(self) -> Iterator[str]:
        """Between parentheses; what is missing between two commas is the empty text."""
        opening = self._take()
        if opening.kind != "(":
            raise ValueError(f"found '{opening.text}' expected: '('")
        if self._next.kind not in {IDENTIFIER, ",", ")"}:
            raise ValueError(f"found '{self._next.text}', expected: ',', ')' or identifier")
        while True:
            yield self._take().text if self._next.kind == IDENTIFIER else ""
            token = self._take()
            if token.kind == ")":
                return
            if token.kind != ",":
                raise ValueError(f"found '{token.text}', expected: ',' or ')'")


def _refuse(faults: Iterable[Cause]) -> None:
    texts = [fault.text for fault in faults]
    if texts:
        raise ValueError(texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]")


def _tokens(text: str) -> Iterator[_Token]:
    """And ends without end."""
    found = (_Token(match["symbol"] or IDENTIFIER, match["symbol"] or match["word"]) for match in _TOKEN.finditer(text))
    return chain(found, repeat(_Token(END, "")))
