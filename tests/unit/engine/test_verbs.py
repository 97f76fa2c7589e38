"""Every verb that plans, fixes and events have is known in the user's language."""

from __future__ import annotations

import pytest

from kfinstall.contracts.event import Outcome
from kfinstall.contracts.plan import Verb
from kfinstall.engine.mending import Act
from kfinstall.engine.telling import _VERBS, in_words


@pytest.mark.parametrize("verb", [*Verb, *Act, *(each for each in Outcome if each is not Outcome.MET)])
def test_a_verb_has_words(verb: str) -> None:
    assert verb in _VERBS


def test_a_column_of_verbs_is_straight() -> None:
    assert in_words("keep", 7) == "keep   "
    assert in_words("not a verb", 7) == "not a verb"
