"""The device plugin that a document asks for: configs/gpu."""

from collections.abc import Sequence
from importlib.resources import files

import yaml

from kfinstall.contracts.manifest import Manifest
from kfinstall.contracts.surroundings import Surroundings
from kfinstall.errors import PlanRefused
from kfinstall.facts.objects.applyset import PART_OF, applyset_id
from kfinstall.facts.scheduling.accelerators import VENDORS, Vendor, announces, mark, tolerations
from kfinstall.model.gpu import Gpu
from kfinstall.transform.notebook_gpus import with_notebook_gpus
from kfinstall.words import _

APPLICATION = "kfinstall/gpu"
ANY = [{"operator": "Exists", "effect": "NoSchedule"}]
"""Tolerations where the nodes cannot be seen."""


def transformed(manifests: Sequence[Manifest], gpu: Gpu, install: str, surroundings: Surroundings) -> list[Manifest]:
    """The manifests, with the plugin. Raises PlanRefused when the cluster has one already: two would be in each
    other's way, since both register the same resource at the kubelet."""
    if gpu.notebooks:
        manifests = with_notebook_gpus(manifests, gpu, gpu.notebooks, surroundings)
    if gpu.plugin is None:
        return list(manifests)
    vendor = next(each for each in VENDORS if each.name.lower() == gpu.plugin)
    _refuse_second(vendor, install, surroundings)
    body = yaml.safe_load(files("configs").joinpath("gpu", f"{gpu.plugin}.yaml").read_text(encoding="utf-8"))
    pod = body["spec"]["template"]["spec"]
    if surroundings.nodes is None:
        pod["tolerations"] = ANY
    else:  # pools of GPUs are tainted as their owners like
        pod["tolerations"] = tolerations(
            (node for node in surroundings.nodes if mark(node, vendor)), pod["tolerations"]
        )
    if gpu.node_selector:
        pod["nodeSelector"] = {**pod.get("nodeSelector", {}), **gpu.node_selector}
    if gpu.runtime_class:
        pod["runtimeClassName"] = gpu.runtime_class
    return [*manifests, Manifest(body, APPLICATION)]


def notice(gpu: Gpu) -> str:
    """What comes into the cluster beside Kubeflow; "" without a plugin."""
    match gpu.plugin:
        case "nvidia":
            return _("NVIDIA's device plugin runs on every node, in kube-system; drivers are not installed.")
        case "amd":
            return _("AMD's device plugin runs on every node, in kube-system, privileged; drivers are not installed.")
    return ""


def _refuse_second(vendor: Vendor, install: str, surroundings: Surroundings) -> None:
    for each in surroundings.daemon_sets or ():
        metadata = each["metadata"]
        own = (metadata.get("labels") or {}).get(PART_OF) == applyset_id(install)
        if not own and announces(each["spec"]["template"], vendor):
            raise PlanRefused(
                _("gpu.plugin asks for a device plugin of {vendor}, and the cluster has one.").format(
                    vendor=vendor.name
                ),
                why=_("DaemonSet {name} in {namespace} is one; two of them would fight over the GPUs.").format(
                    name=metadata["name"], namespace=metadata["namespace"]
                ),
                fix=_("Leave gpu.plugin out."),
            )
