"""Custom resources against the structural schema of their definition: pruning, defaults, validation.

https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema
The messages are those of k8s.io/apiextensions-apiserver/pkg/apiserver/validation. CEL rules are not evaluated.
"""

import re
from collections.abc import Iterator
from typing import Any

from kfinstall.contracts.manifest import Body
from kfinstall.sandbox.server.status import Cause, not_supported, required, shown, wrong
from kfinstall.sandbox.types.formats import fits
from kfinstall.sandbox.types.schema import KEYED, SET, Schema

ROOT = frozenset({"apiVersion", "kind", "metadata"})


def pruned(body: Body, schema: Schema, unknown: list[str]) -> Body:
    """Without the fields that the schema does not know; their paths are added to `unknown`."""
    own = {name: body[name] for name in body.keys() - ROOT}
    kept: Body = _pruned(own, schema, "", unknown)
    return {**{name: body[name] for name in body if name in ROOT}, **kept}


def _pruned(value: Any, schema: Schema, path: str, unknown: list[str]) -> Any:
    if isinstance(value, list):
        if not isinstance(schema.source.get("items"), dict):
            return value
        return [_pruned(item, schema.items, f"{path}[{n}]", unknown) for n, item in enumerate(value)]
    if not isinstance(value, dict) or schema.is_scalar:
        return value
    free = bool(schema.source.get("x-kubernetes-preserve-unknown-fields"))
    embedded = ROOT if schema.source.get("x-kubernetes-embedded-resource") else frozenset[str]()
    extra = schema.source.get("additionalProperties")
    kept = {}
    for name, child in value.items():
        here = f"{path}.{name}" if path else name
        known = schema.properties.get(name)
        if known is not None:
            kept[name] = _pruned(child, known, here, unknown)
        elif isinstance(extra, dict) and schema.values is not None:
            kept[name] = _pruned(child, schema.values, here, unknown)
        elif free or extra is True or name in embedded:
            kept[name] = child
        else:
            unknown.append(here)
    return kept


def embedded(value: Any, schema: Schema, path: str = "") -> Iterator[tuple[str, Body]]:
    """The objects within an object, that the schema says are ones, and their paths."""
    if isinstance(value, list):
        for n, item in enumerate(value):
            yield from embedded(item, schema.items, f"{path}[{n}]")
    if not isinstance(value, dict):
        return
    if schema.source.get("x-kubernetes-embedded-resource"):
        yield path, value
    for name, child in value.items():
        known = _member(schema, name)
        if known is not None and (path or name not in ROOT):
            yield from embedded(child, known, f"{path}.{name}" if path else name)


def defaulted(value: Any, schema: Schema) -> Any:
    """With the schema's defaults; nulls of fields that have one, and may not be null, are replaced by it."""
    if isinstance(value, list):
        return [defaulted(item, schema.items) for item in value]
    if not isinstance(value, dict):
        return value
    filled = {}
    for name, child in value.items():
        known = _member(schema, name)
        if child is None and known is not None and not known.source.get("nullable"):
            continue
        filled[name] = defaulted(child, known) if known is not None else child
    for name, known in schema.properties.items():
        if name not in filled and "default" in known.source:
            filled[name] = defaulted(known.default, known)
    return filled


def faults(body: Body, schema: Schema) -> list[Cause]:
    """Everything that the schema forbids."""
    found: list[Cause] = []
    for name, known in sorted(schema.properties.items()):
        if name in body and name not in ROOT:
            found += value_faults(body[name], known, name)
    return found + list(_required(body, schema, ""))


def _required(value: Body, schema: Schema, path: str) -> Iterator[Cause]:
    for name in schema.source.get("required") or ():
        if name not in value:
            yield required(f"{path}.{name}" if path else name)


def value_faults(value: Any, schema: Schema, path: str = "") -> Iterator[Cause]:
    """What the schema forbids in a part of an object; path: of the part."""
    if value is None:
        if not schema.source.get("nullable") and schema.type:
            yield _mistyped(path, "null", schema)
    elif not _has_type(value, schema):
        yield _mistyped(path, "number" if isinstance(value, float) else _TYPE_NAMES[type(value)], schema)
        if schema.type == "integer" and isinstance(value, float):
            yield _whole(f"Checked value must be of type integer (default format) in {path}")
    else:
        yield from _combined_faults(value, schema, path)
        yield from _value_faults(value, schema, path)
        yield from _member_faults(value, schema, path)


def _mistyped(path: str, kind: str, schema: Schema) -> Cause:
    wanted = schema.type or "integer,string"
    return Cause(
        "FieldValueTypeInvalid", path, f'Invalid value: "{kind}": {path} in body must be of type {wanted}: "{kind}"'
    )


def _whole(why: str) -> Cause:
    """A fault that the validator does not ascribe to a field."""
    return Cause("FieldValueInvalid", "<nil>", f'Invalid value: "": {why}')


def _combined_faults(value: Any, schema: Schema, path: str) -> Iterator[Cause]:
    """anyOf, oneOf, allOf and not, in the validator's order; of alternatives that all fail the first one is told."""
    if schema.is_int_or_string:
        return
    for rule, wanted in (("anyOf", "at least one schema"), ("oneOf", "one and only one schema")):
        results = _alternatives(value, schema, rule, path)
        valid = sum(not result for result in results)
        if results and not valid:
            more = " Found none valid" if rule == "oneOf" else ""
            yield _whole(f'"{path}" must validate {wanted} ({rule}){"." if more else ""}{more}')
            yield from results[0]
        elif rule == "oneOf" and valid > 1:
            yield _whole(f'"{path}" must validate {wanted} ({rule}). Found {valid} valid alternatives')
    results = _alternatives(value, schema, "allOf", path)
    for result in results:
        yield from result
    if any(results):
        none = "" if not all(results) else " None validated"
        yield _whole(f'"{path}" must validate all the schemas (allOf){"." if none else ""}{none}')
    if "not" in schema.source and not list(value_faults(value, schema.alternative(schema.source["not"]), path)):
        yield _whole(f'"{path}" must not validate the schema (not)')


def _alternatives(value: Any, schema: Schema, rule: str, path: str) -> list[list[Cause]]:
    return [list(value_faults(value, schema.alternative(each), path)) for each in schema.source.get(rule) or ()]


def _member_faults(value: Any, schema: Schema, path: str) -> Iterator[Cause]:
    if isinstance(value, dict):
        for name, child in sorted(value.items()):
            known = _member(schema, name)
            if known is not None:
                yield from value_faults(child, known, f"{path}.{name}")
        yield from _required(value, schema, path)
        if schema.source.get("x-kubernetes-embedded-resource"):
            for name in ("apiVersion", "kind"):
                if not value.get(name):
                    yield required(f"{path}.{name}")
    elif isinstance(value, list):
        for n, item in enumerate(value):
            yield from value_faults(item, schema.items, f"{path}[{n}]")
        yield from _duplicates(value, schema, path)


def _duplicates(items: list[Any], schema: Schema, path: str) -> Iterator[Cause]:
    """Of lists that are sets or have keys."""
    if schema.relation not in {SET, KEYED}:
        return
    seen: list[Any] = []
    for n, item in enumerate(items):
        name = item if schema.relation == SET else {key: item.get(key) for key in schema.keys if key in item}
        if name in seen:
            yield Cause("FieldValueDuplicate", f"{path}[{n}]", f"Duplicate value: {shown(name)}")
        seen.append(name)


def _member(schema: Schema, name: str) -> Schema | None:
    """The schema of a field or of a map's value."""
    known = schema.properties.get(name)
    if known is None and isinstance(schema.source.get("additionalProperties"), dict):
        known = schema.values
    return known


_TYPE_NAMES = {str: "string", bool: "boolean", int: "integer", list: "array", dict: "object"}


def _has_type(value: Any, schema: Schema) -> bool:
    if schema.is_int_or_string:
        return isinstance(value, (int, str)) and not isinstance(value, bool)
    match schema.type:
        case "integer":
            return isinstance(value, int) and not isinstance(value, bool)
        case "number":
            return isinstance(value, (int, float)) and not isinstance(value, bool)
        case "string":
            return isinstance(value, str)
        case "boolean":
            return isinstance(value, bool)
        case "array":
            return isinstance(value, list)
        case "object":
            return isinstance(value, dict)
    return True


def _value_faults(value: Any, schema: Schema, path: str) -> Iterator[Cause]:
    source = schema.source
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        yield from _bounds(value, source, path)
    if isinstance(value, str):
        yield from _text(value, source, path)
    if isinstance(value, list):
        yield from _size(len(value), source, path, "Items", "items")
    if isinstance(value, dict):
        yield from _size(len(value), source, path, "Properties", "properties")
    if "enum" in source and value not in source["enum"]:
        yield not_supported(path, value, [str(entry) for entry in source["enum"]])


def _size(size: int, source: Any, path: str, rule: str, what: str) -> Iterator[Cause]:
    low, high = source.get(f"min{rule}", 0), source.get(f"max{rule}", size)
    if size < low:
        yield wrong(path, size, f"{path} in body should have at least {low} {what}")
    if size > high:
        yield Cause("FieldValueTooMany", path, f"Too many: {size}: must have at most {high} items")


def _bounds(value: float, source: Any, path: str) -> Iterator[Cause]:
    low, high = source.get("minimum"), source.get("maximum")
    if low is not None and (value < low or (source.get("exclusiveMinimum") and value == low)):
        than = "greater than" if source.get("exclusiveMinimum") else "greater than or equal to"
        yield wrong(path, value, f"{path} in body should be {than} {low}")
    if high is not None and (value > high or (source.get("exclusiveMaximum") and value == high)):
        than = "less than" if source.get("exclusiveMaximum") else "less than or equal to"
        yield wrong(path, value, f"{path} in body should be {than} {high}")
    factor = source.get("multipleOf")
    if factor and value % factor:
        yield wrong(path, value, f"{path} in body should be a multiple of {factor}")


def _text(value: str, source: Any, path: str) -> Iterator[Cause]:
    if len(value) < source.get("minLength", 0):
        yield wrong(path, value, f"{path} in body should be at least {source['minLength']} chars long")
    if len(value) > source.get("maxLength", len(value)):
        yield Cause("FieldValueTooLong", path, f"Too long: may not be more than {source['maxLength']} bytes")
    pattern = source.get("pattern")
    if pattern and not _matches(pattern, value):
        yield wrong(path, value, f"{path} in body should match '{pattern}'")
    name = source.get("format", "")
    if not fits(value, name):
        text = f"Invalid value: {shown(value)}: {path} in body must be of type {name}: {shown(value)}"
        yield Cause("FieldValueTypeInvalid", path, text)


def _matches(pattern: str, value: str) -> bool:
    """A pattern of Go's that Python cannot read refuses nothing."""
    try:
        return re.search(pattern, value) is not None
    except re.error:
        return True
