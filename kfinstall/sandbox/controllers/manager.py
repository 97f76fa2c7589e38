"""Runs controllers: one thread that hears every change and reconciles what it concerns."""

import heapq
import itertools
import logging
import threading
import time
from collections.abc import Iterable, Sequence
from typing import Protocol

from kfinstall.sandbox.controllers.client import Client
from kfinstall.sandbox.server.status import StatusError
from kfinstall.sandbox.storage.store import Change, Name
from kfinstall.sandbox.types.kinds import GroupResource

Key = tuple[GroupResource, Name]
LOG = logging.getLogger(__name__)
RETRY_SECONDS = 0.05
MOST_RETRIES = 40


class Controller(Protocol):
    """Brings objects to where they should be."""

    def concerns(self, change: Change) -> Iterable[Key]:
        """What has to be reconciled because of a change."""

    def reconcile(self, key: Key) -> float | None:
        """Bring one object a step further; seconds until it wants another look, or None. May raise StatusError."""


class Manager:
    """Runs controllers between start() and stop()."""

    def __init__(self, client: Client, controllers: Sequence[Controller]) -> None:
        self._client = client
        self._controllers = controllers
        self._todo: dict[tuple[int, Key], None] = {}
        self._later: list[tuple[float, int, tuple[int, Key]]] = []
        self._due: dict[tuple[int, Key], float] = {}
        self._failures: dict[tuple[int, Key], int] = {}
        self._tiebreak = itertools.count()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sandbox controllers", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join(10)

    def _run(self) -> None:
        since = 0
        while not self._stopping.is_set():
            for changes in self._client.changes(since, self._pause()):
                for change in changes:
                    since = change.version
                    self._hear(change)
                self._work()
                break
            else:
                return

    def _pause(self) -> float:
        if self._todo:
            return 0.0
        if not self._later:
            return 0.2
        return max(0.0, min(0.2, self._later[0][0] - time.monotonic()))

    def _hear(self, change: Change) -> None:
        for number, controller in enumerate(self._controllers):
            try:
                self._todo.update(((number, key), None) for key in controller.concerns(change))
            except Exception:
                LOG.exception("%s could not take in a change of %s", type(controller).__name__, change.name)

    def _work(self) -> None:
        """Everything that is due; what comes up meanwhile is heard next time."""
        moment = time.monotonic()
        while self._later and self._later[0][0] <= moment:
            when, _order, task = heapq.heappop(self._later)
            if self._due.get(task) == when:
                del self._due[task]
                self._todo[task] = None
        todo, self._todo = self._todo, {}
        for task in todo:
            self._reconcile(task)

    def _reconcile(self, task: tuple[int, Key]) -> None:
        number, key = task
        try:
            again = self._controllers[number].reconcile(key)
            self._failures.pop(task, None)
        except StatusError as error:
            failures = self._failures[task] = self._failures.get(task, 0) + 1
            LOG.debug("%s %s: %s", self._controllers[number], key, error)
            again = RETRY_SECONDS * failures if failures < MOST_RETRIES else None
        except Exception:
            LOG.exception("%s failed at %s", type(self._controllers[number]).__name__, key)
            again = None
        if again is not None:
            self._put_off(task, again)

    def _put_off(self, task: tuple[int, Key], seconds: float) -> None:
        when = time.monotonic() + seconds
        if self._due.get(task, float("inf")) > when:
            self._due[task] = when
            heapq.heappush(self._later, (when, next(self._tiebreak), task))
