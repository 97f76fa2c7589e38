"""A kustomization file as data, with its keys spelled in one way.

kustomize matches keys without regard to case (`nameprefix`, `Resources`), so looking for a key means knowing
every spelling of it. What is read here is written again for kustomize: it sees exactly what was looked at.
"""

from collections.abc import Mapping
from typing import Any

from kfinstall.errors import RenderError
from kfinstall.render.folders import Root
from kfinstall.render.kubernetes_yaml import NotKubernetesYaml, read
from kfinstall.words import _

Kustomization = dict[str, Any]

LARGEST = 4 * 1024 * 1024
"""Bytes; the largest kustomization of Kubeflow has 10 kB."""

_KEYS = (
    "apiVersion", "kind", "metadata", "openapi", "namePrefix", "nameSuffix", "namespace", "commonLabels",
    "labels", "commonAnnotations", "patchesStrategicMerge", "patchesJson6902", "patches", "images", "imageTags",
    "replacements", "replicas", "vars", "sortOptions", "resources", "components", "crds", "bases",
    "configMapGenerator", "secretGenerator", "helmGlobals", "helmCharts", "helmChartInflationGenerator",
    "generatorOptions", "configurations", "generators", "transformers", "validators", "inventory",
    "buildMetadata",
)  # fmt: skip
_INNER = ("path", "patch", "target", "options", "files", "env", "envs", "literals", "name", "behavior", "paths")
_SPELLING = {key.lower(): key for key in _KEYS}
_INNER_SPELLING = {key.lower(): key for key in _INNER}
_LISTS_OF_MAPPINGS = (
    "patchesJson6902", "patches", "replacements", "configMapGenerator", "secretGenerator", "images", "imageTags",
    "vars", "replicas", "labels",
)  # fmt: skip
_MAPPINGS = ("openapi", "commonLabels", "commonAnnotations", "generatorOptions", "metadata")
_TEXTS = (
    "resources", "bases", "components", "crds", "configurations", "patchesStrategicMerge",
    "generators", "transformers", "validators",
)  # fmt: skip


def read_kustomization(root: Root, path: str) -> Kustomization:
    """The kustomization file at a path of a root. Raises RenderError for what is none."""
    source = root.folder / path
    if source.stat().st_size > LARGEST:
        raise _broken(root, path, _("It is larger than {limit} MiB.").format(limit=LARGEST // 1024 // 1024))
    try:
        documents = [each for each in read(root.text(path)) if each is not None]
    except NotKubernetesYaml as error:
        why = _("Line {line}: {reason}.").format(line=error.line, reason=error)
        raise _broken(root, path, why) from None
    if not documents:
        return {}
    if len(documents) > 1 or not isinstance(documents[0], dict):
        raise _broken(root, path, _("A kustomization is one mapping (key: value)."))
    return _spelled(documents[0], root, path)


def _spelled(data: Mapping[str, Any], root: Root, path: str) -> Kustomization:
    try:
        spelled = _shaped(one_spelling(data, _SPELLING))
    except ValueError as error:
        raise _broken(root, path, str(error)) from None
    # the old name of the same thing; kustomize replaces it in the text, before it parses
    if "imageTags" in spelled:
        spelled["images"] = [*_list(spelled, "images"), *_list(spelled, "imageTags")]
        del spelled["imageTags"]
    return {key: value for key, value in spelled.items() if value is not None}


def _shaped(spelled: Kustomization) -> Kustomization:
    """The data, if every key has the shape that this package counts on. Raises ValueError."""
    for key in _TEXTS:
        _check_texts(spelled, key)
    for key in _MAPPINGS:
        if spelled.get(key) is not None and not isinstance(spelled[key], dict):
            raise ValueError(_("{key} is a mapping (key: value).").format(key=key))
    for key in _LISTS_OF_MAPPINGS:
        if key in spelled:
            spelled[key] = [_entry(each, key) for each in _list(spelled, key)]
    if spelled.get("openapi"):
        spelled["openapi"] = one_spelling(spelled["openapi"])
    return spelled


def _entry(value: Any, key: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(_("{key} is a list of mappings.").format(key=key))  # noqa: TRY004 - about the file
    entry = one_spelling(value)
    if not isinstance(entry.get("name", ""), str):
        raise ValueError(_("The name of an entry of {key} is a text.").format(key=key))  # noqa: TRY004 - about the file
    return entry


def one_spelling(data: Mapping[str, Any], spelling: Mapping[str, str] = _INNER_SPELLING) -> dict[str, Any]:
    """The data with known keys as kustomize spells them. Raises ValueError for a key in two spellings."""
    spelled: dict[str, Any] = {}
    for key, value in data.items():
        name = spelling.get(key.lower(), key)
        if name in spelled:
            raise ValueError(_("{key} is there twice.").format(key=name))
        spelled[name] = value
    return spelled


def _list(data: Mapping[str, Any], key: str) -> list[Any]:
    value = data.get(key)
    if value is None:
        return []
    if not isinstance(value, list):
        raise ValueError(_("{key} is a list.").format(key=key))  # noqa: TRY004 - about the file
    return value


def _check_texts(data: Mapping[str, Any], key: str) -> None:
    if not all(isinstance(each, str) for each in _list(data, key)):
        raise ValueError(_("{key} is a list of texts.").format(key=key))


def _broken(root: Root, path: str, why: str) -> RenderError:
    return RenderError(_("{place} cannot be used.").format(place=root.place(path)), why=why)
