"""How long the thread that draws is busy with one thing: a beat that comes late tells."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

BEAT = 0.01

LOOP = 200_000
QUIET = 0.010
"""CPU seconds of a loop with so many rounds, on this kind of machine when nobody else uses it: what is measured is set
against it, since a machine with much to do has slower processors, too."""


class Heart:
    """busy: CPU seconds between two beats, as on a quiet machine; late: seconds between two, the most.

    The first is ours alone; the second has in it what else the machine does.
    """

    def __init__(self) -> None:
        self.busy: list[float] = []
        self.late = 0.0
        self._slower = 1.0

    async def beat(self) -> None:
        cpu, clock = time.thread_time(), time.monotonic()
        while True:
            await asyncio.sleep(BEAT)
            now, then = time.thread_time(), time.monotonic()
            self.busy.append((now - cpu) / self._slower)
            self.late = max(self.late, then - clock - BEAT)
            if len(self.busy) % 20 == 1:
                self._slower = max(1.0, _loop() / QUIET)
            cpu, clock = time.thread_time(), time.monotonic()

    def longer(self, seconds: float) -> float:
        """The share of beats in which it was busy for longer."""
        return sum(each > seconds for each in self.busy) / len(self.busy)

    def __str__(self) -> str:
        busy = sorted(self.busy)
        usual, most = busy[len(busy) * 99 // 100], busy[-1]
        figures = (usual, most, self.late)
        return "99 % {:.3f} s, most {:.3f} s, late {:.3f} s".format(*figures)


def _loop() -> float:
    began = time.thread_time()
    total = 0
    for number in range(LOOP):
        total += number
    return time.thread_time() - began


@contextlib.asynccontextmanager
async def listening() -> AsyncIterator[Heart]:
    """Listen to the thread that draws, meanwhile."""
    heart = Heart()
    task = asyncio.create_task(heart.beat())
    try:
        yield heart
    finally:
        task.cancel()
