"""`kfinstall test` in the practice cluster, whose operators are data: what comes up, what does not, and what stays."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from kubernetes.client.exceptions import ApiException

from tests.contract import manifests as m
from tests.controlplane.api import Api, Object
from tests.patience import PATIENCE, eventually
from tests.sandbox.conftest import served

IMAGE = "ghcr.io/kubeflow/notebook-servers/jupyter-scipy:1"
KINDS = {
    # plural.group: (kind, version)
    "notebooks.kubeflow.org": ("Notebook", "v1"),
    "pytorchjobs.kubeflow.org": ("PyTorchJob", "v1"),
    "tfjobs.kubeflow.org": ("TFJob", "v1"),
    "trainjobs.trainer.kubeflow.org": ("TrainJob", "v1alpha1"),
    "workflows.argoproj.io": ("Workflow", "v1alpha1"),
    "inferenceservices.serving.kserve.io": ("InferenceService", "v1beta1"),
    "profiles.kubeflow.org": ("Profile", "v1"),
}
OPERATORS = (
    "kubeflow/notebook-controller-deployment",
    "kubeflow/training-operator",
    "kubeflow-system/kubeflow-trainer-controller-manager",
    "kubeflow/workflow-controller",
    "kubeflow/kserve-controller-manager",
    "kubeflow/profiles-deployment",
)
WITHOUT_STATUS = "workflows.argoproj.io"
"""Argo's definition has no subresource for it."""


@contextmanager
def kubeflow(scenario: str, folder: Path) -> Iterator[tuple[Path, Api]]:
    """The operators of a Kubeflow and their kinds, in a practice cluster."""
    with served(scenario, folder) as kubeconfig, Api(kubeconfig) as api:
        for name, (kind, version) in KINDS.items():
            plural, _dot, group = name.partition(".")
            body = m.definition(group, plural, kind)
            body["spec"]["scope"] = "Cluster" if kind == "Profile" else "Namespaced"
            [served_version] = body["spec"]["versions"]
            served_version["name"] = version
            served_version["schema"]["openAPIV3Schema"] = {
                "type": "object",
                "x-kubernetes-preserve-unknown-fields": True,
            }
            if name != WITHOUT_STATUS:
                served_version["subresources"] = {"status": {}}
            api.create("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", body)
        for name in ("kubeflow", "kubeflow-system"):
            api.create("/api/v1/namespaces", m.namespace(name))
        for operator in OPERATORS:
            namespace, _slash, name = operator.partition("/")
            api.create(f"/apis/apps/v1/namespaces/{namespace}/deployments", m.deployment(name, namespace))
        spawner = yaml.safe_dump({"spawnerFormDefaults": {"image": {"value": IMAGE}}})
        web_app = m.config_map("jupyter-web-app-config-abc", "kubeflow", **{"spawner_ui_config.yaml": spawner})
        api.create("/api/v1/namespaces/kubeflow/configmaps", web_app)
        for operator in OPERATORS:
            namespace, _slash, name = operator.partition("/")
            path = f"/apis/apps/v1/namespaces/{namespace}/deployments/{name}"
            eventually(lambda path=path: (api.get(path).get("status") or {}).get("readyReplicas"))  # type: ignore[misc]
        yield kubeconfig, api


def run(kubeconfig: Path, folder: Path, *arguments: str, code: int = 0, **environment: str) -> Any:
    """What `kfinstall test -o json` says."""
    with begun(kubeconfig, folder, *arguments, "-o", "json", **environment) as running:
        out, err = running.communicate(timeout=PATIENCE)
    assert running.returncode == code, out + err
    assert "Traceback" not in err
    return {each["name"]: each for each in json.loads(out)["items"]} if out else err


def begun(kubeconfig: Path, folder: Path, *arguments: str, **environment: str) -> subprocess.Popen[str]:
    environ = {**os.environ, "KUBECONFIG": str(kubeconfig), "XDG_STATE_HOME": str(folder / "state"), **environment}
    command = [sys.executable, "-m", "kfinstall", "test", *arguments]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=environ)


def look(api: Api, path: str) -> Any:
    try:
        found: Object = api.get(path)
    except ApiException:
        return None
    return found


def is_clean(api: Api) -> bool:
    """Whether nothing of a test is left."""
    places = ("/api/v1/namespaces/kfinstall-test", "/apis/kubeflow.org/v1/profiles/kfinstall-test")
    return not any(look(api, place) for place in places)


def test_everything_that_the_release_has_is_tried_and_taken_away(tmp_path: Path) -> None:
    with kubeflow("healthy", tmp_path) as (kubeconfig, api):
        found = run(kubeconfig, tmp_path)
        assert {name: each["ok"] for name, each in found.items()} == dict.fromkeys(
            ("notebook", "pytorchjob", "tfjob", "trainjob", "workflow"), True
        ), found
        assert is_clean(api)


def test_what_is_asked_for_by_name_is_tried_too(tmp_path: Path) -> None:
    with kubeflow("healthy", tmp_path) as (kubeconfig, api):
        assert run(kubeconfig, tmp_path, "serving")["serving"]["ok"]
        assert is_clean(api)


def test_the_model_of_a_document_is_served_with_its_keys(tmp_path: Path) -> None:
    document = tmp_path / "install.yaml"
    content = {
        "apiVersion": "kfinstall.io/v1alpha1",
        "kind": "Install",
        "platform": {"type": "existing"},
        "serving": {
            "models": {"type": "s3", "endpoint": "s.example.com", "accessKey": "AKIA", "secretKey": "${MODEL_KEY}"},
            "test": {"address": "s3://models/iris", "format": "sklearn"},
        },
    }
    document.write_text(yaml.safe_dump(content), encoding="utf-8")
    place = "/apis/serving.kserve.io/v1beta1/namespaces/kfinstall-test/inferenceservices/serving"
    with kubeflow("healthy", tmp_path) as (kubeconfig, api):
        arguments = ("serving", "-f", str(document), "--timeout", "30s")
        with begun(kubeconfig, tmp_path, *arguments, MODEL_KEY="planted") as running:
            made = eventually(lambda: look(api, place))
            predictor = made["spec"]["predictor"]
            secret = api.get("/api/v1/namespaces/kfinstall-test/secrets/kfinstall-models")
            account = api.get("/api/v1/namespaces/kfinstall-test/serviceaccounts/kfinstall-models")
            running.send_signal(signal.SIGINT)
            out, err = running.communicate(timeout=PATIENCE)
        assert predictor == {
            "serviceAccountName": "kfinstall-models",
            "model": {"modelFormat": {"name": "sklearn"}, "storageUri": "s3://models/iris"},
        }
        assert secret["data"]["AWS_SECRET_ACCESS_KEY"] == "cGxhbnRlZA=="
        assert account["secrets"] == [{"name": "kfinstall-models"}]
        assert "planted" not in out + err
        assert (running.returncode, is_clean(api)) == (130, True)


def test_the_doctor_says_why_nothing_comes_up(tmp_path: Path) -> None:
    with kubeflow("healthy", tmp_path) as (kubeconfig, api):
        found = run(kubeconfig, tmp_path, "--gpu", "--timeout", "4s", code=3)["gpu"]
        assert not found["ok"]
        assert "nvidia.com/gpu" in found["why"]
        assert "nvidia.com/gpu" in found["because"]
        assert "→" in found["because"]
        assert is_clean(api)


def test_a_gpu_that_a_node_offers_is_found(tmp_path: Path) -> None:
    with served("gpu-exhausted", tmp_path) as kubeconfig, Api(kubeconfig) as api:
        found = run(kubeconfig, tmp_path, "--gpu")["gpu"]
        assert found["ok"], found
        assert is_clean(api)


def test_all_of_an_interrupted_test_goes(tmp_path: Path) -> None:
    place = "/apis/kubeflow.org/v1/namespaces/kfinstall-test/pytorchjobs/pytorchjob"
    with kubeflow("healthy", tmp_path) as (kubeconfig, api):
        with begun(kubeconfig, tmp_path, "pytorchjob") as running:
            eventually(lambda: look(api, place))
            running.send_signal(signal.SIGTERM)
            running.communicate(timeout=PATIENCE)
        assert (running.returncode, is_clean(api)) == (130, True)


@pytest.mark.parametrize("name", ["katib", "gpus"])
def test_what_nobody_knows_is_refused(name: str, tmp_path: Path) -> None:
    with served("healthy", tmp_path) as kubeconfig:
        assert f"There is no test {name}." in run(kubeconfig, tmp_path, name, code=2)
