"""What somebody who chooses a platform's options has answered already: `platform` as it stands, which may be half."""

from collections.abc import Mapping
from typing import Any

from kfinstall.errors import UsageError
from kfinstall.words import _


def answer(options: Mapping[str, Any], field: str) -> str:
    """What stands at a field, by its dotted key; "" where nothing does."""
    found: Any = options
    for key in field.split("."):
        found = found.get(key) if isinstance(found, Mapping) else None
    return str(found) if found else ""


def needed(options: Mapping[str, Any], field: str) -> str:
    """The same. Raises UsageError where nothing stands: the choice of another field depends on it."""
    found = answer(options, field)
    if not found:
        raise UsageError(
            _("What there is to choose from depends on platform.{field}.").format(field=field),
            fix=_("Answer that first."),
        )
    return found
