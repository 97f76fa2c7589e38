"""The device plugin: installed when asked for, never a second one."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from kfinstall.contracts.manifest import Body, Manifest
from kfinstall.contracts.surroundings import Nowhere
from kfinstall.engine.adaptation import adapted, notices
from kfinstall.errors import PlanRefused
from kfinstall.facts.objects.applyset import PART_OF, applyset_id
from kfinstall.model.install import Install, install_model
from kfinstall.registry import platforms


def installed(surroundings: Nowhere, platform: dict[str, Any] | None = None, **gpu: Any) -> list[Body]:
    return [each.body for each in adapted([], parsed(platform or {"type": "existing"}, **gpu), surroundings)]


def parsed(platform: dict[str, Any], **gpu: Any) -> Install:
    return install_model(platforms().options).model_validate({"platform": platform, "gpu": gpu})


def node(name: str, *taints: tuple[str, str], **labels: str) -> Body:
    listed = [{"key": key, "value": "x", "effect": effect} for key, effect in taints]
    return {"metadata": {"name": name, "labels": labels}, "spec": {"taints": listed}}


def standing(namespace: str, image: str, **labels: str) -> Body:
    template = {"spec": {"containers": [{"name": "plugin", "image": image}]}}
    metadata = {"name": "plugin", "namespace": namespace, "labels": labels}
    return {"metadata": metadata, "spec": {"template": template}}


SPAWNER = """\
# of the web app
spawnerFormDefaults:
  gpus:
    value:
      # the default vendor
      vendor: ""

      # the list of vendors
      vendors:
      - limitsKey: "nvidia.com/gpu"
        uiName: "NVIDIA"
      - limitsKey: "amd.com/gpu"
        uiName: "AMD"

      # the default number
      num: "none"
  tolerationGroup:
    # the groups
    options: []
    #options:
    #  - groupKey: "group_1"
"""
OLD_SPAWNER = "spawnerFormDefaults: {gpus: {value: {num: none, vendors: [{limitsKey: nvidia.com/gpu}], vendor: ''}}}\n"


def spawned(text: str, nodes: list[Body] | None = None, **gpu: Any) -> str:
    """The web app's configuration, as the document wants it."""
    metadata = {"name": "jupyter-web-app-config-1", "namespace": "kubeflow"}
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"spawner_ui_config.yaml": text}}
    made = adapted([Manifest(body, "jupyter")], parsed({"type": "existing"}, **gpu), Nowhere("kubeflow", nodes=nodes))
    return str(made[0].body["data"]["spawner_ui_config.yaml"])


def with_gpus(name: str, amount: str, *taints: tuple[str, str]) -> Body:
    return {**node("n", *taints), "status": {"allocatable": {name: amount}}}


def test_notebooks_are_offered_what_nodes_have_and_comments_stay() -> None:
    made = spawned(SPAWNER, [with_gpus("nvidia.com/gpu", "2", ("team", "NoSchedule"))], notebooks={"count": "1"})
    defaults = yaml.safe_load(made)["spawnerFormDefaults"]
    assert defaults["gpus"]["value"] == {
        "vendor": "nvidia.com/gpu",
        "vendors": [{"limitsKey": "nvidia.com/gpu", "uiName": "NVIDIA"}],
        "num": "1",
    }
    [group] = defaults["tolerationGroup"]["options"]
    assert group["tolerations"] == [{"key": "team", "operator": "Exists", "effect": "NoSchedule"}]
    comments = [line for line in SPAWNER.splitlines() if line.strip().startswith("#")]
    assert [line for line in made.splitlines() if line.strip().startswith("#")] == comments


def test_notebooks_are_offered_what_the_file_names() -> None:
    names = ["nvidia.com/mig-1g.5gb", "amd.com/gpu"]
    value = yaml.safe_load(spawned(SPAWNER, notebooks={"resources": names}))["spawnerFormDefaults"]["gpus"]["value"]
    assert [each["limitsKey"] for each in value["vendors"]] == ["amd.com/gpu", "nvidia.com/mig-1g.5gb"]
    assert [each["uiName"] for each in value["vendors"]] == ["AMD", "NVIDIA mig-1g.5gb"]
    assert (value["vendor"], value["num"]) == ("", "none")


def test_an_old_web_app_on_one_line_and_the_plugin_that_comes_with_it() -> None:
    value = yaml.safe_load(spawned(OLD_SPAWNER, [], plugin="amd", notebooks={}))["spawnerFormDefaults"]["gpus"]["value"]
    assert value == {"num": "none", "vendors": [{"limitsKey": "amd.com/gpu", "uiName": "AMD"}], "vendor": "amd.com/gpu"}


def test_gpus_for_notebooks_are_refused_where_there_are_none() -> None:
    with pytest.raises(PlanRefused, match="no node has one") as refused:
        spawned(SPAWNER, [node("n")], notebooks={})
    assert "gpu.notebooks.resources=[nvidia.com/gpu]" in str(refused.value.fix)
    with pytest.raises(PlanRefused, match="does not ask for GPUs"):
        spawned("spawnerFormDefaults: {}", notebooks={"resources": ["nvidia.com/gpu"]})


def test_nothing_is_installed_unless_asked_for() -> None:
    assert installed(Nowhere("kubeflow", nodes=[node("n", accelerator="nvidia")])) == []


@pytest.mark.parametrize(
    ("vendor", "name", "image"),
    [
        ("nvidia", "nvidia-device-plugin-daemonset", "nvcr.io/nvidia/k8s-device-plugin:v0.20.0"),
        ("amd", "amdgpu-device-plugin-daemonset", "docker.io/rocm/k8s-device-plugin:1.31.0.10"),
    ],
)
def test_a_plugin_is_asked_for(vendor: str, name: str, image: str) -> None:
    [body] = installed(Nowhere("kubeflow"), plugin=vendor)
    assert (body["kind"], body["metadata"]["namespace"], body["metadata"]["name"]) == ("DaemonSet", "kube-system", name)
    pod = body["spec"]["template"]["spec"]
    assert pod["containers"][0]["image"] == image
    assert {"name": "device-plugins", "mountPath": "/var/lib/kubelet/device-plugins"} in pod["containers"][0][
        "volumeMounts"
    ]
    assert pod["tolerations"] == [{"operator": "Exists", "effect": "NoSchedule"}], "nobody knows the taints"
    [said] = notices(parsed({"type": "existing"}, plugin=vendor))
    assert "drivers are not installed" in said


def test_it_tolerates_the_taints_of_nodes_that_have_such_a_gpu() -> None:
    label = {"kubernetes.azure.com/accelerator": "nvidia"}
    tainted = node("gpu", ("sku", "NoSchedule"), ("node.kubernetes.io/not-ready", "NoExecute"), **label)
    nodes = [tainted, node("gpu2", ("sku", "NoSchedule"), **label), node("cpu", ("team", "NoSchedule"))]
    [body] = installed(Nowhere("kubeflow", nodes=nodes), plugin="nvidia")
    assert [each["key"] for each in body["spec"]["template"]["spec"]["tolerations"]] == ["nvidia.com/gpu", "sku"]


def test_a_runtime_class_and_labels_of_nodes() -> None:
    [body] = installed(Nowhere("kubeflow"), plugin="nvidia", runtimeClass="nvidia", nodeSelector={"pool": "gpu"})
    pod = body["spec"]["template"]["spec"]
    assert (pod["runtimeClassName"], pod["nodeSelector"]) == ("nvidia", {"pool": "gpu"})


def test_a_second_plugin_is_refused_and_ones_own_is_not() -> None:
    image = "nvcr.io/nvidia/k8s-device-plugin:v0.17.0"
    with pytest.raises(PlanRefused, match="the cluster has one") as refused:
        installed(Nowhere("kubeflow", daemon_sets=[standing("gpu-operator", image)]), plugin="nvidia")
    assert refused.value.why == "DaemonSet plugin in gpu-operator is one; two of them would fight over the GPUs."
    own = standing("kube-system", image, **{PART_OF: applyset_id("kubeflow")})
    assert installed(Nowhere("kubeflow", daemon_sets=[own, standing("logs", "fluentd")]), plugin="nvidia")


@pytest.mark.parametrize(
    "platform",
    [
        {"type": "gke", "project": "lab-project", "location": "us-central1-a"},
        {"type": "minikube"},
        {"type": "ack"},
        {"type": "openshift"},
        {"type": "docker-desktop"},
    ],
)
def test_a_platform_that_has_its_own_way_is_left_to_it(platform: dict[str, Any]) -> None:
    with pytest.raises(PlanRefused, match="it is not for kfinstall to install one") as refused:
        installed(Nowhere("kubeflow"), platform, plugin="nvidia")
    assert refused.value.why


@pytest.mark.parametrize(
    ("gpu", "message"),
    [
        ({"runtimeClass": "nvidia"}, "there is no plugin that these options are for"),
        ({"plugin": "amd", "runtimeClass": "nvidia"}, "runtimeClass is for NVIDIA's plugin"),
    ],
)
def test_what_cannot_be_is_refused_when_the_file_is_read(gpu: Any, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        parsed({"type": "existing"}, **gpu)
