"""The doctor beside a real kubelet and a real containerd: images are refused, containers end, and then they run."""

from __future__ import annotations

import contextlib
import http.client
import shlex
import subprocess
import threading
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.controlplane.api import Api, Object
from tests.controlplane.fixtures import started
from tests.controlplane.server import LOOPBACK, ControlPlane
from tests.e2e.conftest import Ended, Kfinstall
from tests.kubelet.node import UNRESOLVED, Node, joined
from tests.kubelet.programs import KubeletUnavailable, ensure_programs
from tests.kubelet.registries import ECR_LIMIT, FORBIDDEN, HUB_LIMIT, MUTE, UNAVAILABLE, UNTRUSTED, Answer
from tests.patience import eventually

PREVIEW = "docker.io/ratelimitpreview/test"
"""What Docker Hub is asked for to learn how many pulls are left."""
SECONDS = 60.0
"""A kubelet tries again after 10 s, then 20 s, and the machine has other things to do."""
LIMIT = {"limits": {"memory": "64Mi"}}


@pytest.fixture(scope="module")
def programs() -> Path:
    try:
        return ensure_programs()
    except KubeletUnavailable as unavailable:
        pytest.skip(f"no kubelet: {unavailable}")


@pytest.fixture(scope="module")
def control_plane(programs: Path, control_plane_binaries: Path) -> Iterator[ControlPlane]:
    """One of its own: the pods of other tests are not to come to the node."""
    with started(control_plane_binaries) as running:
        if not (running.has_scheduler and running.has_controller_manager):
            pytest.skip("no kubelet: this control plane has no scheduler or no controller manager")
        yield running


@pytest.fixture(scope="module")
def node(programs: Path, control_plane: ControlPlane) -> Iterator[Node]:
    with joined(control_plane, programs) as running:
        yield running


@dataclass(frozen=True)
class Tenant:
    """A namespace on the node, and who looks after it."""

    namespace: str
    api: Api
    kfinstall: Kfinstall
    kubectl: Path

    def run(self, name: str, image: str, *arguments: str, **container: Any) -> None:
        """A pod; volumes: in its spec, all else in its container."""
        self.api.create(f"/api/v1/namespaces/{self.namespace}/pods", _pod(name, image, *arguments, **container))

    def deploy(self, name: str, image: str, *arguments: str, **container: Any) -> None:
        """A Deployment of one such pod."""
        template = _pod(name, image, *arguments, **container)
        spec = {"selector": {"matchLabels": {"app": name}}, "template": template}
        body = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": spec}
        self.api.create(f"/apis/apps/v1/namespaces/{self.namespace}/deployments", body)

    def pods(self) -> list[Object]:
        found: list[Object] = self.api.get(f"/api/v1/namespaces/{self.namespace}/pods")["items"]
        return found

    def is_in_trouble(self, *reasons: str) -> None:
        """Until the container of every pod has ended, or does not start, for one of these reasons."""
        eventually(lambda: (pods := self.pods()) and all(_trouble(pod) in reasons for pod in pods), SECONDS)

    def runs(self) -> None:
        """Until every pod is ready."""
        eventually(lambda: (pods := self.pods()) and all(map(_is_ready, pods)), SECONDS)

    def findings(self) -> list[Any]:
        """What the doctor finds in the namespace."""
        ended = self.kfinstall("doctor", "-o", "json")
        return [found for found in ended.json["findings"] if self.namespace in _namespaces(found)]

    def causes(self) -> dict[str, str]:
        """The cause that the doctor finds for each pod."""
        return {each["name"]: found["cause"] for found in self.findings() for each in found["objects"]}

    def follow(self, command: str) -> None:
        """Do as a remedy says."""
        program, *arguments = shlex.split(command)
        assert program == "kubectl"
        environment = self.kfinstall.environment
        subprocess.run([self.kubectl, *arguments], env=environment, capture_output=True, check=True, text=True)


def _pod(name: str, image: str, *arguments: str, volumes: Any = (), **container: Any) -> Object:
    main = {"name": "main", "image": image, "args": list(arguments), **container}
    spec = {"hostNetwork": True, "terminationGracePeriodSeconds": 1, "containers": [main], "volumes": list(volumes)}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"app": name}}, "spec": spec}


def _image(pod: Object) -> str:
    return str(pod["spec"]["containers"][0]["image"])


def _trouble(pod: Object) -> str:
    statuses = pod["status"].get("containerStatuses") or [{}]
    state, before = (statuses[0].get(name) or {} for name in ("state", "lastState"))
    told = before.get("terminated") or state.get("waiting") or {}
    return str(told.get("reason", ""))


def _is_ready(pod: Object) -> bool:
    conditions = pod["status"].get("conditions") or ()
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


def _namespaces(found: Any) -> set[str]:
    return {each.get("namespace", "") for each in found["objects"]}


@pytest.fixture
def tenant(
    node: Node, namespace: str, admin: Api, connected: Kfinstall, control_plane: ControlPlane
) -> Iterator[Tenant]:
    """The doctor has the node's way to the registries; its findings group the pods of all namespaces."""
    registries = node.registries
    proxied = {"HTTPS_PROXY": registries.url, "NO_PROXY": LOOPBACK, "SSL_CERT_FILE": str(registries.authority)}
    connected.environment.update(proxied)
    alone = Tenant(namespace, admin, connected, control_plane.kubectl)
    yield alone
    admin.delete(f"/api/v1/namespaces/{namespace}")
    eventually(lambda: not alone.pods(), SECONDS)


def test_what_runs_gives_no_reason_to_say_anything(tenant: Tenant, node: Node) -> None:
    node.publish("ghcr.io/kubeflow/centraldashboard:1")
    tenant.deploy("centraldashboard", "ghcr.io/kubeflow/centraldashboard:1")
    tenant.runs()
    ended = tenant.kfinstall("doctor", "--fail-on=warn")
    assert ended.code == 0, ended.out


def test_each_refused_pull_has_its_cause(tenant: Tenant, node: Node) -> None:
    node.publish("ghcr.io/kubeflow/arm:1", architecture="arm64")
    node.publish("quay.io/jetstack/controller:1")
    node.publish("docker.io/kubeflow/limited:1")
    node.registries.private.add("docker.io/kubeflow/private")
    node.registries.answers |= {
        "docker.io/kubeflow/limited": HUB_LIMIT,
        "docker.io/kubeflow/refused": Answer(HUB_LIMIT.status, HUB_LIMIT.body, HUB_LIMIT.headers),
        "public.ecr.aws/kubeflow/limited": ECR_LIMIT,
        "ghcr.io/kubeflow/denied": FORBIDDEN,
        "gcr.io/ml-pipeline/frontend": FORBIDDEN,
        "quay.io/kubeflow/down": UNAVAILABLE,
    }
    expected = {
        "kubeflow/limited:1": "rl-dockerhub-pull",
        "kubeflow/refused:1": "rl-dockerhub-pull",
        "public.ecr.aws/kubeflow/limited:1": "rl-ecr-public",
        "kubeflow/private:1": "img-dockerhub-private-or-missing",
        "ghcr.io/kubeflow/denied:1": "img-ghcr-private",
        "gcr.io/ml-pipeline/frontend:1": "img-gcr-project-denied",
        "quay.io/kubeflow/down:1": "img-5xx-or-truncated",
        "quay.io/jetstack/controller:2": "img-tag-not-found",
        "ghcr.io/kubeflow/arm:1": "img-arch-mismatch",
        "ghcr.io/Kubeflow/Case:1": "img-invalid-name",
        f"{UNTRUSTED}/kubeflow/a:1": "img-registry-x509",
        f"{UNRESOLVED}/kubeflow/a:1": "img-dns",
        f"{MUTE}/kubeflow/a:1": "img-network-timeout",
        f"{LOOPBACK}:1/kubeflow/a:1": "img-network-timeout",
        "example.com/kubeflow/a:1": "net-proxy-misconfig",
    }
    for number, image in enumerate(expected):
        tenant.run(f"pod-{number}", image)
    tenant.run("never", "ghcr.io/kubeflow/never:1", imagePullPolicy="Never")
    tenant.is_in_trouble("ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull")
    causes = tenant.causes()
    assert causes.pop("never") == "img-never-pull"
    assert {image: causes[f"pod-{number}"] for number, image in enumerate(expected)} == expected


def test_the_limit_of_docker_hub_and_its_end(tenant: Tenant, node: Node) -> None:
    images = ("kubeflow/katib-ui", "kubeflow/katib-controller")
    node.registries.answers[PREVIEW] = Answer(HTTPStatus.OK, "", HUB_LIMIT.headers)
    for image in images:
        node.publish(f"docker.io/{image}:1")
        node.registries.answers[f"docker.io/{image}"] = HUB_LIMIT
        tenant.deploy(image.partition("/")[2], f"{image}:1")
    tenant.is_in_trouble("ErrImagePull", "ImagePullBackOff")
    [found] = tenant.findings()
    assert (found["cause"], found["title"]) == ("rl-dockerhub-pull", "docker.io refuses 2 images: too many pulls")
    assert {each["name"] for each in found["objects"]} == {pod["metadata"]["name"] for pod in tenant.pods()}
    said = "\n".join(each["text"] for each in found["evidence"])
    assert "You have reached your unauthenticated pull rate limit." in said
    assert "100 in 6h, 0 of them left" in said
    for image in images:
        del node.registries.answers[f"docker.io/{image}"]
    tenant.runs()
    assert tenant.findings() == []


def test_fix_has_the_pods_pull_from_a_mirror(tenant: Tenant, node: Node) -> None:
    mirrored = "m.daocloud.io/public.ecr.aws/docker/library/notebook:1"
    node.publish(mirrored)
    node.registries.answers["public.ecr.aws/docker/library/notebook"] = ECR_LIMIT
    tenant.deploy("notebook", "public.ecr.aws/docker/library/notebook:1")
    tenant.is_in_trouble("ErrImagePull", "ImagePullBackOff")
    tenant.kfinstall("doctor", "--only", "rate-limits.pulls", "--fix", "--yes")
    eventually(lambda: [_image(pod) for pod in tenant.pods()] == [mirrored], SECONDS)
    tenant.runs()
    assert tenant.findings() == []


def test_a_private_image_comes_with_the_secret_that_the_doctor_asks_for(tenant: Tenant, node: Node) -> None:
    node.publish("docker.io/acme/model:1")
    node.registries.private.add("docker.io/acme/model")
    node.registries.accounts["USER"] = "TOKEN"
    tenant.deploy("model", "acme/model:1")
    tenant.is_in_trouble("ErrImagePull", "ImagePullBackOff")
    [found] = tenant.findings()
    assert found["cause"] == "img-dockerhub-private-or-missing"
    for command in found["remedy"]["commands"]:
        tenant.follow(command)
    tenant.runs()
    assert tenant.findings() == []


def test_an_image_on_its_way_is_no_failure(tenant: Tenant, node: Node) -> None:
    node.publish("ghcr.io/kubeflow/large:1")
    node.registries.held["ghcr.io/kubeflow/large"] = threading.Event()
    tenant.deploy("large", "ghcr.io/kubeflow/large:1")
    [found] = eventually(tenant.findings)
    assert (found["cause"], found["severity"]) == ("img-pulling", "info")
    assert found["title"] == "ghcr.io/kubeflow/large:1 is being pulled"
    node.registries.held["ghcr.io/kubeflow/large"].set()
    tenant.runs()
    assert tenant.findings() == []


def test_a_missing_config_map_and_its_coming(tenant: Tenant, node: Node) -> None:
    node.publish("ghcr.io/kubeflow/pipeline:1")
    mount = {"name": "settings", "mountPath": "/settings"}
    volume = {"name": "settings", "configMap": {"name": "settings"}}
    tenant.deploy("pipeline", "ghcr.io/kubeflow/pipeline:1", volumeMounts=[mount], volumes=[volume])
    [found] = eventually(tenant.findings)
    assert found["cause"] == "st-mount-object-missing"
    assert found["title"] == f"ConfigMap/{tenant.namespace}/settings is missing: 1 pod waits for it"
    tenant.follow(f"kubectl -n {tenant.namespace} create configmap settings")
    tenant.runs()
    assert tenant.findings() == []


def test_containers_that_end(tenant: Tenant, node: Node) -> None:
    image = "ghcr.io/kubeflow/broken:1"
    node.publish(image)
    tenant.run("fails", image, "fail")
    tenant.run("eats", image, "take", "80", resources=LIMIT)
    tenant.run("absent", image, command=["/absent"])
    tenant.run("root", image, securityContext={"runAsNonRoot": True})
    key = {"configMapKeyRef": {"name": "kube-root-ca.crt", "key": "absent"}}
    tenant.run("key", image, env=[{"name": "KEY", "valueFrom": key}])
    tenant.is_in_trouble("Error", "OOMKilled", "StartError", "CreateContainerConfigError")
    expected = {
        "fails": "node-crashloop",
        "eats": "node-oom-killed",
        "absent": "node-crashloop",
        "root": "node-run-as-non-root",
        "key": "node-config-missing-key",
    }
    eventually(lambda: tenant.causes() == expected)  # for a moment, each of them runs again
    said = {each["object"]["name"]: each["text"] for found in tenant.findings() for each in found["evidence"]}
    assert said["fails"] == "fatal: the workload was told to fail"
    assert 'exec: "/absent": stat /absent: no such file or directory' in said["absent"]


def test_a_container_runs_with_the_memory_that_the_doctor_suggests(tenant: Tenant, node: Node) -> None:
    node.publish("ghcr.io/kubeflow/hungry:1")
    tenant.deploy("hungry", "ghcr.io/kubeflow/hungry:1", "take", "80", resources=LIMIT)
    tenant.is_in_trouble("OOMKilled")
    [found] = eventually(tenant.findings)
    assert found["cause"] == "node-oom-killed"
    tenant.follow(found["remedy"]["commands"][0])
    eventually(lambda: len(tenant.pods()) == 1, SECONDS)
    tenant.runs()
    assert tenant.findings() == []


def test_open_leads_to_a_pod_and_to_the_one_that_comes_after_it(tenant: Tenant, node: Node) -> None:
    image = "ghcr.io/mlflow/mlflow:1"
    node.publish(image)
    tenant.deploy("mlflow", image)
    with _page("the experiments") as port:  # the pods have the network of this machine
        ports = [{"port": 5000, "targetPort": port}]
        service = {"metadata": {"name": "mlflow"}, "spec": {"selector": {"app": "mlflow"}, "ports": ports}}
        tenant.api.create(f"/api/v1/namespaces/{tenant.namespace}/services", service)
        tenant.runs()
        opened = tenant.kfinstall.start("open", "mlflow", "-n", tenant.namespace, "--port", "0", "--no-browser")
        assert opened.stdout
        url = opened.stdout.readline().strip()
        assert _read(url) == "the experiments"
        [pod] = tenant.pods()
        tenant.api.delete(f"/api/v1/namespaces/{tenant.namespace}/pods/{pod['metadata']['name']}")
        eventually(lambda: pod["metadata"]["uid"] not in {each["metadata"]["uid"] for each in tenant.pods()}, SECONDS)
        tenant.runs()
        assert _read(url) == "the experiments"
    assert _read(url) == ""
    opened.terminate()
    out, err = opened.communicate(timeout=SECONDS)
    tenant.kfinstall.keep(Ended(opened.returncode, out, err))
    assert opened.returncode == 0
    assert f"does not answer at port {port}" in err
    assert "connection refused" in err


@contextlib.contextmanager
def _page(text: str) -> Iterator[int]:
    """The port of a server that answers everything with a text."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(HTTPStatus.OK)
            self.end_headers()
            self.wfile.write(text.encode())

    with ThreadingHTTPServer((LOOPBACK, 0), Page) as server:
        threading.Thread(target=server.serve_forever).start()
        yield server.server_port
        server.shutdown()


def _read(url: str) -> str:
    """What is there; "" when nobody answers."""
    try:
        with urllib.request.urlopen(url, timeout=SECONDS) as answer:  # noqa: S310 - of the loopback
            return str(answer.read().decode())
    except (OSError, http.client.HTTPException):
        return ""
