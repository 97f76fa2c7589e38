"""What the notebooks' web app offers of GPUs: `gpus` and `tolerationGroup` of its configuration.

The text is changed where it says so and nowhere else, as for the volume (transform/spawner.py). The web app reads it
for every page, so that nothing has to start again.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from kfinstall.contracts.manifest import Manifest
from kfinstall.contracts.surroundings import Surroundings
from kfinstall.errors import PlanRefused
from kfinstall.facts.kubeflow.notebook_gpus import offered, spawner_settings
from kfinstall.facts.scheduling.accelerators import VENDORS
from kfinstall.model.gpu import Gpu, NotebookGpus
from kfinstall.transform.spawner import KEY, child
from kfinstall.words import _

Path = tuple[str, ...]
DEFAULTS = "spawnerFormDefaults"
VENDOR: Path = (DEFAULTS, "gpus", "value", "vendors")
FIRST: Path = (DEFAULTS, "gpus", "value", "vendor")
NUMBER: Path = (DEFAULTS, "gpus", "value", "num")
GROUPS: Path = (DEFAULTS, "tolerationGroup", "options")


def with_notebook_gpus(
    manifests: Sequence[Manifest], gpu: Gpu, wanted: NotebookGpus, surroundings: Surroundings
) -> list[Manifest]:
    """The manifests with what the web app is to offer. Raises PlanRefused where nobody knows what, or it cannot."""
    settings = _settings(gpu, wanted, surroundings)
    changed = [_changed(each, settings, wanted.count) for each in manifests]
    if changed == list(manifests) and not any(_tree(each) for each in manifests):
        raise PlanRefused(
            _("gpu.notebooks says what notebooks are offered, and this release's web app does not ask for GPUs."),
            why=_("No ConfigMap of it has gpus in {key}.").format(key=KEY),
            fix=_("Leave gpu.notebooks out."),
        )
    return changed


def _settings(gpu: Gpu, wanted: NotebookGpus, surroundings: Surroundings) -> Mapping[str, Any]:
    """What is named; else what nodes offer; else what the plugin that is installed with it will."""
    if wanted.resources:
        return offered(wanted.resources)
    found = spawner_settings(surroundings.nodes or ())
    if found or gpu.plugin:
        plugged = [f"{vendor.resources[0]}gpu" for vendor in VENDORS if vendor.name.lower() == gpu.plugin]
        return found or offered(plugged)
    raise PlanRefused(
        _("gpu.notebooks offers the GPUs of the cluster, and no node has one."),
        fix=_("Name what notebooks may ask for: --set gpu.notebooks.resources=[nvidia.com/gpu]"),
    )


def _changed(manifest: Manifest, settings: Mapping[str, Any], count: str) -> Manifest:
    tree = _tree(manifest)
    if tree is None:
        return manifest
    vendors = settings["gpus"]["value"]["vendors"]
    wishes: dict[Path, Any] = {VENDOR: vendors, NUMBER: count}
    if len(vendors) == 1 or count != "none":
        wishes[FIRST] = vendors[0]["limitsKey"]
    groups = _at(tree, GROUPS)
    if groups is not None and not groups.value and "tolerationGroup" in settings:  # those of the user's own stay
        wishes[GROUPS] = settings["tolerationGroup"]["options"]
    text = manifest.body["data"][KEY]
    found = [(node, value) for path, value in wishes.items() if (node := _at(tree, path)) is not None]
    for node, value in sorted(found, key=lambda each: each[0].start_mark.index, reverse=True):
        text = text[: node.start_mark.index] + _written(node, value) + text[_end(node) :]
    return Manifest({**manifest.body, "data": {**manifest.body["data"], KEY: text}}, manifest.application)


def _tree(manifest: Manifest) -> yaml.Node | None:
    """A configuration of the web app that has GPUs."""
    if manifest.kind != "ConfigMap" or KEY not in (manifest.body.get("data") or {}):
        return None
    tree: yaml.Node | None = yaml.compose(manifest.body["data"][KEY], yaml.SafeLoader)
    return tree if _at(tree, VENDOR) is not None else None


def _at(tree: yaml.Node | None, path: Path) -> yaml.Node | None:
    node = tree
    for key in path:
        node = child(node, key)
    return node


def _written(node: yaml.Node, value: Any) -> str:
    """On one line, but for a list that begins on a line of its own."""
    if not isinstance(node, yaml.SequenceNode) or node.flow_style:
        return json.dumps(value)
    return ("\n" + " " * node.start_mark.column).join(f"- {json.dumps(each)}" for each in value)


def _end(node: yaml.Node) -> int:
    """Where it ends; a block's own mark is after the comments that follow it."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end(last[1] if isinstance(last, tuple) else last)
    return int(node.end_mark.index)
