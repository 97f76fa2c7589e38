"""`kfinstall doctor -f FILE --fix` on a real API server: the cluster is mended, and the file keeps it."""

from __future__ import annotations

import base64
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.controlplane.api import Api
from tests.controlplane.cluster import Cluster
from tests.forked import kfinstall
from tests.patience import eventually

PASSWORD = "hunter2-planted"
IMAGE = "ghcr.io/team/private:1"
DENIED = f'Failed to pull image "{IMAGE}": failed to authorize: failed to fetch anonymous token: 401 Unauthorized'
FILE = """\
# The workbench of the team.
apiVersion: kfinstall.io/v1alpha1
kind: Install
platform: {type: existing}
kubeflow:
  preset: starter   # no kustomize needed
"""


def refused_pod(admin: Api, namespace: str) -> None:
    """A pod as a kubelet leaves it whose image the registry does not give to strangers."""
    pods = f"/api/v1/namespaces/{namespace}/pods"
    admin.create(pods, {"metadata": {"name": "a"}, "spec": {"containers": [{"name": "main", "image": IMAGE}]}})
    waiting = {"waiting": {"reason": "ErrImagePull", "message": DENIED}}
    status = {"name": "main", "image": IMAGE, "imageID": "", "ready": False, "restartCount": 0, "state": waiting}
    admin.patch(f"{pods}/a/status", {"status": {"phase": "Pending", "containerStatuses": [status]}})


def is_bound(admin: Api, path: str) -> bool:
    return (admin.get(path).get("status") or {}).get("phase") == "Bound"


def doctor(control_plane: Cluster, file: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    only = ("--only", "images.pull", "--only", "storage.*")
    known = {**os.environ, "KUBECONFIG": str(control_plane.kubeconfig()), **environment}
    return kfinstall("doctor", "-f", file, "--fix", *only, *arguments, env=known)


@pytest.fixture
def anew(fresh_control_plane: Cluster) -> Iterator[Api]:
    with Api(fresh_control_plane.kubeconfig()) as admin:
        yield admin


def test_the_cluster_is_mended_and_the_file_keeps_it(fresh_control_plane: Cluster, anew: Api, tmp_path: Path) -> None:
    admin = anew
    admin.create("/api/v1/nodes", {"metadata": {"name": "only"}})
    claims = "/api/v1/namespaces/default/persistentvolumeclaims"
    wanted = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    admin.create(claims, {"metadata": {"name": "data"}, "spec": wanted})
    refused_pod(admin, "default")
    file = tmp_path / "install.yaml"
    file.write_text(FILE, encoding="utf-8")

    looked = doctor(fresh_control_plane, file, "--dry-run")
    assert "+storage:\n    +  type: static" in looked.stderr
    assert "credentials for ghcr.io, from GHCR_IO_USERNAME, GHCR_IO_PASSWORD or asked for" in looked.stderr
    assert file.read_text(encoding="utf-8") == FILE

    lacking = doctor(fresh_control_plane, file, "--yes")
    assert "needs credentials; set GHCR_IO_USERNAME, GHCR_IO_PASSWORD" in lacking.stderr

    mended = doctor(fresh_control_plane, file, "--yes", GHCR_IO_USERNAME="robot", GHCR_IO_PASSWORD=PASSWORD)
    eventually(lambda: is_bound(admin, f"{claims}/data"))
    secret = admin.get("/api/v1/namespaces/default/secrets/ghcr-io")
    config = json.loads(base64.b64decode(secret["data"][".dockerconfigjson"]))
    assert config["auths"]["ghcr.io"]["password"] == PASSWORD
    account = admin.get("/api/v1/namespaces/default/serviceaccounts/default")
    assert {"name": "ghcr-io"} in account["imagePullSecrets"]

    text = file.read_text(encoding="utf-8")
    document = yaml.safe_load(text)
    assert document["storage"] == {"type": "static"}
    assert document["images"]["pullSecrets"][0]["password"] == "${GHCR_IO_PASSWORD}"
    assert "# The workbench of the team." in text
    assert "# no kustomize needed" in text
    for said in (looked, lacking, mended):
        assert PASSWORD not in said.stdout + said.stderr
        assert base64.b64encode(f"robot:{PASSWORD}".encode()).decode() not in said.stdout + said.stderr
