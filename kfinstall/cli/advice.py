"""What to do about a run that did not end well: its failures, by cause, the commonest first."""

from collections import defaultdict
from collections.abc import Sequence

from kfinstall.contracts.event import StepFailed
from kfinstall.contracts.explanation import Explanation
from kfinstall.facts.classify import classify
from kfinstall.words import counted

SHOWN = 3
"""Causes that are told at once; with these mended, the next run tells the rest."""


def advice(failures: Sequence[StepFailed]) -> str:
    """A paragraph for each known cause; "" when none is known."""
    causes: dict[str, Explanation] = {}
    objects: dict[str, int] = defaultdict(int)
    for failure in failures:
        found = classify(failure.why) if failure.why else None
        if found and found.failure:
            causes.setdefault(found.cause, found)
            objects[found.cause] += 1
    commonest = sorted(causes, key=lambda cause: -objects[cause])
    return "\n".join(_paragraph(causes[cause], objects[cause]) for cause in commonest[:SHOWN])


def _paragraph(found: Explanation, count: int) -> str:
    holds_back = counted("holds back {count} object", "holds back {count} objects", count)
    lines = [
        f"{found.title} ({holds_back}; {found.cause})",
        f"  {found.summary}",
        f"  → {found.remedy.text}",
        *(f"    $ {command}" for command in found.remedy.commands),
    ]
    return "\n".join(lines)
