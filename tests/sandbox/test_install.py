"""kfinstall itself on the practice cluster: the commands as a user runs them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.forked import kfinstall

WORKBENCH = Path(__file__).parents[1] / "e2e" / "workbench"


@pytest.fixture
def stopped() -> Iterator[None]:
    """Whatever a test starts is stopped."""
    yield
    kfinstall("sandbox", "stop")


def test_install_starts_a_sandbox_writes_once_and_uninstalls(stopped: None, tmp_path: Path) -> None:
    document = yaml.safe_load((WORKBENCH / "install.yaml").read_text(encoding="utf-8"))
    document["platform"] = {"type": "sandbox", "scenario": "healthy", "speed": 100}
    document["kubeflow"]["file"] = str(WORKBENCH / "kfdef.yaml")
    file = tmp_path / "install.yaml"
    file.write_text(yaml.safe_dump(document), encoding="utf-8")
    first = kfinstall("install", "-f", str(file), "--yes")
    assert first.returncode == 0, first.stderr
    assert "13 created" in first.stderr + first.stdout
    assert kfinstall("sandbox", "status").returncode == 0
    again = kfinstall("install", "-f", str(file), "--yes")
    assert "13 unchanged" in again.stderr + again.stdout
    # its kubeconfig is kfinstall's own: the file leads to it
    ready = kfinstall("status", "-f", str(file))
    assert (ready.returncode, ready.stdout.splitlines()[0]) == (0, "workbench: 13 of 13 objects are ready")
    assert kfinstall("diff", "-f", str(file)).stdout == ""
    assert "its pods are simulated" in kfinstall("open", "-f", str(file)).stderr
    assert "node-3" in kfinstall("capacity", "-f", str(file)).stdout
    removed = kfinstall("uninstall", "-f", str(file), "--yes")
    assert removed.returncode == 0, removed.stderr
    assert kfinstall("status", "-f", str(file)).returncode == 3
    assert kfinstall("sandbox", "stop").returncode == 0
    assert kfinstall("sandbox", "status").returncode == 1


def test_two_sandboxes_are_refused(stopped: None) -> None:
    assert kfinstall("sandbox", "start").returncode == 0
    second = kfinstall("sandbox", "start", "--scenario", "gcr-blocked")
    assert second.returncode == 2
    assert "runs already" in second.stderr


def test_scenarios_are_listed_and_an_unknown_one_is_refused() -> None:
    assert "docker-hub-rate-limited" in kfinstall("sandbox", "scenarios").stdout
    refused = kfinstall("sandbox", "start", "--scenario", "nonsense")
    assert refused.returncode == 2
    assert "gcr-blocked" in refused.stderr
