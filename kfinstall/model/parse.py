"""YAML text to documents: safe, bounded, and with the place of every part."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, NoReturn

import yaml

from kfinstall.errors import DocumentError, Place, Problem
from kfinstall.model.document import Document, Node, Scalar, path_text
from kfinstall.model.yaml_events import events, scalar
from kfinstall.words import _

DEPTH = 64
"""Levels; a Kubernetes object has about 20. Deeper data would end in a RecursionError somewhere later."""

EXPANSION = 1_000_000
"""Values and characters that all aliases of a file together may stand for."""

_CORE = "tag:yaml.org,2002:"
_TYPES: dict[str, type | tuple[type, ...]] = {
    "int": int,
    "float": (int, float),
    "bool": bool,
    "null": type(None),
}


@dataclass(slots=True)
class _Anchor:
    """A value that an alias can name. node is None while it is still open.

    weight: values and characters in it, with all aliases expanded. depth: levels below it.
    """

    node: Node | None = None
    weight: int = 1
    depth: int = 0


class _Key(NamedTuple):
    """A key as written; plain: without quotes."""

    place: Place
    text: str
    plain: bool


@dataclass(slots=True)
class _Open:
    """A mapping or a list that is being filled."""

    place: Place
    is_mapping: bool
    anchor: _Anchor
    items: list[Node] = field(default_factory=list)
    entries: dict[str, Node] = field(default_factory=dict)
    keys: dict[str, Place] = field(default_factory=dict)
    merges: list[Node] = field(default_factory=list)
    key: _Key | None = None


def parse(text: str, file: str) -> list[Document]:
    """The documents of a YAML (or JSON) text; empty ones between `---` are left out.

    file: the name for messages. Keys are always text, as written. Raises DocumentError with every problem for
    what is not YAML, has no document, has a key twice, a tag of its own, an alias that contains itself,
    aliases that stand for more than EXPANSION, or more than DEPTH levels.
    """
    builder = _Builder(file)
    for event in events(text, file):
        builder.take(event)
    if builder.problems:
        raise DocumentError(_("{file} is not valid.").format(file=file), builder.problems)
    roots = [root for root in builder.roots if root.value is not None]
    if not roots:
        nothing = Problem(Place(file), "", _("the file is empty, or has nothing but comments."))
        raise DocumentError(_("{file} is not valid.").format(file=file), [nothing])
    return [Document.of(root) for root in roots]


class _Builder:
    """Turns events into nodes, one document after the other."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self.roots: list[Node] = []
        self._stack: list[_Open] = []
        self._anchors: dict[str, _Anchor] = {}
        self._expansion = 0

    def take(self, event: yaml.Event) -> None:
        match event:
            case yaml.DocumentStartEvent():
                self._anchors = {}
            case yaml.ScalarEvent():
                self._scalar(event)
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                self._open(event)
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                self._close()
            case yaml.AliasEvent():
                self._alias(event)
            case _:
                pass

    def _place(self, event: yaml.Event) -> Place:
        mark = event.start_mark
        assert mark is not None  # noqa: S101 - every event of a text has one
        return Place(self.file, mark.line + 1, mark.column + 1)

    def _report(self, place: Place, message: str) -> None:
        self.problems.append(Problem(place, path_text(self._path()), message))

    def _path(self) -> list[str | int]:
        """Where the builder is: the keys and indexes of what is open."""
        parts: list[str | int] = []
        for level in self._stack:
            if level.is_mapping and level.key is not None:
                parts.append(level.key.text)
            elif not level.is_mapping:
                parts.append(len(level.items))
        return parts

    def _anchor(self, name: str | None) -> _Anchor:
        anchor = _Anchor()
        if name is not None:
            self._anchors[name] = anchor
        return anchor

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        place = self._place(event)
        plain, _quoted = event.implicit
        tag = event.tag
        if tag in (None, "!"):
            value = scalar(event.value) if plain else event.value
        else:
            value = self._tagged(tag, event.value, place)
        anchor = self._anchor(event.anchor)
        anchor.node = Node(place, value, written=event.value if plain else "")
        anchor.weight += len(event.value)
        self._add(anchor.node, anchor, _Key(place, event.value, plain))

    def _tagged(self, tag: str, text: str, place: Place) -> Scalar:
        name = tag.removeprefix(_CORE)
        if tag == _CORE + "str":
            return text
        value = scalar(text)
        if name not in _TYPES:
            self._report(place, _("the tag {tag} is not used here; leave it out.").format(tag=_short(tag)))
        elif not isinstance(value, _TYPES[name]):
            self._report(place, _("this value does not fit its tag {tag}.").format(tag=f"!!{name}"))
        return value

    def _open(self, event: yaml.MappingStartEvent | yaml.SequenceStartEvent) -> None:
        place = self._place(event)
        is_mapping = isinstance(event, yaml.MappingStartEvent)
        if event.tag not in (None, "!", _CORE + ("map" if is_mapping else "seq")):
            self._report(place, _("the tag {tag} is not used here; leave it out.").format(tag=_short(event.tag)))
        if len(self._stack) >= DEPTH:
            self._stop(place, _too_deep())
        self._stack.append(_Open(place, is_mapping, self._anchor(event.anchor)))

    def _close(self) -> None:
        level = self._stack.pop()
        if level.is_mapping:
            node = Node(level.place, self._merged(level), level.keys)
        else:
            node = Node(level.place, level.items)
        level.anchor.node = node
        self._add(node, level.anchor, None)

    def _alias(self, event: yaml.AliasEvent) -> None:
        place = self._place(event)
        anchor = self._anchors.get(event.anchor or "")
        if anchor is None:
            self._stop(place, _("the alias *{name} has no anchor &{name} above it.").format(name=event.anchor))
        if anchor.node is None:
            self._stop(place, _("the alias *{name} contains itself.").format(name=event.anchor))
        if len(self._stack) + anchor.depth > DEPTH:
            self._stop(place, _too_deep())
        self._expansion += anchor.weight
        if self._expansion > EXPANSION:
            message = _("the aliases of this file stand for more than {limit} values and characters.")
            self._stop(place, message.format(limit=EXPANSION))
        value = anchor.node.value
        self._add(anchor.node, anchor, _Key(place, value, False) if isinstance(value, str) else None)

    def _stop(self, place: Place, message: str) -> NoReturn:
        self.problems.append(Problem(place, path_text(self._path()[:3]), message))
        raise DocumentError(_("{file} is not valid.").format(file=self.file), self.problems)

    def _add(self, node: Node, measure: _Anchor, as_key: _Key | None) -> None:
        """Put a finished value where it belongs; as_key: what it is should it turn out to be a key."""
        if not self._stack:
            self.roots.append(node)
            return
        level = self._stack[-1]
        level.anchor.weight += measure.weight
        level.anchor.depth = max(level.anchor.depth, measure.depth + 1)
        if not level.is_mapping:
            level.items.append(node)
        elif level.key is None:
            level.key = self._checked(as_key, node.place)
        else:
            self._add_entry(level, level.key, node)
            level.key = None

    def _checked(self, key: _Key | None, place: Place) -> _Key:
        if key is None:
            self._report(place, _("a key must be a word, not a list or a mapping."))
            return _Key(place, "", False)
        if not key.text:
            self._report(place, _('a key is missing before the ":".'))
        return key

    def _add_entry(self, level: _Open, key: _Key, node: Node) -> None:
        if key.text == "<<" and key.plain:
            level.merges.append(node)
        elif key.text in level.keys:
            message = _("this key is here twice: on line {first} and on line {second}.")
            first = level.keys[key.text].line
            self._report(key.place, message.format(first=first, second=key.place.line))
        else:
            level.keys[key.text] = key.place
            level.entries[key.text] = node

    def _merged(self, level: _Open) -> dict[str, Node]:
        """The entries with those of `<<: *other` behind them; the first mapping that has a key wins."""
        entries = dict(level.entries)
        for node in level.merges:
            for source in _listed(node):
                if not isinstance(source.value, dict):
                    self._report(source.place, _('"<<" takes a mapping, or a list of mappings.'))
                    continue
                for key, child in source.value.items():
                    entries.setdefault(key, child)
                    level.keys.setdefault(key, source.keys[key])
        return entries


def _listed(node: Node) -> Sequence[Node]:
    return node.value if isinstance(node.value, list) else [node]


def _short(tag: str | None) -> str:
    return (tag or "").replace(_CORE, "!!")


def _too_deep() -> str:
    return _("more than {depth} levels inside each other.").format(depth=DEPTH)
