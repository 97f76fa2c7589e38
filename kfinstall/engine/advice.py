"""Why steps failed: their messages explained, by cause, the commonest first."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from kfinstall.contracts.event import StepFailed
from kfinstall.contracts.explanation import Explanation
from kfinstall.facts.classify import classify


@dataclass(frozen=True, slots=True)
class Held:
    """A cause, and how many objects it holds back."""

    found: Explanation
    objects: int


def causes(failures: Iterable[StepFailed]) -> list[Held]:
    """What is known of why these steps failed."""
    found: dict[str, Explanation] = {}
    objects: dict[str, int] = defaultdict(int)
    for failure in failures:
        explained = classify(failure.why) if failure.why else None
        if explained and explained.failure:
            found.setdefault(explained.cause, explained)
            objects[explained.cause] += 1
    return [Held(found[cause], objects[cause]) for cause in sorted(found, key=lambda cause: -objects[cause])]
