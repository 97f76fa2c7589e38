"""The catalogue: complete, consistent, and quick to read."""

import re
import subprocess
import sys
from importlib import resources

import pytest
import yaml

from kfinstall.contracts.explanation import Explanation
from kfinstall.facts.classify import classify
from kfinstall.facts.classify.catalogue import Cause, catalogue
from kfinstall.facts.classify.wording import unsaid_words
from tests.unit.classify.messages import by_cause

CAUSES = list(catalogue().causes.values())
PLACEHOLDER = re.compile(r"\{(\w+)\}")


@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: cause.id)
def test_a_person_can_follow_it(cause: Cause) -> None:
    assert cause.title
    assert not cause.title.endswith(".")
    assert cause.summary.endswith((".", "?"))
    assert cause.remedy.text.endswith(".")
    assert cause.remedy.commands
    assert cause.docs.startswith("https://") or not cause.docs


def test_only_causes_of_checks_have_no_rules() -> None:
    text = resources.files("configs").joinpath("causes", "checks.yaml").read_text(encoding="utf-8")
    of_checks = {entry["id"] for entry in yaml.safe_load(text)["causes"]}
    assert {cause.id for cause in CAUSES if not cause.rules} <= of_checks


@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: cause.id)
def test_its_sentences_speak_of_what_can_be_named(cause: Cause) -> None:
    """A name that the message leaves out becomes words; capitals within a sentence would be a gap."""
    captured = set(unsaid_words())
    known = {"requirement", "requested", "used", "limited", "level"}
    assert set(PLACEHOLDER.findall(cause.summary + cause.remedy.text)) <= captured | known


def test_causes_that_are_alike_exist() -> None:
    assert {name for cause in CAUSES for name in cause.alike} <= set(catalogue().causes)


def test_every_parameter_is_documented() -> None:
    known = catalogue()
    rules = [rule for cause in CAUSES for rule in cause.rules]
    phrases = [*known.places, *(phrase for rule in rules for phrase in (*rule.every, *rule.some))]
    phrases += [phrase for values in known.words.values() for words in values.values() for phrase in words]
    captured = {name for phrase in phrases for name in PLACEHOLDER.findall(phrase.text)}
    readme = resources.files("configs").joinpath("causes", "README.md").read_text(encoding="utf-8")
    assert captured <= set(re.findall(r"`(\w+)`", readme))


def explanations() -> list[Explanation]:
    found = (classify(text) for _cause, text in by_cause("wordings"))
    return [explanation for explanation in found if explanation]


def test_no_explanation_has_a_gap() -> None:
    for explanation in explanations():
        text = explanation.summary + explanation.remedy.text
        assert not PLACEHOLDER.search(text), explanation.cause
        assert "{" not in text.replace("{", "", 2) or explanation.cause.startswith(("sched-", "gpu-")), text


def test_the_command_starts_without_what_it_does_not_need() -> None:
    code = (
        "import sys, kfinstall.cli.explain; "
        "print([name for name in ('pydantic', 'kubernetes', 'textual', 'yaml') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
