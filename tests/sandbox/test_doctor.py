"""The doctor on the scenarios: it finds what is wrong, and mends what it can."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.forked import kfinstall
from tests.patience import eventually
from tests.sandbox.conftest import served
from tests.sandbox.test_scenarios import INPUTS, Input, at_hand, written

Report = dict[str, Any]


@dataclass(frozen=True)
class Practice:
    """A practice cluster with something installed in it. document: what was installed."""

    kubeconfig: Path
    document: Path
    state: Path

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {
            **os.environ,
            "KUBECONFIG": str(self.kubeconfig),
            "XDG_STATE_HOME": str(self.state),
            "XDG_CACHE_HOME": f"{os.environ['KFINSTALL_TEST_CACHE']}/scenarios",
        }
        return kfinstall(*arguments, env=environment)

    def doctor(self, *arguments: str) -> Report:
        """The report, without the checks that ask Docker Hub itself, and how old this machine's kubectl is."""
        skipped = ("--skip", "rate-limits.docker-hub", "--skip", "client.tools")
        seen = self.run("doctor", "-o", "json", *skipped, *arguments)
        assert seen.returncode in {0, 3}, seen.stderr
        report: Report = json.loads(seen.stdout)
        return report


Practised = Callable[..., Practice]


@pytest.fixture
def wanted(request: pytest.FixtureRequest) -> Input:
    """The small input, unless a test asks for a whole Kubeflow."""
    return at_hand(getattr(request, "param", "small"))


@pytest.fixture
def practised(wanted: Input, tmp_path: Path) -> Iterator[Practised]:
    """Starts a scenario and installs into it."""
    with ExitStack() as stack:

        def started(scenario: str, *arguments: str) -> Practice:
            document = written(wanted, tmp_path)
            kubeconfig = stack.enter_context(served(scenario, tmp_path))
            practice = Practice(kubeconfig, document, tmp_path / "state")
            practice.run("install", "-f", str(document), "--yes", *arguments)
            return practice

        yield started


def errors(report: Report) -> set[str]:
    return {finding["cause"] for finding in report["findings"] if finding["severity"] == "error"}


@pytest.mark.parametrize(
    ("scenario", "causes"),
    [
        ("docker-hub-rate-limited", {"rl-dockerhub-pull"}),
        ("gcr-blocked", {"img-dns"}),
        ("laptop-too-small", {"sched-insufficient-memory"}),
        ("no-default-storageclass", {"st-no-default-storageclass"}),
    ],
)
def test_what_holds_an_install_back_is_found_and_explains_every_pod(
    practised: Practised, scenario: str, causes: set[str]
) -> None:
    practice = practised(scenario, "--no-wait")
    report = eventually(lambda: found if causes <= errors(found := practice.doctor()) else None)
    assert report["unexplained"] == []
    assert report["summary"]["explainedPods"] == report["summary"]["unreadyPods"] > 0


@pytest.mark.parametrize("wanted", INPUTS, indirect=True)
def test_a_default_class_is_set_when_the_user_says_so_and_the_pods_run(practised: Practised) -> None:
    practice = practised("no-default-storageclass", "--no-wait")
    eventually(lambda: "st-no-default-storageclass" in errors(practice.doctor()))
    seen = practice.run("doctor", "--fix", "--yes", "--only", "storage.*")
    assert "patch StorageClass.storage.k8s.io/standard: done" in seen.stderr
    eventually(lambda: not practice.doctor()["findings"])


@pytest.mark.parametrize(
    ("scenario", "causes"),
    [
        ("healthy", set()),
        ("laptop-too-small", {"sched-insufficient-memory"}),
        ("no-default-storageclass", {"st-no-default-storageclass"}),
        ("restricted-user", {"rbac-forbidden-verb"}),
    ],
)
def test_before_an_install_it_says_what_will_not_work(practised: Practised, scenario: str, causes: set[str]) -> None:
    practice = practised(scenario, "--dry-run")
    assert errors(practice.doctor("-f", str(practice.document))) == causes
