"""`kfinstall install --rehearse`: says what would not come up on a cluster, and writes nothing to it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from kfinstall.cli.asked import connected
from kfinstall.cli.options import ConnectionFlags
from kfinstall.contracts.manifest import Manifest
from kfinstall.engine.house_rules import house_rules
from kfinstall.sandbox.scenario import Nodes
from tests.contract.proxy import Proxy
from tests.controlplane.api import Api
from tests.controlplane.playing import ROOM, playing
from tests.controlplane.server import ControlPlane
from tests.patience import AS_LONG, eventually
from tests.sandbox.conftest import served
from tests.sandbox.test_starter import OBJECTS, Workbench

CLASSES = "/apis/storage.k8s.io/v1/storageclasses"
DEFAULT_CLASS = {
    "metadata": {"name": "standard", "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}},
    "provisioner": "example.com/disks",
    "volumeBindingMode": "WaitForFirstConsumer",
}
SMALL = {"cpu": "200m", "memory": "1Gi", "pods": "110"}


@pytest.fixture
def real(fresh_control_plane: ControlPlane, tmp_path: Path) -> Iterator[Proxy]:
    """A real API server with a default storage class, through a proxy that counts."""
    with Api(fresh_control_plane.kubeconfig()) as api:
        api.create(CLASSES, DEFAULT_CLASS)
    with Proxy(fresh_control_plane.kubeconfig(), tmp_path) as proxy:
        yield proxy


@pytest.mark.parametrize("room", [SMALL, ROOM], ids=["small", "large"])
def test_a_real_cluster_is_read_and_not_written(
    real: Proxy, fresh_control_plane: ControlPlane, tmp_path: Path, room: dict[str, str]
) -> None:
    workbench = Workbench(real.kubeconfig, tmp_path)
    with playing(fresh_control_plane.kubeconfig(), Nodes(name="worker", allocatable=room)):
        said = workbench.install("--rehearse", "--timeout", AS_LONG, code=4 if room is SMALL else 0)
    assert real.writes == []
    assert f"{OBJECTS} created" in said
    assert ("sched-insufficient-cpu" in said) == (room is SMALL)
    assert ("0/1 nodes are available: 1 Insufficient cpu." in said) == (room is SMALL)
    assert "nothing was written to https://127.0.0.1" in said
    with Api(fresh_control_plane.kubeconfig()) as api:
        names = {each["metadata"]["name"] for each in api.get("/api/v1/namespaces")["items"]}
    assert not names & {"workbench", "kfinstall-system"}


def test_what_stands_already_takes_no_room_twice(tmp_path: Path) -> None:
    """And a Secret that the document only names is there in the rehearsal, without its contents."""
    with served("laptop-too-small", tmp_path) as kubeconfig, Api(kubeconfig) as api:
        workbench = Workbench(kubeconfig, tmp_path)
        workbench.install("--timeout", AS_LONG)
        filler = {"name": "main", "image": "registry.example.com/a:1", "resources": {"requests": {"cpu": "1600m"}}}
        api.create("/api/v1/namespaces/default/pods", {"metadata": {"name": "other"}, "spec": {"containers": [filler]}})
        own = ("--set", "kubeflow.provided=[mlflow-store]")
        said = workbench.install("--rehearse", *own)
    assert f"{OBJECTS - 2} created, 1 changed" in said


def test_quotas_and_limits_of_the_target_hold(tmp_path: Path) -> None:
    """Of what the quota allows somebody else has most."""
    core = "/api/v1/namespaces"
    with served("healthy", tmp_path) as kubeconfig, Api(kubeconfig) as api:
        workbench = Workbench(kubeconfig, tmp_path)
        api.create(core, {"metadata": {"name": "workbench"}})
        own = f"{core}/workbench"
        api.create(f"{own}/resourcequotas", {"metadata": {"name": "few"}, "spec": {"hard": {"pods": "3"}}})
        limit = {"type": "Container", "max": {"memory": "64Mi"}}
        api.create(f"{own}/limitranges", {"metadata": {"name": "small"}, "spec": {"limits": [limit]}})
        said = workbench.install("--rehearse", "--timeout", "10s", code=4)
        assert "maximum memory usage per Container is 64Mi" in said
        api.delete(f"{own}/limitranges/small")
        filler = {"name": "main", "image": "registry.example.com/a:1"}
        eventually(lambda: api.get(f"{own}/serviceaccounts")["items"])
        for name in ("one", "two"):
            api.create(f"{own}/pods", {"metadata": {"name": name}, "spec": {"containers": [filler]}})
        eventually(lambda: api.get(f"{own}/resourcequotas/few")["status"]["used"] == {"pods": "2"})
        said = workbench.install("--rehearse", "--timeout", "10s", code=4)
    assert "exceeded quota: few, requested: pods=1, used: pods=1, limited: pods=1" in said


def test_pull_secrets_of_the_target_are_known_by_name_only(tmp_path: Path) -> None:
    """Those of its accounts and those that pods name; what is in them is not read."""
    secret = {"type": "kubernetes.io/dockerconfigjson", "stringData": {".dockerconfigjson": '{"auths":{"planted":{}}}'}}
    own = "/api/v1/namespaces/default"
    pod = {"imagePullSecrets": [{"name": "named"}, {"name": "absent"}], "containers": []}
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "default"},
        "spec": {"template": {"spec": pod}},
    }
    with served("healthy", tmp_path) as kubeconfig, Api(kubeconfig) as api:
        for name in ("of-the-account", "named"):
            api.create(f"{own}/secrets", {"metadata": {"name": name}, **secret})
        eventually(lambda: api.get(f"{own}/serviceaccounts")["items"])
        api.patch(f"{own}/serviceaccounts/default", {"imagePullSecrets": [{"name": "of-the-account"}]})
        found = list(house_rules(connected(kubeconfig, None, ConnectionFlags()), [Manifest(deployment, "")], set()))
    assert [(each["kind"], each["metadata"]["name"]) for each in found] == [
        ("ServiceAccount", "default"),
        ("Secret", "named"),
        ("Secret", "of-the-account"),
    ]
    assert found[0]["imagePullSecrets"] == [{"name": "of-the-account"}]
    assert "planted" not in str(found)


def test_rehearsing_and_dry_runs_exclude_each_other(tmp_path: Path) -> None:
    with served("healthy", tmp_path) as kubeconfig:
        assert "exclude each other" in Workbench(kubeconfig, tmp_path).install("--rehearse", "--dry-run", code=2)


def test_a_storage_class_that_nobody_serves_is_played_as_such(tmp_path: Path) -> None:
    with served("no-default-storageclass", tmp_path) as kubeconfig:
        said = Workbench(kubeconfig, tmp_path).install("--rehearse", "--set", "storage.type=static", code=4)
    assert "unbound immediate PersistentVolumeClaims" in said
