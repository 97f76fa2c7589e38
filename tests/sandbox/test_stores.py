"""A store elsewhere, models and a device plugin, installed by the command: what stands, what is shown, what goes."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from kubernetes.client.exceptions import ApiException

from tests import forked
from tests.contract import manifests as m
from tests.contract.manifests import Object
from tests.controlplane.api import Api
from tests.sandbox.conftest import served
from tests.unit.transform.small_pipelines import decoded, pipelines

PLANTED = {"STORE_KEY": "planted-key-of-the-store", "MODEL_KEY": "planted-key-of-the-models"}
THROUGH: dict[str, Any] = {"HTTPS_PROXY": "http://proxy.example.com:3128", "NO_PROXY": "127.0.0.1"}
DOCUMENT: dict[str, Any] = {
    "apiVersion": "kfinstall.io/v1alpha1",
    "kind": "Install",
    "metadata": {"name": "small"},
    "platform": {"type": "existing"},
    "kubeflow": {"file": "kfdef.yaml"},
    "objectStore": {"type": "s3", "bucket": "team-artifacts", "accessKey": "AKIAEXAMPLE", "secretKey": "${STORE_KEY}"},
    "serving": {
        "component": "kserve",
        "models": {"type": "s3", "accessKey": "AKIAEXAMPLE", "secretKey": "${MODEL_KEY}"},
    },
    "gpu": {"plugin": "nvidia"},
    "proxy": {"fromHost": True},
}
KFDEF = {
    "apiVersion": "kfdef.apps.kubeflow.org/v1",
    "kind": "KfDef",
    "metadata": {"name": "small", "namespace": "kubeflow"},
    "spec": {
        "applications": [{"name": "all", "kustomizeConfig": {"repoRef": {"name": "repo", "path": "all"}}}],
        "repos": [{"name": "repo", "uri": "repo"}],
    },
}


@dataclass
class Commands:
    """kfinstall against one cluster, with the document above; all that it said is kept."""

    kubeconfig: Path
    folder: Path
    said: list[str] = field(default_factory=list)

    def __call__(self, *arguments: str, code: int = 0, **environment: str) -> str:
        mine = {"KUBECONFIG": str(self.kubeconfig), "XDG_STATE_HOME": str(self.state), **PLANTED, **environment}
        document = () if arguments[0] == "uninstall" else ("-f", self.folder / "install.yaml")
        done = forked.kfinstall(*arguments, *document, env={**os.environ, **mine})
        self.said.append(done.stdout + done.stderr)
        assert done.returncode == code, self.said[-1]
        return self.said[-1]

    @property
    def state(self) -> Path:
        return self.folder / "state"


@pytest.fixture
def kfinstall(tmp_path: Path) -> Iterator[Commands]:
    profiles = m.definition("kubeflow.org", "profiles", "Profile")
    profiles["spec"]["scope"] = "Cluster"
    services = m.definition("serving.kserve.io", "inferenceservices", "InferenceService")
    objects = [profiles, services, m.namespace("kubeflow"), *(each.body for each in pipelines())]
    place = tmp_path / "repo" / "all"
    place.mkdir(parents=True)
    (place / "all.yaml").write_text(yaml.safe_dump_all(objects), encoding="utf-8")
    (tmp_path / "kfdef.yaml").write_text(yaml.safe_dump(KFDEF), encoding="utf-8")
    (tmp_path / "install.yaml").write_text(yaml.safe_dump(DOCUMENT), encoding="utf-8")
    with served("healthy", tmp_path) as kubeconfig:
        yield Commands(kubeconfig, tmp_path)


def test_all_of_it_stands_is_not_written_again_and_goes(kfinstall: Commands) -> None:
    with Api(kfinstall.kubeconfig) as api:
        told = kfinstall("install", "--yes", "--no-wait", **THROUGH)
        assert "Pipelines keep artifacts in bucket team-artifacts at s3.us-east-1.amazonaws.com" in told
        assert "NVIDIA's device plugin runs on every node" in told
        assert "get this machine's proxy: HTTPS_PROXY=http://proxy.example.com:3128" in told
        keys = decoded(api.get("/api/v1/namespaces/kubeflow/secrets/mlpipeline-minio-artifact"))
        assert keys["secretkey"] == PLANTED["STORE_KEY"]
        assert decoded(api.get("/api/v1/namespaces/ada/secrets/kfinstall-models"))["AWS_ACCESS_KEY_ID"] == "AKIAEXAMPLE"
        plugin = "/apis/apps/v1/namespaces/kube-system/daemonsets/nvidia-device-plugin-daemonset"
        assert api.get(plugin)
        assert not found(api, "/apis/apps/v1/namespaces/kubeflow/deployments/seaweedfs")
        again = kfinstall("install", "--yes", "--no-wait", **THROUGH)
        assert " unchanged" in again
        assert " created" not in again
        kfinstall("uninstall", "small", "--yes")
        assert not found(api, plugin)
        assert not found(api, "/api/v1/namespaces/ada/secrets/kfinstall-models")


def test_keys_are_nowhere_to_be_read(kfinstall: Commands) -> None:
    for command in (
        ("build",),
        ("plan",),
        ("plan", "-o", "json"),
        ("config", "show"),
        ("install", "--yes", "--no-wait", "--log-format=json"),
        ("install", "--yes", "--no-wait", "-o", "json"),
    ):
        kfinstall(*command)
    kfinstall("diff", code=1, STORE_KEY="another-planted-key", MODEL_KEY="another-planted-key")
    kfinstall("install", "--yes", "--no-wait", STORE_KEY="not possible in a key", code=2)
    kept = "".join(path.read_text() for path in kfinstall.state.rglob("*") if path.is_file())
    everything = "".join(kfinstall.said) + kept
    secrets = [*PLANTED.values(), "another-planted-key", "not possible in a key"]
    encoded = [base64.b64encode(each.encode()).decode() for each in secrets]
    assert [each for each in (*secrets, *encoded) if each in everything] == []


def test_what_the_release_cannot_do_is_refused_before_anything_is_written(kfinstall: Commands) -> None:
    told = kfinstall("install", "--yes", "--set", "serving.component=seldon", code=3)
    assert "serving.component is seldon, and this release does not have it." in told
    assert "It serves models by: KServe" in told
    with Api(kfinstall.kubeconfig) as api:
        assert not found(api, "/api/v1/namespaces/kubeflow")


def test_a_place_in_the_file_is_named(kfinstall: Commands) -> None:
    document = json.loads(json.dumps(DOCUMENT))
    document["objectStore"] = {"type": "s3", "bucket": "team-artifacts"}
    (kfinstall.folder / "install.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
    told = kfinstall("plan", code=2)
    assert "objectStore: " in told
    assert "either accessKey and secretKey or roleArn" in told


def found(api: Api, path: str) -> Object | None:
    try:
        return api.get(path)
    except ApiException:
        return None
