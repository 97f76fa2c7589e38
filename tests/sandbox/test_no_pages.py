"""What needs something that runs is refused on the practice cluster, or says what it is worth there."""

import os
import subprocess
from collections.abc import Iterator

import pytest

from kfinstall.sandbox import running
from tests import forked


def kfinstall(*arguments: str) -> subprocess.CompletedProcess[str]:
    return forked.kfinstall(*arguments, env={**os.environ, "KUBECONFIG": str(running.kubeconfig_path())})


@pytest.fixture
def practice() -> Iterator[None]:
    assert kfinstall("sandbox", "start").returncode == 0
    yield
    kfinstall("sandbox", "stop")


def test_pages_are_refused_and_trials_say_what_they_are_worth(practice: None) -> None:
    opened = kfinstall("open", "--no-browser")
    assert opened.returncode == 2
    assert "its pods are simulated" in opened.stderr
    tried = kfinstall("test", "--gpu", "--timeout", "5s")
    assert tried.returncode == 3
    assert "This is the practice cluster: pods come up or not as they would, and no program runs." in tried.stderr
    assert tried.stdout.startswith("failed   A pod gets a GPU")
    nothing = kfinstall("test", "pytorchjob")
    assert nothing.returncode == 2
    assert "There is nothing to try" in nothing.stderr
