"""YAML text as Kubernetes reads it.

kubectl and the API server read YAML through sigs.k8s.io/yaml, which is go-yaml 2 and then JSON. Its plain
scalars are neither PyYAML's nor YAML 1.2's: `y` and `off` are booleans, `0755` and `0o755` are octal, `1e3` is
a number, dates, `12:30:00`, `=` and `<<` as a value are text. A difference would be sent to the cluster, so
the rules here are go-yaml's (resolve.go), checked case by case in tests/unit/render.

The reader works on events: it expands no alias by copying, is not recursive and is faster than a Loader.
"""

import base64
import binascii
import math
import re
from typing import Any

import yaml

from kfinstall.words import _

DEPTH = 200
"""Levels of nesting; the deepest real object (a CRD's schema) has about 60."""

EXPANSION = 5_000_000
"""Values that a document may have with all its aliases expanded; JSON has no aliases."""

_LOADER: type[yaml.SafeLoader] | type[yaml.CSafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_CORE = "tag:yaml.org,2002:"
_WORDS: dict[str, bool | None] = (
    dict.fromkeys(["y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"], True)
    | dict.fromkeys(["n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"], False)
    | dict.fromkeys(["", "~", "null", "Null", "NULL"])
)
_FIRST = frozenset("+-.0123456789")
_INTEGER = re.compile(r"([-+]?)(0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|(0|[1-9][0-9]*))")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")


class NotKubernetesYaml(ValueError):
    """The text is not YAML, or means something that JSON cannot say. line counts from 1; 0: unknown."""

    def __init__(self, message: str, line: int = 0) -> None:
        super().__init__(message)
        self.line = line


def scalar(text: str) -> Any:
    """What an unquoted scalar means. Raises ValueError for infinity and NaN, which JSON does not have."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _FIRST or len(text) > 400:
        return text
    plain = text.replace("_", "")
    if match := _INTEGER.fullmatch(plain):
        return _integer(match, text)
    if _FLOAT.fullmatch(plain):
        return _number(plain, text)
    if _NOT_FINITE.fullmatch(text):
        raise ValueError(_("{text} is a number that JSON does not have; quote it").format(text=text))
    return text


def _integer(match: re.Match[str], text: str) -> int | float | str:
    _all, hexadecimal, binary, octal, decimal = match.group(2, 3, 4, 5, 6)
    digits, base = next(
        (found, base)
        for found, base in ((hexadecimal, 16), (binary, 2), (octal, 8), (decimal, 10))
        if found is not None
    )
    value = -int(digits, base) if match[1] == "-" else int(digits, base)
    if -(2**63) <= value < 2**63:
        return value
    try:
        return _integral(float(value))  # beyond 64 bits go-yaml has only floats
    except OverflowError:
        return text


def _number(plain: str, text: str) -> int | float | str:
    value = float(plain)
    return text if math.isinf(value) else _integral(value)


def _integral(value: float) -> int | float:
    """Go writes 3.0 as 3 in JSON, and the API machinery then reads an integer."""
    return int(value) if value.is_integer() and -(2**63) <= value < 2**63 else value


def read(text: str) -> list[Any]:
    """The documents of a YAML stream as JSON data, empty ones as None.

    Raises NotKubernetesYaml. A key that is there twice has its last value, as in kubectl.
    """
    reader = _Reader()
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            reader.take(event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise NotKubernetesYaml(str(error.problem or error.context), mark.line + 1 if mark else 0) from None
    except yaml.YAMLError as error:
        raise NotKubernetesYaml(" ".join(str(error).split())) from None
    return reader.documents


class _Level:
    """A mapping or list that is being filled. key: what the next value belongs to; None for a merge (`<<`)."""

    __slots__ = ("anchor", "container", "has_key", "key", "merges", "size")

    def __init__(self, container: Any, anchor: str | None) -> None:
        self.container = container
        self.anchor = anchor
        self.has_key = False
        self.key: str | None = ""
        self.merges: list[Any] = []
        self.size = 1


class _Reader:
    def __init__(self) -> None:
        self.documents: list[Any] = []
        self._stack: list[_Level] = []
        self._anchors: dict[str, tuple[Any, int]] = {}

    def take(self, event: yaml.Event) -> None:
        kind = type(event)
        if kind is yaml.ScalarEvent:
            self._scalar(event)  # type: ignore[arg-type]
        elif kind is yaml.MappingStartEvent:
            self._open({}, event)  # type: ignore[arg-type]
        elif kind is yaml.SequenceStartEvent:
            self._open([], event)  # type: ignore[arg-type]
        elif kind in (yaml.MappingEndEvent, yaml.SequenceEndEvent):
            self._close(event)
        elif kind is yaml.AliasEvent:
            self._alias(event)  # type: ignore[arg-type]
        elif kind is yaml.DocumentStartEvent:
            self._anchors = {}

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        try:
            value = _value(event)
        except ValueError as error:
            raise _at(event, str(error)) from None
        if event.anchor is not None:
            self._anchors[event.anchor] = (value, 1)
        plain = event.implicit[0] and event.tag is None
        self._add(value, 1, event, merge=plain and event.value == "<<")

    def _open(self, container: Any, event: yaml.MappingStartEvent | yaml.SequenceStartEvent) -> None:
        if len(self._stack) >= DEPTH:
            raise _at(event, _("more than {depth} levels inside each other").format(depth=DEPTH))
        if event.anchor is not None:
            self._anchors.pop(event.anchor, None)
        self._stack.append(_Level(container, event.anchor))

    def _close(self, event: yaml.Event) -> None:
        level = self._stack.pop()
        for source in level.merges:
            self._merge(level, source, event)
        if level.anchor is not None:
            self._anchors[level.anchor] = (level.container, level.size)
        self._add(level.container, level.size, event)

    def _alias(self, event: yaml.AliasEvent) -> None:
        name = event.anchor or ""
        if name not in self._anchors:
            raise _at(event, _("the alias *{name} has no finished anchor above it").format(name=name))
        value, size = self._anchors[name]
        self._add(value, size, event)

    def _add(self, value: Any, size: int, event: yaml.Event, *, merge: bool = False) -> None:
        if not self._stack:
            self.documents.append(value)
            return
        level = self._stack[-1]
        level.size += size
        if level.size > EXPANSION:
            raise _at(event, _("the aliases stand for more than {limit} values").format(limit=EXPANSION))
        container = level.container
        if type(container) is list:
            container.append(value)
        elif not level.has_key:
            level.key = None if merge else _key(value, event)
            level.has_key = True
        else:
            level.has_key = False
            if level.key is None:
                level.merges.append(value)
            else:
                container[level.key] = value

    def _merge(self, level: _Level, source: Any, event: yaml.Event) -> None:
        for each in source if isinstance(source, list) else [source]:
            if not isinstance(each, dict):
                raise _at(event, _('"<<" takes a mapping, or a list of mappings'))
            for key, value in each.items():
                level.container.setdefault(key, value)


def _value(event: yaml.ScalarEvent) -> Any:
    tag = event.tag
    if tag is None or tag == "!":
        return scalar(event.value) if event.implicit[0] else event.value
    return _tagged(tag.removeprefix(_CORE), event.value)


def _tagged(tag: str, text: str) -> Any:
    """A scalar with a tag: go-yaml takes the core ones at their word and ignores others."""
    if tag in ("str", "timestamp") or tag.startswith("!"):
        return text
    if tag == "binary":
        try:
            return base64.b64decode(text).decode()
        except (binascii.Error, UnicodeDecodeError):
            raise ValueError(_("this !!binary is not base64 of a text")) from None
    value = scalar(text)
    wanted: dict[str, type | tuple[type, ...]] = {
        "int": int,
        "float": (int, float),
        "bool": bool,
        "null": type(None),
    }
    if not isinstance(value, wanted.get(tag, object)):
        raise ValueError(_("{text!r} is no !!{tag}").format(text=text, tag=tag))  # noqa: TRY004 - it is about the text
    return value


def _key(value: Any, event: yaml.Event) -> str:
    """The JSON key: `1: a` has the key "1", and `on: a` the key "true"."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    raise _at(event, _("a key must be a word, not empty, a list or a mapping"))


def _at(event: yaml.Event, message: str) -> NotKubernetesYaml:
    mark = event.start_mark
    return NotKubernetesYaml(message, mark.line + 1 if mark else 0)
