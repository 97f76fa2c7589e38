"""The files of scenarios: those that come with kfinstall are valid, their schema is current, and mistakes are told."""

import subprocess
import sys
from pathlib import Path

import pytest

from kfinstall.errors import DocumentError, UsageError
from kfinstall.sandbox import scenario as scenarios

ROOT = Path(__file__).parents[2]
SCHEMA = ROOT / "configs" / "schema" / "scenario.json"

GOOD = """\
title: Nothing goes wrong.
nodes:
  - name: node
    allocatable: {cpu: "2", memory: 4Gi}
"""
WRONG = {
    "nodes:": ("node:", '2:1: node: unknown key. Did you mean "nodes"?'),
    "4Gi": ("4gig", '4:37: nodes[0].allocatable.memory: a quantity is expected here, such as "2", 500m or 16Gi.'),
    '"2"': (
        "2",
        '4:24: nodes[0].allocatable.cpu: a text is expected here, and YAML reads 2 as a number. Quote it: "2".',
    ),
    "name: node": ("name: Node", "3:11: nodes[0].name: must match the pattern"),
    "title: ": ("- ", "2:1: the indentation does not fit"),
}


@pytest.mark.parametrize("name", scenarios.names())
def test_each_loads_and_is_the_same_after_it_was_written(name: str) -> None:
    loaded = scenarios.load(name)
    assert loaded.title.endswith(".")
    assert scenarios.read(scenarios.text(loaded), name) == loaded


def test_the_schema_is_current() -> None:
    done = subprocess.run([sys.executable, "-m", "kfinstall", "sandbox", "schema"], capture_output=True, check=True)
    assert SCHEMA.read_bytes() == done.stdout, "write it anew with: make schema"


@pytest.mark.parametrize("right", WRONG)
def test_a_mistake_is_told_with_its_place(right: str, tmp_path: Path) -> None:
    wrong, told = WRONG[right]
    file = tmp_path / "mine.yaml"
    file.write_text(GOOD.replace(right, wrong, 1), encoding="utf-8")
    with pytest.raises(DocumentError) as caught:
        scenarios.load(str(file))
    assert f"{file}:{told}" in str(caught.value)


def test_every_mistake_is_told_at_once() -> None:
    text = GOOD + "registries:\n  - {match: '[', answer: unreachabel}\n"
    with pytest.raises(DocumentError) as caught:
        scenarios.read(text, "mine.yaml")
    expression, answer = caught.value.problems
    assert str(expression).startswith("mine.yaml:6:13: registries[0].match: no regular expression")
    assert str(answer).endswith('"unreachabel" is not known. Did you mean "unreachable"?')


def test_an_unknown_name_and_a_file_that_is_not_there() -> None:
    with pytest.raises(UsageError, match=r'Did you mean "healthy"\?'):
        scenarios.load("helthy")
    with pytest.raises(DocumentError, match=r"no such file"):
        scenarios.load("absent.yaml")
