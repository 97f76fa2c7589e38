"""Accelerators: the resources that their device plugins announce, the nodes that have one, the plugins' pods.

Names from the plugins' sources: NVIDIA/k8s-device-plugin, ROCm/k8s-device-plugin, intel-device-plugins-for-kubernetes,
GoogleCloudPlatform/container-engine-accelerators, AliyunContainerService/gpushare-device-plugin.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from kfinstall.contracts.manifest import Body, ObjectKey
from kfinstall.facts.objects.kinds import DAEMON_SET


@dataclass(frozen=True, slots=True)
class Vendor:
    """resources: prefixes of their names. plugins: parts of the names of the images that announce them.

    labels: of nodes that have such an accelerator, with prefixes of the value, "" for any.
    daemon_set: namespace and name of the plugin's as its vendor deploys it. install: the command that does.
    """

    name: str
    resources: tuple[str, ...]
    labels: tuple[tuple[str, tuple[str, ...]], ...]
    plugins: tuple[str, ...]
    daemon_set: tuple[str, str]
    install: str

    @property
    def plugin(self) -> ObjectKey:
        """What announces the accelerators, whether or not it stands."""
        return ObjectKey(*DAEMON_SET, *self.daemon_set)


_INSTANCES = ("Standard_NC", "Standard_ND", "a2-", "a3-", "g2-", "g4dn.", "g5.", "g6.", "g6e.", "p3.", "p4d.", "p5.")
"""Machine types of Azure, Google and Amazon that have a GPU of NVIDIA's."""

VENDORS = (
    Vendor(
        "NVIDIA",
        ("nvidia.com/gpu", "nvidia.com/mig-", "aliyun.com/gpu-"),
        (
            ("nvidia.com/gpu.present", ("true",)),
            ("nvidia.com/gpu.product", ("",)),
            ("feature.node.kubernetes.io/pci-10de.present", ("true",)),
            ("cloud.google.com/gke-accelerator", ("nvidia-",)),
            ("k8s.amazonaws.com/accelerator", ("nvidia-",)),
            ("kubernetes.azure.com/accelerator", ("nvidia",)),
            ("aliyun.accelerator/nvidia_name", ("",)),
            ("node.kubernetes.io/instance-type", _INSTANCES),
        ),
        ("nvidia/k8s-device-plugin", "nvidia-gpu-device-plugin", "gpushare-device-plugin", "eks/nvidia-device-plugin"),
        ("kube-system", "nvidia-device-plugin-daemonset"),
        "helm install gpu-operator gpu-operator -n gpu-operator --create-namespace"
        " --repo https://helm.ngc.nvidia.com/nvidia",
    ),
    Vendor(
        "AMD",
        ("amd.com/",),
        (
            ("amd.com/gpu.family", ("",)),
            ("amd.com/gpu.product-name", ("",)),
            ("kubernetes.azure.com/accelerator", ("amd",)),
        ),
        ("rocm/k8s-device-plugin",),
        ("kube-system", "amdgpu-device-plugin-daemonset"),
        "kubectl apply -f https://raw.githubusercontent.com/ROCm/k8s-device-plugin/master/k8s-ds-amdgpu-dp.yaml",
    ),
    Vendor(
        "Intel",
        ("gpu.intel.com/", "habana.ai/"),
        (("intel.feature.node.kubernetes.io/gpu", ("true",)),),
        ("intel/intel-gpu-plugin", "intel-gpu-plugin", "habana-k8s-device-plugin"),
        ("default", "intel-gpu-plugin"),
        "kubectl apply -k https://github.com/intel/intel-device-plugins-for-kubernetes/deployments/gpu_plugin",
    ),
    Vendor(
        "Google",
        ("google.com/tpu", "cloud-tpus.google.com/"),
        (("cloud.google.com/gke-tpu-accelerator", ("",)),),
        ("tpu-device-plugin",),
        ("kube-system", "tpu-device-plugin"),
        "kubectl -n kube-system get daemonsets | grep tpu-device-plugin",
    ),
)


def vendor_of(resource: str) -> Vendor | None:
    """Whose accelerator a resource is; None for other resources."""
    return next((vendor for vendor in VENDORS if resource.startswith(vendor.resources)), None)


def mark(node: Body, vendor: Vendor) -> str:
    """The label by which a node says that it has a vendor's accelerator, as key=value; "" for none."""
    labels: Mapping[str, str] = node["metadata"].get("labels") or {}
    for key, prefixes in vendor.labels:
        if key in labels and labels[key].startswith(prefixes):
            return f"{key}={labels[key]}"
    return ""


def tolerations(nodes: Iterable[Body], known: Iterable[Body] = ()) -> list[Body]:
    """Those for every taint of the nodes that their owners put there, after the known ones, each once."""
    found = [*known]
    for node in nodes:
        for taint in (node.get("spec") or {}).get("taints") or ():
            wanted = {"key": taint["key"], "operator": "Exists", "effect": taint["effect"]}
            if not str(taint["key"]).startswith("node.kubernetes.io/") and wanted not in found:  # of the cluster's own
                found.append(wanted)
    return found


def plugins(pods: Iterable[Body], vendor: Vendor) -> Iterator[Body]:
    """The pods of a vendor's device plugin."""
    return (pod for pod in pods if announces(pod, vendor))


def announces(pod: Body, vendor: Vendor) -> bool:
    """Whether a pod, or a pod template, is of a vendor's device plugin."""
    images = [str(each.get("image")) for each in (pod.get("spec") or {}).get("containers") or ()]
    return any(part in image for part in vendor.plugins for image in images)
