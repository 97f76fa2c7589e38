"""Changing values in the text of an Install file: its comments, its order and its quotes stay as they are.

The text is changed where a value stands, or gets a line where one is missing, and is then read again: what comes out
has to be what went in with these values, and nothing else.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from kfinstall.errors import UsageError
from kfinstall.words import _

Keys = Sequence[str]


def edited(text: str, settings: Mapping[str, Any]) -> str:
    """The text with these values, by dotted key; a list that is there gets the entries that it lacks.

    Raises UsageError where the text is no mapping in YAML, or is written in a way that is not understood here.
    """
    wanted = _data(text)
    for name, value in settings.items():
        keys = name.split(".")
        had = _at(wanted, keys)
        lacking = [entry for entry in value if entry not in had] if _are_lists(had, value) else value
        wanted = _with(wanted, keys, value)
        text = _edited(text, keys, lacking)
    if _data(text) != wanted:
        raise _not_understood()
    return text


def _data(text: str) -> dict[str, Any]:
    try:
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise _not_understood() from error
    if not isinstance(data, dict):
        raise _not_understood()
    return data


def _not_understood() -> UsageError:
    return UsageError(_("The file is written in a way that is not changed by a program."))


def _at(data: Any, keys: Keys) -> Any:
    for key in keys:
        data = data.get(key) if isinstance(data, dict) else None
    return data


def _are_lists(one: Any, other: Any) -> bool:
    return isinstance(one, list) and isinstance(other, list)


def _with(data: Any, keys: Keys, value: Any) -> Any:
    """The data with the value at its place."""
    if not keys:
        if _are_lists(data, value):
            return [*data, *(entry for entry in value if entry not in data)]
        return value
    here = data if isinstance(data, dict) else {}
    return {**here, keys[0]: _with(here.get(keys[0]), keys[1:], value)}


def _edited(text: str, keys: Keys, value: Any) -> str:
    root = yaml.compose(text, yaml.SafeLoader)
    assert root is not None  # noqa: S101 - whoever calls has read it
    node: yaml.Node = root
    for depth, key in enumerate(keys):
        found = _child(node, key)
        if found is None:
            return _inserted(text, node, keys[depth:], value)
        node = found
    if isinstance(node, yaml.SequenceNode) and isinstance(value, list):
        return _appended(text, node, value)
    if isinstance(node, yaml.ScalarNode) or (isinstance(node, yaml.CollectionNode) and node.flow_style):
        return _replaced(text, node, value)
    raise _not_understood()


def _child(node: yaml.Node, key: str) -> yaml.Node | None:
    pairs = node.value if isinstance(node, yaml.MappingNode) else ()
    return next((value for name, value in pairs if name.value == key), None)


def _replaced(text: str, node: yaml.Node, value: Any) -> str:
    new = json.dumps(value) if isinstance(value, dict | list) else _scalar(value)
    space = " " if node.start_mark.index == node.end_mark.index else ""  # `key:` with nothing behind it
    return text[: node.start_mark.index] + space + new + text[node.end_mark.index :]


def _inserted(text: str, node: yaml.Node, keys: Keys, value: Any) -> str:
    """The text with a key more in a mapping: as a last line of it, or before its closing bracket."""
    if isinstance(node, yaml.ScalarNode) and node.value in ("", "null", "~"):
        place = node.start_mark
        return (
            text[: place.index]
            + "\n"
            + _block(keys, value, _indentation(text, place.index) + 2)
            + text[node.end_mark.index :]
        )
    if not isinstance(node, yaml.MappingNode):
        raise _not_understood()
    if node.flow_style:
        end = node.end_mark.index - 1
        comma = ", " if node.value else ""
        return text[:end].rstrip() + comma + json.dumps(_nested(keys, value))[1:-1] + text[end:]
    return _line_after(text, _last(node), _block(keys, value, node.start_mark.column))


def _appended(text: str, node: yaml.SequenceNode, entries: list[Any]) -> str:
    if not entries:
        return text
    if node.flow_style:
        end = node.end_mark.index - 1
        comma = ", " if node.value else ""
        return text[:end].rstrip() + comma + json.dumps(entries)[1:-1] + text[end:]
    lines = _dumped(entries, node.start_mark.column)
    return _line_after(text, _last(node), lines)


def _last(node: yaml.Node) -> int:
    """Where the last thing in a node ends: the node itself ends where the next one begins, comments included."""
    while isinstance(node, yaml.CollectionNode) and node.value and not node.flow_style:
        last = node.value[-1]
        node = last[1] if isinstance(node, yaml.MappingNode) else last
    end: int = node.end_mark.index
    return end


def _line_after(text: str, index: int, lines: str) -> str:
    """The text with lines behind the one in which an index stands."""
    if text[:index].endswith("\n"):  # a text of several lines ends with its last line
        return text[:index] + lines + "\n" + text[index:]
    end = text.find("\n", index)
    if end < 0:
        return f"{text}\n{lines}\n"
    return text[: end + 1] + lines + "\n" + text[end + 1 :]


def _indentation(text: str, index: int) -> int:
    line = text[text.rfind("\n", 0, index) + 1 : index]
    return len(line) - len(line.lstrip(" "))


def _nested(keys: Keys, value: Any) -> Any:
    return {keys[0]: _nested(keys[1:], value)} if keys else value


def _block(keys: Keys, value: Any, column: int) -> str:
    return _dumped(_nested(keys, value), column)


def _dumped(value: Any, column: int) -> str:
    dumped = yaml.safe_dump(value, sort_keys=False, allow_unicode=True, default_flow_style=False)
    return "\n".join(" " * column + line for line in dumped.rstrip("\n").split("\n"))


def _scalar(value: Any) -> str:
    dumped: str = yaml.safe_dump(value, allow_unicode=True, default_flow_style=True)
    return dumped.removesuffix("\n").removesuffix("\n...")
