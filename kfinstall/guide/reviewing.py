"""The answers in plain words, before anything is done."""

from collections.abc import Iterator
from dataclasses import dataclass

from kfinstall.engine.host import LocalHost
from kfinstall.engine.release import Release, resolve
from kfinstall.engine.state_folder import state_home
from kfinstall.guide.draft import Draft
from kfinstall.guide.questions import Kind
from kfinstall.guide.steps import Step, steps
from kfinstall.model.load import LoadedInstall
from kfinstall.registry import platforms
from kfinstall.words import _, joined


@dataclass(frozen=True, slots=True)
class Line:
    """What was answered in a step, in a line."""

    title: str
    text: str


def lines(draft: Draft, release: Release) -> Iterator[Line]:
    """The answers of every step; in the last line, where nothing was said."""
    silent = []
    for step in steps(draft):
        if step.components:
            yield Line(step.title, _components(release))
        elif said := list(_said(step, draft)):
            yield Line(step.title, joined(said))
        else:
            silent.append(step.title)
    if silent:
        yield Line(_("As by default"), joined(silent))


def _said(step: Step, draft: Draft) -> Iterator[str]:
    """What was answered; the step's own question goes without its title, which is the step's."""
    for number, question in enumerate(step.ask(draft)):
        answer = draft.get(question.path)
        if answer is None or question.kind in (Kind.SECTION, Kind.ENTRIES):
            continue
        text = "••••" if question.kind is Kind.SECRET else question.in_words(answer)
        yield text if step.cards and number == 0 else f"{question.title}: {text}"


def _components(release: Release) -> str:
    names = joined(each.name for each in release.kfdef.applications)
    return _("{count}: {names}").format(count=len(release.kfdef.applications), names=names)


def cluster_name(loaded: LoadedInstall) -> str:
    """Where it goes, in the words of the button: a context; or a cluster, after its platform's name."""
    options = loaded.install.platform
    platform = platforms().get(options.type)
    host = LocalHost(state_home() / "platforms" / options.type)
    named = [getattr(options, key, None) for key in ("context", "cluster", "profile", "name")]
    known = next((str(each) for each in named if each), "")
    if hasattr(options, "context"):
        return known or str(host.kubeconfig.get("current-context") or platform.title)
    return f"{platform.title} {known}".strip()


def release_of(loaded: LoadedInstall) -> Release:
    """The release with the choices. Raises UsageError where they do not go together, DocumentError, FetchError."""
    return resolve(loaded)
