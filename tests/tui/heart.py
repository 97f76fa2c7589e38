"""How long the thread that draws is busy with one thing: a beat that comes late tells."""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence

BEAT = 0.01

LOOP = 200_000
QUIET = 0.010
"""CPU seconds of a loop with so many rounds, on this kind of machine when nobody else uses it: what is measured is set
against it, since a machine with much to do has slower processors, too."""


class Heart:
    """What passed between two beats beyond the pause, in seconds.

    busy: of CPU, as on a quiet machine, by the thread that draws alone. late: on the clock, with all that the machine
    does besides. blocked: on the clock, without the time that the thread could have run and got no processor: what
    another thread of ours takes from it by holding the interpreter's lock counts.
    """

    def __init__(self) -> None:
        self.busy: list[float] = []
        self.late: list[float] = []
        self.blocked: list[float] = []
        self._slower = 1.0

    async def beat(self) -> None:
        with _queue() as queued:
            while True:
                cpu, clock, before = time.thread_time(), time.monotonic(), queued()
                await asyncio.sleep(BEAT)
                late = max(0.0, time.monotonic() - clock - BEAT)
                self.busy.append((time.thread_time() - cpu) / self._slower)
                self.late.append(late)
                self.blocked.append(max(0.0, late - (queued() - before)))
                if len(self.busy) % 20 == 1:
                    self._slower = max(1.0, _loop() / QUIET)

    def longer(self, seconds: float) -> float:
        """The share of beats in which it was busy for longer."""
        return sum(each > seconds for each in self.busy) / len(self.busy)

    def __str__(self) -> str:
        return "; ".join(f"{name} {told(getattr(self, name))}" for name in ("busy", "blocked", "late"))


def told(seconds: Sequence[float]) -> str:
    """Half of them, 99 of 100, and all are at most so long."""
    half, most = share(seconds, 0.5), share(seconds, 0.99)
    return f"p50 {half * 1000:.0f}, p99 {most * 1000:.0f}, worst {max(seconds) * 1000:.0f} ms"


def share(seconds: Sequence[float], of_all: float) -> float:
    """What this share of them does not exceed."""
    return sorted(seconds)[min(len(seconds) - 1, int(len(seconds) * of_all))]


@contextlib.contextmanager
def _queue() -> Iterator[Callable[[], float]]:
    """Seconds that this thread has waited for a processor: https://docs.kernel.org/scheduler/sched-stats.html.

    One file for all looks: opening one lets other threads run, and who keeps whom waiting is what is measured.
    """
    try:
        file = os.open(f"/proc/self/task/{threading.get_native_id()}/schedstat", os.O_RDONLY)
    except OSError:
        yield lambda: 0.0  # not Linux: the machine counts as quiet
        return
    try:
        yield lambda: int(os.pread(file, 100, 0).split()[1]) / 1e9
    finally:
        os.close(file)


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
