"""Answers that nobody typed: what keeps a fix, taken into the draft as if its user had answered so."""

from collections.abc import Mapping
from typing import Any

from kfinstall.guide.draft import Draft
from kfinstall.guide.steps import steps


def take_in(draft: Draft, settings: Mapping[str, Any]) -> None:
    """Answer by dotted key. A list that is there gets the entries that it lacks; what another member of a union had is
    put aside, so that going back finds it."""
    unions = {each.dotted: each for step in steps(draft) for each in step.ask(draft) if each.members}
    for key, value in settings.items():
        path = tuple(key.split("."))
        held = draft.get(path)
        if key in unions:
            draft.choose(unions[key], value)
        elif isinstance(held, list) and isinstance(value, list):
            draft.put(path, [*held, *(entry for entry in value if entry not in held)])
        else:
            draft.put(path, value)
