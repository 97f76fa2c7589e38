"""A whole Kubeflow, and a small input of our own, where nothing is wrong: it comes up, is well, and can be tried.

What is tried fits the definitions of the releases.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.patience import AS_LONG
from tests.sandbox.conftest import served
from tests.sandbox.test_doctor import Practice
from tests.sandbox.test_scenarios import HEALTHY, INPUTS, Input, at_hand, written
from tests.sandbox.test_trials import run

TRIED = {
    "kubeflow": ("notebook", "pytorchjob", "tfjob", "workflow", "serving"),
    "current": ("notebook", "trainjob", "workflow", "serving"),
}
"""The API of Pipelines is not played: nothing answers in the pods of the practice cluster."""


@dataclass(frozen=True)
class Installed:
    """Something that was installed, and what the install said."""

    name: str
    wanted: Input
    practice: Practice
    said: str


@pytest.fixture(scope="module", params=INPUTS)
def installed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installed]:
    """Each of the inputs, for the tests of this file together."""
    wanted = at_hand(request.param)
    folder = tmp_path_factory.mktemp(request.param)
    with pytest.MonkeyPatch.context() as patch, served(HEALTHY, folder) as kubeconfig:
        patch.setenv("HOME", str(folder))
        practice = Practice(kubeconfig, written(wanted, folder), folder / "state")
        done = practice.run("install", "-f", str(practice.document), "--yes", "--timeout", AS_LONG)
        assert done.returncode == 0, done.stdout + done.stderr
        yield Installed(request.param, wanted, practice, done.stdout + done.stderr)


def test_it_comes_up(installed: Installed) -> None:
    objects = installed.wanted.objects
    assert f"{objects} created" in installed.said
    assert f"kubeflow: {objects} of {objects} objects are ready" in installed.practice.run("status").stdout


def test_the_doctor_finds_nothing(installed: Installed) -> None:
    report = installed.practice.doctor()
    assert (report["findings"], report["unexplained"]) == ([], [])
    assert not [check for check in report["checks"] if check["status"] == "error"]


def test_what_it_has_is_tried(installed: Installed, tmp_path: Path) -> None:
    kubeconfig = installed.practice.kubeconfig
    if installed.name not in TRIED:
        assert "There is nothing to try" in run(kubeconfig, tmp_path, code=2)
        return
    tried = TRIED[installed.name]
    found = run(kubeconfig, tmp_path, *tried)
    assert {name: each["why"] for name, each in found.items()} == dict.fromkeys(tried, "")
