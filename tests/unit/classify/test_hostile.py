"""No text crashes the classifier or keeps it busy."""

import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kfinstall.facts.classify import classify
from kfinstall.facts.classify.catalogue import catalogue
from kfinstall.facts.classify.phrase import Phrase
from tests.unit.classify.messages import by_cause

LIMIT = 0.5
"""Seconds of processor time for one message: it takes some hundredths, a rule that goes astray minutes."""

PIECES = sorted({piece for _cause, text in by_cause("wordings") for piece in text.split()})


def seconds(text: str) -> float:
    classify(text)  # compiles what it needs
    start = time.process_time()
    classify(text)
    return time.process_time() - start


@pytest.fixture(autouse=True, scope="module")
def _loaded() -> None:
    catalogue()


@settings(deadline=None, max_examples=150)
@given(st.text())
@example("\x1b]" * 5_000)
@example("{" * 16_000)
@example("[" * 16_000 + "]" * 16_000)
@example("\\" * 16_000)
def test_any_text(text: str) -> None:
    assert seconds(text) < LIMIT


@settings(deadline=None, max_examples=150)
@given(st.lists(st.sampled_from(PIECES), max_size=60), st.integers(1, 400))
def test_words_of_messages_over_and_over(words: list[str], times: int) -> None:
    assert seconds(" ".join(words * times)) < LIMIT


@pytest.mark.parametrize(
    "text",
    [
        "0/5 nodes are available: " + "1 Insufficient cpu, " * 5_000,
        "no matches for kind " * 2_000,
        'secret "' * 4_000,
        "https://" * 4_000,
        "https://a/v2/" + "a/" * 8_000 + "manifests/",
        "{APIGroups:[" * 3_000,
        "requested: " + "a=1," * 5_000,
        "image " * 4_000 + "a" * 4_000,
        "eyJ" * 8_000,
        "password=" * 3_000,
        "(" * 16_000,
        'user "' + "a" * 16_000,
        "is invalid: metadata.annotations: Too long " + "a" * 16_000,
        "max limit to request ratio per " + "a " * 8_000,
        "{" + '"a":' * 2_000,
    ],
)
def test_text_made_to_be_slow(text: str) -> None:
    assert seconds(text) < LIMIT


def _all_phrases() -> list[Phrase]:
    known = catalogue()
    of_rules = [
        phrase
        for cause in known.causes.values()
        for rule in cause.rules
        for phrase in (*rule.every, *rule.some, *rule.never)
    ]
    of_words = [phrase for values in known.words.values() for phrases in values.values() for phrase in phrases]
    return [*of_rules, *of_words, *known.places, *(phrase for each in known.scheduler for phrase in each.phrases)]


def test_each_part_of_a_phrase_has_fixed_text() -> None:
    """A part that is only a {name} would be tried at every character."""
    assert [phrase for phrase in _all_phrases() if not phrase.literals] == []
    assert [
        phrase for phrase in _all_phrases() if any(not Phrase(part).literals for part in phrase.text.split("…"))
    ] == []
