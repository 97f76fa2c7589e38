"""Stores elsewhere on the real releases: what is left out, who is told of it, and that nothing else changes."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from kfinstall.contracts.manifest import Body, Manifest, ObjectKey
from kfinstall.errors import PlanRefused
from kfinstall.model.install import Install
from kfinstall.transform.objectstore import transformed
from tests.golden.test_releases import ARCHIVES, preset, rendered

pytestmark = pytest.mark.skipif(not ARCHIVES.is_dir(), reason=f"the archives of the releases are not in {ARCHIVES}")

KEYS = {"accessKey": "AKIAEXAMPLE", "secretKey": "planted"}
S3 = {"type": "s3", "bucket": "team-artifacts", **KEYS}
ACCOUNT_KEY = json.dumps({"client_email": "a@b.example", "private_key": "planted"})
GCS = {"type": "gcs", "bucket": "team-artifacts", "accountKey": ACCOUNT_KEY}
AZURE = {"type": "azure", "account": "teamstore", "accountKey": "planted", "container": "artifacts"}

OWN_STORE = {
    "kubeflow-1.10": {
        "AuthorizationPolicy/minio-service",
        "Deployment/minio",
        "DestinationRule/ml-pipeline-minio",
        "NetworkPolicy/minio",
        "PersistentVolumeClaim/minio-pvc",
        "Service/minio-service",
    },
    "kubeflow-26.03": {
        "AuthorizationPolicy/seaweedfs-service",
        "Deployment/seaweedfs",
        "DestinationRule/ml-pipeline-seaweedfs",
        "NetworkPolicy/seaweedfs",
        "PersistentVolumeClaim/seaweedfs-pvc",
        "Service/seaweedfs",
        "ServiceAccount/seaweedfs",
    },
}
TOLD = {
    "ConfigMap/kubeflow-pipelines-profile-controller-code",
    "ConfigMap/pipeline-install-config",
    "ConfigMap/workflow-controller-configmap",
    "Deployment/kubeflow-pipelines-profile-controller",
    "Deployment/ml-pipeline",
    "Deployment/ml-pipeline-ui",
    "Secret/mlpipeline-minio-artifact",
}
RESTARTED = {
    "cache-server",
    "metadata-grpc-deployment",
    "metadata-writer",
    "workflow-controller",
    "ml-pipeline-scheduledworkflow",
}
"""Deployments that read the configuration which is changed, and may start again for it."""


def release(name: str) -> list[Manifest]:
    return list(rendered(preset(name), Path(os.environ["KFINSTALL_TEST_CACHE"]) / "renders").manifests)


def stored(manifests: list[Manifest], document: dict[str, Any]) -> dict[ObjectKey, Body]:
    store = Install.model_validate({"platform": {"type": "existing"}, "objectStore": document}).object_store
    return {each.key: each.body for each in transformed(manifests, store, "kubeflow")}


def named(key: ObjectKey) -> str:
    stem, dash, digest = key.name.rpartition("-")
    return f"{key.kind}/{stem if dash and stem.endswith('-code') and len(digest) == 10 else key.name}"


@pytest.mark.parametrize("name", OWN_STORE)
def test_s3_takes_the_place_of_the_own_store(name: str) -> None:
    manifests = release(name)
    before = {each.key: each.body for each in manifests}
    after = stored(manifests, S3)
    assert {named(key) for key in before.keys() - after.keys()} == OWN_STORE[name]
    assert after.keys() <= before.keys()
    changed = {named(key) for key, body in after.items() if before[key] != body}
    assert changed >= TOLD
    assert {each for each in changed - TOLD if each.removeprefix("Deployment/") not in RESTARTED} == set()


@pytest.mark.parametrize("name", OWN_STORE)
def test_nothing_asks_for_the_own_store_any_more(name: str) -> None:
    """But the names in what the release's hook is told, which asks for nothing where the Secret is there."""
    after = stored(release(name), S3)
    asking = {
        named(key)
        for key, body in after.items()
        if any(service in json.dumps(body) for service in ("minio-service", "seaweedfs"))
    }
    assert asking <= {
        "ConfigMap/kubeflow-pipelines-profile-controller-code",
        "Deployment/kubeflow-pipelines-profile-controller",
    }


@pytest.mark.parametrize("name", OWN_STORE)
def test_google_cloud_is_told_to_the_launcher_only(name: str) -> None:
    manifests = release(name)
    before = {each.key: each.body for each in manifests}
    after = stored(manifests, GCS)
    assert {named(key) for key in after.keys() - before.keys()} == {"Secret/kfinstall-artifacts"}
    assert before.keys() <= after.keys()
    changed = {named(key) for key in before if before[key] != after[key]}
    assert not changed & {"Secret/mlpipeline-minio-artifact", "Deployment/minio", "Deployment/seaweedfs"}


def test_azure_is_behind_the_gateway_of_1_10_and_refused_after() -> None:
    manifests = release("kubeflow-1.10")
    after = stored(manifests, AZURE)
    assert {named(each.key) for each in manifests if each.key not in after} == {"PersistentVolumeClaim/minio-pvc"}
    with pytest.raises(PlanRefused, match="do not reach Azure"):
        stored(release("kubeflow-26.03"), AZURE)


@pytest.mark.parametrize("name", OWN_STORE)
@pytest.mark.parametrize("document", [S3, GCS])
def test_a_secret_stands_in_secrets_only(name: str, document: dict[str, Any]) -> None:
    after = stored(release(name), document)
    assert not [str(key) for key, body in after.items() if key.kind != "Secret" and "planted" in json.dumps(body)]
