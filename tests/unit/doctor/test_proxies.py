"""Nodes that pull without the proxy that the components have, and the file that gives it to them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from checks.proxies import direct_pulls
from kfinstall.contracts.manifest import Body, Manifest
from kfinstall.doctor.examination import examine
from tests.unit.doctor.clusters import ALL_CHECKS, body, pod, snapshot, waiting
from tests.unit.doctor.nodes import node

PROXY = "http://proxy.example.com:3128"
IMAGE = "quay.io/a/b:1"
NO_NAME = f'failed to pull image "{IMAGE}": dial tcp: lookup quay.io on 10.0.0.2:53: no such host'
BY_PROXY = (
    f'failed to pull image "{IMAGE}": failed to do request: Head "https://quay.io/v2/a/b/manifests/1": '
    "proxyconnect tcp: dial tcp 10.1.2.3:3128: i/o timeout"
)


def dex(**variables: str) -> Body:
    env = [{"name": name, "value": value} for name, value in variables.items()]
    template = {"spec": {"containers": [{"name": "dex", "image": "dex", "env": env}]}}
    return body("Deployment", "dex", "auth", group="apps", spec={"template": template})


def pulling(message: str, on: str = "n") -> Body:
    return pod("web", status=waiting("ErrImagePull", message, IMAGE), nodeName=on)


def made(runtime: str, *, labels: dict[str, str] | None = None, version: str = "v1.34.1", **spec: Any) -> Body:
    found = node("n", labels=labels, kubelet=version)
    found["status"]["nodeInfo"]["containerRuntimeVersion"] = runtime
    return {**found, "spec": spec}


def test_a_node_that_pulls_without_the_proxy_and_the_file_that_mends_it() -> None:
    state = snapshot(made("containerd://2.1.4"), dex(HTTPS_PROXY=PROXY, NO_PROXY=".svc"), pulling(NO_NAME))
    [found] = direct_pulls(state)
    assert found.title == f"1 node asks quay.io without the proxy that the components have ({PROXY})"
    assert [str(key) for key in found.objects] == ["Node/n"]
    write, restart = found.remedy.commands
    assert "sudo tee /etc/systemd/system/containerd.service.d/http-proxy.conf" in write
    assert f'Environment="HTTPS_PROXY={PROXY}"\\nEnvironment="NO_PROXY=.svc"' in write
    assert restart == "sudo systemctl daemon-reload && sudo systemctl restart containerd"


def test_the_pods_follow_from_it() -> None:
    state = snapshot(made("containerd://2.1.4"), dex(HTTPS_PROXY=PROXY), pulling(NO_NAME))
    root = next(root for root in examine(state, ALL_CHECKS).roots if root.finding.cause == "proxy-nodes-direct")
    assert [child.finding.cause for child in root.children] == ["img-dns"]


@pytest.mark.parametrize(
    ("standing", "command"),
    [
        (made("docker://28.1.1"), "/etc/systemd/system/docker.service.d/http-proxy.conf"),
        (made("cri-o://1.34.0"), "/etc/systemd/system/crio.service.d/http-proxy.conf"),
        (made("docker://28.1.1", labels={"minikube.k8s.io/name": "lab"}), f"HTTPS_PROXY={PROXY} minikube start -p lab"),
        (made("containerd://2.1.4", providerID="kind://docker/kind/n"), f"export HTTPS_PROXY={PROXY}"),
        (made("containerd://2.1.4", version="v1.33.1+k3s1"), "sudo tee -a /etc/systemd/system/k3s.service.env"),
    ],
)
def test_each_runtime_and_each_local_cluster_has_its_own_place(standing: Body, command: str) -> None:
    [found] = direct_pulls(snapshot(standing, dex(HTTPS_PROXY=PROXY), pulling(NO_NAME)))
    assert any(command in each for each in found.remedy.commands), found.remedy.commands


def test_before_an_install_the_proxy_is_that_of_the_document() -> None:
    planned = [Manifest(dex(HTTPS_PROXY=PROXY), "dex")]
    state = replace(snapshot(made("containerd://2.1.4"), pulling(NO_NAME)), planned=planned)
    [found] = direct_pulls(state)
    assert PROXY in found.title


@pytest.mark.parametrize(
    "objects",
    [
        (dex(), pulling(NO_NAME)),
        (dex(HTTPS_PROXY=PROXY), pulling(BY_PROXY)),
        (dex(HTTPS_PROXY=PROXY), pulling(f'failed to pull "{IMAGE}": not found')),
        (dex(HTTPS_PROXY=PROXY), pulling(NO_NAME, on="")),
    ],
)
def test_no_proxy_or_a_node_that_uses_it_is_not_this(objects: tuple[Body, ...]) -> None:
    assert list(direct_pulls(snapshot(made("containerd://2.1.4"), *objects))) == []
