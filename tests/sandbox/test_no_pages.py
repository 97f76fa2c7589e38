"""What would need something that runs is refused on the practice cluster, and says so."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from kfinstall.sandbox import running


def kfinstall(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "kfinstall", *arguments]
    environment = {**os.environ, "KUBECONFIG": str(running.kubeconfig_path())}
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=90, env=environment)


@pytest.fixture
def practice() -> Iterator[None]:
    assert kfinstall("sandbox", "start").returncode == 0
    yield
    kfinstall("sandbox", "stop")


def test_pages_and_trials_are_refused(practice: None) -> None:
    opened = kfinstall("open", "--no-browser")
    assert opened.returncode == 2
    assert "its pods are simulated" in opened.stderr
    tried = kfinstall("test")
    assert tried.returncode == 2
    assert "plays no notebooks" in tried.stderr
