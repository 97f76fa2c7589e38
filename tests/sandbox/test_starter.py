"""The preset `starter`: rendered from what comes with kfinstall, at home on the practice cluster and on a real one."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.controlplane.api import Api
from tests.controlplane.server import ControlPlane
from tests.forked import kfinstall
from tests.patience import AS_LONG, eventually
from tests.sandbox.conftest import served

OBJECTS = 15
CLAIMS = ("jupyter-home", "mlflow")


class Workbench:
    """kfinstall with the preset, against one cluster. arguments: changes of the document."""

    def __init__(self, kubeconfig: Path, folder: Path, platform: str = "existing") -> None:
        self.kubeconfig = kubeconfig
        self.file = folder / "install.yaml"
        self.environment = {**os.environ, "KUBECONFIG": str(kubeconfig), "XDG_STATE_HOME": str(folder / "state")}
        self.run("init", str(self.file), "--platform", platform, "--preset", "starter", "--name", "workbench")

    def run(self, *arguments: str, code: int = 0, **environment: str) -> str:
        """What a command says, on both streams."""
        done = kfinstall(*arguments, env={**self.environment, **environment})
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def install(self, *arguments: str, code: int = 0) -> str:
        return self.run("install", "-f", str(self.file), "--yes", *arguments, code=code)


@pytest.fixture
def practised(tmp_path: Path) -> Iterator[Workbench]:
    with served("laptop-too-small", tmp_path) as kubeconfig:
        yield Workbench(kubeconfig, tmp_path)


def test_it_is_built_without_network_and_without_kustomize(tmp_path: Path) -> None:
    workbench = Workbench(tmp_path / "none", tmp_path)
    cache = str(tmp_path / "cache")
    built = workbench.run("build", "-f", str(workbench.file), "--dump", PATH="", XDG_CACHE_HOME=cache)
    kinds = re.findall(r"^kind: (\w+)$", built, re.MULTILINE)
    assert len(kinds) == OBJECTS
    assert {"Namespace", "ConfigMap", "Secret", "Deployment", "Job", "PersistentVolumeClaim"} <= set(kinds)


def test_a_laptop_carries_it_and_a_second_run_writes_nothing(practised: Workbench) -> None:
    assert f"{OBJECTS} created" in practised.install("--timeout", AS_LONG)
    status = json.loads(practised.run("status", "-o", "json"))
    assert all(each["ready"] for each in status["installs"][0]["objects"])
    assert f"{OBJECTS} unchanged" in practised.install()
    with Api(practised.kubeconfig) as api:
        service = api.get("/api/v1/namespaces/workbench/services/mlflow")
        assert service["spec"]["ports"][0]["nodePort"] == 30001


def test_uninstall_keeps_the_data_and_says_so(practised: Workbench) -> None:
    practised.install("--timeout", AS_LONG)
    said = practised.run("uninstall", "workbench", "--yes")
    assert all(f"Kept: PersistentVolumeClaim/workbench/{name}: data" in said for name in CLAIMS)
    with Api(practised.kubeconfig) as api:
        kept = api.get("/api/v1/namespaces/workbench/persistentvolumeclaims")["items"]
        assert {each["metadata"]["name"] for each in kept} == set(CLAIMS)


def test_a_store_of_ones_own_is_waited_for_and_told_about(practised: Workbench) -> None:
    own = ("--set", "kubeflow.provided=[mlflow-store]")
    said = practised.install(*own, "--timeout", "5s", code=4)
    assert 'secret "mlflow-store" not found' in said
    with Api(practised.kubeconfig) as api:
        uri = "postgresql://mlflow:xyzzy@db.example.com/mlflow"
        secret = {"metadata": {"name": "mlflow-store"}, "stringData": {"MLFLOW_BACKEND_STORE_URI": uri}}
        api.create("/api/v1/namespaces/workbench/secrets", secret)
        assert "xyzzy" not in practised.install(*own, "--timeout", AS_LONG)


def test_the_demo() -> None:
    done = subprocess.run([sys.executable, "-m", "tests.e2e.demo"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert f"workbench: {OBJECTS} of {OBJECTS} objects are ready" in done.stdout
    assert done.stderr.endswith("Stopped.\n")


def test_a_real_cluster_takes_it_and_its_pods_are_restricted(fresh_control_plane: ControlPlane, tmp_path: Path) -> None:
    workbench = Workbench(fresh_control_plane.kubeconfig(), tmp_path)
    arguments = ("--no-wait", "--set", "storage.type=static")  # it has no storage classes
    assert f"{OBJECTS} created" in workbench.install(*arguments)
    assert f"{OBJECTS} unchanged" in workbench.install(*arguments)
    with Api(workbench.kubeconfig) as api:
        namespace = api.get("/api/v1/namespaces/workbench")["metadata"]["labels"]
        assert namespace["pod-security.kubernetes.io/enforce"] == "restricted"
        pods = eventually(lambda: _all_three(api.get("/api/v1/namespaces/workbench/pods")["items"]))
    for container in (each for pod in pods for each in pod["spec"]["containers"]):
        assert container["resources"]["requests"].keys() == {"cpu", "memory"}
        assert "memory" in container["resources"]["limits"]
        assert ":" in container["image"]
        assert not container["image"].endswith(":latest")


def _all_three(pods: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The pods, once the server's admission of the namespace let all of them in."""
    names = {each["metadata"]["labels"]["app.kubernetes.io/name"] for each in pods}
    return pods if names == {"jupyter", "mlflow", "sample-training"} else []
