"""How far a run is: what of each application is done, how well, and since when."""

import time
from collections import Counter
from collections.abc import Sequence

from kfinstall.contracts.event import ApplicationFinished
from kfinstall.contracts.plan import Step

FAILED, SKIPPED = "failed", "skipped"


class Progress:
    """counts: steps by how they ended."""

    def __init__(self, steps: Sequence[Step]) -> None:
        self.counts: Counter[str] = Counter()
        self.begin = time.monotonic()
        self.applications = dict(Counter(step.application for step in steps if step.application))
        self._open = Counter(step.application for step in steps)
        self._incomplete: set[str] = set()
        self._began: dict[str, float] = {}
        self._started: dict[str, float] = {}

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.begin

    def started(self, step: Step) -> None:
        """Called each time that a step is tried; the first one counts."""
        now = time.monotonic()
        self._started.setdefault(step.id, now)
        self._began.setdefault(step.application, now)

    def took(self, step: Step) -> float:
        """Seconds since a step was first tried."""
        return time.monotonic() - self._started[step.id]

    def ended(self, step: Step, how: str) -> ApplicationFinished | None:
        """Count a step; the event that its application is through, if that was the last one and all went well."""
        name = step.application
        self.counts[how] += 1
        self._open[name] -= 1
        if how in {FAILED, SKIPPED}:
            self._incomplete.add(name)
        if not name or self._open[name] or name in self._incomplete:
            return None
        return ApplicationFinished(name, time.monotonic() - self._began[name])
