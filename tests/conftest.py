"""What every test gets: the cluster fixtures, an environment that is nobody's, and a kustomize."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

os.environ["LANGUAGE"] = "en"  # before the first text is made: tests compare words, whoever runs them

from tests.controlplane.build import ControlPlaneUnavailable, cache, ensure_built
from tests.controlplane.processes import GOGC

pytest_plugins = ("tests.controlplane.fixtures",)

KUSTOMIZE = "KFINSTALL_KUSTOMIZE"
TESTS = Path(__file__).parent
LONGEST = (
    "contract/test_real_kubeflow.py",
    "tui/test_screens.py",
    "sandbox/test_scenarios.py",
    "sandbox/test_answers.py",
    "e2e/test_kill.py",
    "sandbox/test_doctor.py",
    "sandbox/test_healthy.py",
    "tui/test_walk.py",
    "golden/test_releases.py",
    "e2e/test_platforms.py",
    "sandbox/test_kubeflow_objects.py",
    "sandbox/test_rehearse.py",
    "contract/test_uninstall.py",
    "tui/test_through.py",
    "contract/test_storage.py",
    "e2e/test_wheel.py",
    "e2e/test_malformed.py",
    "e2e/test_flow.py",
    "e2e/test_gke.py",
    "tui/test_kubeflow.py",
    "contract/test_access.py",
    "contract/test_openshift.py",
    "contract/test_doctor_cluster.py",
    "tui/test_secrets.py",
    "tui/test_load.py",
    "tui/test_install.py",
    "sandbox/test_trials.py",
    "sandbox/test_profiles.py",
    "sandbox/test_storage.py",
    "sandbox/test_starter.py",
)
"""The files that take longest, the longest first (`--durations`)."""


def pytest_configure() -> None:
    """Fix where the control plane's build is kept, before a test's own XDG_CACHE_HOME could move it."""
    os.environ["KFINSTALL_TEST_CACHE"] = str(cache().parent)
    os.environ.setdefault("GOGC", GOGC)  # kustomize is a program in Go, too
    # how fast examples are made says something of the machine only
    settings.register_profile("kfinstall", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("kfinstall")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that take minutes are begun first: at the end of a parallel run none of them is to be waited for alone."""
    rank = {name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: rank.get(item.path.relative_to(TESTS).as_posix(), len(rank)))


@pytest.fixture(scope="session", autouse=True)
def kustomize() -> Iterator[None]:
    """A machine without kubectl and kustomize renders with the kubectl of the control plane."""
    with pytest.MonkeyPatch.context() as patch:
        if not (os.environ.get(KUSTOMIZE) or shutil.which("kustomize") or shutil.which("kubectl")):
            with contextlib.suppress(ControlPlaneUnavailable):  # the tests that render say what is missing
                patch.setenv(KUSTOMIZE, str(ensure_built() / "kubectl"))
        yield


@pytest.fixture(autouse=True)
def own_environment(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of the test's own, in which there is no kubeconfig, no state and no cache."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_STATE_HOME", str(home / "state"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "cache"))
    monkeypatch.setenv("KUBECONFIG", str(home / "kubeconfig"))
    return home
