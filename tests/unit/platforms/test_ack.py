"""Alibaba Cloud ACK: volumes of a size that exists, mirrors without a word, load balancers in one's own network."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from kfinstall.contracts.manifest import Manifest
from kfinstall.contracts.surroundings import Nowhere
from kfinstall.engine.adaptation import notices, settled
from kfinstall.engine.host import LocalHost
from kfinstall.errors import PlanRefused
from kfinstall.model.install import Install, install_model
from platforms.ack import BALANCER, Ack, AckOptions
from tests.contract import manifests as m

DISK_CLASS = "alicloud-disk-topology-alltype"
NAS_CLASS = "alibabacloud-cnfs-nas"


def install(platform: dict[str, Any] | None = None, **sections: Any) -> Install:
    document = {"platform": {"type": "ack", **(platform or {})}, **sections}
    return settled(install_model({"ack": AckOptions}).model_validate(document), {})


def storage_class(name: str, provisioner: str = "diskplugin.csi.alibabacloud.com", default: bool = False) -> m.Object:
    body = m.named("storage.k8s.io/v1", "StorageClass", name, provisioner=provisioner)
    if default:
        body["metadata"]["annotations"] = {"storageclass.kubernetes.io/is-default-class": "true"}
    return body


DISKS = storage_class(DISK_CLASS)


def adapted(*bodies: m.Object, classes: list[m.Object] | None = None, **options: Any) -> list[m.Object]:
    wanted = AckOptions.model_validate({"type": "ack", **options})
    manifests = [Manifest(body, "app") for body in bodies]
    surroundings = Nowhere("kubeflow", storage_classes=classes)
    return [each.body for each in Ack().transformed(manifests, wanted, surroundings)]


def claim(size: str = "10Gi", mode: str = "ReadWriteOnce", **spec: Any) -> m.Object:
    body = m.claim("data", "ml")
    body["spec"] = {"accessModes": [mode], "resources": {"requests": {"storage": size}}, **spec}
    return body


def volume(body: m.Object) -> tuple[str | None, str]:
    spec = body["spec"]
    return spec.get("storageClassName"), spec["resources"]["requests"]["storage"]


@dataclass(frozen=True, slots=True)
class WithoutTokens(Nowhere):
    """An API server that issues none."""

    def serves(self, collection: str) -> bool:
        return collection != "/api/v1/serviceaccounts/token"


def mounting(audience: str) -> m.Object:
    deployment = m.deployment("istiod", "istio-system")
    projected = {"sources": [{"serviceAccountToken": {"audience": audience, "path": "istio-token"}}]}
    deployment["spec"]["template"]["spec"]["volumes"] = [{"name": "istio-token", "projected": projected}]
    return deployment


def test_an_api_server_that_issues_no_tokens_is_refused_with_the_flags_that_it_lacks() -> None:
    manifests = [Manifest(mounting("istio-ca"), "istio")]
    with pytest.raises(PlanRefused, match="issues no tokens for pods") as refused:
        Ack().transformed(manifests, AckOptions(type="ack"), WithoutTokens("kubeflow"))
    assert "istio-system/istiod" in refused.value.why
    for flag in ("--service-account-issuer=", "--service-account-signing-key-file=", "--api-audiences="):
        assert flag in refused.value.fix
    without = [Manifest(m.deployment("web", "ml"), "app")]
    assert len(Ack().transformed(without, AckOptions(type="ack"), WithoutTokens("kubeflow"))) == 1
    assert len(adapted(mounting("istio-ca"))) == 1  # nobody was asked


CLAIMS = [
    (claim("10Gi"), (DISK_CLASS, "20Gi")),
    (claim("20Gi"), (DISK_CLASS, "20Gi")),
    (claim("0.1Ti"), (DISK_CLASS, "0.1Ti")),
    (claim("10Gi", storageClassName="alicloud-disk-essd"), ("alicloud-disk-essd", "20Gi")),
    (claim("10Gi", storageClassName="local"), ("local", "10Gi")),
    (claim("10Gi", "ReadWriteMany"), (NAS_CLASS, "10Gi")),
]


@pytest.mark.parametrize(("body", "expected"), CLAIMS)
def test_claims_get_a_class_and_a_size_that_exist(body: m.Object, expected: tuple[str, str]) -> None:
    classes = [DISKS, storage_class(NAS_CLASS, "nasplugin.csi.alibabacloud.com"), storage_class("local", "local")]
    [made] = adapted(body, classes=classes)
    assert volume(made) == expected
    assert [volume(each) for each in adapted(made, classes=classes)] == [expected]


def test_the_claims_of_stateful_sets_too() -> None:
    spec = {"template": m.template("a", "i"), "volumeClaimTemplates": [claim("1Gi")]}
    [made] = adapted(m.named("apps/v1", "StatefulSet", "store", "ml", spec=spec), classes=[DISKS])
    assert volume(made["spec"]["volumeClaimTemplates"][0]) == (DISK_CLASS, "20Gi")


def test_a_default_class_of_the_cluster_stays_the_default() -> None:
    [made] = adapted(claim(), classes=[DISKS, storage_class("mine", default=True)])
    assert volume(made) == (None, "20Gi")


def test_a_class_that_is_not_there_is_not_given() -> None:
    assert volume(adapted(claim(), classes=[])[0])[0] is None


def spawner(value: dict[str, Any]) -> m.Object:
    text = yaml.safe_dump({"spawnerFormDefaults": {"workspaceVolume": {"value": value}}}, sort_keys=False)
    return m.config_map("jupyter-web-app-config", "kubeflow", **{"spawner_ui_config.yaml": text})


def released(size: str, **spec: Any) -> dict[str, Any]:
    return {"mount": "/home/jovyan", "newPvc": {"spec": {"resources": {"requests": {"storage": size}}, **spec}}}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (released("5Gi"), released("20Gi", storageClassName=DISK_CLASS)),
        (released("50Gi", storageClassName="mine"), released("50Gi", storageClassName="mine")),
        ({"size": {"value": "5Gi"}, "class": {"value": "{none}"}}, {"size": {"value": "20Gi"},
         "class": {"value": DISK_CLASS}}),
    ],
)  # fmt: skip
def test_notebooks_get_a_volume_that_exists(value: dict[str, Any], expected: dict[str, Any]) -> None:
    [made] = adapted(spawner(value), classes=[DISKS])
    config = yaml.safe_load(made["data"]["spawner_ui_config.yaml"])
    assert config["spawnerFormDefaults"]["workspaceVolume"]["value"] == expected


def test_load_balancers_are_on_the_internet_only_when_asked_for() -> None:
    balancer = m.service("way-in", "ml", "web")
    balancer["spec"]["type"] = "LoadBalancer"
    own = {**balancer, "metadata": {**balancer["metadata"], "annotations": {BALANCER: "internet"}}}
    plain = m.service("other", "ml", "web")
    made = adapted(balancer, own, plain)
    assert made[0]["metadata"]["annotations"] == {BALANCER: "intranet"}
    assert made[1:] == [own, plain]
    assert adapted(balancer, internet=True)[0]["metadata"]["annotations"] == {BALANCER: "internet"}


def test_images_come_through_a_mirror_unless_the_document_says_otherwise() -> None:
    assert install().images.mirror == "daocloud"
    assert any("platform.mainland: false" in notice for notice in notices(install()))
    for other in (install({"mainland": False}), install(images={}), install(images={"registry": "example.com/team"})):
        assert other.images.mirror is None
        assert not any("platform.mainland" in notice for notice in notices(other))


def test_what_costs_and_what_changes_is_said_before() -> None:
    assert any("20Gi" in notice for notice in notices(install()))
    assert not any("SLB" in notice for notice in notices(install()))
    way_in = {"type": "load-balancer", "allowPlainHttp": True}
    assert any("SLB in your own network" in notice for notice in notices(install(access=way_in)))
    assert any("SLB on the internet" in notice for notice in notices(install({"internet": True}, access=way_in)))


def test_clusters_of_the_console_are_found(tmp_path: Path) -> None:
    cluster = "c" + "0123456789abcdef" * 2
    contexts = [{"name": name, "context": {}} for name in (f"kubernetes-admin-{cluster}", "minikube")]
    kubeconfig = tmp_path / "config"
    kubeconfig.write_text(yaml.safe_dump({"contexts": contexts}))
    found = Ack().detect(LocalHost(tmp_path / "state", {"KUBECONFIG": str(kubeconfig)})).clusters
    assert [(each.name, each.context) for each in found] == [(cluster, f"kubernetes-admin-{cluster}")]
