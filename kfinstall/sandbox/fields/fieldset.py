"""Sets of fields: of an object, of the difference of two, and as managedFields writes them (fieldsV1).

A path is a tuple of elements as fieldsV1 spells them: "f:name", 'k:{"name":"a"}', 'v:"a"', 'i:0'. The walks are those
of sigs.k8s.io/structured-merge-diff: typed/tofieldset.go, compare.go, merge.go and remove.go.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from kfinstall.sandbox.types.schema import ATOMIC, KEYED, Schema

Path = tuple[str, ...]
Fields = set[Path]
MISSING: Any = object()


class DuplicateItems(Exception):
    """A list that may hold each key once holds one twice; the text is that of structured-merge-diff."""


def encoded(fields: Iterable[Path]) -> dict[str, Any]:
    """As fieldsV1: a leaf is {}, and "." marks a member that has children."""
    root: dict[str, Any] = {}
    for path in sorted(fields):
        node = root
        for element in path:
            node = node.setdefault(element, {})
        node["."] = {}
    return _without_lone_dots(root)


def _without_lone_dots(node: dict[str, Any]) -> dict[str, Any]:
    if node.keys() == {"."}:
        return {}
    return {key: _without_lone_dots(child) if key != "." else {} for key, child in node.items()}


def decoded(fields: Mapping[str, Any]) -> Fields:
    """The set that a fieldsV1 spells."""
    return set(_decoded(fields, ()))


def _decoded(node: Mapping[str, Any], path: Path) -> Iterator[Path]:
    for key, child in node.items():
        if key == ".":
            yield path
        elif child:
            yield from _decoded(child, (*path, key))
        else:
            yield (*path, key)


def spelled(path: Path) -> str:
    """A path for people: `.spec.containers[name="a"].image`."""
    parts = []
    for element in path:
        kind, text = element[0], element[2:]
        if kind == "f":
            parts.append(f".{text}")
        elif kind == "k":
            keys = json.loads(text)
            parts.append("[" + ",".join(f"{name}={_json(value)}" for name, value in keys.items()) + "]")
        elif kind == "v":
            parts.append(f"[={text}]")
        else:
            parts.append(f"[{text}]")
    return "".join(parts)


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def element_of(item: Any, schema: Schema) -> str:
    """The path element that names an item of a keyed list or of a set."""
    if schema.relation != KEYED:
        return "v:" + _json(item)
    known = schema.items.properties
    keys: dict[str, Any] = {}
    for name in sorted(schema.keys):
        value = item.get(name) if isinstance(item, dict) else None
        if value is None:
            value = known[name].default if name in known else None
        if value is not None:
            keys[name] = value
    return "k:" + json.dumps(keys, separators=(",", ":"), ensure_ascii=False)


def is_leaf(schema: Schema, value: Any) -> bool:
    """Whether a value is owned as a whole."""
    if isinstance(value, dict):
        return schema.is_scalar or schema.relation == ATOMIC
    if isinstance(value, list):
        return schema.type != "array" or schema.relation == ATOMIC
    return True


def fields_of(value: Any, schema: Schema) -> Fields:
    """The fields that an object has (typed/tofieldset.go)."""
    found: Fields = set()
    _collect(value, schema, (), found)
    return found


def _collect(value: Any, schema: Schema, path: Path, found: Fields) -> None:
    schema = schema.resolved(value)
    if is_leaf(schema, value):
        if path:
            found.add(path)
    elif isinstance(value, dict):
        for name, child in value.items():
            here = (*path, f"f:{name}")
            known = schema.field(name)
            if child is None or child == {} or name not in schema.properties:
                found.add(here)
            if known is not None and child is not None:
                _collect(child, known, here, found)
    else:
        for element, items in _by_element(value, schema).items():
            found.add((*path, element))
            if len(items) == 1:  # of an item that is there twice nobody owns the fields
                _collect(items[0], schema.items, (*path, element), found)


@dataclass(slots=True)
class Difference:
    """What makes one object into another."""

    added: Fields = field(default_factory=set)
    modified: Fields = field(default_factory=set)
    removed: Fields = field(default_factory=set)

    def keep(self, wanted: Callable[[Path], bool]) -> None:
        """Forget every path that is not wanted."""
        for paths in (self.added, self.modified, self.removed):
            paths.intersection_update({path for path in paths if wanted(path)})


def compare(old: Any, new: Any, schema: Schema) -> Difference:
    """The difference of two objects of a schema (typed/compare.go)."""
    difference = Difference()
    _compare(old, new, schema, (), difference)
    return difference


def _compare(old: Any, new: Any, schema: Schema, path: Path, found: Difference) -> None:
    if old is new or (old is MISSING and new is MISSING):
        return
    schema = schema.resolved(new if new is not MISSING else old)
    sides = [side for side in (old, new) if side is not MISSING and side is not None]
    if not any(_is_open(side, schema) for side in sides):
        _compare_leaf(old, new, path, found)
        return
    if any(isinstance(side, dict) for side in sides):
        _compare_maps(_map(old), _map(new), schema, path, found)
    else:
        _compare_lists(old, new, schema, path, found)
    if path and old is MISSING:
        found.added.add(path)
    elif path and new is MISSING:
        found.removed.add(path)


def _is_open(side: Any, schema: Schema) -> bool:
    """Whether a side has members to look at; two that are empty are compared as a whole."""
    return isinstance(side, (dict, list)) and bool(side) and not is_leaf(schema, side)


def _map(side: Any) -> Mapping[str, Any]:
    return side if isinstance(side, dict) else {}


def _compare_leaf(old: Any, new: Any, path: Path, found: Difference) -> None:
    if not path:
        return
    if old is MISSING:
        found.added.add(path)
    elif new is MISSING:
        found.removed.add(path)
    elif old != new or type(old) is not type(new):
        found.modified.add(path)


def _compare_maps(
    old: Mapping[str, Any], new: Mapping[str, Any], schema: Schema, path: Path, found: Difference
) -> None:
    for name in old.keys() | new.keys():
        before, after = old.get(name, MISSING), new.get(name, MISSING)
        if before is not after:
            _compare(before, after, schema.field(name) or ANYTHING_UNKNOWN, (*path, f"f:{name}"), found)


def _compare_lists(old: Any, new: Any, schema: Schema, path: Path, found: Difference) -> None:
    before, after = _by_element(old, schema), _by_element(new, schema)
    for element in before.keys() | after.keys():
        ours, theirs = before.get(element, []), after.get(element, [])
        here = (*path, element)
        if max(len(ours), len(theirs)) > 1:
            _compare_leaf(ours or MISSING, theirs or MISSING, here, found)
        else:
            _compare(next(iter(ours), MISSING), next(iter(theirs), MISSING), schema.items, here, found)


def _by_element(items: Any, schema: Schema) -> dict[str, list[Any]]:
    """The items by the path elements that name them; an update may have put two under one name."""
    found: dict[str, list[Any]] = {}
    for item in items if isinstance(items, list) else ():
        found.setdefault(element_of(item, schema), []).append(item)
    return found


def merge(live: Any, applied: Any, schema: Schema) -> Any:
    """The live object with what is applied (typed/merge.go, ruleKeepRHS). Nothing given is changed."""
    if live is MISSING or live is None:
        return applied
    if applied is MISSING:
        return live
    schema = schema.resolved(applied)
    if is_leaf(schema, applied) or not isinstance(applied, type(live)):
        return applied
    if isinstance(applied, dict):
        merged = dict(live)
        for name, value in applied.items():
            merged[name] = merge(live.get(name, MISSING), value, schema.field(name) or ANYTHING_UNKNOWN)
        return merged
    return _merged_list(live, applied, schema)


def _merged_list(live: list[Any], applied: list[Any], schema: Schema) -> list[Any]:
    """Applied items in their order; live ones that are not applied stay where they stood among their neighbours."""
    theirs = _by_element(live, schema)
    left, right = [element_of(item, schema) for item in live], [element_of(item, schema) for item in applied]
    ours, done, merged = set(right), set(), []
    shared = iter([element for element in right if element in theirs])
    next_shared = next(shared, None)
    i = j = 0
    while i < len(left) or j < len(right):
        is_left, is_right = i < len(left), j < len(right)
        if is_left and left[i] not in ours:
            merged.append(live[i])
            i += 1
        elif is_left and (left[i] in done or (is_right and left[i] != right[j] and next_shared not in {None, left[i]})):
            i += 1
        else:
            element = right[j]
            merged.append(merge(theirs[element][0] if element in theirs else MISSING, applied[j], schema.items))
            done.add(element)
            next_shared = next(shared, None) if element == next_shared else next_shared
            i += is_left and left[i] == element
            j += 1
    return merged


def without(value: Any, schema: Schema, fields: Fields) -> Any:
    """The object without these fields and items (typed/remove.go)."""
    return _without(value, schema, _tree(fields)) if fields else value


def _tree(fields: Fields) -> dict[str, Any]:
    root: dict[str, Any] = {}
    for path in fields:
        node = root
        for element in path:
            node = node.setdefault(element, {})
        node["."] = True
    return root


def _without(value: Any, schema: Schema, tree: Mapping[str, Any]) -> Any:
    schema = schema.resolved(value)
    if is_leaf(schema, value):
        return value
    if isinstance(value, dict):
        kept = {}
        for name, child in value.items():
            below = tree.get(f"f:{name}")
            if below is None:
                kept[name] = child
            elif "." not in below:
                kept[name] = _without(child, schema.field(name) or ANYTHING_UNKNOWN, below)
        return kept
    items = []
    for item in value:
        below = tree.get(element_of(item, schema))
        if below is None:
            items.append(item)
        elif "." not in below:
            items.append(_without(item, schema.items, below))
    return items


def with_named_parents(fields: Fields) -> Fields:
    """With each field's parents that are fields themselves (fieldpath.Set.EnsureNamedFieldsAreMembers)."""
    found = set(fields)
    for path in fields:
        for length in range(len(path) - 1, 0, -1):
            if path[length - 1].startswith("f:"):
                found.add(path[:length])
    return found


ANYTHING_UNKNOWN = Schema({"x-kubernetes-preserve-unknown-fields": True}, {})
