"""Accelerators that nodes have and do not offer."""

import pytest

from checks.gpu import not_offered, unhealthy
from kfinstall.contracts.finding import Severity
from kfinstall.contracts.manifest import Body
from kfinstall.doctor.examination import examine
from tests.unit.doctor.clusters import ALL_CHECKS, pod, snapshot, waiting
from tests.unit.doctor.nodes import RUNNING, node, refused, told

GPU = "nvidia.com/gpu"
PRODUCT = {"nvidia.com/gpu.product": "Tesla-T4"}
IMAGE = "nvcr.io/nvidia/k8s-device-plugin:v0.17.0"
WAITS = refused("train", "0/1 nodes are available: 1 Insufficient nvidia.com/gpu.", requests={GPU: "1"})


def plugin(status: Body) -> Body:
    return pod("plugin", "gpu", status=status, containers=[{"name": "main", "image": IMAGE}], nodeName="n")


def test_no_device_plugin() -> None:
    [found] = not_offered(snapshot(node("n", labels=PRODUCT)))
    assert (found.cause, found.severity) == ("gpu-insufficient-none-advertised", Severity.WARNING)
    assert found.title == "The accelerators of 1 node (NVIDIA) are not offered: no device plugin runs there"
    assert told(found) == ["n: nvidia.com/gpu.product=Tesla-T4"]
    assert found.remedy.commands[0].startswith("helm install gpu-operator")


def test_gke_has_a_plugin_of_its_own() -> None:
    [found] = not_offered(snapshot(node("n", labels={"cloud.google.com/gke-accelerator": "nvidia-l4"})))
    assert found.remedy.commands[0].startswith("kubectl -n kube-system get pods -o wide | grep")


def test_a_plugin_that_finds_no_device() -> None:
    [found] = not_offered(snapshot(node("n", labels=PRODUCT), plugin(RUNNING)))
    assert found.cause == "gpu-plugin-no-nvml"
    assert found.remedy.commands[0] == "kubectl -n gpu logs plugin"


def test_pods_wait_for_the_plugin_and_the_plugin_for_its_image() -> None:
    message = f'failed to pull image "{IMAGE}": dial tcp: lookup nvcr.io on 10.0.0.2:53: no such host'
    failing = plugin(waiting("ErrImagePull", message, IMAGE))
    report = examine(snapshot(node("n", labels=PRODUCT, cpu="4"), failing, WAITS), ALL_CHECKS)
    [root] = [root for root in report.roots if root.finding.severity is Severity.ERROR]
    causes = [found.cause for found in root.walk()]
    assert causes == ["img-dns", "gpu-plugin-failing", "gpu-insufficient-none-advertised"]


def test_devices_that_are_not_healthy() -> None:
    [found] = unhealthy(snapshot(node("n", capacity={GPU: "4"}, devices={GPU: "3"})))
    assert (found.title, found.severity) == (f"1 of 4 {GPU} of n cannot be used", Severity.WARNING)
    assert "spec.nodeName=n" in found.remedy.commands[0]


def test_a_pod_that_waits_follows_from_the_device_that_is_not_healthy() -> None:
    report = examine(snapshot(node("n", cpu="4", capacity={GPU: "1"}, devices={GPU: "0"}), WAITS), ALL_CHECKS)
    [root] = report.roots
    assert [found.cause for found in root.walk()] == ["gpu-unhealthy", "gpu-insufficient-none-advertised"]


@pytest.mark.parametrize(
    ("labels", "resource"),
    [
        (PRODUCT, GPU),
        (PRODUCT, "nvidia.com/mig-1g.5gb"),
        (PRODUCT, "aliyun.com/gpu-mem"),
        ({"amd.com/gpu.family": "AI"}, "amd.com/gpu"),
        ({"intel.feature.node.kubernetes.io/gpu": "true"}, "gpu.intel.com/xe"),
        ({"cloud.google.com/gke-tpu-accelerator": "tpu-v5-lite-podslice"}, "google.com/tpu"),
    ],
)
def test_nodes_that_offer_what_they_have(labels: dict[str, str], resource: str) -> None:
    cluster = snapshot(node("n", labels=labels, devices={resource: "2"}), node("m", labels={GPU + ".present": "false"}))
    assert not [*not_offered(cluster), *unhealthy(cluster)]
    assert [*not_offered(snapshot(node("n", labels=labels)))]
