"""A whole Kubeflow, and a small input of our own, in every scenario: it comes up, or fails as a real cluster does."""

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from kfinstall.facts.classify import classify
from kfinstall.sandbox import scenario as scenarios
from tests.controlplane.api import Api
from tests.golden.test_releases import ARCHIVES, SOURCES
from tests.patience import AS_LONG, eventually
from tests.sandbox.conftest import served
from tests.sandbox.test_starter import Workbench

SMALL = Path(__file__).with_name("small") / "kfdef.yaml"
PODS = "/api/v1/namespaces/default/pods"


@dataclass(frozen=True)
class Input:
    """What is installed. objects: the namespace included."""

    kubeflow: dict[str, Any]
    objects: int


INPUTS = {
    "small": Input({"file": str(SMALL)}, 10),
    "kubeflow": Input({"preset": "kubeflow-1.10"}, 611),
    "current": Input({"preset": "kubeflow-26.03"}, 675),
}
EVERYWHERE = ("small", "kubeflow")
"""What is installed in every scenario; the rest only in the healthy one: test_healthy.py."""


@dataclass(frozen=True)
class Ending:
    """How an install ends: exit code, what the cluster says, and the causes that are told."""

    code: int
    says: str
    causes: frozenset[str]


FAILING = {
    "docker-hub-rate-limited": Ending(4, "429 Too Many Requests", frozenset({"rl-dockerhub-pull"})),
    "gcr-blocked": Ending(4, "dial tcp: lookup gcr.io: i/o timeout", frozenset({"img-dns"})),
    "laptop-too-small": Ending(
        4, "0/1 nodes are available: .*1 Insufficient memory", frozenset({"sched-insufficient-memory"})
    ),
    "no-default-storageclass": Ending(
        4, "pod has unbound immediate PersistentVolumeClaims", frozenset({"st-no-default-storageclass"})
    ),
    "restricted-user": Ending(
        3, r'configmaps "kfinstall-\w+" is forbidden: User "engineer" cannot get resource "configmaps"', frozenset()
    ),
}
COMING_UP = "gpu-exhausted"
HEALTHY = "healthy"
"""Looked at in test_healthy.py."""


def at_hand(name: str) -> Input:
    """The input; a test of a release is skipped where its archives are not."""
    if name != "small" and not ARCHIVES.is_dir():
        pytest.skip(f"the archives of the releases are not in {ARCHIVES}")
    return INPUTS[name]


@pytest.fixture(params=EVERYWHERE)
def wanted(request: pytest.FixtureRequest) -> Input:
    return at_hand(request.param)


@pytest.fixture
def install(wanted: Input, tmp_path: Path) -> Path:
    """The document."""
    return written(wanted, tmp_path)


def written(wanted: Input, folder: Path) -> Path:
    """The document of an install of it."""
    document = {
        "apiVersion": "kfinstall.io/v1alpha1",
        "kind": "Install",
        "metadata": {"name": "kubeflow"},
        "platform": {"type": "existing"},
        "kubeflow": wanted.kubeflow,
        "sources": {url: str(ARCHIVES / name) for url, name in SOURCES.items()},
        "storage": {"type": "static"},  # what an install would refuse is to happen
    }
    file = folder / "kubeflow.yaml"
    file.write_text(yaml.safe_dump(document), encoding="utf-8")
    return file


def installed(cluster: Workbench, document: Path, timeout: str, code: int = 0) -> str:
    """Rendering is tested elsewhere: it is kept from session to session."""
    cache = f"{os.environ['KFINSTALL_TEST_CACHE']}/scenarios"
    arguments = ("-f", str(document), "--yes", "--timeout", timeout)
    return cluster.run("install", *arguments, code=code, XDG_CACHE_HOME=cache)


def ends(cluster: Workbench, document: Path, timeout: int, ending: Ending) -> str:
    """What an install says that waits in vain; on a slow machine it does not come so far, and is run again for longer.

    timeout: seconds of the first run. What is waited for is explained once all is written.
    """
    said = ""
    for longer in (f"{timeout}s", f"{4 * timeout}s", AS_LONG):
        said = installed(cluster, document, longer, ending.code)
        if re.search(ending.says, said) and ending.causes <= told(said):
            break
    return said


def told(said: str) -> set[str]:
    return set(re.findall(r"\(holds back \d+ objects?; ([a-z0-9-]+)\)", said))


def test_every_scenario_has_its_test() -> None:
    assert {*FAILING, COMING_UP, HEALTHY} == set(scenarios.names())


def test_it_comes_up(wanted: Input, install: Path, tmp_path: Path) -> None:
    with served(COMING_UP, tmp_path) as kubeconfig:
        cluster = Workbench(kubeconfig, tmp_path)
        said = installed(cluster, install, AS_LONG)
        assert f"{wanted.objects} created" in said
        assert f"kubeflow: {wanted.objects} of {wanted.objects} objects are ready" in cluster.run("status")


@pytest.mark.parametrize("name", FAILING)
def test_it_fails_in_its_own_way(name: str, wanted: Input, install: Path, tmp_path: Path) -> None:
    ending = FAILING[name]
    with served(name, tmp_path) as kubeconfig:
        said = ends(Workbench(kubeconfig, tmp_path), install, 16 if wanted.objects > 100 else 6, ending)
    assert re.search(ending.says, said), said
    assert ending.causes <= told(said), said


def test_a_third_gpu_is_waited_for(tmp_path: Path) -> None:
    container = {"name": "train", "image": "example.com/a:1", "resources": {"limits": {"nvidia.com/gpu": "1"}}}
    tolerated = [{"key": "nvidia.com/gpu", "operator": "Exists"}]
    with served("gpu-exhausted", tmp_path) as kubeconfig, Api(kubeconfig) as api:
        eventually(lambda: api.get("/api/v1/namespaces/default/serviceaccounts")["items"])
        for name in ("first", "second", "third"):
            api.create(
                PODS, {"metadata": {"name": name}, "spec": {"containers": [container], "tolerations": tolerated}}
            )
        [message] = eventually(lambda: _unschedulable(api.get(PODS)["items"]))
    assert "3 Insufficient nvidia.com/gpu" in message
    found = classify(message)
    assert found is not None
    # the message is the same where no node has one: the nodes decide, and it does not show them
    assert "gpu-all-busy-or-request-too-large" in (found.cause, *found.alternatives)


def _unschedulable(pods: list[dict[str, Any]]) -> list[str]:
    conditions = [each for pod in pods for each in pod["status"].get("conditions") or ()]
    return [each["message"] for each in conditions if each.get("reason") == "Unschedulable"]
