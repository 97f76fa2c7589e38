"""`kfinstall test`: what it makes, what it says of what came of it, and that nothing of it stays."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from kubernetes.client.exceptions import ApiException

from tests.contract import manifests as m
from tests.controlplane.api import Api, Object
from tests.controlplane.server import ControlPlane
from tests.e2e.conftest import Ended, Kfinstall
from tests.patience import eventually

NAMESPACE = "/api/v1/namespaces/kfinstall-test"
PLACE = "/apis/kubeflow.org/v1/namespaces/kfinstall-test"
SECONDS = 90.0
IMAGE = "ghcr.io/kubeflow/notebook-servers/jupyter-scipy:1"


@pytest.fixture
def api(fresh_control_plane: ControlPlane) -> Iterator[Api]:
    """Of a cluster of its own that serves notebooks and PyTorchJobs, without their operators."""
    if not fresh_control_plane.has_controller_manager:
        pytest.skip("this control plane has no controller manager")
    with Api(fresh_control_plane.kubeconfig()) as opened:
        for plural, kind in (("notebooks", "Notebook"), ("pytorchjobs", "PyTorchJob")):
            body = m.definition("kubeflow.org", plural, kind)
            anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
            body["spec"]["versions"][0]["schema"]["openAPIV3Schema"] = anything
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
