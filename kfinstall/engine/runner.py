"""Carrying out a plan: steps in, events out.

One thread, the caller's, owns all state and decides; workers only send requests, watches only report. All that
they have to say comes through one queue.
"""

import heapq
import itertools
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from queue import Empty, SimpleQueue
from typing import Any

from kfinstall.contracts.event import (
    ApplicationFinished,
    ConflictFound,
    Event,
    Notice,
    Outcome,
    Result,
    RunFinished,
    RunStarted,
    StepFailed,
    StepFinished,
    StepRetried,
    StepSkipped,
    StepStarted,
    Waiting,
)
from kfinstall.contracts.manifest import Body, ObjectKey
from kfinstall.contracts.plan import Apply, Await, Condition, Delete, Plan, Release, Step, Verb
from kfinstall.contracts.resource import Applied
from kfinstall.engine.control import Control
from kfinstall.engine.journal import Journal
from kfinstall.engine.retrying import again, conflicts, explained
from kfinstall.engine.waiting import Waits
from kfinstall.engine.width import MOST, Width
from kfinstall.errors import ClusterError, Interrupted, KfinstallError
from kfinstall.kube.cluster import Cluster
from kfinstall.kube.watch import Watches
from kfinstall.words import _

PATIENCE_WITHOUT_WAITING = 120.0
"""Seconds for which a step is tried again when the user asked not to wait for pods."""

PROBE_FIRST, PROBE_LONGEST = 0.05, 2.0
"""Seconds between two looks at what cannot be watched: whether a kind is served, whether an object is gone."""

EXPLAIN_EVERY = 1.0
"""Seconds between two explanations of what is waited for."""


@dataclass(frozen=True, slots=True)
class RunOptions:
    """timeout: seconds for the whole run. dry_run: let the server check every object, and change nothing."""

    timeout: float = 1800.0
    waiting: bool = True
    version: str = ""


@dataclass(slots=True)
class Records:
    """What is known to be applied; grows while a plan is carried out, and is right at any moment."""

    applied: dict[ObjectKey, Applied] = field(default_factory=dict)


def run(
    plan: Plan, cluster: Cluster, journal: Journal, control: Control, records: Records, options: RunOptions
) -> Iterator[Event]:
    """Carry out a plan. Raises Interrupted when the user gives up what is under way.

    Whatever happens, `records` holds what was applied.
    """
    return _Run(plan, cluster, journal, control, records, options).events()


@dataclass(frozen=True, slots=True)
class _Done:
    """A worker's answer: the value, or the error that came instead."""

    step: Step
    value: Any
    error: Exception | None


@dataclass(frozen=True, slots=True)
class _Seen:
    """A watch's report about one object."""

    collection: str
    change: str
    body: Body


@dataclass(frozen=True, slots=True)
class _Denied:
    """A collection that may not be watched."""

    collection: str
    error: ClusterError


class _Run:
    def __init__(
        self, plan: Plan, cluster: Cluster, journal: Journal, control: Control, records: Records, options: RunOptions
    ) -> None:
        self.plan, self.cluster, self.journal, self.control = plan, cluster, journal, control
        self.records, self.options = records, options
        self.steps = {step.id: step for step in plan.steps}
        self.position = {step.id: index for index, step in enumerate(plan.steps)}
        self.missing = {step.id: len(step.needs) for step in plan.steps}
        self.dependants: dict[str, list[str]] = {step.id: [] for step in plan.steps}
        for step in plan.steps:
            for need in step.needs:
                self.dependants[need].append(step.id)
        self.made = {step.action.manifest.key for step in plan.steps if isinstance(step.action, Apply)}
        self.ready: list[tuple[bool, int, str]] = []
        self.later: list[tuple[float, int, Step]] = []
        self.tiebreak = itertools.count()
        self.inbox: SimpleQueue[_Done | _Seen | _Denied] = SimpleQueue()
        self.under_way = 0
        self.started: dict[str, float] = {}
        self.pauses: dict[str, float] = {}
        self.why: dict[str, str] = {}
        self.open = Counter(step.application for step in plan.steps)
        self.began: dict[str, float] = {}
        self.counts: Counter[str] = Counter()
        self.left = len(plan.steps)
        self.waits = Waits()
        self.width = Width()
        self.pending: list[dict[str, Any]] = []
        self.explained_at = 0.0
        self.timed_out = False

    def events(self) -> Iterator[Event]:
        self.begin = time.monotonic()
        self.deadline = self.begin + (self.options.timeout if self.options.waiting else PATIENCE_WITHOUT_WAITING * 10)
        writes = self.cluster.connection.writes
        self.refusals = self.cluster.connection.throttled
        self.watches = Watches(self.cluster.connection, self._report, self._report_denied)
        for step in self.plan.steps:
            self._offer(step.id)
        yield self._run_started()
        with ThreadPoolExecutor(int(MOST), thread_name_prefix="apply") as self.workers:
            try:
                yield from self._loop()
            finally:
                if self.control.abandoned:
                    self.cluster.connection.close()
        yield RunFinished(
            self._result(), dict(self.counts), self.cluster.connection.writes - writes, time.monotonic() - self.begin
        )

    def _loop(self) -> Iterator[Event]:
        while self.left and not (self.control.stopping and not self.under_way):
            if self.control.abandoned:
                raise Interrupted(_("Stopped. What was under way may or may not be done."))
            yield from self._dispatch()
            for message in self._messages():
                yield from self._take(message)
            yield from self._explain()
            if time.monotonic() > self.deadline:
                yield from self._time_out()
        self._sync()

    def _run_started(self) -> RunStarted:
        shown = Counter(step.application for step in self.plan.steps if step.application)
        return RunStarted(self.plan.install, self.cluster.connection.target.server, self.options.version, dict(shown))

    def _result(self) -> Result:
        if self.timed_out:
            return Result.TIMED_OUT
        if self.counts["failed"]:
            return Result.FAILED
        return Result.STOPPED if self.left else Result.SUCCEEDED

    # What is begun

    def _offer(self, step: str) -> None:
        """Queue a step whose needs are met; what others wait for goes first."""
        if not self.missing[step]:
            heapq.heappush(self.ready, (not self.dependants[step], self.position[step], step))

    def _dispatch(self) -> Iterator[Event]:
        begun: list[Step] = []
        while self.later and self.later[0][0] <= time.monotonic() and not self.control.stopping:
            begun.append(heapq.heappop(self.later)[2])
        while self.ready and not self.control.stopping and self.under_way + len(begun) < int(self.width):
            step = self.steps[heapq.heappop(self.ready)[2]]
            yield from self._begin(step, begun)
        self.pending += [{"begin": step.id} for step in begun if not isinstance(step.action, Await)]
        self._sync()
        for step in begun:
            self.under_way += 1
            self.workers.submit(self._work, step)

    def _begin(self, step: Step, begun: list[Step]) -> Iterator[Event]:
        self.started[step.id] = time.monotonic()
        self.began.setdefault(step.application, self.started[step.id])
        if isinstance(step.action, Apply) and step.action.verb is Verb.KEEP:
            yield from self._finish(step, Outcome.UNCHANGED)
            return
        yield StepStarted(step.id, step.application)
        if isinstance(step.action, Await) and step.action.condition in {Condition.SERVING, Condition.READY}:
            for collection in self.waits.begin(step.id, step.action):
                self.watches.follow(collection)
            yield from self._check(step.id)
        else:
            begun.append(step)

    def _work(self, step: Step) -> None:
        """In a worker: send the step's request."""
        try:
            self.inbox.put(_Done(step, self._request(step), None))
        except Exception as error:
            self.inbox.put(_Done(step, None, error))

    def _request(self, step: Step) -> Any:
        match step.action:
            case Apply(manifest, path, force=force):
                return self.cluster.apply(path, manifest.body, force=force)
            case Delete(_, path, uid):
                return self.cluster.delete(path, uid)
            case Release(key, path, api_version):
                return self.cluster.release(path, api_version, key)
            case Await(_, Condition.SERVED, path):
                return self.cluster.serves(path)
            case Await(_, Condition.GONE, path):
                return self.cluster.look(path) is None
        raise AssertionError(step.action)

    # What is heard

    def _report(self, collection: str, change: str, body: Body) -> None:
        self.inbox.put(_Seen(collection, change, body))

    def _report_denied(self, collection: str, error: ClusterError) -> None:
        self.inbox.put(_Denied(collection, error))

    def _messages(self) -> list[_Done | _Seen | _Denied]:
        """Everything that has come; waits for the first until something else has to be done."""
        soonest = min(self.deadline, self.later[0][0] if self.later else self.deadline)
        pause = max(0.0, min(soonest - time.monotonic(), 0.25))
        found = []
        with suppress(Empty):
            found.append(self.inbox.get(timeout=pause) if pause else self.inbox.get_nowait())
            while True:
                found.append(self.inbox.get_nowait())
        return found

    def _take(self, message: _Done | _Seen | _Denied) -> Iterator[Event]:
        match message:
            case _Done(step, value, error):
                self.under_way -= 1
                self._adapt()
                yield from self._failed(step, error) if error else self._worked(step, value)
            case _Seen(collection, change, body):
                step_id = self.waits.seen(collection, change, body)
                if collection.endswith("/endpointslices"):
                    for waiting in self.waits:
                        yield from self._check(waiting)
                elif step_id:
                    yield from self._check(step_id)
            case _Denied(collection, error):
                yield from self._cannot_watch(collection, error)

    def _adapt(self) -> None:
        refusals = self.cluster.connection.throttled
        if refusals > self.refusals:
            self.width.throttled()
        else:
            self.width.succeeded()
        self.refusals = refusals

    def _worked(self, step: Step, value: Any) -> Iterator[Event]:
        match step.action:
            case Apply(manifest, verb=verb, wanted=wanted):
                self.records.applied[manifest.key] = Applied(wanted, value.owned)
                self.pending.append(
                    {"done": "apply", "key": list(manifest.key), "wanted": wanted, "owned": value.owned}
                )
                yield from self._finish(step, Outcome.CREATED if verb is Verb.CREATE else Outcome.CHANGED)
            case Delete(key) | Release(key):
                self.records.applied.pop(key, None)
                self.pending.append({"done": "delete", "key": list(key)})
                deleted = isinstance(step.action, Delete)
                yield from self._finish(step, Outcome.DELETED if deleted else Outcome.RELEASED)
            case Await():
                if value:
                    yield from self._finish(step, Outcome.MET)
                else:
                    self._probe_again(step)

    def _probe_again(self, step: Step) -> None:
        pause = min(self.pauses.get(step.id, PROBE_FIRST / 2) * 2, PROBE_LONGEST)
        self.pauses[step.id] = pause
        self._put_off(step, pause)

    def _put_off(self, step: Step, seconds: float) -> None:
        heapq.heappush(self.later, (time.monotonic() + seconds, next(self.tiebreak), step))

    def _failed(self, step: Step, error: Exception) -> Iterator[Event]:
        if isinstance(error, Interrupted):
            return
        if isinstance(step.action, Apply):
            key = step.action.manifest.key
            made_here = ObjectKey("", "Namespace", "", key.namespace) in self.made or "." in key.group
            retry = again(error, step.action, made_here)
            waited = time.monotonic() - self.started[step.id]
            if retry and (retry.limit is None or waited < retry.limit):
                if self.why.get(step.id) != retry.why:
                    self.why[step.id] = retry.why
                    yield StepRetried(step.id, step.application, retry.why, retry.seconds)
                forced = replace(step.action, force=step.action.force or retry.force)
                self._put_off(replace(step, action=forced), retry.seconds)
                return
            for conflict in conflicts(error):
                yield ConflictFound(step.id, str(key), conflict.field, conflict.manager)
            error = explained(error, step.action)
        yield from self._fail(step, error)

    def _fail(self, step: Step, error: Exception) -> Iterator[Event]:
        if isinstance(error, KfinstallError):
            yield StepFailed(step.id, step.application, error.what, error.why, error.fix)
        else:
            yield StepFailed(step.id, step.application, _("{step} failed.").format(step=step.id), str(error))
        self.pending.append({"failed": step.id})
        self._close(step, "failed")
        yield from self._skip_dependants(step)

    def _skip_dependants(self, step: Step) -> Iterator[Event]:
        todo = list(self.dependants[step.id])
        while todo:
            current = todo.pop()
            if self.missing[current] < 0:
                continue
            self.missing[current] = -1
            skipped = self.steps[current]
            yield StepSkipped(current, skipped.application, step.id)
            self._close(skipped, "skipped")
            todo += self.dependants[current]

    def _finish(self, step: Step, outcome: Outcome) -> Iterator[Event]:
        yield StepFinished(step.id, step.application, outcome, time.monotonic() - self.started[step.id])
        self._close(step, outcome)
        for dependant in self.dependants[step.id]:
            if self.missing[dependant] > 0:
                self.missing[dependant] -= 1
                self._offer(dependant)
        if step.application and not self.open[step.application]:
            yield ApplicationFinished(step.application, time.monotonic() - self.began[step.application])

    def _close(self, step: Step, count: str) -> None:
        self.counts[count] += 1
        self.open[step.application] -= 1
        self.left -= 1
        self.missing[step.id] = -1

    # What is waited for

    def _check(self, step_id: str) -> Iterator[Event]:
        state = self.waits.state(step_id)
        if not state.ready and not state.failed:
            return
        step = self.steps[step_id]
        self.waits.end(step_id)
        if state.ready:
            yield from self._finish(step, Outcome.MET)
        else:
            assert isinstance(step.action, Await)  # noqa: S101 - narrows the type
            what = _("{object} failed.").format(object=step.action.key)
            yield from self._fail(step, KfinstallError(what, why=state.why))

    def _explain(self) -> Iterator[Event]:
        if time.monotonic() - self.explained_at < EXPLAIN_EVERY:
            return
        self.explained_at = time.monotonic()
        for step_id in self.waits:
            why = self.waits.why(step_id)
            if why != self.why.get(step_id):
                self.why[step_id] = why
                yield Waiting(step_id, self.steps[step_id].application, why)

    def _cannot_watch(self, collection: str, error: ClusterError) -> Iterator[Event]:
        yield Notice(_("{collection} cannot be watched: {why}").format(collection=collection, why=error.what))
        for step_id in self.waits:
            step = self.steps[step_id]
            if isinstance(step.action, Await) and step.action.path.rpartition("/")[0] == collection:
                self.waits.end(step_id)
                yield from self._fail(step, error)

    def _time_out(self) -> Iterator[Event]:
        self.timed_out = True
        late = [*self.waits, *(step.id for _when, _order, step in self.later)]
        self.later.clear()
        for step_id in late:
            step = self.steps[step_id]
            what = _("{step}: not there after {seconds:.0f} s.").format(step=step_id, seconds=self.options.timeout)
            why = self.waits.why(step_id) if step_id in list(self.waits) else self.why.get(step_id, "")
            if step_id in list(self.waits):
                self.waits.end(step_id)
            yield from self._fail(step, KfinstallError(what, why=why))
        self.deadline = float("inf") if self.under_way else self.deadline

    def _sync(self) -> None:
        """Put on disk what is done and what is about to begin, in one write."""
        if self.pending:
            self.journal.write(self.pending)
            self.pending = []
