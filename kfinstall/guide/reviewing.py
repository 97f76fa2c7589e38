"""The answers in plain words, before anything is done."""

from collections.abc import Iterator
from dataclasses import dataclass

from kfinstall.engine.host import LocalHost
from kfinstall.engine.release import Release, resolve
from kfinstall.engine.state_folder import state_home
from kfinstall.guide.draft import Draft
from kfinstall.guide.questions import Kind, Question
from kfinstall.guide.steps import steps
from kfinstall.model.load import LoadedInstall
from kfinstall.registry import platforms
from kfinstall.words import _


@dataclass(frozen=True, slots=True)
class Line:
    """What was answered, in a line. step: where it can be changed."""

    step: str
    title: str
    text: str


def lines(draft: Draft, release: Release) -> Iterator[Line]:
    """The answers of every step, with what holds where nothing was said."""
    for step in steps(draft):
        if step.components:
            yield Line(step.name, step.title, _components(release))
            continue
        said = [
            f"{question.title}: {_shown(question, draft.get(question.path))}"
            for question in step.ask(draft)
            if question.kind not in (Kind.SECTION, Kind.ENTRIES) and draft.get(question.path) is not None
        ]
        yield Line(step.name, step.title, ", ".join(said) or _("the defaults"))


def _shown(question: Question, answer: object) -> str:
    return "••••" if question.kind is Kind.SECRET else question.in_words(answer)


def _components(release: Release) -> str:
    names = ", ".join(each.name for each in release.kfdef.applications)
    return _("{count}: {names}").format(count=len(release.kfdef.applications), names=names)


def cluster_name(loaded: LoadedInstall) -> str:
    """Where it goes, in the words of the button: the context or the name of the cluster, and of its platform."""
    options = loaded.install.platform
    platform = platforms().get(options.type)
    host = LocalHost(state_home() / "platforms" / options.type)
    named = [getattr(options, key, None) for key in ("context", "cluster", "profile", "name")]
    known = next((str(each) for each in named if each), "")
    if not known and hasattr(options, "context"):
        known = str(host.kubeconfig.get("current-context") or "")
    return f"{platform.title} {known}".strip()


def release_of(loaded: LoadedInstall) -> Release:
    """The release with the choices. Raises UsageError where they do not go together, DocumentError, FetchError."""
    return resolve(loaded)
