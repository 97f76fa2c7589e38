"""`images` of a document on a real API server, and `kfinstall mirror` on a real registry."""

from __future__ import annotations

import base64
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from kfinstall.cli.report import plan_text, report
from kfinstall.engine.control import Control
from kfinstall.engine.diff import differences
from tests.contract import manifests as m
from tests.contract.adapted import Adapted
from tests.contract.manifests import Object
from tests.contract.test_uninstall import exists
from tests.controlplane.api import Api
from tests.controlplane.cluster import Cluster
from tests.forked import kfinstall
from tests.registries.docker_registry import PASSWORD, USER, DockerRegistry

PLANTED = "planted-pull-password"
MIRROR = "registry.example.com/kf"


def release(namespace: str) -> list[Object]:
    """A workload of each kind of need: with an account, without, in a CronJob; and a ConfigMap that carries images."""
    web = m.deployment("web", namespace, image="ghcr.io/a/web:1")
    web["spec"]["template"]["spec"]["serviceAccountName"] = "runner"
    pod = {"containers": [{"name": "main", "image": "busybox"}], "restartPolicy": "Never"}
    spec = {"schedule": "0 0 * * *", "jobTemplate": {"spec": {"template": {"spec": pod}}}}
    nightly = m.named("batch/v1", "CronJob", "nightly", namespace, spec=spec)
    metrics = json.dumps({"image": "docker.io/katib/metrics:v1", "imagePullPolicy": "Always"})
    katib = m.config_map("katib-config", namespace, **{"metrics-collector-sidecar": metrics, "other": "x/y:1"})
    return [m.namespace(namespace), m.account("runner", namespace), web, nightly, katib]


def installer(control_plane: Cluster, folder: Path, name: str) -> Adapted:
    login = {"name": "login", "registry": "registry.example.com", "username": "robot", "password": PLANTED}
    images = {"registry": MIRROR, "pullPolicy": "IfNotPresent", "pullSecrets": [login]}
    return Adapted(control_plane.kubeconfig(), folder / "state", name, document={"images": images})


def test_a_cluster_pulls_from_the_mirror_with_the_login(
    control_plane: Cluster, admin: Api, unique: str, tmp_path: Path
) -> None:
    adapted = installer(control_plane, tmp_path, unique)
    plan, _events = adapted.stream(release(unique), Control())
    shown = plan_text(plan) + report(plan) + repr(list(differences(plan, adapted.open())))
    assert "login" in shown
    assert PLANTED not in shown
    assert base64.b64encode(PLANTED.encode()).decode() not in shown
    adapted.install(release(unique)).succeeded()

    core = f"/api/v1/namespaces/{unique}"
    template = admin.get(f"/apis/apps/v1/namespaces/{unique}/deployments/web")["spec"]["template"]["spec"]
    [container] = template["containers"]
    assert (container["image"], container["imagePullPolicy"]) == (f"{MIRROR}/ghcr.io/a/web:1", "IfNotPresent")
    assert template["imagePullSecrets"] == [{"name": "login"}]
    cron = admin.get(f"/apis/batch/v1/namespaces/{unique}/cronjobs/nightly")["spec"]["jobTemplate"]["spec"]
    assert cron["template"]["spec"]["containers"][0]["image"] == f"{MIRROR}/docker.io/library/busybox"
    assert cron["template"]["spec"]["imagePullSecrets"] == [{"name": "login"}]
    assert admin.get(f"{core}/serviceaccounts/runner")["imagePullSecrets"] == [{"name": "login"}]
    katib = admin.get(f"{core}/configmaps/katib-config")["data"]
    assert json.loads(katib["metrics-collector-sidecar"])["image"] == f"{MIRROR}/docker.io/katib/metrics:v1"
    assert katib["other"] == "x/y:1"
    assert admin.get(f"{core}/secrets/login")["type"] == "kubernetes.io/dockerconfigjson"

    assert adapted.install(release(unique)).succeeded().finished.writes == 0
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    record = admin.get(f"/api/v1/namespaces/kfinstall-system/configmaps/kfinstall-{unique}")
    assert PLANTED not in written.decode() + json.dumps(record)

    adapted.uninstall().succeeded()
    assert not exists(admin, f"{core}/secrets/login")


@pytest.fixture
def content(tmp_path: Path) -> Path:
    path = tmp_path / "content"
    path.write_text("an image")
    return path


@pytest.fixture
def registry(tmp_path: Path, content: Path) -> Iterator[DockerRegistry]:
    """It has one of the two images of the document, and wants a login."""
    filled = DockerRegistry.start(tmp_path)
    try:
        filled.push("kf/ghcr.io/a/web", "1", content)
    finally:
        filled.stop()
    closed = DockerRegistry.start(tmp_path, login=True)
    yield closed
    closed.stop()


@pytest.fixture
def document(tmp_path: Path) -> Path:
    """An Install with two images."""
    application = {"name": "web", "kustomizeConfig": {"repoRef": {"name": "here", "path": "web"}}}
    kfdef = {
        "apiVersion": "kfdef.apps.kubeflow.org/v1",
        "kind": "KfDef",
        "metadata": {"name": "web", "namespace": "ml"},
        "spec": {"applications": [application], "repos": [{"name": "here", "uri": "repo"}]},
    }
    install = {
        "apiVersion": "kfinstall.io/v1alpha1",
        "kind": "Install",
        "platform": {"type": "existing"},
        "kubeflow": {"file": "kfdef.yaml"},
    }
    (tmp_path / "repo/web").mkdir(parents=True)
    objects = [m.deployment("web", "ml", image="ghcr.io/a/web:1"), m.deployment("db", "ml", image="mysql:8")]
    (tmp_path / "repo/web/all.yaml").write_text(yaml.safe_dump_all(objects))
    (tmp_path / "kfdef.yaml").write_text(yaml.safe_dump(kfdef))
    path = tmp_path / "install.yaml"
    path.write_text(yaml.safe_dump(install) + "# of the user\n")
    return path


def mirror(command: str, document: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return kfinstall("mirror", command, "-f", document, *arguments, env={**os.environ, **environment})


def at(registry: DockerRegistry) -> list[str]:
    return ["--set", f"images.registry={registry.host}/kf"]


def with_login(registry: DockerRegistry) -> list[str]:
    login = f"{{name: login, registry: '{registry.host}', username: {USER}, password: '${{REGISTRY_PASSWORD}}'}}"
    return [*at(registry), "--set", f"images.pullSecrets=[{login}]"]


def test_check_says_which_images_a_registry_has(registry: DockerRegistry, document: Path) -> None:
    ran = mirror("check", document, *with_login(registry), REGISTRY_PASSWORD=PASSWORD)
    assert ran.stdout.splitlines() == [
        f"missing  {registry.host}/kf/docker.io/library/mysql:8",
        f"present  {registry.host}/kf/ghcr.io/a/web:1",
    ]
    assert ran.returncode == 3
    assert PASSWORD not in ran.stdout + ran.stderr


def test_check_without_the_login_is_refused(registry: DockerRegistry, document: Path) -> None:
    for arguments, environment in ((at(registry), {}), (with_login(registry), {"REGISTRY_PASSWORD": "wrong"})):
        ran = mirror("check", document, *arguments, "-o", "json", **environment)
        items: list[dict[str, Any]] = json.loads(ran.stdout)["items"]
        assert [each["outcome"] for each in items] == ["refused", "refused"]
        assert ran.returncode == 3


def test_check_is_content_when_everything_is_there(tmp_path: Path, content: Path, document: Path) -> None:
    registry = DockerRegistry.start(tmp_path)
    try:
        registry.push("kf/ghcr.io/a/web", "1", content)
        registry.push("kf/docker.io/library/mysql", "8", content)
        ran = mirror("check", document, *at(registry))
    finally:
        registry.stop()
    assert (ran.returncode, ran.stdout.count("present")) == (0, 2)


def test_list_and_script(document: Path) -> None:
    mine = ("--set", f"images.registry={MIRROR}")
    listed = mirror("list", document, *mine)
    assert listed.stdout == (
        "docker.io: 1 image\n  docker.io/library/mysql:8\n"
        f"    → {MIRROR}/docker.io/library/mysql:8\n    Deployment.apps/ml/db\n"
        f"ghcr.io: 1 image\n  ghcr.io/a/web:1\n    → {MIRROR}/ghcr.io/a/web:1\n    Deployment.apps/ml/web\n"
    )
    [first, _second] = json.loads(mirror("list", document, *mine, "-o", "json").stdout)["items"]
    assert (first["registry"], first["objects"]) == ("docker.io", ["Deployment.apps/ml/db"])
    copies = {tool: mirror("script", document, *mine, "--tool", tool) for tool in ("skopeo", "crane", "docker")}
    new = f"{MIRROR}/ghcr.io/a/web:1"
    assert [ran.stdout.splitlines()[-1] for ran in copies.values()] == [
        f"skopeo copy --all --preserve-digests docker://ghcr.io/a/web:1 docker://{new}",
        f"crane copy ghcr.io/a/web:1 {new}",
        f"docker buildx imagetools create --prefer-index=false --tag {new} ghcr.io/a/web:1",
    ]
    assert copies["skopeo"].stdout.startswith(
        "#!/bin/sh\n# Log in first: skopeo login registry.example.com\nset -eux\n"
    )


def test_script_without_a_registry_of_ones_own_says_what_to_name(document: Path) -> None:
    for arguments in ((), ("--set", "images.mirror=daocloud")):
        ran = mirror("script", document, *arguments)
        assert (ran.returncode, ran.stdout) == (2, "")
        assert "--set images.registry=registry.example.com/kubeflow" in ran.stderr


def test_apply_writes_the_section_once(document: Path) -> None:
    before = document.read_bytes().replace(b"\n", b"\r\n")
    document.write_bytes(before)
    document.chmod(0o640)
    ran = mirror("apply", document, "--set", "images.mirror=daocloud", "--set", "images.pullPolicy=Always")
    assert ran.returncode == 0, ran.stderr
    section = b"images:\r\n  mirror: daocloud\r\n  pullPolicy: Always\r\n"
    assert document.read_bytes() == before + section, "the file's line ends stay"
    assert document.stat().st_mode & 0o777 == 0o640
    assert "m.daocloud.io/ghcr.io/a/web:1" in mirror("list", document).stdout
    again = mirror("apply", document, "--set", "images.pullPolicy=Never")
    assert again.returncode == 2
    assert "pullPolicy: Never" in again.stderr
    assert "Never" not in document.read_text()
