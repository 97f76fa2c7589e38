"""`kfinstall sandbox record`: a scenario that is like a cluster, and that names nobody in it."""

import json
from pathlib import Path
from typing import Any

import pytest

from kfinstall.sandbox import scenario as scenarios
from kfinstall.sandbox.access.rights import CLUSTER_ADMIN
from kfinstall.sandbox.scenario import Registry, Scenario, StorageClass
from tests.controlplane.api import Api
from tests.forked import kfinstall
from tests.patience import eventually
from tests.sandbox.conftest import served

REAL = Path(__file__).parents[3] / "shared" / "real" / "clusters" / "kubeflow-1.10.2-no-registry.tar.gz"
PODS = "/api/v1/namespaces/default/pods"


def record(*arguments: str, code: int = 0) -> str:
    done = kfinstall("sandbox", "record", *arguments)
    assert done.returncode == code, done.stderr
    return done.stderr if code else done.stdout


def recorded(*arguments: str) -> Scenario:
    return scenarios.read(record(*arguments), "recorded.yaml")


def pod(name: str, cpu: str, image: str = "registry.example.com/a:1") -> dict[str, Any]:
    container = {"name": "main", "image": image, "resources": {"requests": {"cpu": cpu}}}
    return {"metadata": {"name": name}, "spec": {"containers": [container]}}


def test_what_is_left_of_nodes_the_classes_and_the_registries_that_refuse(tmp_path: Path) -> None:
    with served("gcr-blocked", tmp_path) as kubeconfig, Api(kubeconfig) as api:
        for name, image in (("a", "registry.example.com/a:1"), ("b", "gcr.io/b/c:2"), ("c", "quay.io/d/e:3")):
            api.create(PODS, pod(name, "1500m", image))
        eventually(lambda: _failing(api.get(PODS)["items"]) == {"b", "c"})
        found = recorded("--kubeconfig", str(kubeconfig))
    room = sorted(shape.allocatable["cpu"] for shape in found.nodes for _each in range(shape.count))
    assert len(room) == 3
    assert sum(16 if cpu == "16" else int(cpu.removesuffix("m")) / 1000 for cpu in room) == 48 - 3 * 1.5
    assert found.storage_classes == (StorageClass(name="standard", default=True),)
    assert found.registries == (
        Registry(match=r"^gcr\.io/", answer="unreachable"),
        Registry(match=r"^quay\.io/", answer="unreachable"),
    )
    assert found.user == CLUSTER_ADMIN


def _failing(pods: list[dict[str, Any]]) -> set[str]:
    statuses = {each["metadata"]["name"]: json.dumps(each["status"].get("containerStatuses") or ()) for each in pods}
    return {name for name, status in statuses.items() if "i/o timeout" in status}


def test_rights_are_recorded_and_hold_when_they_are_played(tmp_path: Path) -> None:
    file = tmp_path / "recorded.yaml"
    with served("restricted-user", tmp_path) as kubeconfig:
        told = record("--kubeconfig", str(kubeconfig), "-o", str(file))
    assert told == ""
    played = tmp_path / "played"
    played.mkdir()
    with served(str(file), played) as kubeconfig, Api(kubeconfig) as api:
        assert _may(api, "create", "apps", "deployments", "kubeflow")
        assert _may(api, "list", "", "nodes")
        assert not _may(api, "create", "apps", "deployments", "default")
        assert not _may(api, "create", "apiextensions.k8s.io", "customresourcedefinitions")


def _may(api: Api, verb: str, group: str, resource: str, namespace: str = "") -> bool:
    attributes = {"verb": verb, "group": group, "resource": resource, "namespace": namespace}
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": attributes},
    }
    answer = api.create("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", review)
    return bool(answer["status"]["allowed"])


def node(name: str, cpu: str, labels: dict[str, str], *taints: dict[str, str]) -> dict[str, Any]:
    return {
        "metadata": {"name": name, "labels": labels},
        "spec": {"taints": list(taints)},
        "status": {
            "allocatable": {"cpu": cpu, "nvidia.com/gpu": "0"} | ({"nvidia.com/gpu": "1"} if "gpu" in name else {})
        },
    }


def lists(folder: Path, **kinds: list[dict[str, Any]]) -> Path:
    for kind, items in kinds.items():
        listed = {"apiVersion": "v1", "kind": f"{kind}List", "items": items}
        (folder / f"{kind.lower()}s.json").write_text(json.dumps(listed), encoding="utf-8")
    return folder


def test_lists_of_kubectl_are_taken_and_nobody_is_named(tmp_path: Path) -> None:
    machine = {"node.kubernetes.io/instance-type": "m5.large", "owner": "alice"}
    nodes = [
        node("alices-node", "4", machine),
        node("bobs-node", "4", machine),
        node(
            "alices-gpu",
            "8",
            {"topology.kubernetes.io/zone": "b"},
            {"key": "for", "value": "alice", "effect": "NoSchedule"},
        ),
    ]
    text = record("--from", str(lists(tmp_path, Node=nodes)))
    assert not any(name in text for name in ("alice", "bob"))
    worker, gpu = scenarios.read(text, "recorded.yaml").nodes
    assert (worker.name, worker.count, worker.allocatable) == ("node", 2, {"cpu": "4"})
    assert worker.labels == {"node.kubernetes.io/instance-type": "m5.large"}
    assert (gpu.name, gpu.allocatable["nvidia.com/gpu"]) == ("gpu", "1")
    assert gpu.taints == ({"key": "for", "effect": "NoSchedule"},)


def test_a_claim_that_nobody_binds(tmp_path: Path) -> None:
    classes = [
        {"metadata": {"name": name}, "provisioner": "example.com/disks", "volumeBindingMode": mode}
        for name, mode in (("now", "Immediate"), ("late", "WaitForFirstConsumer"))
    ]
    claims = [
        {"metadata": {"name": name}, "spec": {"storageClassName": name}, "status": {"phase": "Pending"}}
        for name in ("now", "late")
    ]
    folder = lists(tmp_path, Node=[node("a", "1", {})], PersistentVolumeClaim=claims)
    listed = {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClassList", "items": classes}
    (folder / "storageclasses.json").write_text(json.dumps(listed), encoding="utf-8")
    assert {each.name: each.binds for each in recorded("--from", str(folder)).storage_classes} == {
        "now": False,
        "late": True,
    }


def test_a_file_is_not_written_over(tmp_path: Path) -> None:
    folder = lists(tmp_path, Node=[node("a", "1", {})])
    file = tmp_path / "mine.yaml"
    file.write_text("precious", encoding="utf-8")
    assert "is there already" in record("--from", str(folder), "-o", str(file), code=2)
    assert file.read_text(encoding="utf-8") == "precious"
    record("--from", str(folder), "-o", str(file), "--force")
    assert scenarios.load(str(file)).nodes[0].name == "node"


def test_a_cluster_without_nodes_is_refused(tmp_path: Path) -> None:
    assert "shows no nodes" in record("--from", str(lists(tmp_path, Pod=[pod("a", "1")])), code=2)


@pytest.mark.skipif(not REAL.is_file(), reason=f"there is no {REAL}")
def test_a_real_cluster_without_a_way_to_registries() -> None:
    found = recorded("--from", str(REAL))
    assert [shape.count for shape in found.nodes] == [1]
    assert {each.answer for each in found.registries} == {"unreachable"}
    assert r"^ghcr\.io/" in [each.match for each in found.registries]
    assert "node-real" not in scenarios.text(found)
