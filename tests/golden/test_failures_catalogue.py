"""Every message of the reference catalogue of failures gets the cause that it stands under.

The reference lies beside the checkout; without it, tests/unit/classify proves the same with messages of our own.
"""

from pathlib import Path
from typing import Any

import pytest
import yaml

from kfinstall.facts.classify import classify
from kfinstall.facts.classify.catalogue import catalogue

REFERENCE = Path(__file__).parents[3] / "shared" / "reference" / "failures.yaml"

UNDECIDABLE = {
    # The same answer of the same registry stands under two causes; the other one is an alternative.
    ("img-pull-secret-missing", "img-ghcr-private"),
    # A back-off that carries its cause is explained by the cause, as the reference itself asks for.
    ("img-backoff-wrapper", "rl-dockerhub-pull"),
}
"""(cause in the reference, cause that is found): what a message alone cannot tell."""


@pytest.fixture(scope="module")
def reference() -> list[dict[str, Any]]:
    if not REFERENCE.exists():
        pytest.skip("the reference catalogue is not beside this checkout")
    entries: list[dict[str, Any]] = yaml.safe_load(REFERENCE.read_text(encoding="utf-8"))
    return entries


def explained() -> dict[str, str]:
    """Cause and area of all that messages tell."""
    return {cause.id: cause.area for cause in catalogue().causes.values() if cause.rules}


def test_its_causes_are_all_there(reference: list[dict[str, Any]]) -> None:
    """What else messages tell, the checks find, too."""
    assert {entry["id"] for entry in reference} <= set(explained())


def test_each_cause_is_in_its_area(reference: list[dict[str, Any]]) -> None:
    areas = explained()
    assert {entry["id"]: entry["area"] for entry in reference} == {
        entry["id"]: areas[entry["id"]] for entry in reference
    }


def test_each_message_gets_its_cause(reference: list[dict[str, Any]]) -> None:
    wrong = []
    for entry in reference:
        for message in entry["verbatim_messages"]:
            found = classify(message)
            if found is None or found.cause != entry["id"]:
                wrong.append((entry["id"], found.cause if found else ""))
                assert found is None or entry["id"] in found.alternatives, message
    assert set(wrong) <= UNDECIDABLE
    assert len(wrong) <= len(UNDECIDABLE)


def test_nothing_is_copied_from_it(reference: list[dict[str, Any]]) -> None:
    """Facts carry over, sentences do not."""
    theirs = {entry["root_cause"] for entry in reference}
    assert not theirs & {cause.summary for cause in catalogue().causes.values()}
