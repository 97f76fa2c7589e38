"""The way through the questions: which sections of the document are asked for together, in which order.

A step is data; both the screens and the prompts walk the same ones. What a release cannot use is not asked.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from kfinstall.contracts.platform import Choice, Chooses
from kfinstall.errors import KfinstallError
from kfinstall.guide.draft import Draft
from kfinstall.guide.offered import offering
from kfinstall.guide.preferring import preferences, recommending
from kfinstall.guide.questions import TAG, Kind, Path, Question, fields_of, keys_of, questions, union
from kfinstall.kfdef import presets
from kfinstall.model.document import path_text
from kfinstall.model.install import DEFAULT_PRESET, SOURCES, Install
from kfinstall.model.write import yaml_text
from kfinstall.registry import platforms
from kfinstall.words import _

PLATFORM: Final = ("platform", TAG)
PRESET: Final = ("kubeflow", "preset")
REVIEW: Final = "review"
"""Where a walk is that has answered everything."""


@dataclass(frozen=True, slots=True)
class Step:
    """title: two words or three. asks: the question in a sentence. means: what hangs on the answer.

    sections: keys of the document that its preview shows. ask: the questions, given the draft. cards: the first
    question is the step's own, and its choices are shown as cards. components: the parts of the release are chosen.
    """

    name: str
    title: str
    asks: str
    means: str
    sections: tuple[str, ...]
    ask: Callable[[Draft], list[Question]]
    cards: bool = False
    components: bool = False


def steps(draft: Draft) -> list[Step]:
    """The steps that apply to these answers."""
    return [step for step in STEPS if (applications(draft) if step.components else step.ask(draft))]


def step_named(name: str, draft: Draft) -> Step:
    """The step of a name; the last for the review, and the first for one that does not apply (any more)."""
    applying = steps(draft)
    return next((step for step in applying if step.name == name), applying[-1 if name == REVIEW else 0])


def step_of(path: str, draft: Draft) -> str:
    """The step that something wrong at a path is to be mended in: that of its question, else of its section."""
    return (_step_at(path, draft) or steps(draft)[0]).name


def step_about(error: KfinstallError, draft: Draft) -> Step | None:
    """The step with the answer that an install is refused for; None where no other answer would help."""
    return _step_at(error.about, draft) if error.about else None


def _step_at(path: str, draft: Draft) -> Step | None:
    applying = steps(draft)
    for step in applying:
        if path in {path_text(question.path) for question in step.ask(draft)}:
            return step
    section = re.split(r"[.\[]", path)[0]
    return next((step for step in reversed(applying) if section in step.sections), None)


def preview(step: Step, draft: Draft) -> str:
    """What the answers of a step say in the file."""
    said = {key: value for key, value in draft.whole.items() if key in step.sections}
    return yaml_text(said) if said else ""


def applications(draft: Draft) -> tuple[str, ...] | None:
    """The parts of the release that is chosen; None where it is a KfDef of one's own."""
    if any(draft.get(("kubeflow", source)) for source in SOURCES if source != "preset"):
        return None
    name = draft.get(PRESET) or DEFAULT_PRESET
    return next((each.applications for each in presets.describe() if each.name == name), None)


def _has(word: str) -> Callable[[Draft], bool]:
    """Whether the release has a part with this word in its name; an unknown release may have one."""

    def has(draft: Draft) -> bool:
        found = applications(draft)
        return found is None or any(word in each for each in found)

    return has


_NEEDS: Final[Mapping[str, Callable[[Draft], bool]]] = {
    "access": _has("istio"),
    "access.users": _has("dex"),
    "access.oidc": _has("dex"),
    "gpu.notebooks": _has("jupyter-web-app"),
    "objectStore": _has("pipeline"),
    "serving": _has("kserve"),
    "rbac.notebooks": _has("profiles"),
    "rbac.profiles": _has("profiles"),
    "storage.notebooks": _has("jupyter-web-app"),
    "proxy": _has("pipeline"),
}
"""Sections and fields that only releases with a certain part can use."""


def _usable(found: Iterator[Question], draft: Draft) -> Iterator[Question]:
    """Without what the release has no use for."""
    for question in found:
        beginnings = [needed for needed in _NEEDS if f"{question.dotted}.".startswith(f"{needed}.")]
        if all(_NEEDS[needed](draft) for needed in beginnings):
            yield question


def _platform(draft: Draft) -> list[Question]:
    known = platforms()
    named = [known.get(name) for name in known.options]
    choices = tuple(Choice(each.name, each.title, each.summary) for each in named)
    members = {each.name: keys_of(each.options) for each in named}
    field = Install.model_fields["platform"]
    del draft
    return [
        Question(PLATFORM, Kind.CHOICE, field.title or "", field.description or "", required=True, choices=choices,
                 members=members)
    ]  # fmt: skip


def _options(draft: Draft) -> list[Question]:
    name = draft.get(PLATFORM)
    if not isinstance(name, str) or name not in platforms().options:
        return []
    platform = platforms().get(name)
    listed = platform.chosen if isinstance(platform, Chooses) else frozenset()
    found = questions(platform.options, draft.get(("platform",)), ("platform",), listed)
    return [*found, *_sections("gpu")(draft)]


_KUBEFLOW_HERE: Final = ("preset", "file", "url", "sha256", "namespace", "usageReporting")


def _kubeflow(draft: Draft) -> list[Question]:
    model: Any = Install.model_fields["kubeflow"].annotation
    named: Any = Install.model_fields["metadata"].annotation
    found = {each.path[1]: each for each in questions(model, draft.get(("kubeflow",)), ("kubeflow",))}
    kept = [_preset_question(found.pop("preset"))]
    kept += [each for key, each in found.items() if key in _KUBEFLOW_HERE]
    return [*kept, *questions(named, draft.get(("metadata",)), ("metadata",))]


def _preset_question(question: Question) -> Question:
    choices = tuple(Choice(each.name, each.title or each.name, _span(each)) for each in presets.describe())
    return Question(
        question.path, Kind.CHOICE, question.title, question.meaning, default=DEFAULT_PRESET, choices=choices
    )


def _span(preset: presets.Preset) -> str:
    upper = preset.kubernetes_maximum
    span = (
        _("Kubernetes {minimum} to {maximum}").format(minimum=preset.kubernetes_minimum, maximum=upper)
        if upper
        else _("Kubernetes {minimum} or newer").format(minimum=preset.kubernetes_minimum)
    )
    parts = _("{count} parts").format(count=len(preset.applications))
    return f"{parts}, {span}"


def _sections(*keys: str) -> Callable[[Draft], list[Question]]:
    """The questions of whole sections of the document."""

    def ask(draft: Draft) -> list[Question]:
        fields, preferred = fields_of(Install), preferences(draft)
        asked = (
            recommending(each, preferred.get(key, {}), draft)
            for key in keys
            for each in union(fields[key], draft.get((key,)) or preferred.get(key), (key,))
        )
        return [_listed(each, draft) for each in _usable(asked, draft)]

    return ask


def _listed(question: Question, draft: Draft) -> Question:
    """With a list, where the chosen cluster has one."""
    found = offering(question, draft)
    return replace(question, listed=True, minor=found.minor) if found else question


def _nothing(draft: Draft) -> list[Question]:
    del draft
    return []


STEPS: Final = (
    Step(
        "platform", _("Platform"), _("Where shall Kubeflow run?"),
        _("The kind of cluster. A cluster that is there already is used as it is; some platforms can also make one, "
          "and say how large and at what price before they do."),
        ("platform",), _platform, cards=True,
    ),
    Step(
        "options", _("Cluster"), _("Which cluster?"),
        _("What the platform needs to find the cluster, or to make it. What is left empty keeps its default."),
        ("platform", "gpu"), _options,
    ),
    Step(
        "kubeflow", _("Kubeflow"), _("Which Kubeflow?"),
        _("A release and the versions of Kubernetes that it was made for. The workbench is the small one: notebooks "
          "and experiment tracking for one person, on a laptop."),
        ("kubeflow", "metadata"), _kubeflow, cards=True,
    ),
    Step(
        "components", _("Components"), _("Which parts of it?"),
        _("Every part takes room in the cluster. What a part needs is switched on with it, and what needs a part is "
          "switched off with it."),
        ("kubeflow",), _nothing, components=True,
    ),
    Step(
        "storage", _("Storage"), _("Where shall the data be?"),
        _("Databases, artifacts and notebooks need volumes. With a default storage class in the cluster nothing has to "
          "be chosen."),
        ("storage", "objectStore", "serving"), _sections("storage", "objectStore", "serving"), cards=True,
    ),
    Step(
        "access", _("Access"), _("From where is it reached, and who may sign in?"),
        _("Without a choice nothing is exposed: `kfinstall open` leads to it from this machine. Whatever is reachable "
          "by others needs TLS, and users with passwords of their own."),
        ("access",), _sections("access"), cards=True,
    ),
    Step(
        "images", _("Images"), _("From where are the images pulled?"),
        _("From the registries of the release, unless a mirror or a registry of your own has them: behind a wall, or "
          "without internet."),
        ("images", "proxy"), _sections("images", "proxy"),
    ),
    Step(
        "rights", _("Rights"), _("Who may do what?"),
        _("Nothing is granted beyond what the release contains, unless you say so here."),
        ("rbac",), _sections("rbac"),
    ),
)  # fmt: skip


def unanswered(found: Collection[Question], draft: Draft) -> list[Path]:
    """The questions that have to be answered and are not."""
    return [each.path for each in found if each.required and draft.get(each.path) is None]
