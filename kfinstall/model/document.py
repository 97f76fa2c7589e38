"""A parsed document that still knows where each of its parts stands in the text.

A Node is one YAML value with its place; a Document is the plain data of a Node for everyone who only wants
the data, and the places for whoever reports what is wrong with it. Nodes of several files can be merged into
one tree: each keeps the file that it came from.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from kfinstall.errors import Place, Problem

Path: TypeAlias = Sequence[str | int]
"""Keys and list indexes from the root of a document."""

Scalar: TypeAlias = bool | int | float | str | None

_BARE_KEY = re.compile(r"[\w/-]+")


@dataclass(frozen=True, slots=True)
class Node:
    """One value.

    keys: where each key of a mapping stands. written: an unquoted scalar as the file has it, else "".
    template: the text with its ${ENV} when the value holds what the environment gave, else "".
    """

    place: Place
    value: "Scalar | Mapping[str, Node] | Sequence[Node]"
    keys: Mapping[str, Place] = field(default_factory=dict)
    written: str = ""
    template: str = ""

    def child(self, part: str | int) -> "Node | None":
        """The value under a key or at an index; None where there is none."""
        if isinstance(self.value, Mapping):
            return self.value.get(part) if isinstance(part, str) else None
        if isinstance(self.value, list | tuple) and isinstance(part, int) and 0 <= part < len(self.value):
            found: Node = self.value[part]
            return found
        return None

    def plain(self) -> object:
        """The value as plain dicts, lists and scalars."""
        if isinstance(self.value, Mapping):
            return {key: child.plain() for key, child in self.value.items()}
        if isinstance(self.value, list | tuple):
            return [child.plain() for child in self.value]
        return self.value


@dataclass(frozen=True, slots=True)
class Document:
    """Plain data with places. data: dicts, lists and scalars, every key a str. file: as the user named it.

    at_path: what a part of a larger document has in front of its own paths in messages.
    root is None for data that was never a text (of a test, or of the wizard): its place is just the file.
    """

    data: object
    file: str
    root: Node | None = field(default=None, repr=False, compare=False)
    at_path: tuple[str | int, ...] = ()

    @classmethod
    def of(cls, root: Node) -> "Document":
        return cls(root.plain(), root.place.file, root)

    def node(self, path: Path) -> Node | None:
        """The node at a path; None where the document has nothing there."""
        node = self.root
        for part in path:
            node = node.child(part) if node else None
        return node

    def place(self, path: Path, *, key: bool = False) -> Place:
        """Where the value at `path` begins, or its key; for a path that is not there, its nearest parent."""
        if self.root is None:
            return Place(self.file)
        node, place = self.root, self.root.place
        for position, part in enumerate(path):
            child = node.child(part)
            if child is None:
                break
            last = position == len(path) - 1
            place = node.keys.get(str(part), child.place) if key and last else child.place
            node = child
        return place

    def at(self, path: Path) -> "Document":
        """The part of this document under `path`, with the same places.

        Raises KeyError where there is nothing.
        """
        data = self.data
        for part in path:
            found, data = step(data, part)
            if not found:
                raise KeyError(path_text(path))
        node = self.node(path)
        return Document(data, node.place.file if node else self.file, node, (*self.at_path, *path))


def step(data: object, part: str | int) -> tuple[bool, object]:
    """Whether plain data has something under a key or at an index, and what."""
    if isinstance(data, dict) and part in data:
        return True, data[part]
    if isinstance(data, list) and isinstance(part, int) and 0 <= part < len(data):
        return True, data[part]
    return False, None


def path_text(path: Path) -> str:
    """A path as messages and `--set` write it: `a.b[0]."x.y"`."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
            continue
        key = part if _BARE_KEY.fullmatch(part) else '"' + part.replace("\\", "\\\\").replace('"', '\\"') + '"'
        text += f".{key}" if text else key
    return text


def problem(document: Document, path: Path, message: str, *, key: bool = False) -> Problem:
    """What is wrong at a path of the document. key: point at the key instead of its value."""
    return Problem(document.place(path, key=key), path_text((*document.at_path, *path)), message)
