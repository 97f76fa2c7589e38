"""The control plane of the tests is a real one: what it says, who may do what, and that its controllers work."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from kubernetes.client.exceptions import ApiException

from kfinstall.sandbox.scenario import Container, Registry, StorageClass
from tests.controlplane.api import Api, Object
from tests.controlplane.build import ControlPlaneUnavailable, cache, ensure_built, kubernetes_version
from tests.controlplane.cluster import Cluster
from tests.controlplane.fixtures import started
from tests.controlplane.playing import playing
from tests.controlplane.processes import ControlPlaneFailed
from tests.controlplane.server import ControlPlane
from tests.patience import eventually

CORE = "/api/v1/namespaces"
DEPLOYMENTS = "/apis/apps/v1/namespaces/{}/deployments"


@pytest.fixture
def api(control_plane: Cluster) -> Iterator[Api]:
    """Requests as admin."""
    with Api(control_plane.kubeconfig()) as opened:
        yield opened


@pytest.fixture
def built(control_plane: Cluster) -> ControlPlane:
    """The control plane that is built here, and no other."""
    if not isinstance(control_plane, ControlPlane) or control_plane.binaries.parent != cache():
        pytest.skip("this cluster is not the one that the tests build")
    return control_plane


@pytest.fixture
def controllers(control_plane: Cluster) -> Cluster:
    """The cluster, if it has a scheduler and controllers."""
    if not (control_plane.has_scheduler and control_plane.has_controller_manager):
        pytest.skip("this control plane has no scheduler or no controller manager")
    return control_plane


def pod(name: str, **requests: str) -> Object:
    container = {"name": "main", "image": "example.com/main:1", "resources": {"requests": requests, "limits": requests}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": {"containers": [container]}}


def deployment(name: str, replicas: int, image: str = "example.com/main:1") -> Object:
    labels = {"app": name}
    spec = {"terminationGracePeriodSeconds": 1, "containers": [{"name": "main", "image": image}]}
    template = {"metadata": {"labels": labels}, "spec": spec}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template},
    }


def claim(name: str, storage_class: str) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name},
        "spec": {
            "storageClassName": storage_class,
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "1Gi"}},
        },
    }


def condition(subject: Object, kind: str) -> Object:
    found = (entry for entry in subject.get("status", {}).get("conditions", []) if entry["type"] == kind)
    return next(found, {})


def test_version_is_that_of_go_mod(built: ControlPlane, api: Api) -> None:
    version = api.get("/version")
    expected = kubernetes_version()
    major, minor, _ = expected.removeprefix("v").split(".")
    assert (version["gitVersion"], version["major"], version["minor"]) == (expected, major, minor)


def test_kubectl_speaks_to_it_and_brings_a_recent_kustomize(built: ControlPlane) -> None:
    command = [str(built.kubectl), "--kubeconfig", str(built.kubeconfig()), "version", "--output=json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    versions = json.loads(done.stdout)
    assert versions["serverVersion"]["gitVersion"] == kubernetes_version()
    kustomize = tuple(int(part) for part in versions["kustomizeVersion"].removeprefix("v").split("."))
    assert kustomize >= (5, 4, 2)


def test_secrets_are_private_and_do_not_show(built: ControlPlane) -> None:
    assert built.folder.stat().st_mode & 0o777 == 0o700
    files = [built.kubeconfig("alice"), built.folder / "tokens.csv", built.folder / "ca.key"]
    assert [path.stat().st_mode & 0o777 for path in files] == [0o600] * len(files)
    assert built.token("admin") not in repr(built) + built.logs()


def test_a_fresh_one_is_another_one_and_nothing_of_it_is_left(
    control_plane: Cluster, namespace: str, control_plane_binaries: Path
) -> None:
    with started(control_plane_binaries) as fresh:
        folder, port = fresh.folder, int(fresh.url.rpartition(":")[2])
        with Api(fresh.kubeconfig()) as fresh_api:
            names = namespaces(fresh_api)
    assert "default" in names
    assert namespace not in names
    assert not folder.exists()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))


def test_a_start_that_fails_says_why_and_leaves_nothing(control_plane_binaries: Path) -> None:
    broken = ControlPlane(control_plane_binaries, apiserver_args=["--no-such-flag"])
    with pytest.raises(ControlPlaneFailed, match=r"(?s)kube-apiserver ended with exit code 1.*no-such-flag"), broken:
        pass
    assert broken.logs() == ""
    with pytest.raises(ControlPlaneFailed, match="not running"):
        broken.kubeconfig()


def test_a_build_that_fails_says_why_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    go = tmp_path / "go"
    go.write_text("#!/bin/sh\n[ $1 = env ] && exit\necho go: downloading x >&2\necho no such module >&2\nexit 1\n")
    go.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setenv("KFINSTALL_TEST_CACHE", str(tmp_path / "cache"))
    with pytest.raises(ControlPlaneUnavailable, match=r"^go build failed: no such module$"):
        ensure_built()
    assert [path.suffix for path in cache().iterdir()] == [".lock"]


def test_a_process_ends_with_the_one_that_started_it(built: ControlPlane, tmp_path: Path) -> None:
    program = (
        "import os, pathlib, sys\n"
        "from tests.controlplane.processes import Process\n"
        "folder = pathlib.Path(sys.argv[2])\n"
        "started = Process.start(pathlib.Path(sys.argv[1]), sys.argv[3:], folder)\n"
        "os.write(1, str(started.popen.pid).encode())\n"
        "os._exit(9)\n"
    )
    urls = ["--listen-client-urls=http://127.0.0.1:0", "--advertise-client-urls=http://127.0.0.1:0"]
    arguments = [str(built.binaries / "etcd"), str(tmp_path), *urls, "--listen-peer-urls=http://127.0.0.1:0"]
    done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, check=False)
    assert done.returncode == 9, done.stderr
    eventually(lambda: not is_running(int(done.stdout)))


def is_running(process_id: int) -> bool:
    """Not so when it has ended and nobody asked for its exit code yet, as where no init does."""
    try:
        os.kill(process_id, 0)
        status = Path(f"/proc/{process_id}/stat")
        return not status.exists() or status.read_text().rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False


@pytest.mark.parametrize(
    ("user", "allowed"), [("admin", {"list", "create"}), ("viewer", {"list"}), ("alice", set()), ("installer", set())]
)
def test_each_user_may_do_what_its_roles_say(
    control_plane: Cluster, namespace: str, user: str, allowed: set[str]
) -> None:
    if not control_plane.has_users:
        pytest.skip("this cluster has no users but admin")
    maps = f"{CORE}/{namespace}/configmaps"
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "probe"}}
    with Api(control_plane.kubeconfig(user)) as theirs:
        acts = {"list": lambda: theirs.get(maps), "create": lambda: theirs.create(maps, body)}
        assert {verb for verb, act in acts.items() if not is_forbidden(act, user)} == allowed


def is_forbidden(act: Callable[[], Object], user: str) -> bool:
    try:
        act()
    except ApiException as error:
        if error.status != HTTPStatus.FORBIDDEN or f'User \\"{user}\\" cannot' not in str(error.body):
            raise
        return True
    return False


def test_a_deployment_becomes_available_and_its_pods_go_with_it(controllers: Cluster, api: Api, namespace: str) -> None:
    path = DEPLOYMENTS.format(namespace)
    with playing(controllers.kubeconfig(), "available-1", "available-2"):
        api.create(path, deployment("web", 3))
        api.create(f"{CORE}/{namespace}/services", service("web"))
        eventually(lambda: condition(api.get(f"{path}/web"), "Available").get("status") == "True")
        assert api.get(f"{path}/web")["status"]["readyReplicas"] == 3
        eventually(lambda: len(ready_endpoints(api, namespace)) == 3)
        api.delete(f"{path}/web", propagationPolicy="Foreground")
        eventually(lambda: not api.get(f"{CORE}/{namespace}/pods")["items"])


def service(name: str) -> Object:
    spec = {"selector": {"app": name}, "ports": [{"port": 80}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec}


def ready_endpoints(api: Api, namespace: str) -> list[Object]:
    slices = api.get(f"/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices")["items"]
    endpoints = (endpoint for each in slices for endpoint in each.get("endpoints") or ())
    return [endpoint for endpoint in endpoints if endpoint["conditions"]["ready"]]


def test_a_container_waits_for_the_reason_that_a_rule_gives(controllers: Cluster, api: Api, namespace: str) -> None:
    blocked = Registry(match=r"^gcr\.io/", answer="unreachable")
    crashing = Container(match="crash", exitCode=1)
    with playing(controllers.kubeconfig(), "failing-1", registries=(blocked,), containers=(crashing,)):
        for name, image in (("pull", "gcr.io/a/b:1"), ("crash", "example.com/crash:1")):
            body = pod(name)
            body["spec"]["containers"][0]["image"] = image
            api.create(f"{CORE}/{namespace}/pods", body)
        pull = eventually(lambda: waiting(api, namespace, "pull", "ImagePullBackOff"))
        crash = eventually(lambda: waiting(api, namespace, "crash", "CrashLoopBackOff"))
    assert pull["phase"] == "Pending"
    assert crash["phase"] == "Running"
    assert crash["containerStatuses"][0]["restartCount"] >= 1


def waiting(api: Api, namespace: str, name: str, reason: str) -> Object | None:
    status: Object = api.get(f"{CORE}/{namespace}/pods/{name}")["status"]
    states = [each["state"] for each in status.get("containerStatuses") or ()]
    return status if any((state.get("waiting") or {}).get("reason") == reason for state in states) else None


def test_a_job_completes(controllers: Cluster, api: Api, namespace: str) -> None:
    jobs = f"/apis/batch/v1/namespaces/{namespace}/jobs"
    template = {"spec": {"restartPolicy": "Never", "containers": [{"name": "main", "image": "example.com/job:1"}]}}
    body = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "job"}, "spec": {"template": template}}
    with playing(controllers.kubeconfig(), "job-1"):
        api.create(jobs, body)
        eventually(lambda: condition(api.get(f"{jobs}/job"), "Complete").get("status") == "True")


def test_a_pod_that_wants_a_gpu_is_pending_with_the_words_of_the_scheduler(
    controllers: Cluster, api: Api, namespace: str
) -> None:
    with playing(controllers.kubeconfig(), "cpu-only"):
        api.create(f"{CORE}/{namespace}/pods", pod("trainer", **{"nvidia.com/gpu": "1"}))
        scheduled = eventually(lambda: condition(api.get(f"{CORE}/{namespace}/pods/trainer"), "PodScheduled"))
    assert (scheduled["status"], scheduled["reason"]) == ("False", "Unschedulable")
    assert "Insufficient nvidia.com/gpu" in scheduled["message"]


def test_a_namespace_ends_with_all_that_is_in_it(controllers: Cluster, api: Api, namespace: str) -> None:
    with playing(controllers.kubeconfig(), "ending-1"):
        path = DEPLOYMENTS.format(namespace)
        api.create(path, deployment("web", 2))
        eventually(lambda: condition(api.get(f"{path}/web"), "Available").get("status") == "True")
        api.delete(f"{CORE}/{namespace}")
        eventually(lambda: namespace not in namespaces(api))


def namespaces(api: Api) -> set[str]:
    return {item["metadata"]["name"] for item in api.get(CORE)["items"]}


@pytest.mark.parametrize("mode", ["WaitForFirstConsumer", "Immediate"])
def test_a_claim_is_bound_and_its_volume_goes_with_it(
    controllers: Cluster, api: Api, namespace: str, mode: Any
) -> None:
    claims = f"{CORE}/{namespace}/persistentvolumeclaims"
    storage_class = f"{namespace}-{mode.lower()}"
    consumer = pod("consumer")
    consumer["spec"]["volumes"] = [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]
    storage = StorageClass(name=storage_class, binding=mode)
    with playing(controllers.kubeconfig(), "storage-1", storageClasses=(storage,)):
        api.create(claims, claim("data", storage_class))
        if mode == "WaitForFirstConsumer":
            api.create(f"{CORE}/{namespace}/pods", consumer)
        eventually(lambda: api.get(f"{claims}/data")["status"]["phase"] == "Bound")
        if mode == "WaitForFirstConsumer":
            eventually(lambda: api.get(f"{CORE}/{namespace}/pods/consumer")["status"]["phase"] == "Running")
            api.delete(f"{CORE}/{namespace}/pods/consumer")
        api.delete(f"{claims}/data")
        eventually(lambda: not volumes_of(api, storage_class))


def volumes_of(api: Api, storage_class: str) -> list[Object]:
    volumes = api.get("/api/v1/persistentvolumes")["items"]
    return [volume for volume in volumes if volume["spec"].get("storageClassName") == storage_class]
