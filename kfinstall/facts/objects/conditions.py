"""The conditions in an object's status."""

from collections.abc import Mapping
from typing import Any

from kfinstall.contracts.manifest import Body


def condition(body: Body, kind: str) -> Mapping[str, Any]:
    """The condition of that type; an empty one when the object has none."""
    for each in (body.get("status") or {}).get("conditions") or ():
        if each.get("type") == kind:
            found: Mapping[str, Any] = each
            return found
    return {}


def holds(body: Body, kind: str) -> bool | None:
    """Whether a condition is true; None when it is unknown or not there."""
    return {"True": True, "False": False}.get(str(condition(body, kind).get("status")))
