"""What serves models, and by which account it reads them in the namespace of a profile."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from kfinstall.contracts.manifest import Body, Manifest
from kfinstall.errors import PlanRefused
from kfinstall.model.install import Install
from kfinstall.transform.serving import transformed
from tests.controlplane.certificates import Authority
from tests.unit.transform.small_pipelines import decoded

S3 = {"type": "s3", "endpoint": "store.example.com:9000", "accessKey": "AKIA", "secretKey": "planted"}
ACCOUNT_KEY = json.dumps({"client_email": "a@b.example", "private_key": "planted"})
CLIENT = "11111111-2222-3333-4444-555555555555"
NFS = {"type": "nfs", "server": "files.example.com", "path": "/models"}


def definition(name: str) -> Body:
    return {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": name}}


def profile(name: str) -> Body:
    owner = {"kind": "User", "name": f"{name}@example.com"}
    return {"apiVersion": "kubeflow.org/v1", "kind": "Profile", "metadata": {"name": name}, "spec": {"owner": owner}}


def configuration(**data: Any) -> Body:
    metadata = {"name": "inferenceservice-config", "namespace": "kubeflow"}
    texts = {name: json.dumps(value) for name, value in data.items()}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": texts}


RUNTIME = {
    "apiVersion": "serving.kserve.io/v1alpha1",
    "kind": "ClusterServingRuntime",
    "metadata": {"name": "kserve-tensorflow-serving"},
    "spec": {"supportedModelFormats": [{"name": "tensorflow", "version": "2"}]},
}
KSERVE = [definition("inferenceservices.serving.kserve.io"), RUNTIME, configuration(), profile("ada"), profile("bob")]


def served(*bodies: Body, **serving: Any) -> dict[str, Body]:
    before = [Manifest(body, "app") for body in bodies]
    section = Install.model_validate({"platform": {"type": "existing"}, "serving": serving}).serving
    added = transformed(before, section)[len(before) :]
    return {f"{each.kind}/{each.namespace or '-'}/{each.name}": each.body for each in added}


def test_without_the_section_nothing_changes() -> None:
    assert served(*KSERVE) == {}
    assert served(*KSERVE, component="kserve") == {}


def test_each_profile_has_an_account_with_the_keys() -> None:
    found = served(*KSERVE, models=S3)
    for name in ("ada", "bob"):
        assert found[f"ServiceAccount/{name}/kfinstall-models"]["secrets"] == [{"name": "kfinstall-models"}]
        secret = found[f"Secret/{name}/kfinstall-models"]
        assert decoded(secret) == {"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "planted"}
        annotations = secret["metadata"]["annotations"]
        assert annotations["serving.kserve.io/s3-endpoint"] == "store.example.com:9000"
        assert annotations["serving.kserve.io/s3-usehttps"] == "1"
        assert found[f"Namespace/-/{name}"]["metadata"]["annotations"] == {"owner": f"{name}@example.com"}
    assert "planted" not in json.dumps([body for body in found.values() if body["kind"] != "Secret"])


def test_kserve_is_shown_the_authority_of_the_store_in_each_profile(tmp_path: Path) -> None:
    text = Authority.create(tmp_path, "store").pair.certificate_file.read_text()
    (tmp_path / "ca.pem").write_text(text)
    found = served(*KSERVE, models={**S3, "caFile": str(tmp_path / "ca.pem")})
    for name in ("ada", "bob"):
        told = found[f"Secret/{name}/kfinstall-models"]["metadata"]["annotations"]
        shown = found[f"ConfigMap/{name}/{told['serving.kserve.io/s3-cabundle-configmap']}"]
        assert shown["data"] == {"cabundle.crt": text}


def test_only_the_profiles_that_are_named() -> None:
    found = served(*KSERVE, models=S3, profiles=["bob"])
    assert {name.split("/")[-2:][0] for name in found if not name.startswith("Namespace")} == {"bob"}
    with pytest.raises(PlanRefused, match="there is no profile eve"):
        served(*KSERVE, models=S3, profiles=["eve"])


def test_the_keys_have_the_names_that_the_releases_kserve_reads() -> None:
    """KFServing's were other ones."""
    names = {"s3": {"s3AccessKeyIDName": "awsAccessKeyID", "s3SecretAccessKeyName": "awsSecretAccessKey"}}
    old = [definition("inferenceservices.serving.kubeflow.org"), configuration(credentials=names), profile("ada")]
    found = served(*old, models=S3)
    assert decoded(found["Secret/ada/kfinstall-models"]) == {"awsAccessKeyID": "AKIA", "awsSecretAccessKey": "planted"}


@pytest.mark.parametrize(
    ("models", "annotation"),
    [
        (
            {"type": "s3", "roleArn": "arn:aws:iam::123456789012:role/models"},
            {"eks.amazonaws.com/role-arn": "arn:aws:iam::123456789012:role/models"},
        ),
        (
            {"type": "gcs", "serviceAccount": "models@lab.iam.gserviceaccount.com"},
            {"iam.gke.io/gcp-service-account": "models@lab.iam.gserviceaccount.com"},
        ),
        ({"type": "azure", "clientId": CLIENT}, {"azure.workload.identity/client-id": CLIENT}),
    ],
)
def test_an_identity_of_the_cloud_takes_the_place_of_keys(models: Any, annotation: dict[str, str]) -> None:
    found = served(*KSERVE, models=models)
    assert not [name for name in found if name.startswith("Secret")]
    account = found["ServiceAccount/ada/kfinstall-models"]
    assert annotation.items() <= account["metadata"]["annotations"].items()
    assert "secrets" not in account


@pytest.mark.parametrize(
    ("models", "data"),
    [
        ({"type": "gcs", "accountKey": ACCOUNT_KEY}, {"gcloud-application-credentials.json": ACCOUNT_KEY}),
        ({"type": "azure", "accountKey": "planted"}, {"AZURE_STORAGE_ACCESS_KEY": "planted"}),
    ],
)
def test_other_clouds_have_keys_by_which_kserve_knows_them(models: Any, data: dict[str, str]) -> None:
    assert decoded(served(*KSERVE, models=models)["Secret/ada/kfinstall-models"]) == data


def test_a_folder_is_a_claim_of_its_own_volume_in_each_profile() -> None:
    found = served(*KSERVE, models=NFS)
    claim = found["PersistentVolumeClaim/ada/models"]["spec"]
    volume = found["PersistentVolume/-/kfinstall-models-ada"]["spec"]
    assert claim["volumeName"] == "kfinstall-models-ada"
    assert (claim["storageClassName"], volume["storageClassName"]) == ("", "")
    assert volume["claimRef"] == {"namespace": "ada", "name": "models"}
    assert volume["nfs"] == {"server": "files.example.com", "path": "/models", "readOnly": True}
    assert volume["persistentVolumeReclaimPolicy"] == "Retain"
    assert "ServiceAccount/ada/kfinstall-models" in found


def test_a_component_that_the_release_lacks_is_refused_with_those_that_it_has() -> None:
    with pytest.raises(PlanRefused, match="this release does not have it") as refused:
        served(*KSERVE, component="seldon")
    assert refused.value.why == "It serves models by: KServe, TF-Serving"
    served(*KSERVE, component="tf-serving")
    served(definition("seldondeployments.machinelearning.seldon.io"), component="seldon")
    with pytest.raises(PlanRefused, match="nothing in this release serves them"):
        served(profile("ada"), models=S3)


@pytest.mark.parametrize(
    ("serving", "message"),
    [
        ({"models": {"type": "s3"}}, "either accessKey and secretKey or roleArn"),
        ({"models": {"type": "gcs", "accountKey": "planted"}}, "the JSON key of a service account"),
        ({"models": {"type": "gcs"}}, "either accountKey or serviceAccount"),
        ({"models": {"type": "azure"}}, "either accountKey or clientId"),
        ({"models": {**NFS, "path": "models"}}, 'a path that begins with "/"'),
        ({"profiles": ["ada"]}, "models does not say where they are"),
        ({"test": {"address": "ftp://a", "format": "sklearn"}}, "String should match pattern"),
    ],
)
def test_what_cannot_be_is_refused_when_the_file_is_read(serving: Any, message: str) -> None:
    with pytest.raises(ValidationError) as refused:
        served(**serving)
    assert message in str(refused.value)
    assert "planted" not in str(refused.value)
