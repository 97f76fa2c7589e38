"""`--set a.b[0]."x.y"=value`: one value of the document, from the command line."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from kfinstall.errors import DocumentError, Place, Problem
from kfinstall.model.document import Document, Node, Path, path_text
from kfinstall.model.merge import PLATFORM, merged
from kfinstall.model.parse import parse
from kfinstall.model.yaml_events import scalar
from kfinstall.words import _

TYPE_OF_PLATFORM = (*PLATFORM, "type")

_STEP = re.compile(r'\.?(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<bare>[^.\[\]="]+))|\[(?P<index>[0-9]{1,4})\]')


@dataclass(frozen=True, slots=True)
class Override:
    """One --set. place: `--set 3` for the third; it stands for the file in messages."""

    path: tuple[str | int, ...]
    text: str
    place: Place


def override(argument: str, position: int) -> Override:
    """An override from its text. position: from 1. Raises DocumentError for what is not `path=value`."""
    place = Place(f"--set {position}")
    parts: list[str | int] = []
    end = 0
    while end < len(argument) and argument[end] != "=":
        found = _STEP.match(argument, end)
        if not found or (not parts) is not (found[0][0] not in ".["):
            break
        parts.append(_part(found))
        end = found.end()
    if not parts or argument[end : end + 1] != "=":
        message = _('a path, "=" and a value are expected, such as a.b=c, a.b[0]=c or a."x.y"=c.')
        raise _refusal(Problem(place, "", message))
    return Override(tuple(parts), argument[end + 1 :], place)


def _part(found: re.Match[str]) -> str | int:
    if found["index"] is not None:
        return int(found["index"])
    if found["quoted"] is not None:
        return re.sub(r"\\(.)", r"\1", found["quoted"])
    return found["bare"]


def overridden(root: Node, change: Override, wants_text: Callable[[object, Path], bool]) -> Node:
    """The tree with one value replaced, and the mappings and list entries that lead to it made where needed.

    wants_text: whether the path is always a text, given the data; then the value is taken as it is. null removes.
    Raises DocumentError where the path does not fit the tree, or the value is no YAML.
    """
    value = _value(change, wants_text(Document.of(root).data, change.path))
    platform = root.child(PLATFORM[0])
    if change.path == TYPE_OF_PLATFORM and platform and platform.child("type"):
        # as of a file on top of another: the options of one platform mean nothing to another
        platform = Node(change.place, {"type": value}, {"type": change.place})
        return merged(root, Node(change.place, {"platform": platform}, {"platform": change.place}))
    return _replaced(root, change, 0, value)


def _value(change: Override, is_text: bool) -> Node:
    text = change.text
    if is_text and text != "null":
        return Node(change.place, text)
    if text[:1] not in ("[", "{"):
        return Node(change.place, scalar(text), written=text)
    try:
        document = parse(text, change.place.file)[0]
    except DocumentError as error:
        path = path_text(change.path)
        raise _refusal(*(Problem(change.place, path, each.message) for each in error.problems)) from None
    return _placed(document.root, change.place)


def _placed(node: Node | None, place: Place) -> Node:
    """The same value, all of it from one place: lines and columns of an argument help nobody."""
    if node is None:
        return Node(place, None)
    if isinstance(node.value, dict):
        inner = {key: _placed(child, place) for key, child in node.value.items()}
        return Node(place, inner, dict.fromkeys(inner, place))
    if isinstance(node.value, list):
        return Node(place, [_placed(each, place) for each in node.value])
    return replace(node, place=place)


def _replaced(node: Node | None, change: Override, depth: int, value: Node) -> Node:
    if depth == len(change.path):
        return value
    part = change.path[depth]
    if node is None or node.value is None:
        node = Node(change.place, [] if isinstance(part, int) else {})
    inner = _replaced(node.child(part), change, depth + 1, value)
    if isinstance(part, str) and isinstance(node.value, dict):
        return replace(node, value={**node.value, part: inner}, keys={**node.keys, part: change.place})
    if isinstance(part, int) and isinstance(node.value, list) and part <= len(node.value):
        return replace(node, value=[*node.value[:part], inner, *node.value[part + 1 :]])
    raise _refusal(Problem(change.place, path_text(change.path), _misfit(node, change.path, depth)))


def _misfit(node: Node, path: Path, depth: int) -> str:
    """Why a step of the path cannot be taken: what stands before it is something else, or too short."""
    before = path_text(path[:depth]) or _("the document")
    if isinstance(node.value, list) and isinstance(path[depth], int):
        return _("{path} has {count} entries; the next is [{count}].").format(path=before, count=len(node.value))
    if isinstance(node.value, list):
        return _("{path} is a list; name an entry with [0].").format(path=before)
    if isinstance(node.value, dict):
        return _("{path} is a mapping; name a key.").format(path=before)
    return _("{path} is a single value; nothing is inside it.").format(path=before)


def _refusal(*problems: Problem) -> DocumentError:
    return DocumentError(_("a --set cannot be used."), problems)
