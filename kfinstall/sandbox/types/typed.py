"""Whether an applied object is of its type, in the words of structured-merge-diff (typed/validate.go)."""

from typing import Any

from kfinstall.sandbox.types.schema import ANY_SCALAR, Schema

EMBEDDED = frozenset({"apiVersion", "kind", "metadata"})
GO_KINDS = {str: "string", bool: "boolean", int: "int", float: "float", dict: "map", list: "list"}


def problem_of(value: Any, schema: Schema, path: str = "") -> str:
    """The first thing that is not of its type; "" when there is none."""
    schema = schema.resolved(value)
    if value is None:
        return ""
    if isinstance(value, dict) and schema.type in {"object", ""} and not schema.is_scalar:
        return _problem_of_map(value, schema, path)
    if isinstance(value, list) and schema.type == "array":
        found = (problem_of(item, schema.items, f"{path}[{n}]") for n, item in enumerate(value))
        return next(filter(None, found), "")
    return _problem_of_scalar(value, schema, path)


def _problem_of_map(value: dict[str, Any], schema: Schema, path: str) -> str:
    embedded = EMBEDDED if schema.source.get("x-kubernetes-embedded-resource") else frozenset[str]()
    for name, child in value.items():
        known = schema.field(name)
        if known is None and name not in embedded:
            return f"{path}.{name}: field not declared in schema"
        problem = problem_of(child, known, f"{path}.{name}") if known is not None else ""
        if problem:
            return problem
    return ""


def _problem_of_scalar(value: Any, schema: Schema, path: str) -> str:
    if schema is ANY_SCALAR or schema.is_int_or_string:
        return ""
    match schema.type:
        case "integer" | "number" if not isinstance(value, (int, float)) or isinstance(value, bool):
            return f"{path}: expected numeric (int or float), got {GO_KINDS[type(value)]}"
        case "boolean" if not isinstance(value, bool):
            return f"{path}: expected boolean, got {GO_KINDS[type(value)]}"
        case "string" if not schema.name and not isinstance(value, str):
            return f"{path}: expected string, got &value.valueUnstructured{{Value:{go_text(value)}}}"
        case "object":
            return f"{path}: expected map, got &{{{go_text(value)}}}"
        case "array":
            return f"{path}: expected list, got &{{{go_text(value)}}}"
    return ""


def go_text(value: Any) -> str:
    """As Go's %v prints it."""
    if isinstance(value, dict):
        return "map[" + " ".join(f"{name}:{go_text(value[name])}" for name in sorted(value)) + "]"
    if isinstance(value, list):
        return "[" + " ".join(map(go_text, value)) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    return "<nil>" if value is None else str(value)
