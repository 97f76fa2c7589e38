"""Volumes for a whole Kubeflow where no storage class is the default one."""

import os
from pathlib import Path

import pytest
import yaml

from tests.controlplane.api import Api
from tests.golden.test_releases import ARCHIVES, SOURCES
from tests.patience import AS_LONG
from tests.sandbox.conftest import served
from tests.sandbox.test_starter import Workbench

pytestmark = pytest.mark.skipif(not ARCHIVES.is_dir(), reason=f"the archives of the releases are not in {ARCHIVES}")

CLAIMS = {"minio-pvc": "20Gi", "mysql-pv-claim": "20Gi", "katib-mysql": "10Gi"}


@pytest.fixture
def document(tmp_path: Path) -> str:
    content = {
        "apiVersion": "kfinstall.io/v1alpha1",
        "kind": "Install",
        "platform": {"type": "existing"},
        "kubeflow": {"preset": "kubeflow-1.10"},
        "sources": {url: str(ARCHIVES / name) for url, name in SOURCES.items()},
    }
    file = tmp_path / "kubeflow.yaml"
    file.write_text(yaml.safe_dump(content), encoding="utf-8")
    return str(file)


def test_kubeflow_comes_up_on_folders_of_a_node(document: str, tmp_path: Path) -> None:
    cache = f"{os.environ['KFINSTALL_TEST_CACHE']}/scenarios"
    with served("no-default-storageclass", tmp_path) as kubeconfig, Api(kubeconfig) as api:
        cluster = Workbench(kubeconfig, tmp_path)
        install = ("install", "-f", document, "--yes", "--timeout", AS_LONG)

        refused = cluster.run(*install, code=3, XDG_CACHE_HOME=cache)
        assert "3 claims name no storage class, and the cluster has no default one." in refused
        assert "--set storage.type=class --set storage.name=standard" in refused

        unsaid = cluster.run(*install, "--set", "storage.type=hostpath", code=3, XDG_CACHE_HOME=cache)
        assert "Nodes: node-1, node-2, node-3" in unsaid

        cluster.run(*install, "--set", "storage.type=hostpath", "--set", "storage.node=node-2", XDG_CACHE_HOME=cache)
        claims = api.get("/api/v1/namespaces/kubeflow/persistentvolumeclaims")["items"]
        assert {claim["metadata"]["name"]: claim["spec"]["volumeName"] for claim in claims} == {
            name: f"kubeflow-{name}" for name in CLAIMS
        }
        volumes = {each["metadata"]["name"]: each["spec"] for each in api.get("/api/v1/persistentvolumes")["items"]}
        assert {name: spec["capacity"]["storage"] for name, spec in volumes.items()} == {
            f"kubeflow-{name}": size for name, size in CLAIMS.items()
        }
        assert volumes["kubeflow-minio-pvc"]["hostPath"]["path"] == "/var/lib/kubeflow/kubeflow/minio-pvc"
