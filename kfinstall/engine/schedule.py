"""Which step may begin: those whose needs are met, and those that are tried again when their pause is over."""

import heapq
import itertools
from collections.abc import Iterator, Sequence

from kfinstall.contracts.plan import Step


class Schedule:
    """The steps of a plan that are not closed yet. Times are those of time.monotonic()."""

    def __init__(self, steps: Sequence[Step]) -> None:
        self.left = len(steps)
        self._steps = {step.id: step for step in steps}
        self._position = {step.id: index for index, step in enumerate(steps)}
        self._missing = {step.id: len(step.needs) for step in steps}
        self._dependants: dict[str, list[str]] = {step.id: [] for step in steps}
        for step in steps:
            for need in step.needs:
                self._dependants[need].append(step.id)
        self._open = set(self._steps)
        self._ready: list[tuple[bool, int, str]] = []
        self._later: list[tuple[float, int, Step]] = []
        self._order = itertools.count()
        for step in steps:
            self._offer(step.id)

    def __getitem__(self, step: str) -> Step:
        return self._steps[step]

    def next(self) -> Step | None:
        """A step that was not begun yet; what others wait for comes first."""
        return self._steps[heapq.heappop(self._ready)[2]] if self._ready else None

    def put_off(self, step: Step, until: float) -> None:
        """Let a step, as it is given here, be tried again at some time."""
        heapq.heappush(self._later, (until, next(self._order), step))

    def due(self, now: float) -> Iterator[Step]:
        """The steps whose time to be tried again has come."""
        while self._later and self._later[0][0] <= now:
            yield heapq.heappop(self._later)[2]

    @property
    def next_due(self) -> float:
        """When a step is to be tried again; infinity when none is."""
        return self._later[0][0] if self._later else float("inf")

    def give_up_waiting(self) -> list[Step]:
        """The steps that were put off; they are not tried again."""
        given_up = [step for _until, _order, step in sorted(self._later, key=lambda entry: entry[1])]
        self._later.clear()
        return given_up

    def succeeded(self, step: Step) -> None:
        """Close a step; what needed only this one may begin."""
        self._close(step.id)
        for dependant in self._dependants[step.id]:
            if dependant in self._open:
                self._missing[dependant] -= 1
                self._offer(dependant)

    def failed(self, step: Step) -> list[Step]:
        """Close a step, and all that need it, which are returned."""
        self._close(step.id)
        skipped = []
        todo = list(self._dependants[step.id])
        while todo:
            current = todo.pop(0)
            if current in self._open:
                self._close(current)
                skipped.append(self._steps[current])
                todo += self._dependants[current]
        return skipped

    def _offer(self, step: str) -> None:
        if not self._missing[step]:
            heapq.heappush(self._ready, (not self._dependants[step], self._position[step], step))

    def _close(self, step: str) -> None:
        self._open.remove(step)
        self.left -= 1
