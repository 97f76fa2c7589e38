"""The volume that the notebooks' web app gives a new notebook: `workspaceVolume` of its configuration.

The text is changed where it says so and nowhere else: its comments are the only documentation that an administrator
finds in the cluster.
"""

from collections.abc import Mapping, Sequence

import yaml

from kfinstall.contracts.manifest import Manifest
from kfinstall.errors import PlanRefused
from kfinstall.model.storage import NotebookVolume
from kfinstall.words import _

KEY = "spawner_ui_config.yaml"
VOLUME = ("spawnerFormDefaults", "workspaceVolume", "value")

Path = tuple[str, ...]
PATHS: Mapping[str, Path] = {
    "class_name": ("newPvc", "spec", "storageClassName"),
    "size": ("newPvc", "spec", "resources", "requests", "storage"),
    "mount_path": ("mount",),
}
PATHS_TO_1_4: Mapping[str, Path] = {
    "class_name": ("class", "value"),
    "size": ("size", "value"),
    "mount_path": ("mountPath", "value"),
}
"""Kubeflow 1.5 took the API's own form of a claim over."""


def with_notebook_volume(manifests: Sequence[Manifest], wanted: NotebookVolume, of_claims: str) -> list[Manifest]:
    """The manifests with the volume that the document wants for notebooks.

    of_claims: the class that the release's own claims get, "" where they keep theirs: notebooks follow it unless the
    document names another. Raises PlanRefused when the release spawns no notebooks with a volume.
    """
    values = wanted.model_dump(exclude_none=True)
    followed = {"class_name": of_claims, **values} if of_claims else values
    if not followed:
        return list(manifests)
    changed = [_changed(manifest, followed) for manifest in manifests]
    if values and changed == list(manifests) and not any(_configured(manifest) for manifest in manifests):
        raise PlanRefused(
            _("storage.notebooks asks for a volume for notebooks, and this release does not configure one."),
            why=_("No ConfigMap of it has a workspaceVolume in {key}.").format(key=KEY),
            fix=_("Leave storage.notebooks out."),
        )
    return changed


def _changed(manifest: Manifest, values: Mapping[str, str]) -> Manifest:
    volume = _configured(manifest)
    if volume is None:
        return manifest
    paths = PATHS if child(volume, "newPvc") else PATHS_TO_1_4
    text = manifest.body["data"][KEY]
    for start, end, new in sorted((_edit(volume, paths[name], value) for name, value in values.items()), reverse=True):
        text = text[:start] + new + text[end:]
    return Manifest({**manifest.body, "data": {**manifest.body["data"], KEY: text}}, manifest.application)


def _configured(manifest: Manifest) -> yaml.MappingNode | None:
    """The default volume in a configuration of the web app."""
    if manifest.kind != "ConfigMap" or KEY not in (manifest.body.get("data") or {}):
        return None
    node: yaml.Node | None = yaml.compose(manifest.body["data"][KEY], yaml.SafeLoader)
    for key in VOLUME:
        node = child(node, key)
    return node if isinstance(node, yaml.MappingNode) else None


def child(node: yaml.Node | None, key: str) -> yaml.Node | None:
    """The value of a key; None where there is no such."""
    pairs: Sequence[tuple[yaml.Node, yaml.Node]] = node.value if isinstance(node, yaml.MappingNode) else ()
    return next((value for name, value in pairs if name.value == key), None)


def _edit(volume: yaml.MappingNode, path: Path, value: str) -> tuple[int, int, str]:
    """Where the text changes, and to what: the value there, or the key as the first one of its mapping."""
    *parents, key = path
    node: yaml.Node | None = volume
    for parent in parents:
        node = child(node, parent)
    found = child(node, key)
    quoted = f'"{value}"'
    if found is not None:
        return found.start_mark.index, found.end_mark.index, quoted
    if not isinstance(node, yaml.MappingNode):
        raise PlanRefused(_("{path} is missing in {key} of this release.").format(path=".".join(path), key=KEY))
    start = node.start_mark
    return start.index, start.index, f"{key}: {quoted}\n{' ' * start.column}"
