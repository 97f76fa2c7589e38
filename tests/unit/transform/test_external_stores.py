"""Pipelines with a store elsewhere: what is told to whom, and what cannot be."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import urllib3
import yaml
from pydantic import ValidationError

from kfinstall.contracts.manifest import Body, Manifest
from kfinstall.errors import PlanRefused, UsageError
from kfinstall.model.install import Install
from kfinstall.transform.objectstore import notice, transformed
from kfinstall.transform.restarts import ANNOTATION
from tests.controlplane.certificates import Authority
from tests.unit.transform.small_pipelines import NAMESPACE, by_name, decoded, environment, pipelines

KEYS = {"accessKey": "AKIAEXAMPLE", "secretKey": "planted/secret+key"}
S3 = {"type": "s3", "bucket": "team-artifacts", "region": "eu-central-1", **KEYS}
ACCOUNT_KEY = json.dumps({"type": "service_account", "client_email": "a@b.example", "private_key": "planted-key"})
GCS = {"type": "gcs", "bucket": "team-artifacts", "accountKey": ACCOUNT_KEY}
AZURE = {"type": "azure", "account": "teamstore", "accountKey": "cGxhbnRlZA==", "container": "artifacts"}
ROLE = "arn:aws:iam::123456789012:role/pipelines"
CONTROLLER = "Deployment/kubeflow-pipelines-profile-controller"
CODE = "ConfigMap/kubeflow-pipelines-profile-controller-code-9h7"


def parsed(document: dict[str, Any]) -> Any:
    return Install.model_validate({"platform": {"type": "existing"}, "objectStore": document}).object_store


def told(manifests: list[Manifest], **document: Any) -> dict[str, Body]:
    return by_name(transformed(manifests, parsed(document), NAMESPACE))


def settings(found: dict[str, Body]) -> Any:
    return json.loads(found[CODE]["data"]["external.json"])


def test_s3_takes_the_place_of_the_releases_store() -> None:
    found = told(pipelines(), **S3)
    assert not {name for name in found if "seaweedfs" in name}
    server = environment(found["Deployment/ml-pipeline"])
    assert server["OBJECTSTORECONFIG_HOST"] == "s3.eu-central-1.amazonaws.com"
    assert (server["OBJECTSTORECONFIG_SECURE"], server["OBJECTSTORECONFIG_PORT"]) == ("true", "")
    assert server["OBJECTSTORECONFIG_REGION"] == "eu-central-1"
    assert found["ConfigMap/pipeline-install-config"]["data"]["bucketName"] == "team-artifacts"
    keys = {"accesskey": "AKIAEXAMPLE", "secretkey": "planted/secret+key"}
    assert decoded(found["Secret/mlpipeline-minio-artifact"]) == keys
    repository = yaml.safe_load(found["ConfigMap/workflow-controller-configmap"]["data"]["artifactRepository"])
    assert repository["s3"]["endpoint"] == "s3.eu-central-1.amazonaws.com"
    assert (repository["s3"]["insecure"], repository["s3"]["bucket"]) == (False, "team-artifacts")
    assert repository["s3"]["keyFormat"] == "artifacts/{{workflow.name}}/{{pod.name}}"
    web = environment(found["Deployment/ml-pipeline-ui"])
    assert (web["ARGO_ARCHIVE_ARTIFACTORY"], web["ARGO_ARCHIVE_BUCKETNAME"]) == ("s3", "team-artifacts")
    launcher = settings(found)["launcher"]
    assert launcher["defaultPipelineRoot"] == "s3://team-artifacts/private-artifacts/{namespace}/v2/artifacts"
    assert json.loads(launcher["providers"])["s3"]["default"]["credentials"]["fromEnv"] is False


@pytest.mark.parametrize(
    ("document", "host"),
    [
        ({"endpoint": "s3.amazonaws.com"}, "s3.eu-central-1.amazonaws.com"),
        ({"region": "cn-north-1"}, "s3.cn-north-1.amazonaws.com.cn"),
        ({"endpoint": "s3.dualstack.eu-central-1.amazonaws.com"}, "s3.dualstack.eu-central-1.amazonaws.com"),
    ],
)
def test_s3_itself_is_asked_in_the_buckets_region(document: dict[str, str], host: str) -> None:
    found = told(pipelines(), **{**S3, **document})
    assert environment(found["Deployment/ml-pipeline"])["OBJECTSTORECONFIG_HOST"] == host
    assert environment(found["Deployment/ml-pipeline-ui"])["AWS_S3_ENDPOINT"] == host


def test_the_keys_are_in_the_secret_and_nowhere_else() -> None:
    found = told(pipelines(), **S3)
    del found["Secret/mlpipeline-minio-artifact"]
    assert "planted" not in json.dumps(found)
    assert "planted" not in notice(parsed(S3))
    assert "stringData" not in told(pipelines(), **S3)["Secret/mlpipeline-minio-artifact"]


def test_who_reads_what_was_changed_starts_again() -> None:
    found = told(pipelines(), **S3)
    for name in ("Deployment/ml-pipeline", "Deployment/ml-pipeline-ui", CONTROLLER):
        assert ANNOTATION in found[name]["spec"]["template"]["metadata"]["annotations"], name


def test_a_store_of_ones_own_is_asked_at_its_port() -> None:
    found = told(pipelines("2.5.0", "minio"), **{**S3, "endpoint": "store.example.com:9000", "tls": False})
    assert not {name for name in found if "minio" in name} - {"Secret/mlpipeline-minio-artifact"}
    server = environment(found["Deployment/ml-pipeline"])
    assert (server["OBJECTSTORECONFIG_HOST"], server["OBJECTSTORECONFIG_PORT"]) == ("store.example.com", "9000")
    web = environment(found["Deployment/ml-pipeline-ui"])
    assert (web["MINIO_HOST"], web["MINIO_NAMESPACE"], web["MINIO_PORT"]) == ("store.example.com", "", "9000")
    assert web["MINIO_SSL"] == "false"


def mounted(deployment: Body) -> tuple[Body, Body]:
    """The last volume of a Deployment's pods, and where its containers have it."""
    pod = deployment["spec"]["template"]["spec"]
    [container] = pod["containers"]
    return pod["volumes"][-1], container["volumeMounts"][-1]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with an authority's certificate and, as careless people have it, its key."""
    folder = tmp_path_factory.mktemp("authority")
    made = Authority.create(folder, "store").pair.certificate_file.read_text()
    file = folder / "both.pem"
    file.write_text(f"-----BEGIN PRIVATE KEY-----\ncGxhbnRlZA==\n-----END PRIVATE KEY-----\n{made}")
    return file


@pytest.mark.parametrize(
    ("release", "pods"),
    [
        (pipelines(), {"CABUNDLE_CONFIGMAP_NAME": "kfp-launcher", "CABUNDLE_KEY_NAME": "ca.crt"}),
        (
            pipelines("2.5.0", "minio"),
            {
                "EXECUTOR_CABUNDLE_CONFIGMAP_NAME": "kfp-launcher",
                "EXECUTOR_CABUNDLE_CONFIGMAP_KEY": "ca.crt",
                "EXECUTOR_CABUNDLE_MOUNTPATH": "/kfp/certs",
            },
        ),
    ],
)
def test_whoever_asks_a_store_with_a_private_authority_is_shown_it(
    authority: Path, release: list[Manifest], pods: dict[str, str]
) -> None:
    found = told(release, **{**S3, "endpoint": "store.example.com"}, caFile=str(authority))
    text = decoded(found["Secret/mlpipeline-minio-artifact"])["ca.crt"]
    assert text in authority.read_text()
    assert "PRIVATE KEY" not in text
    for name, variable, value in (
        ("Deployment/ml-pipeline", "SSL_CERT_DIR", "/etc/ssl/certs:/etc/pki/tls/certs:/etc/kfinstall/store-ca"),
        ("Deployment/ml-pipeline-ui", "NODE_EXTRA_CA_CERTS", "/etc/kfinstall/store-ca/ca.crt"),
    ):
        assert environment(found[name])[variable] == value
        volume, mount = mounted(found[name])
        items = [{"key": "ca.crt", "path": "ca.crt"}]
        assert volume["secret"] == {"secretName": "mlpipeline-minio-artifact", "items": items}
        assert (mount["name"], mount["mountPath"]) == (volume["name"], "/etc/kfinstall/store-ca")
    server = environment(found["Deployment/ml-pipeline"])
    assert {name: value for name, value in server.items() if "CABUNDLE" in name} == pods
    assert settings(found)["launcher"]["ca.crt"] == text
    repository = yaml.safe_load(found["ConfigMap/workflow-controller-configmap"]["data"]["artifactRepository"])
    assert repository["s3"]["caSecret"] == {"name": "mlpipeline-minio-artifact", "key": "ca.crt"}


def test_a_file_without_a_certificate_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_text("planted")
    for name, why in (("key.pem", "none in the form PEM"), ("gone.pem", "No such file")):
        with pytest.raises(UsageError, match="caFile names") as refused:
            told(pipelines(), **{**S3, "endpoint": "store.example.com"}, caFile=str(tmp_path / name))
        assert why in str(refused.value.why)


def test_a_role_takes_the_place_of_keys() -> None:
    found = told(pipelines(), type="s3", bucket="team-artifacts", roleArn=ROLE)
    for account in ("ml-pipeline", "ml-pipeline-ui"):
        metadata = found[f"ServiceAccount/{account}"]["metadata"]
        assert metadata["annotations"] == {"eks.amazonaws.com/role-arn": ROLE}
    plugin = {"kind": "AwsIamForServiceAccount", "spec": {"awsIamRole": ROLE, "annotateOnly": True}}
    assert found["Profile/ada"]["spec"]["plugins"] == [plugin]
    assert decoded(found["Secret/mlpipeline-minio-artifact"]) == {"accesskey": "", "secretkey": ""}
    repository = yaml.safe_load(found["ConfigMap/workflow-controller-configmap"]["data"]["artifactRepository"])
    assert repository["s3"]["useSDKCreds"] is True
    assert "accessKeySecret" not in repository["s3"]


def test_old_pipelines_take_no_role() -> None:
    with pytest.raises(PlanRefused, match="take no role of a service account"):
        told(pipelines("2.5.0", "minio"), type="s3", bucket="team-artifacts", roleArn=ROLE)


def test_google_cloud_speaks_s3_with_old_pipelines_only() -> None:
    google = {**S3, "endpoint": "storage.googleapis.com"}
    with pytest.raises(PlanRefused, match="cannot speak S3 with it") as refused:
        told(pipelines(), **google)
    assert "objectStore.type: gcs" in str(refused.value.fix)
    server = environment(told(pipelines("2.5.0", "minio"), **google)["Deployment/ml-pipeline"])
    assert server["OBJECTSTORECONFIG_HOST"] == "storage.googleapis.com"


def test_google_cloud_gets_the_artifacts_and_the_own_store_stays() -> None:
    before = pipelines()
    found = told(before, **GCS)
    assert found["Deployment/seaweedfs"] == by_name(before)["Deployment/seaweedfs"]
    assert found["Deployment/ml-pipeline"] != {}
    assert "OBJECTSTORECONFIG_HOST" not in environment(found["Deployment/ml-pipeline"])
    launcher = settings(found)["launcher"]
    assert launcher["defaultPipelineRoot"].startswith("gs://team-artifacts/")
    assert decoded(found["Secret/kfinstall-artifacts"]) == {"key.json": ACCOUNT_KEY}
    del found["Secret/kfinstall-artifacts"]
    assert "planted" not in json.dumps(found)


def test_google_cloud_by_workload_identity_needs_no_secret() -> None:
    found = told(pipelines(), type="gcs", bucket="team-artifacts", workloadIdentity=True)
    assert "Secret/kfinstall-artifacts" not in found
    assert json.loads(settings(found)["launcher"]["providers"]) == {
        "gs": {"default": {"credentials": {"fromEnv": True}}}
    }


def test_azure_is_behind_the_minio_of_1_10() -> None:
    found = told(pipelines("2.5.0", "minio"), **AZURE)
    [container] = found["Deployment/minio"]["spec"]["template"]["spec"]["containers"]
    assert container["args"] == ["gateway", "azure"]
    assert "volumeMounts" not in container
    assert "PersistentVolumeClaim/minio-pvc" not in found
    assert decoded(found["Secret/mlpipeline-minio-artifact"]) == {"accesskey": "teamstore", "secretkey": "cGxhbnRlZA=="}
    assert found["ConfigMap/pipeline-install-config"]["data"]["bucketName"] == "artifacts"


def test_azure_is_refused_where_nothing_reaches_it() -> None:
    with pytest.raises(PlanRefused, match="do not reach Azure") as refused:
        told(pipelines(), **AZURE)
    assert "S3 gateway" in str(refused.value.fix)


@pytest.mark.parametrize("document", [S3, GCS, AZURE])
def test_pipelines_that_say_nothing_of_their_store_are_refused(document: dict[str, Any]) -> None:
    with pytest.raises(PlanRefused, match="cannot be told of it"):
        told(pipelines("1.0.4", "minio"), **document)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"type": "s3", "bucket": "artifacts"}, "either accessKey and secretKey or roleArn"),
        ({**S3, "roleArn": ROLE}, "either accessKey and secretKey or roleArn"),
        ({**S3, "endpoint": "https://store.example.com"}, "without https://"),
        ({**S3, "bucket": "Team Artifacts"}, "String should match pattern"),
        (
            {"type": "s3", "bucket": "a-bucket", "endpoint": "s.example.com", "roleArn": ROLE},
            "roleArn is for S3 itself",
        ),
        ({**S3, "caFile": "ca.pem"}, "everybody trusts the certificates of S3 itself"),
        ({**S3, "endpoint": "s.example.com", "tls": False, "caFile": "ca.pem"}, "asks the store over http"),
        ({**GCS, "accountKey": "planted"}, "the JSON key of a service account"),
        ({"type": "gcs", "bucket": "artifacts"}, "either accountKey or workloadIdentity"),
        ({**AZURE, "account": "Team"}, "String should match pattern"),
    ],
)
def test_what_cannot_be_is_refused_when_the_file_is_read(document: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError) as refused:
        parsed(document)
    assert message in str(refused.value)
    assert "planted" not in str(refused.value)


@contextmanager
def hook(folder: Path, found: dict[str, Body], **variables: str) -> Iterator[str]:
    """The profile controller's hook, started as its container starts it."""
    for name, text in found[CODE]["data"].items():
        (folder / name).write_text(text, encoding="utf-8")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    [container] = found[CONTROLLER]["spec"]["template"]["spec"]["containers"]
    assert container["command"] == ["python", "/hooks/external.py"]
    environ = {**os.environ, "CONTROLLER_PORT": str(port), **variables}
    program = [sys.executable, str(folder / "external.py")]
    with subprocess.Popen(program, env=environ, stderr=subprocess.DEVNULL) as running:
        try:
            yield f"http://127.0.0.1:{port}/sync"
        finally:
            running.terminate()


def ask(address: str, **labels: str) -> list[Body]:
    parent = {"metadata": {"name": "ada", "labels": labels}}
    body = json.dumps({"object": parent, "attachments": {"Secret.v1": {}}}).encode()
    for _attempt in range(100):
        try:
            attachments: list[Body] = urllib3.request("POST", address, body=body, retries=False).json()["attachments"]
            return attachments
        except urllib3.exceptions.NewConnectionError:
            time.sleep(0.1)
    raise AssertionError("the hook does not answer")


def test_a_profile_gets_the_store_from_the_controllers_hook(tmp_path: Path) -> None:
    found = told(pipelines(), **S3)
    needed = environment(found[CONTROLLER])
    assert needed["STORE_SECRET_KEY"] == {"secretKeyRef": {"name": "mlpipeline-minio-artifact", "key": "secretkey"}}
    variables = {"STORE_ACCESS_KEY": "AKIAEXAMPLE", "STORE_SECRET_KEY": "planted", "MAKES_USERS": "yes"}
    with hook(tmp_path, found, **variables) as address:
        made = {f"{each['kind']}/{each['metadata']['name']}": each for each in ask(address, **enabled())}
        assert ask(address) == []
    assert len(made) == 5
    launcher = made["ConfigMap/kfp-launcher"]["data"]
    assert launcher["defaultPipelineRoot"] == "s3://team-artifacts/private-artifacts/ada/v2/artifacts"
    assert launcher["clusterDomain"] == ".svc"
    assert json.loads(launcher["providers"])["s3"]["default"]["region"] == "eu-central-1"
    repository = json.loads(made["ConfigMap/artifact-repositories"]["data"]["default-namespaced"])
    assert repository["archiveLogs"] is True
    assert repository["s3"]["bucket"] == "team-artifacts"
    assert repository["s3"]["keyFormat"] == "logs/{{pod.name}}"
    assert decoded(made["Secret/mlpipeline-minio-artifact"]) == {"accesskey": "AKIAEXAMPLE", "secretkey": "planted"}
    server = environment(made["Deployment/ml-pipeline-ui-artifact"])
    assert server["AWS_REGION"] == "eu-central-1"


def test_a_profile_gets_the_authority_of_the_store(authority: Path, tmp_path: Path) -> None:
    found = told(pipelines(), **{**S3, "endpoint": "store.example.com"}, caFile=str(authority))
    text = decoded(found["Secret/mlpipeline-minio-artifact"])["ca.crt"]
    assert environment(found[CONTROLLER])["STORE_CA"]["secretKeyRef"]["key"] == "ca.crt"
    with hook(tmp_path, found, STORE_CA=text) as address:
        made = {f"{each['kind']}/{each['metadata']['name']}": each for each in ask(address, **enabled())}
    assert made["ConfigMap/kfp-launcher"]["data"]["ca.crt"] == text
    assert decoded(made["Secret/mlpipeline-minio-artifact"])["ca.crt"] == text
    repository = json.loads(made["ConfigMap/artifact-repositories"]["data"]["default-namespaced"])
    assert repository["s3"]["caSecret"]["key"] == "ca.crt"
    server = made["Deployment/ml-pipeline-ui-artifact"]
    volume, mount = mounted(server)
    assert environment(server)["NODE_EXTRA_CA_CERTS"] == f"{mount['mountPath']}/ca.crt"
    assert volume["secret"]["secretName"] == "mlpipeline-minio-artifact"


def test_a_profile_gets_google_clouds_key_beside_what_the_release_gives_it(tmp_path: Path) -> None:
    found = told(pipelines(), **GCS)
    with hook(tmp_path, found, STORE_ACCOUNT_KEY=ACCOUNT_KEY) as address:
        made = {f"{each['kind']}/{each['metadata']['name']}": each for each in ask(address, **enabled())}
    assert decoded(made["Secret/kfinstall-artifacts"]) == {"key.json": ACCOUNT_KEY}
    assert "Secret/mlpipeline-minio-artifact" in made
    repository = json.loads(made["ConfigMap/artifact-repositories"]["data"]["default-namespaced"])
    assert repository["s3"]["endpoint"] == "own:9000"
    assert made["ConfigMap/kfp-launcher"]["data"]["defaultPipelineRoot"].startswith("gs://team-artifacts/private")


def enabled() -> dict[str, str]:
    return {"pipelines.kubeflow.org/enabled": "true"}
