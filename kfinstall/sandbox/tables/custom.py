"""The cells of custom resources: what the JSONPath of a printer column selects."""

import json
import re
from collections.abc import Mapping
from typing import Any

from kfinstall.contracts.manifest import Body
from kfinstall.sandbox.tables.ages import age

_STEP = re.compile(
    r"""\.([A-Za-z0-9_-]+|\*)|\['([^']+)'\]|\[(\d+|\*)\]|\[\?\(@\.([A-Za-z0-9_.]+)\s*==\s*["']([^"']*)["']\)\]"""
)


def custom_cell(body: Body, column: Mapping[str, Any]) -> Any:
    if column["name"] == "Name" and "jsonPath" not in column:
        return body["metadata"].get("name", "")
    found = json_path(body, str(column.get("jsonPath", "")).replace("\\.", "\0"))
    if not found:
        return None
    value = found[0]
    if column.get("type") == "date":
        return age(value) if isinstance(value, str) else "<unknown>"
    if column.get("type") in {"integer", "number", "boolean"}:
        return value
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


def json_path(value: Any, path: str) -> list[Any]:
    """What the part of JSONPath that printer columns use selects."""
    found = [value]
    for step in _STEP.finditer(path):
        name, quoted, index, key, wanted = step.groups()
        name = (quoted or name or "").replace("\0", ".")
        step_found: list[Any] = []
        for each in found:
            if key:
                step_found += [item for item in each or () if isinstance(item, dict) and str(item.get(key)) == wanted]
            elif isinstance(each, dict) and name in each:
                step_found.append(each[name])
            elif isinstance(each, list) and index:
                step_found += each if index == "*" else each[int(index) : int(index) + 1]
        found = step_found
    return found
