"""`kfinstall test`: what it makes, what it says of what came of it, and that nothing of it stays."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from kubernetes.client.exceptions import ApiException

from kfinstall.engine.trials import trials
from tests.contract import manifests as m
from tests.controlplane.api import Api, Object
from tests.controlplane.forwarding import forwarding_node, ready_pod
from tests.controlplane.server import ControlPlane
from tests.e2e.conftest import Ended, Kfinstall
from tests.patience import eventually

NAMESPACE = "/api/v1/namespaces/kfinstall-test"
PLACE = "/apis/kubeflow.org/v1/namespaces/kfinstall-test"
SECONDS = 90.0
ANYTHING = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
IMAGE = "ghcr.io/kubeflow/notebook-servers/jupyter-scipy:1"


@pytest.fixture
def api(fresh_control_plane: ControlPlane) -> Iterator[Api]:
    """Of a cluster of its own that serves notebooks and PyTorchJobs, without their operators."""
    if not fresh_control_plane.has_controller_manager:
        pytest.skip("this control plane has no controller manager")
    with Api(fresh_control_plane.kubeconfig()) as opened:
        for plural, kind in (("notebooks", "Notebook"), ("pytorchjobs", "PyTorchJob")):
            body = m.definition("kubeflow.org", plural, kind)
            body["spec"]["versions"][0]["schema"]["openAPIV3Schema"] = ANYTHING
            opened.create("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", body)
        opened.create("/api/v1/namespaces", m.namespace("kubeflow"))
        spawner = yaml.safe_dump({"spawnerFormDefaults": {"image": {"value": IMAGE}}})
        web_app = m.config_map("jupyter-web-app-config-abc", "kubeflow", **{"spawner_ui_config.yaml": spawner})
        opened.create("/api/v1/namespaces/kubeflow/configmaps", web_app)
        eventually(lambda: _look(opened, "/apis/kubeflow.org/v1/notebooks"))
        eventually(lambda: _look(opened, "/apis/kubeflow.org/v1/pytorchjobs"))
        yield opened


@pytest.fixture
def tester(kfinstall: Kfinstall, fresh_control_plane: ControlPlane) -> Kfinstall:
    kfinstall.environment["KUBECONFIG"] = str(fresh_control_plane.kubeconfig())
    return kfinstall


def test_what_works_and_what_does_not_is_told_and_all_of_it_goes(api: Api, tester: Kfinstall) -> None:
    running = tester.start("test")
    notebook = eventually(lambda: _look(api, f"{PLACE}/notebooks/notebook"), SECONDS)
    assert notebook["spec"]["template"]["spec"]["containers"][0]["image"] == IMAGE
    api.patch(f"{PLACE}/notebooks/notebook", {"status": {"readyReplicas": 1}})
    eventually(lambda: _look(api, f"{PLACE}/pytorchjobs/pytorchjob"), SECONDS)
    failed = {"type": "Failed", "status": "True", "message": "PyTorchJob pytorchjob is failed."}
    api.patch(f"{PLACE}/pytorchjobs/pytorchjob", {"status": {"conditions": [failed]}})
    ended = _ended(tester, running)
    assert ended.code == 3
    first, second, why = ended.out.splitlines()
    assert first.startswith("ok       A notebook starts")
    assert second.startswith("failed   A PyTorchJob trains")
    assert why.strip() == "PyTorchJob pytorchjob is failed."
    assert _look(api, NAMESPACE) is None


@contextmanager
def running_model() -> Iterator[int]:
    """The port of the very program that the trial's pod runs, on this machine."""
    trial = next(each for each in trials() if each.name == "serving")
    [container] = trial.body["spec"]["predictor"]["containers"]
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    program = container["command"][2].replace('("", 8080)', f'("127.0.0.1", {port})')
    with subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.DEVNULL) as running:
        try:
            yield port
        finally:
            running.terminate()


def test_a_served_model_has_to_predict(
    api: Api, fresh_control_plane: ControlPlane, tester: Kfinstall, tmp_path: Path
) -> None:
    definition = m.definition("serving.kserve.io", "inferenceservices", "InferenceService")
    definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"] = ANYTHING
    api.create("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", definition)
    path = "/apis/serving.kserve.io/v1/namespaces/kfinstall-test/inferenceservices/serving"
    pod = f"{NAMESPACE}/pods/serving-1"
    eventually(lambda: _look(api, "/apis/serving.kserve.io/v1/inferenceservices"))
    with running_model() as port, forwarding_node(api, tmp_path, "lab", port):
        running = tester.start("test", "serving")
        eventually(lambda: _look(api, path), SECONDS)
        eventually(lambda: _look(api, f"{NAMESPACE}/serviceaccounts/default"))
        ready_pod(api, "kfinstall-test", "serving-1", "lab", **{"serving.kserve.io/inferenceservice": "serving"})
        api.patch(path, {"status": {"conditions": [{"type": "Ready", "status": "True"}]}})
        eventually(lambda: _look(api, pod)["metadata"].get("deletionTimestamp"), SECONDS)
        api.delete(pod, gracePeriodSeconds=0)  # no kubelet ends it
        ended = _ended(tester, running)
    assert ended.code == 0, ended.out
    first, told = ended.out.splitlines()
    assert first.startswith("ok       A model is served")
    assert json.loads(told)["predictions"] == [3, 7]


def test_an_interrupted_test_takes_away_what_it_made(api: Api, tester: Kfinstall) -> None:
    running = tester.start("test", "notebook")
    eventually(lambda: _look(api, f"{PLACE}/notebooks/notebook"), SECONDS)
    running.send_signal(signal.SIGINT)
    ended = _ended(tester, running)
    assert ended.code == 130
    assert "The test was stopped." in ended.err
    assert _look(api, NAMESPACE) is None


def test_a_namespace_of_somebody_else_is_left_alone(api: Api, tester: Kfinstall) -> None:
    api.create("/api/v1/namespaces", m.namespace("kfinstall-test"))
    ended = tester("test", "notebook")
    assert ended.code == 2
    assert "kfinstall did not make it" in ended.err
    assert _look(api, NAMESPACE)["metadata"]["name"] == "kfinstall-test"


def _look(api: Api, path: str) -> Any:
    try:
        found: Object = api.get(path)
    except ApiException:
        return None
    return found


def _ended(tester: Kfinstall, running: Any) -> Ended:
    out, err = running.communicate(timeout=SECONDS)
    return tester.keep(Ended(running.returncode, out, err))
