"""A choice with what it means, in two or three lines."""

from collections.abc import Sequence
from dataclasses import dataclass

from textual.content import Content

from kfinstall.contracts.platform import Choice
from kfinstall.facts.kubeflow.releases import minor
from kfinstall.guide import needs
from kfinstall.guide.here import Here
from kfinstall.guide.questions import Question
from kfinstall.guide.room import Room
from kfinstall.guide.steps import Step
from kfinstall.kfdef import presets
from kfinstall.tui.hanging import Hanging
from kfinstall.tui.known import Known
from kfinstall.words import _, joined


@dataclass(frozen=True, slots=True)
class Card:
    """title: its name. text: what it is for. notes: what is known of it here, each with a mark in front."""

    value: str
    title: str
    text: str = ""
    notes: Sequence[str] = ()

    def shown(self, *, chosen: bool) -> Hanging:
        head = Content.assemble("● " if chosen else "○ ", (self.title, "bold"))
        lines = [head]
        if self.text:
            lines.append(Content(f"  {self.text}"))
        lines += [Content.styled(f"  {note}", "dim") for note in self.notes]
        return Hanging(Content("\n").join(lines))


def cards_of(step: Step, found: Sequence[Question], known: Known) -> list[Card]:
    """The choices of a step's own question, which is its first; none where it has no such question."""
    if not step.cards or not found:
        return []
    if step.name == "platform":
        return [platform_card(each, first=not n) for n, each in enumerate(known.platforms)]
    if step.name == "kubeflow":
        return [release_card(each, known.room) for each in presets.describe()]
    return [_choice_card(each, found[0]) for each in found[0].choices]


def _choice_card(choice: Choice, question: Question) -> Card:
    title = choice.title or choice.value
    if choice.value == question.recommended:
        title = _("{title} (recommended here)").format(title=title)
    return Card(choice.value, title, choice.text)


def platform_card(found: Here, *, first: bool) -> Card:
    """A platform and what of it is here."""
    title = _("{title} (recommended here)").format(title=found.title) if first and found.rank < 9 else found.title
    return Card(found.name, title, found.summary, found.notes)


def release_card(preset: presets.Preset, cluster: Room | None) -> Card:
    """A release, what it needs, and whether the cluster is new enough for it."""
    needed = needs.together(needs.known(preset.name).values()).told
    upper = preset.kubernetes_maximum
    if upper:
        span = _("Kubernetes {minimum} to {maximum}").format(minimum=preset.kubernetes_minimum, maximum=upper)
    else:
        span = _("Kubernetes {minimum} or newer").format(minimum=preset.kubernetes_minimum)
    notes = [joined(filter(None, [span, needed]))]
    if cluster and cluster.too_old(preset.kubernetes_minimum):
        notes.append(_("✗ the cluster has {version}").format(version=cluster.version))
    elif cluster and upper and minor(cluster.version) > minor(upper):
        notes.append(
            _("✗ the cluster has {version}, which lacks what this release uses").format(version=cluster.version)
        )
    elif cluster and cluster.version:
        notes.append(_("✓ fits the cluster's {version}").format(version=cluster.version))
    return Card(preset.name, preset.title or preset.name, "", notes)
