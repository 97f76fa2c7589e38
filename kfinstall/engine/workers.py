"""Threads that send requests and tell what came of them."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from queue import SimpleQueue

from kfinstall.contracts.plan import Step
from kfinstall.engine.requests import Answer


@dataclass(frozen=True, slots=True)
class Answered:
    """A worker's answer, or the error that came instead."""

    step: Step
    answer: Answer = None
    error: Exception | None = None


class Workers:
    """At most `most` threads. They are daemons: a request that hangs keeps no process alive."""

    def __init__(self, most: int, send: Callable[[Step], Answer], tell: Callable[[Answered], None]) -> None:
        self._most = most
        self._send = send
        self._tell = tell
        self._count = 0
        self._steps: SimpleQueue[Step | None] = SimpleQueue()

    def submit(self, step: Step) -> None:
        self._steps.put(step)
        if self._count < self._most:
            self._count += 1
            threading.Thread(target=self._work, name=f"worker {self._count}", daemon=True).start()

    def close(self) -> None:
        """Let every thread end once it is done with its request."""
        for _worker in range(self._count):
            self._steps.put(None)

    def _work(self) -> None:
        while (step := self._steps.get()) is not None:
            try:
                self._tell(Answered(step, self._send(step)))
            except Exception as error:
                self._tell(Answered(step, error=error))
