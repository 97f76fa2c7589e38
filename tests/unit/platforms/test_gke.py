"""What a document may say of GKE, and what GKE changes in the objects. Nothing here is asked of Google."""

import base64
import json
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from kfinstall.contracts.manifest import Manifest
from kfinstall.contracts.surroundings import Nowhere
from kfinstall.engine.host import LocalHost
from kfinstall.errors import DocumentError, PlanRefused
from kfinstall.model.install import Install
from kfinstall.model.load import load
from platforms.gke import Gke
from platforms.gke.machines import cpus, memory
from platforms.gke.options import GkeOptions

GKE = Gke()
KEY = json.dumps({"type": "service_account", "private_key": "planted-key"})
IAP = {"clientId": "1-a.apps.googleusercontent.com", "clientSecret": "planted-secret"}


def options(**more: Any) -> GkeOptions:
    return GkeOptions.model_validate({"type": "gke", "project": "lab-project", "location": "us-central1-a", **more})


def problems(text: str, environ: dict[str, str] | None = None) -> list[str]:
    """What is wrong with the `platform` of a document, which begins at its second line."""
    document = (
        "apiVersion: kfinstall.io/v1alpha1\nplatform: {type: gke, project: lab-project, location: us-central1-a,\n"
    )
    with pytest.raises(DocumentError) as caught:
        load(
            ["install.yaml"],
            [],
            platforms={"gke": GkeOptions},
            environ=environ or {},
            read=lambda _name: f"{document}  {text}" + "}\nkind: Install\n",
        )
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "nodes: {machineType: e2-micro, count: 1}",
            "2:11: platform: 1 x e2-micro have 1 CPUs, and Kubeflow needs 4: take e2-standard-4 or larger.",
        ),
        ("cluster: Kubeflow", "3:12: platform.cluster: must match the pattern ^[a-z]([-a-z0-9]*[a-z0-9])?$."),
        (f"cluster: {'k' * 41}", "3:12: platform.cluster: must have at most 40 characters."),
        (
            "nodes: {autoscaling: {minimum: 4, maximum: 2}}",
            "3:24: platform.nodes.autoscaling: minimum is greater than maximum.",
        ),
        (
            "nodes: {count: 5, autoscaling: {minimum: 1, maximum: 4}}",
            "3:10: platform.nodes: count is 5, and autoscaling goes from 1 to 4.",
        ),
        (
            "gpu: {type: nvidia-tesla-t4}",
            "3:8: platform.gpu: "
            "nvidia-tesla-t4 is only in machines of the family n1, and machineType is g2-standard-8.",
        ),
        (
            "private: {controlPlaneRange: 172.16.0.0/24}",
            "3:32: platform.private.controlPlaneRange: "
            "a private range of exactly 16 addresses is expected here, for example 172.16.0.0/28.",
        ),
        ("releaseChannel: stabel", '3:19: platform.releaseChannel: "stabel" is not known. Did you mean "stable"?'),
    ],
)
def test_wrong_options_are_refused_with_their_place(text: str, problem: str) -> None:
    assert problems(text) == [f"install.yaml:{problem}"]


def test_an_endpoint_that_is_too_long() -> None:
    iap = "{clientId: 1-a.apps.googleusercontent.com, clientSecret: x}"
    (problem,) = problems(f"cluster: a-cluster-for-the-machine-learning-lab, iap: {iap}")
    assert "a-cluster-for-the-machine-learning-lab.endpoints.lab-project.cloud.goog has 71 characters" in problem
    assert "63 are possible" in problem


def test_a_key_that_is_none_is_not_repeated() -> None:
    (problem,) = problems("pipelinesKey: '${KEY}'", {"KEY": "planted-key"})
    assert "the JSON key of a service account is expected here" in problem
    assert "planted-key" not in problem


def test_validation_asks_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object, **_more: object) -> None:
        raise AssertionError("a connection was made")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert options(location="moon-east1", gpu={}, private={}, iap=IAP).zones == 3


def test_listing_platforms_and_validating_loads_nothing_of_google() -> None:
    code = (
        "import sys; from kfinstall.registry import platforms; known = platforms(); known.options;"
        "known.get('gke').options(type='gke', project='lab-project', location='us-central1-a');"
        "print([name for name in sys.modules if name.split('.')[0] in ('google', 'grpc', 'requests')])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_secrets_are_not_shown() -> None:
    shown = repr(options(iap=IAP, pipelinesKey=KEY))
    assert "planted" not in shown


@pytest.mark.parametrize(
    ("machine_type", "count"),
    [
        ("e2-standard-8", 8),
        ("n1-highmem-16", 16),
        ("custom-6-20480", 6),
        ("n2-custom-4-8192-ext", 4),
        ("c3-standard-22-lssd", 22),
        ("e2-small", 1),
        ("a2-highgpu-1g", None),
    ],
)
def test_cpus_of_a_machine_type(machine_type: str, count: int | None) -> None:
    assert cpus(machine_type) == count


@pytest.mark.parametrize(
    ("machine_type", "mebibytes"),
    [
        ("n1-standard-4", 15 * 1024),
        ("e2-highcpu-8", 8 * 1024),
        ("n2d-highmem-4", 32 * 1024),
        ("custom-6-20480", 20480),
        ("c4-standard-8", None),
        ("a2-highgpu-1g", None),
    ],
)
def test_memory_of_a_machine_type(machine_type: str, mebibytes: int | None) -> None:
    assert memory(machine_type) == (mebibytes and mebibytes * 1024**2)


def transformed(*bodies: dict[str, Any], **more: Any) -> list[Manifest]:
    return GKE.transformed([Manifest(body, "istio") for body in bodies], options(**more), Nowhere("kubeflow"))


def test_istio_cni_goes_where_nodes_can_be_written() -> None:
    volumes = [
        {"name": "cni-bin-dir", "hostPath": {"path": "/opt/cni/bin"}},
        {"name": "cni-net-dir", "hostPath": {"path": "/etc/cni/net.d"}},
    ]
    body = {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"name": "istio-cni-node", "namespace": "kube-system"},
        "spec": {"template": {"spec": {"volumes": volumes}}},
    }
    (changed,) = transformed(body)
    assert changed.body["spec"]["template"]["spec"]["volumes"] == [
        {"name": "cni-bin-dir", "hostPath": {"path": "/home/kubernetes/bin"}},
        {"name": "cni-net-dir", "hostPath": {"path": "/etc/cni/net.d"}},
    ]
    assert volumes[0]["hostPath"] == {"path": "/opt/cni/bin"}, "what was released is not changed"


GATEWAY = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "istio-ingressgateway", "namespace": "istio-system", "annotations": {"kept": "yes"}},
    "spec": {"type": "ClusterIP"},
}


def test_iap_stands_before_the_gateway() -> None:
    gateway, *added = transformed(GATEWAY, iap={**IAP, "host": "kubeflow.example.com"})
    assert gateway.body["metadata"]["annotations"] == {
        "kept": "yes",
        "cloud.google.com/neg": '{"ingress": true}',
        "cloud.google.com/backend-config": '{"default": "kubeflow-iap"}',
    }
    secret, backend, certificate, ingress = (manifest.body for manifest in added)
    assert {manifest.application for manifest in added} == {"kfinstall/iap"}
    assert base64.b64decode(secret["data"]["client_secret"]) == b"planted-secret"
    assert backend["spec"]["iap"]["oauthclientCredentials"] == {"secretName": secret["metadata"]["name"]}
    assert certificate["spec"]["domains"] == ["kubeflow.example.com"]
    annotations = ingress["metadata"]["annotations"]
    assert annotations["kubernetes.io/ingress.allow-http"] == "false"
    assert annotations["kubernetes.io/ingress.global-static-ip-name"] == "kubeflow-ip"
    assert annotations["networking.gke.io/managed-certificates"] == certificate["metadata"]["name"]


def told(**more: Any) -> list[str]:
    wanted = options(iap={**IAP, **more})
    return GKE.notices(wanted, Install(platform=wanted))


def test_what_becomes_public_is_said_before(tmp_path: Path) -> None:
    public, redirect, _grant, endpoint = told()
    assert "reachable from the internet at https://kubeflow.endpoints.lab-project.cloud.goog" in public
    assert "10 to 15 minutes" in public
    assert "https://iap.googleapis.com/v1/oauth/clientIds/1-a.apps.googleusercontent.com:handleRedirect" in redirect
    gcloud = tmp_path / "gcloud"
    gcloud.write_text('#!/bin/sh\n[ "$2" = addresses ] && echo 34.9.9.9 || exit 0\n')
    gcloud.chmod(0o755)
    command = endpoint.partition(": ")[2]
    subprocess.run(["/bin/sh", "-c", command], cwd=tmp_path, env={"PATH": str(tmp_path)}, check=True)
    service = json.loads((tmp_path / "endpoint.yaml").read_text())
    host = "kubeflow.endpoints.lab-project.cloud.goog"
    assert service["x-google-endpoints"] == [{"name": host, "target": "34.9.9.9"}]


def test_a_host_name_of_ones_own_needs_no_endpoint() -> None:
    assert not any("endpoints" in line for line in told(host="kubeflow.example.com"))


def test_iap_without_a_gateway() -> None:
    with pytest.raises(PlanRefused, match="nothing here for Identity-Aware Proxy"):
        transformed(iap=IAP)


def test_the_key_of_pipelines_is_a_secret_beside_them() -> None:
    (secret,) = transformed(pipelinesKey=KEY)
    assert (secret.key.kind, secret.namespace, secret.name) == ("Secret", "kubeflow", "user-gcp-sa")
    assert json.loads(base64.b64decode(secret.body["data"]["user-gcp-sa.json"])) == json.loads(KEY)


def test_volumes_for_many_pods_are_of_filestore_once_it_is_there() -> None:
    spec = {"accessModes": ["ReadWriteMany"], "resources": {"requests": {"storage": "10Gi"}}}
    shared = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "shared"}, "spec": spec}
    own = {**shared, "spec": {**spec, "accessModes": ["ReadWriteOnce"]}}
    named = {**shared, "spec": {**spec, "storageClassName": "mine"}}
    classes = [each.body["spec"].get("storageClassName") for each in transformed(shared, own, named, filestore=True)]
    assert classes == ["standard-rwx", None, "mine"]
    assert transformed(shared)[0].body == shared
    wanted = options(filestore=True)
    [told] = GKE.notices(wanted, Install(platform=wanted))
    assert "1 TiB at least, and Google bills it" in told


def test_nothing_is_added_without_a_word() -> None:
    assert [manifest.body for manifest in transformed(GATEWAY)] == [GATEWAY]


def test_what_would_be_made(tmp_path: Path) -> None:
    offer = GKE.offer(options(location="us-central1", gpu={}), LocalHost(tmp_path))
    assert offer.summary == "6 x e2-standard-8, 3 x g2-standard-8 (1 x nvidia-l4) in us-central1, project lab-project"
    assert "Google charges the project" in offer.cost
    assert (offer.size.cpus, offer.size.memory) == (48, 192 * 1024**3)


def test_the_offer_is_as_large_as_the_pool_may_grow(tmp_path: Path) -> None:
    growing = options(nodes={"count": 2, "autoscaling": {"minimum": 1, "maximum": 5}})
    offer = GKE.offer(growing, LocalHost(tmp_path))
    assert offer.summary.startswith("2 x e2-standard-8 (up to 5) in us-central1-a")
    assert offer.size.cpus == 40
