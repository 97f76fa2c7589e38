"""`Did you mean …?` for names that a user wrote."""

import difflib
from collections.abc import Iterable

from kfinstall.words import _


def did_you_mean(word: str, choices: Iterable[str]) -> str:
    """` Did you mean "x"?`, or nothing where no choice is near."""
    near = difflib.get_close_matches(word, list(choices), n=1)
    return " " + _('Did you mean "{choice}"?').format(choice=near[0]) if near else ""
