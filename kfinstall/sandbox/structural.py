"""Custom resources against the structural schema of their definition: pruning, defaults, validation.

https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema
The messages are those of k8s.io/apiextensions-apiserver/pkg/apiserver/validation. CEL rules are not evaluated.
"""

import re
from collections.abc import Iterator
from typing import Any

from kfinstall.contracts.manifest import Body
from kfinstall.sandbox.schema import Schema
from kfinstall.sandbox.status import Cause, not_supported, required, wrong

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


def defaulted(value: Any, schema: Schema) -> Any:
    """With the schema's defaults; nulls of fields that have one, and may not be null, are replaced by it."""
    if isinstance(value, list):
        return [defaulted(item, schema.items) for item in value]
    if not isinstance(value, dict):
        return value
    filled = {}
    for name, child in value.items():
        known = schema.properties.get(name) or (
            schema.values if isinstance(schema.source.get("additionalProperties"), dict) else None
        )
        if child is None and known is not None and not known.source.get("nullable"):
            continue
        filled[name] = defaulted(child, known) if known is not None else child
    for name, known in schema.properties.items():
        if name not in filled and "default" in known.source:
            filled[name] = defaulted(known.default, known)
    return filled


def faults(body: Body, schema: Schema) -> list[Cause]:
    """Everything that the schema forbids."""
    found = list(_required(body, schema, ""))
    for name, known in schema.properties.items():
        if name in body and name not in ROOT:
            found += _faults(body[name], known, name)
    return found


def _required(value: Body, schema: Schema, path: str) -> Iterator[Cause]:
    for name in schema.source.get("required") or ():
        if name not in value:
            yield required(f"{path}.{name}" if path else name)


def _faults(value: Any, schema: Schema, path: str) -> Iterator[Cause]:
    if value is None:
        if not schema.source.get("nullable") and schema.type:
            yield Cause(
                "FieldValueTypeInvalid",
                path,
                f'Invalid value: "null": {path} in body must be of type {schema.type}: "null"',
            )
        return
    if not _has_type(value, schema):
        kind = "integer" if isinstance(value, int) and not isinstance(value, bool) else _TYPE_NAMES[type(value)]
        wanted = schema.type or "integer,string"
        yield Cause(
            "FieldValueTypeInvalid", path, f'Invalid value: "{kind}": {path} in body must be of type {wanted}: "{kind}"'
        )
        return
    yield from _value_faults(value, schema, path)
    if isinstance(value, dict):
        yield from _required(value, schema, path)
        for name, child in value.items():
            known = schema.properties.get(name) or (
                schema.values if isinstance(schema.source.get("additionalProperties"), dict) else None
            )
            if known is not None:
                yield from _faults(child, known, f"{path}.{name}")
    elif isinstance(value, list):
        for n, item in enumerate(value):
            yield from _faults(item, schema.items, f"{path}[{n}]")


_TYPE_NAMES = {str: "string", bool: "boolean", int: "integer", float: "number", list: "array", dict: "object"}


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
    if "enum" in source and value not in source["enum"]:
        yield not_supported(path, value, [str(entry) for entry in source["enum"]])
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        yield from _bounds(value, source, path)
    if isinstance(value, str):
        yield from _text(value, source, path)
    for size, text in ((len(value) if isinstance(value, list) else None, "items"),):
        if size is not None and size < source.get("minItems", 0):
            yield wrong(path, size, f"{path} in body should have at least {source['minItems']} {text}")
        if size is not None and size > source.get("maxItems", size):
            yield Cause("FieldValueTooMany", path, f"Too many: {size}: must have at most {source['maxItems']} {text}")


def _bounds(value: float, source: Any, path: str) -> Iterator[Cause]:
    low, high = source.get("minimum"), source.get("maximum")
    if low is not None and (value < low or (source.get("exclusiveMinimum") and value == low)):
        than = "greater than" if source.get("exclusiveMinimum") else "greater than or equal to"
        yield wrong(path, value, f"{path} in body should be {than} {low}")
    if high is not None and (value > high or (source.get("exclusiveMaximum") and value == high)):
        than = "less than" if source.get("exclusiveMaximum") else "less than or equal to"
        yield wrong(path, value, f"{path} in body should be {than} {high}")


def _text(value: str, source: Any, path: str) -> Iterator[Cause]:
    if len(value) < source.get("minLength", 0):
        yield wrong(path, value, f"{path} in body should be at least {source['minLength']} chars long")
    if len(value) > source.get("maxLength", len(value)):
        yield Cause("FieldValueTooLong", path, f"Too long: may not be more than {source['maxLength']} bytes")
    pattern = source.get("pattern")
    if pattern and not _matches(pattern, value):
        yield wrong(path, value, f"{path} in body should match '{pattern}'")


def _matches(pattern: str, value: str) -> bool:
    """A pattern of Go's that Python cannot read refuses nothing."""
    try:
        return re.search(pattern, value) is not None
    except re.error:
        return True
