"""A choice with what it means, in two or three lines."""

from collections.abc import Sequence
from dataclasses import dataclass

from textual.content import Content

from kfinstall.facts.kubeflow.releases import minor
from kfinstall.guide import needs
from kfinstall.guide.here import Here
from kfinstall.guide.room import Room
from kfinstall.kfdef import presets
from kfinstall.words import _


@dataclass(frozen=True, slots=True)
class Card:
    """title: its name. text: what it is for. notes: what is known of it here, each with a mark in front."""

    value: str
    title: str
    text: str = ""
    notes: Sequence[str] = ()

    def content(self, *, chosen: bool) -> Content:
        head = Content.assemble("● " if chosen else "○ ", (self.title, "bold"))
        lines = [head]
        if self.text:
            lines.append(Content(f"  {self.text}"))
        lines += [Content.styled(f"  {note}", "dim") for note in self.notes]
        return Content("\n").join(lines)


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
    notes = [", ".join(filter(None, [span, needed]))]
    if cluster and cluster.too_old(preset.kubernetes_minimum):
        notes.append(_("✗ the cluster has {version}").format(version=cluster.version))
    elif cluster and upper and minor(cluster.version) > minor(upper):
        notes.append(
            _("✗ the cluster has {version}, which lacks what this release uses").format(version=cluster.version)
        )
    elif cluster and cluster.version:
        notes.append(_("✓ fits the cluster's {version}").format(version=cluster.version))
    return Card(preset.name, preset.title or preset.name, "", notes)
