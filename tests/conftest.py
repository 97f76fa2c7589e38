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

pytest_plugins = ("tests.controlplane.fixtures",)

KUSTOMIZE = "KFINSTALL_KUSTOMIZE"


def pytest_configure() -> None:
    """Fix where the control plane's build is kept, before a test's own XDG_CACHE_HOME could move it."""
    os.environ["KFINSTALL_TEST_CACHE"] = str(cache().parent)
    # how fast examples are made says something of the machine only
    settings.register_profile("kfinstall", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("kfinstall")


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
