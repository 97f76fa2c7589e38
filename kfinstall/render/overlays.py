"""The kustomization that kfctl made of an application: its base and its overlays, merged into one.

The rules are kfctl's (pkg/kfapp/kustomize/kustomize.go, v1.2.0), because released files depend on them:
a child without bases becomes a base, one with bases is merged, and `params.env` gets the parameters.
What only hurt is repaired: a generator's `files` are files, patches of every sort survive, crds are relative
to their own folder, no patch needs a file of a certain name.
"""

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from kfinstall.errors import RenderError
from kfinstall.render.folders import Root
from kfinstall.render.kustomization import Kustomization, read_kustomization
from kfinstall.words import _

PARAMS = "params.env"

_PATHS = (
    "resources", "components", "crds", "configurations", "transformers", "generators", "validators",
    "patchesStrategicMerge",
)  # fmt: skip
_FIRST_WINS = {"namePrefix", "nameSuffix", "generatorOptions", "sortOptions", "openapi", "buildMetadata"}
_UPDATES = {"commonLabels", "commonAnnotations"}
_BY_NAME = {"images", "vars", "replicas"}
_GENERATORS = ("configMapGenerator", "secretGenerator")


@dataclass(slots=True)
class Merged:
    """What came of the merge.

    kustomization: for the application's folder. edits: path from the root -> new text. unused: parameters that
    no params.env has.
    """

    kustomization: Kustomization
    edits: dict[str, str] = field(default_factory=dict)
    unused: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Settings:
    """What goes into params.env. name and namespace are the KfDef's."""

    name: str
    namespace: str
    parameters: Mapping[str, str]


def merge(root: Root, path: str, overlays: tuple[str, ...], settings: Settings) -> Merged:
    """The kustomization of the application at `path`. Raises RenderError, for an overlay that is not there too."""
    result = Merged({"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization"})
    merger = _Merger(root, path, result)
    used = {"namespace"}
    for child in ("base", *(f"overlays/{name}" for name in overlays)):
        used |= _parameters(root, root.join(path, child), settings, result)
        merger.take(child)
    namespace = settings.parameters.get("namespace") or settings.namespace
    if namespace:
        result.kustomization["namespace"] = namespace
    result.unused = [name for name in settings.parameters if name not in used]
    return result


def _parameters(root: Root, folder: str, settings: Settings, result: Merged) -> set[str]:
    """Edit the params.env of a folder; returns the parameters that are in it."""
    path = posixpath.join(folder, PARAMS)
    if not root.is_file(path):
        return set()
    defaults = {"appName": settings.name, "namespace": settings.namespace}
    used, lines = set(), []
    for line in root.text(root.join(folder, PARAMS)).splitlines():
        key, separator, _value = line.partition("=")
        value = settings.parameters.get(key) or defaults.get(key)
        used.add(key)
        lines.append(f"{key}={_one_line(value)}" if separator and value else line)
    result.edits[path] = "\n".join(lines) + "\n"
    return used


def _one_line(value: str) -> str:
    """An env file ends a value at the end of the line."""
    return " ".join(value.splitlines())


class _Merger:
    def __init__(self, root: Root, path: str, result: Merged) -> None:
        self._root = root
        self._path = path
        self._merged = result.kustomization

    def take(self, child: str) -> None:
        folder = self._root.join(self._path, child)
        file = self._root.kustomization(folder) if self._root.is_dir(folder) else ""
        if not file:
            what = _("{place} cannot be built.").format(place=self._root.place(self._path))
            overlays = self._root.folder / self._path / "overlays"
            known = ", ".join(sorted(each.name for each in overlays.iterdir())) if overlays.is_dir() else ""
            fix = _("It has these overlays: {names}.").format(names=known) if known else ""
            raise RenderError(what, why=_("It has no {child}.").format(child=child), fix=fix)
        data = read_kustomization(self._root, file)
        bases = self._bases(data, folder)
        if not bases:
            self._append("resources", child)
            return
        for base in bases:
            self._append("resources", self._relative(folder, base))
        self._merge(data, folder, bases)

    def _bases(self, data: Kustomization, folder: str) -> list[str]:
        """The folders that a kustomization builds on: `bases`, or, since kustomize 2.1, among its resources.

        kfctl did not know the latter form, and loaded such a base twice.
        """
        among = [
            entry
            for entry in data.get("resources", [])
            if "://" not in entry and self._root.is_dir(self._root.join(folder, entry))
        ]
        return [*data.get("bases", []), *among]

    def _relative(self, folder: str, entry: str) -> str:
        """An entry of a child as the application's folder sees it; texts and URLs stay as they are."""
        if "\n" in entry or "://" in entry or entry.lstrip().startswith("{"):
            return entry
        return posixpath.relpath(self._root.join(folder, entry) or ".", self._path or ".")

    def _append(self, key: str, value: Any) -> None:
        values = self._merged.setdefault(key, [])
        if value not in values:
            values.append(value)

    def _merge(self, data: Kustomization, folder: str, bases: list[str]) -> None:
        for key in _FIRST_WINS & data.keys():
            if data[key]:
                self._merged.setdefault(key, data[key])
        for key in _UPDATES & data.keys():
            self._merged[key] = {**self._merged.get(key, {}), **data[key]}
        for key in _BY_NAME & data.keys():
            self._by_name(key, data)
        for label in data.get("labels", []):
            self._append("labels", label)
        for key, entry in _entries(data, _PATHS):
            if entry not in bases:
                self._append(key, self._relative(folder, entry))
        self._merge_patches(data, folder)
        for key, generator in _entries(data, _GENERATORS):
            self._generator(key, generator, folder)

    def _by_name(self, key: str, data: Kustomization) -> None:
        names = {each.get("name") for each in self._merged.get(key, [])}
        for each in data.get(key, []):
            if each.get("name") not in names:
                self._append(key, each)

    def _merge_patches(self, data: Kustomization, folder: str) -> None:
        for key, entry in _entries(data, ("patches", "replacements")):
            self._append(key, self._with_path(entry, folder))
        seen = {_target(entry) for entry in self._merged.get("patchesJson6902", [])}
        for entry in data.get("patchesJson6902", []):
            moved = self._with_path(entry, folder)
            if "path" not in moved or _target(moved) not in seen:
                self._append("patchesJson6902", moved)

    def _with_path(self, entry: Mapping[str, Any], folder: str) -> dict[str, Any]:
        if not isinstance(entry.get("path"), str):
            return dict(entry)
        return {**entry, "path": self._relative(folder, entry["path"])}

    def _generator(self, key: str, generator: Mapping[str, Any], folder: str) -> None:
        name, creates = generator.get("name"), generator.get("behavior") in (None, "create", "unspecified")
        before = self._merged.get(key, [])
        if generator.get("behavior") == "create" and any(_creates(each, name) for each in before):
            return
        moved = dict(generator)
        for field_name in ("envs", "files"):
            if isinstance(generator.get(field_name), list):
                moved[field_name] = [self._source(folder, str(each)) for each in generator[field_name]]
        if isinstance(generator.get("env"), str):
            moved["env"] = self._source(folder, generator["env"])
        if creates:
            moved.pop("behavior", None)
        self._append(key, moved)

    def _source(self, folder: str, source: str) -> str:
        """`path`, or `key=path`."""
        key, separator, path = source.rpartition("=")
        return f"{key}{separator}{self._relative(folder, path)}"


def _entries(data: Kustomization, keys: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    """(key, entry) of the entries of several lists."""
    for key in keys:
        for entry in data.get(key, []):
            yield key, entry


def _creates(generator: Mapping[str, Any], name: object) -> bool:
    return generator.get("name") == name and "behavior" not in generator


def _target(entry: Mapping[str, Any]) -> tuple[str, str]:
    target = entry.get("target")
    return str(entry.get("path")), str(target.get("name")) if isinstance(target, Mapping) else ""
