"""Keys of the user's own for the object store, instead of those that everybody knows."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from pydantic import ValidationError

from kfinstall.contracts.manifest import Manifest
from kfinstall.errors import PlanRefused
from kfinstall.model.install import Install
from kfinstall.transform.objectstore import transformed
from kfinstall.transform.restarts import ANNOTATION

KEYS = {"accessKey": "team-artifacts", "secretKey": "hard+to/guess="}


def release() -> list[Manifest]:
    variable = {"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "mlpipeline-minio-artifact", "key": "secretkey"}}}
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "mlpipeline-minio-artifact", "namespace": "kubeflow"},
        "stringData": {"accesskey": "minio", "secretkey": "minio123"},
    }
    return [Manifest(secret, "app"), workload("minio", env=[variable]), workload("mysql")]


def workload(name: str, **container: Any) -> Manifest:
    template = {"spec": {"containers": [{"name": name, **container}]}}
    metadata = {"name": name, "namespace": "kubeflow"}
    body = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": {"template": template}}
    return Manifest(body, "app")


def changed(manifests: list[Manifest], **document: str) -> dict[str, Any]:
    after = transformed(
        manifests,
        Install.model_validate({"platform": {"type": "existing"}, "objectStore": document}).object_store,
        "kubeflow",
    )
    return {each.name: each.body for each in after if each not in manifests}


def test_the_keys_are_those_of_the_document_and_who_reads_them_starts_again() -> None:
    found = changed(release(), **KEYS)
    data = found["mlpipeline-minio-artifact"]["data"]
    assert {name: base64.b64decode(value).decode() for name, value in data.items()} == {
        "accesskey": "team-artifacts",
        "secretkey": "hard+to/guess=",
    }
    assert "minio123" not in str(found)
    assert set(found) == {"mlpipeline-minio-artifact", "minio"}
    assert ANNOTATION in found["minio"]["spec"]["template"]["metadata"]["annotations"]


def test_without_keys_nothing_changes() -> None:
    assert changed(release()) == {}


def test_a_release_without_a_store_has_no_keys() -> None:
    with pytest.raises(PlanRefused, match="no object store"):
        changed([workload("mysql")], **KEYS)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"accessKey": "team-artifacts"}, "accessKey and secretKey go together"),
        ({**KEYS, "secretKey": "$(reboot) now"}, "8 to 64 letters and digits"),
        ({**KEYS, "secretKey": "minio"}, "8 to 64 letters and digits"),
    ],
)
def test_keys_that_no_store_takes_are_refused_when_the_file_is_read(document: Any, message: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Install.model_validate({"platform": {"type": "existing"}, "objectStore": document})
    assert message in str(refused.value)
