"""The KfDefs that come with kfinstall.

A preset is a plain KfDef that anyone can copy and edit; what kfinstall knows about the release stands in its
annotations.
"""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from kfinstall.errors import UsageError
from kfinstall.kfdef.document import load
from kfinstall.kfdef.types import KfDef
from kfinstall.model.faults import did_you_mean
from kfinstall.model.source import Document, parse
from kfinstall.words import _, joined

DEFAULT = "kubeflow-26.03"

TITLE = "kfinstall.io/title"
VALIDATED = "kfinstall.io/kubernetes-validated"
MINIMUM = "kfinstall.io/kubernetes-minimum"
MAXIMUM = "kfinstall.io/kubernetes-maximum"
KUSTOMIZE = "kfinstall.io/kustomize-minimum"

KUSTOMIZE_MINIMUM = "5.0.0"
"""For KfDefs that do not say: what all released manifests were measured with is 5.x."""


@dataclass(frozen=True, slots=True)
class Preset:
    """A preset and its release. Versions of Kubernetes are minors ("1.32"), or a range of them ("1.32-1.33").

    kubernetes_maximum: the last minor that serves every API of the release; None where none is missing yet.
    """

    name: str
    title: str
    kubeflow_version: str
    kubernetes_validated: str
    kubernetes_minimum: str
    kubernetes_maximum: str | None
    kustomize_minimum: str
    applications: tuple[str, ...]


def names() -> tuple[str, ...]:
    """The presets, the default first, then the newest first."""
    folder = files("configs") / "presets"
    found = sorted(
        (entry.name.removesuffix(".yaml") for entry in folder.iterdir() if entry.name.endswith(".yaml")),
        reverse=True,
    )
    return tuple(sorted(found, key=lambda name: (name != DEFAULT, not name.startswith("kubeflow-"))))


def read(name: str) -> Document:
    """The document of a preset. Raises UsageError for a name that is none."""
    if name not in names():
        what = _('There is no preset "{name}".').format(name=name) + did_you_mean(name, names())
        raise UsageError(what, fix=_("One of: {names}.").format(names=joined(names())))
    file = files("configs") / "presets" / f"{name}.yaml"
    [document] = parse(file.read_text(encoding="utf-8"), str(file))  # a relative repo is beside this file
    return document


@cache
def describe() -> tuple[Preset, ...]:
    """Every preset with its facts."""
    return tuple(facts(load(read(name), default_name=name), name) for name in names())


def facts(kfdef: KfDef, name: str = "") -> Preset:
    """What a KfDef says about its release; a KfDef that is no preset says little or nothing."""
    known = kfdef.annotations
    return Preset(
        name=name or kfdef.name,
        title=_(known.get(TITLE, "")),
        kubeflow_version=kfdef.version,
        kubernetes_validated=known.get(VALIDATED, ""),
        kubernetes_minimum=known.get(MINIMUM, ""),
        kubernetes_maximum=known.get(MAXIMUM),
        kustomize_minimum=known.get(KUSTOMIZE, KUSTOMIZE_MINIMUM),
        applications=tuple(application.name for application in kfdef.applications),
    )
