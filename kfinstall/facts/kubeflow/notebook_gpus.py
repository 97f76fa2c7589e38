"""What the notebooks' web app has to know of a cluster's accelerators: which to offer, and which taints to tolerate.

The fields are those of spawner_ui_config.yaml: kubeflow/notebooks, components/crud-web-apps/jupyter.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from kfinstall.contracts.manifest import Body
from kfinstall.facts.scheduling.accelerators import tolerations, vendor_of
from kfinstall.facts.scheduling.capacity import amounts

GROUP = "accelerators"


def spawner_settings(nodes: Sequence[Body]) -> dict[str, Any]:
    """The part of `spawnerFormDefaults` for these nodes; {} where none of them offers an accelerator."""
    offering = [node for node in nodes if _offered(node)]
    if not offering:
        return {}
    settings = offered({name for node in offering for name in _offered(node)})
    tolerated = tolerations(offering)
    if tolerated:
        option = {"groupKey": GROUP, "displayName": "Nodes with accelerators", "tolerations": tolerated}
        settings["tolerationGroup"] = {"value": "", "options": [option], "readOnly": False}
    return settings


def offered(resources: Iterable[str]) -> dict[str, Any]:
    """The part of it for resources by their names, such as nvidia.com/gpu."""
    vendors = [{"limitsKey": name, "uiName": _title(name)} for name in sorted(resources)]
    return {"gpus": {"value": {"num": "none", "vendor": "", "vendors": vendors}, "readOnly": False}}


def _offered(node: Body) -> list[str]:
    found = amounts((node.get("status") or {}).get("allocatable"))
    return [name for name, value in found.items() if value and vendor_of(name)]


def _title(resource: str) -> str:
    """NVIDIA for whole GPUs, NVIDIA mig-1g.5gb for parts."""
    vendor, part = vendor_of(resource), resource.partition("/")[2]
    name = vendor.name if vendor else resource
    return name if part in ("gpu", "gaudi", "tpu") else f"{name} {part}"
