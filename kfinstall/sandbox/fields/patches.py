"""JSON patch (RFC 6902), merge patch (RFC 7396) and Kubernetes' strategic merge patch."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from kfinstall.sandbox.server.status import StatusError, bad_request
from kfinstall.sandbox.types.schema import Schema
from kfinstall.sandbox.types.typed import GO_KINDS, go_text


class MistypedPatch(Exception):
    """A strategic merge patch that does not fit the type of what it patches."""


def merge_patched(value: Any, patch: Any) -> Any:
    """RFC 7396."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(value) if isinstance(value, dict) else {}
    for name, child in patch.items():
        if child is None:
            merged.pop(name, None)
        else:
            merged[name] = merge_patched(merged.get(name), child)
    return merged


def json_patched(value: Any, operations: Any) -> Any:
    """RFC 6902. Raises StatusError 422 when an operation cannot be done."""
    if not isinstance(operations, list):
        raise bad_request(
            "error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp"
        )
    for operation in operations:
        try:
            value = _operated(value, operation)
        except (KeyError, IndexError, ValueError, TypeError) as error:
            raise StatusError(
                HTTPStatus.UNPROCESSABLE_ENTITY,
                "Invalid",
                "the server rejected our request due to an error in our request",
                {},
            ) from error
    return value


def _operated(value: Any, operation: Mapping[str, Any]) -> Any:
    kind, path = operation["op"], _pointer(operation["path"])
    if kind in {"move", "copy"}:
        source = _pointer(operation["from"])
        found = _at(value, source)
        return _set(_removed(value, source) if kind == "move" else value, path, found, insert=True)
    if kind == "remove":
        return _removed(value, path)
    if kind == "test":
        if _at(value, path) != operation.get("value"):
            raise ValueError(path)
        return value
    if kind not in {"add", "replace"}:
        raise ValueError(kind)
    # As evanphx/json-patch does it, a replacement of a member that is not there adds it; of an item it fails.
    return _set(value, path, operation["value"], insert=kind == "add")


def _pointer(text: str) -> list[str]:
    return [part.replace("~1", "/").replace("~0", "~") for part in text.split("/")[1:]]


def _at(value: Any, path: list[str]) -> Any:
    for part in path:
        value = value[int(part)] if isinstance(value, list) else value[part]
    return value


def _set(value: Any, path: list[str], new: Any, *, insert: bool) -> Any:
    if not path:
        return new
    head, *rest = path
    if isinstance(value, list):
        items = list(value)
        place = len(items) if head == "-" else int(head)
        if rest:
            items[place] = _set(items[place], rest, new, insert=insert)
        elif insert:
            if place > len(items):
                raise IndexError(place)
            items.insert(place, new)
        else:
            items[place] = new
        return items
    return {**value, head: _set(value[head], rest, new, insert=insert) if rest else new}


def _removed(value: Any, path: list[str]) -> Any:
    head, *rest = path
    if isinstance(value, list):
        items = list(value)
        if rest:
            items[int(head)] = _removed(items[int(head)], rest)
        else:
            del items[int(head)]
        return items
    if rest:
        return {**value, head: _removed(value[head], rest)}
    if head not in value:
        raise KeyError(head)
    return {name: child for name, child in value.items() if name != head}


DIRECTIVE = "$patch"
RETAIN = "$retainKeys"
ORDER = "$setElementOrder/"
DELETE_ITEMS = "$deleteFromPrimitiveList/"


def strategic_merged(value: Any, patch: Any, schema: Schema) -> Any:
    """A strategic merge patch (apimachinery/pkg/util/strategicpatch/patch.go)."""
    if not isinstance(patch, dict):
        return patch
    match patch.get(DIRECTIVE, "merge"):
        case "replace":
            return {name: child for name, child in patch.items() if name != DIRECTIVE}
        case "delete":
            return {}
        case "merge":
            pass
        case other:
            raise _impossible(f"unknown patch type: {other} in map: {go_text(patch)}")
    merged = dict(value) if isinstance(value, dict) else {}
    if RETAIN in patch:
        merged = {name: child for name, child in merged.items() if name in patch[RETAIN]}
    for name, child in patch.items():
        if name.startswith(DELETE_ITEMS):
            field = name.removeprefix(DELETE_ITEMS)
            merged[field] = [item for item in merged.get(field) or () if item not in child]
        elif not name.startswith("$"):
            _merge_field(merged, name, child, patch, schema.field(name))
    return merged


def _merge_field(merged: dict[str, Any], name: str, child: Any, patch: Mapping[str, Any], known: Schema | None) -> None:
    if child is None:
        merged.pop(name, None)
    elif known is not None and known.type == "array" and not isinstance(child, list):
        raise MistypedPatch(f"cannot restore slice from {GO_KINDS.get(type(child), 'interface')}")
    elif isinstance(child, list):
        order = patch.get(f"{ORDER}{name}")
        merged[name] = _merged_items(merged.get(name), child, order, known)
    elif isinstance(child, dict) and known is not None and "replace" not in known.patch_strategies:
        merged[name] = strategic_merged(merged.get(name), child, known)
    else:
        merged[name] = merge_patched(merged.get(name), child)


def _merged_items(standing: Any, patch: list[Any], order: list[Any] | None, schema: Schema | None) -> list[Any]:
    live: list[Any] = standing if isinstance(standing, list) else []
    if schema is None or "merge" not in schema.patch_strategies:
        return patch
    if not schema.patch_key:
        named = [*patch, *(order or ())]
        return _in_order([*live, *(item for item in patch if item not in live)], named, live, lambda item: item)
    key, items = schema.patch_key, [item for item in live if isinstance(item, dict)]
    _check_items(patch, key)

    def named_by(item: Any) -> Any:
        return item.get(key)

    if any(item == {DIRECTIVE: "replace"} for item in patch):
        items, patch = [], [item for item in patch if item != {DIRECTIVE: "replace"}]
    for item in patch:
        place = next((n for n, each in enumerate(items) if named_by(each) == named_by(item)), None)
        if item.get(DIRECTIVE) == "delete":
            items = [each for each in items if named_by(each) != named_by(item)]
        elif place is None:
            items.append(strategic_merged({}, item, schema.items))
        else:
            items[place] = strategic_merged(items[place], item, schema.items)
    ordered = [entry for entry in order or patch if isinstance(entry, dict) and entry.get(DIRECTIVE) != "delete"]
    before = [named_by(each) for each in live if isinstance(each, dict)]
    return _in_order(items, [named_by(entry) for entry in ordered], before, named_by)


def _check_items(patch: list[Any], key: str) -> None:
    """Raises StatusError for items of a patch that nothing names."""
    if not all(isinstance(item, dict) for item in patch):
        raise bad_request("the patch has something else than objects in a list that is merged by key")
    for item in patch:
        if key not in item and item != {DIRECTIVE: "replace"}:
            raise _impossible(f"map: {go_text(item)} does not contain declared merge key: {key}")


def _impossible(why: str) -> StatusError:
    """An error that the handler of patches expects of nobody."""
    return StatusError(HTTPStatus.INTERNAL_SERVER_ERROR, "", why)


def _in_order(items: list[Any], named: list[Any], before: list[Any], name: Callable[[Any], Any]) -> list[Any]:
    """Items that the patch names in its order; each other one ahead of those that it stood ahead of."""
    ours = sorted((item for item in items if name(item) in named), key=lambda item: named.index(name(item)))
    others = [item for item in items if name(item) not in named]
    ordered: list[Any] = []
    for item in ours:
        place = before.index(name(item)) if name(item) in before else -1
        while others and before.index(name(others[0])) < place:
            ordered.append(others.pop(0))
        ordered.append(item)
    return ordered + others
