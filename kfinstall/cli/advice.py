"""What to do about a run that did not end well: its failures, by cause, the commonest first."""

from collections.abc import Sequence

from kfinstall.contracts.event import StepFailed
from kfinstall.engine.advice import Held, causes
from kfinstall.words import counted

SHOWN = 3
"""Causes that are told at once; with these mended, the next run tells the rest."""


def advice(failures: Sequence[StepFailed]) -> str:
    """A paragraph for each known cause; "" when none is known."""
    return "\n".join(map(_paragraph, causes(failures)[:SHOWN]))


def _paragraph(held: Held) -> str:
    found = held.found
    holds_back = counted("holds back {count} object", "holds back {count} objects", held.objects)
    lines = [
        f"{found.title} ({holds_back}; {found.cause})",
        f"  {found.summary}",
        f"  → {found.remedy.text}",
        *(f"    $ {command}" for command in found.remedy.commands),
    ]
    return "\n".join(lines)
