"""`kfinstall install --platform gke`: a cluster of Google's, made and followed, and Kubeflow on it."""

from __future__ import annotations

import base64
import json
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from tests.controlplane.api import Api
from tests.controlplane.cluster import Cluster
from tests.e2e.conftest import Kfinstall
from tests.e2e.release import Release
from tests.patience import PATIENCE
from tests.unit.platforms.cluster_manager import PROJECT, ZONE, Google, environment, plugin, serving


@dataclass
class Lab:
    """A Google whose clusters are the control plane of the tests, and the words that ask for one."""

    google: Google
    kfinstall: Kfinstall
    cluster: tuple[str, ...]


@pytest.fixture
def lab(kfinstall: Kfinstall, control_plane: Cluster, name: str, tmp_path: Path) -> Iterator[Lab]:
    config = yaml.safe_load(control_plane.kubeconfig().read_text())
    token = config["users"][0]["user"].get("token")
    certificate = config["clusters"][0]["cluster"].get("certificate-authority-data")
    if not (token and certificate):
        pytest.skip("this control plane gives no token to hand on")
    google = Google()
    google.steps = 1
    google.endpoint, google.certificate = urlsplit(control_plane.url).netloc, certificate
    with serving(google) as address:
        kfinstall.environment |= environment(tmp_path / "login", address)
        kfinstall.environment["PATH"] = f"{plugin(tmp_path / 'bin', token)}{os.pathsep}{os.environ['PATH']}"
        asked = ("type=gke", f"project={PROJECT}", f"location={ZONE}", f"cluster={name}")
        sets = tuple(word for each in asked for word in ("--set", f"platform.{each}"))
        yield Lab(google, kfinstall, sets)


def test_an_install_that_is_stopped_while_google_makes_the_cluster_goes_on(
    lab: Lab, release: Release, name: str
) -> None:
    install = ("install", "-f", str(release.install), *lab.cluster, "--yes", "--no-wait", "--plain")
    process = lab.kfinstall.start(*install)
    assert process.stderr is not None
    told = ""
    while "Making the cluster" not in told:
        line = process.stderr.readline()
        assert line, told
        told += line
    process.send_signal(signal.SIGINT)
    _out, rest = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130, told + rest
    assert f"2 x e2-standard-8 in {ZONE}, project {PROJECT}" in told
    assert lab.google.clusters[name]["status"] == "PROVISIONING"

    done = lab.kfinstall(*install)
    assert done.code == 0, done.err
    assert f"created   Namespace/{name}" in done.err
    assert len(lab.google.bodies) == 1, "the cluster is asked for once"
    assert token_free(lab)

    deleted = lab.kfinstall("platforms", "delete", "-f", release.install, *lab.cluster, "--yes")
    assert deleted.code == 0, deleted.err
    assert lab.google.clusters == {}


def test_a_region_that_does_not_exist_is_refused_with_its_place(lab: Lab, release: Release) -> None:
    document = yaml.safe_load(release.install.read_text())
    del document["platform"]
    platform = f"platform:\n  type: gke\n  project: {PROJECT}\n  location: us-centrall1-a\n"
    release.install.write_text(platform + yaml.safe_dump(document))
    refused = lab.kfinstall("install", "-f", release.install, "--yes")
    assert refused.code == 3
    assert f'{release.install}:4:13: Google has no "us-centrall1-a" here (platform.location).' in refused.err
    assert 'Did you mean "us-central1-a"?' in refused.err
    valid = lab.kfinstall("config", "validate", "-f", release.install)
    assert valid.code == 0, "validation asks nobody"
    assert lab.google.sent("POST") == []


def test_the_key_of_pipelines_is_in_the_cluster_and_nowhere_else(
    lab: Lab, release: Release, name: str, admin: Api
) -> None:
    lab.google.stand(name)
    document = yaml.safe_load(release.install.read_text())
    document["platform"] = {"type": "gke", "project": PROJECT, "location": ZONE, "cluster": name}
    document["platform"]["pipelinesKey"] = "${GCP_KEY}"
    release.install.write_text(yaml.safe_dump(document))
    key = json.dumps({"type": "service_account", "private_key": "planted-key"})
    encoded = base64.b64encode(key.encode()).decode()

    told = [lab.kfinstall(command, "-f", release.install, GCP_KEY=key) for command in ("plan", "diff")]
    told.append(lab.kfinstall("install", "-f", release.install, "--no-wait", GCP_KEY=key))
    assert [each.code for each in told] == [0, 1, 0], told[-1].err
    secret = admin.get(f"/api/v1/namespaces/{name}/secrets/user-gcp-sa")
    assert secret["data"] == {"user-gcp-sa.json": encoded}
    kept = "".join(path.read_text() for path in lab.kfinstall.state.rglob("*") if path.is_file())
    for text in (kept, *(each.out + each.err for each in told)):
        assert "planted-key" not in text
        assert encoded not in text

    removed = lab.kfinstall("uninstall", "-f", release.install, "--yes", GCP_KEY=key)
    assert removed.code == 0, removed.err
    assert f"Secret/{name}/user-gcp-sa" in removed.err
    assert f"To delete it too: kfinstall platforms delete -f {release.install}" in removed.err


def token_free(lab: Lab) -> bool:
    """Whether nothing that kfinstall keeps has the token of Google's or that of the cluster."""
    kept = "".join(path.read_text() for path in lab.kfinstall.state.rglob("*") if path.is_file())
    return lab.google.token not in kept and "gke-gcloud-auth-plugin" in kept
