"""The `storage` of a document on a real API server: made as asked for, bound, left alone by a second run, undone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kfinstall.errors import PlanRefused
from tests.contract import manifests as m
from tests.contract.adapted import Adapted
from tests.contract.manifests import Object
from tests.contract.test_uninstall import exists, kept
from tests.controlplane.api import Api
from tests.controlplane.cluster import Cluster
from tests.controlplane.server import ControlPlane
from tests.patience import eventually

CLASSES = "/apis/storage.k8s.io/v1/storageclasses"
VOLUMES = "/api/v1/persistentvolumes"


@pytest.fixture
def cluster(fresh_control_plane: ControlPlane) -> ControlPlane:
    """One of its own: volumes and classes belong to no namespace."""
    return fresh_control_plane


@pytest.fixture
def api(cluster: ControlPlane) -> Iterator[Api]:
    with Api(cluster.kubeconfig()) as opened:
        yield opened


def installer(cluster: Cluster | ControlPlane, folder: Path, **storage: Any) -> Adapted:
    return Adapted(cluster.kubeconfig(), folder / "state", "kubeflow", document={"storage": storage})


def release() -> list[Object]:
    """A claim, and a StatefulSet that makes two."""
    pods = m.template("store", "example.com/store:1")
    template = {"metadata": {"name": "data"}, "spec": m.claim("data", "")["spec"]}
    spec = {
        "selector": {"matchLabels": {"app": "store"}},
        "template": pods,
        "replicas": 2,
        "podManagementPolicy": "Parallel",  # no pod gets ready here
        "volumeClaimTemplates": [template],
    }
    stateful = m.named("apps/v1", "StatefulSet", "store", "ml", spec=spec)
    return [m.namespace("ml"), m.claim("data", "ml"), stateful]


def node(api: Api, name: str) -> None:
    metadata = {"name": name, "labels": {"kubernetes.io/hostname": f"{name}.example.com"}}
    api.create("/api/v1/nodes", {"apiVersion": "v1", "kind": "Node", "metadata": metadata})


def bound(api: Api) -> dict[str, str]:
    """The volumes of the claims that have one, by the claims' names."""
    claims = api.get("/api/v1/namespaces/ml/persistentvolumeclaims")["items"]
    return {
        each["metadata"]["name"]: each["spec"]["volumeName"] for each in claims if each["status"]["phase"] == "Bound"
    }


def test_folders_of_a_node_are_bound_each_to_its_claim_and_outlive_the_install(
    cluster: ControlPlane, api: Api, tmp_path: Path
) -> None:
    theirs = m.named("storage.k8s.io/v1", "StorageClass", "theirs", provisioner="example.com/theirs")
    theirs["metadata"]["annotations"] = {"storageclass.kubernetes.io/is-default-class": "true"}
    api.create(CLASSES, theirs)
    node(api, "node-1")
    kubeflow = installer(cluster, tmp_path, type="hostpath", path="/srv/kubeflow")
    kubeflow.install(release()).succeeded()
    names = ("data", "data-store-0", "data-store-1")
    eventually(lambda: bound(api) == {name: f"ml-{name}" for name in names})
    spec = api.get(f"{VOLUMES}/ml-data-store-1")["spec"]
    assert spec["hostPath"] == {"path": "/srv/kubeflow/ml/data-store-1", "type": "DirectoryOrCreate"}
    assert (spec["persistentVolumeReclaimPolicy"], spec["capacity"]) == ("Retain", {"storage": "1Gi"})
    [term] = spec["nodeAffinity"]["required"]["nodeSelectorTerms"]
    assert term["matchExpressions"][0]["values"] == ["node-1.example.com"]

    assert not kubeflow.install(release()).succeeded().plan.changes

    ran = kubeflow.uninstall().succeeded()
    assert {f"PersistentVolume/ml-{name}" for name in names} <= kept(ran).keys()
    assert exists(api, f"{VOLUMES}/ml-data")
    assert kubeflow.install(release()).succeeded()
    kubeflow.uninstall(delete_data=True).succeeded()
    assert not exists(api, f"{VOLUMES}/ml-data")


def test_folders_of_a_server_are_a_class_of_their_own(cluster: ControlPlane, api: Api, tmp_path: Path) -> None:
    nfs = {"type": "nfs", "server": "10.0.0.9", "path": "/exports/kf/{number}", "count": 3, "size": "5Gi"}
    kubeflow = installer(cluster, tmp_path, **nfs)
    kubeflow.install(release()).succeeded()
    eventually(lambda: len(bound(api)) == 3)
    assert set(bound(api).values()) == {"nfs-1", "nfs-2", "nfs-3"}
    assert api.get(f"{VOLUMES}/nfs-2")["spec"]["nfs"] == {"server": "10.0.0.9", "path": "/exports/kf/2"}
    assert not kubeflow.install(release()).succeeded().plan.changes
    kubeflow.uninstall().succeeded()
    assert exists(api, f"{VOLUMES}/nfs-2")
    assert not exists(api, f"{CLASSES}/nfs")


@pytest.mark.parametrize(
    ("storage", "name", "provisioner", "workload"),
    [
        (
            {"type": "nfs-server", "size": "50Gi", "disk": "disks", "default": True},
            "nfs",
            "kfinstall.io/nfs-server",
            "/apis/apps/v1/namespaces/nfs-server/deployments/nfs-server",
        ),
        (
            {"type": "nfs-provisioner", "server": "nfs.example.com", "path": "/exports", "default": True},
            "nfs-client",
            "k8s-sigs.io/nfs-subdir-external-provisioner",
            "/apis/apps/v1/namespaces/nfs-provisioner/deployments/nfs-client-provisioner",
        ),
        (
            {"type": "local-path", "path": "/srv", "default": True, "reclaimPolicy": "Retain"},
            "local-path",
            "rancher.io/local-path",
            "/apis/apps/v1/namespaces/local-path-storage/deployments/local-path-provisioner",
        ),
    ],
)
def test_a_provisioner_comes_with_its_class_and_goes_with_the_install(
    cluster: ControlPlane, api: Api, tmp_path: Path, storage: dict[str, Any], name: str, provisioner: str, workload: str
) -> None:
    api.create(CLASSES, m.named("storage.k8s.io/v1", "StorageClass", "disks", provisioner="example.com/disks"))
    kubeflow = installer(cluster, tmp_path, **storage)
    kubeflow.install(release()).succeeded()
    made = api.get(f"{CLASSES}/{name}")
    assert made["provisioner"] == provisioner
    assert made["reclaimPolicy"] == storage.get("reclaimPolicy", "Delete")
    assert made["metadata"]["annotations"]["storageclass.kubernetes.io/is-default-class"] == "true"
    claim = api.get("/api/v1/namespaces/ml/persistentvolumeclaims/data")
    assert claim["spec"]["storageClassName"] == name
    assert exists(api, workload)
    assert not kubeflow.install(release()).succeeded().plan.changes
    kubeflow.uninstall(delete_data=True).succeeded()
    assert not exists(api, f"{CLASSES}/{name}")
    assert not exists(api, workload)

    api.create(CLASSES, {**made, "metadata": {"name": "theirs", "annotations": made["metadata"]["annotations"]}})
    with pytest.raises(PlanRefused, match='"theirs" is the default storage class, and kfinstall does not change that'):
        kubeflow.install(release())
