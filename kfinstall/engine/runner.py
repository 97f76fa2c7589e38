"""Carrying out a plan: steps in, events out.

One thread, the caller's, owns all state and decides; workers only send requests, watches only report. All that
they have to say comes through one queue.

    Schedule   which step may begin             Workers    send what a step asks of the cluster
    Waits      what is waited for, and why      Watches    report the objects that are waited for
    Progress   counts and times                 Journal    what is begun and what is done, on disk
"""

import time
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from queue import Empty, SimpleQueue
from typing import Any

from kfinstall.contracts.event import (
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
from kfinstall.engine.late import late
from kfinstall.engine.progress import FAILED, SKIPPED, Progress
from kfinstall.engine.requests import Answer, Looked, send
from kfinstall.engine.retrying import Again, again, conflicts, explained
from kfinstall.engine.schedule import Schedule
from kfinstall.engine.waiting import Sighting, Waits, decides, sighting
from kfinstall.engine.width import MOST, Width
from kfinstall.engine.workers import Answered, Workers
from kfinstall.errors import ClusterError, Interrupted, KfinstallError, Unauthorized
from kfinstall.kube.cluster import Cluster, Written
from kfinstall.kube.watch import Watches
from kfinstall.words import _

PATIENCE_WITHOUT_WAITING = 120.0
"""Seconds for which an object is tried again while a pod starts, when the user asked not to wait for pods."""

LONGEST_WITHOUT_WAITING = 1200.0
"""Seconds for a whole run in which no pod is waited for."""

GRACE = 5.0
"""Seconds that requests under way get to be answered when the run's time is over, or when nobody listens any more."""

PROBE_FIRST, PROBE_LONGEST = 0.05, 2.0
"""Seconds between two looks at what cannot be watched: whether a kind is served, whether an object is gone."""

EXPLAIN_EVERY = 1.0
"""Seconds between two explanations of what is waited for."""

LISTEN = 0.25
"""Seconds after which the user's wish to stop is seen at the latest."""


@dataclass(frozen=True, slots=True)
class RunOptions:
    """timeout: seconds for the whole run, if it waits. waiting: for pods. version: of the server, for the events."""

    timeout: float = 1800.0
    waiting: bool = True
    version: str = ""

    @property
    def seconds(self) -> float:
        """What the run may take."""
        return self.timeout if self.waiting else LONGEST_WITHOUT_WAITING


@dataclass(slots=True)
class Records:
    """What is known to be applied; grows while a plan is carried out, and is right at any moment."""

    applied: dict[ObjectKey, Applied] = field(default_factory=dict)


def run(
    plan: Plan, cluster: Cluster, journal: Journal, control: Control, records: Records, options: RunOptions
) -> Iterator[Event]:
    """Carry out a plan. Raises Interrupted when the user gives up what is under way, Unauthorized when a login ends.

    Whatever happens, `records` holds what was applied, and no thread goes on.
    """
    return _Run(plan, cluster, journal, control, records, options).events()


@dataclass(frozen=True, slots=True)
class _Denied:
    """A collection that may not be watched."""

    collection: str
    error: ClusterError


_Message = Answered | Sighting | _Denied


class _Run:
    def __init__(
        self, plan: Plan, cluster: Cluster, journal: Journal, control: Control, records: Records, options: RunOptions
    ) -> None:
        self.plan, self.journal, self.control = plan, journal, control
        self.records, self.options = records, options
        self.connection = cluster.connection.branch()  # what this run asks for ends with it
        self.schedule, self.progress, self.waits = Schedule(plan.steps), Progress(plan.steps), Waits()
        self.width = Width(self.connection.refusals)
        self.inbox: SimpleQueue[_Message] = SimpleQueue()
        self.heard: deque[_Message] = deque()
        branch = Cluster(self.connection)
        self.workers = Workers(int(MOST), lambda step: send(branch, step), self.inbox.put)
        self.watches = Watches(self.connection, self._report, self._report_denied)
        self.denied: dict[str, ClusterError] = {}
        self.under_way: dict[str, Step] = {}
        self.looked: dict[str, Looked] = {}
        self.pauses: dict[str, float] = {}
        self.why: dict[str, str] = {}
        self.pending: list[dict[str, Any]] = []
        self.explained_at = 0.0
        self.deadline = self.progress.begin + options.seconds
        self.timed_out = False

    def events(self) -> Iterator[Event]:
        writes = self.connection.writes
        server = self.connection.target.server
        yield RunStarted(self.plan.install, server, self.options.version, self.progress.applications)
        try:
            yield from self._loop()
        finally:
            self._leave()
        yield RunFinished(
            self._result(), dict(self.progress.counts), self.connection.writes - writes, self.progress.seconds
        )

    def _loop(self) -> Iterator[Event]:
        while self.schedule.left and not self._is_over():
            if self.control.abandoned:
                raise Interrupted(_("Stopped. What was under way may or may not be done."))
            yield from self._dispatch()
            self._listen(self._pause())
            while self.heard:
                yield from self._take(self.heard.popleft())
            yield from self._explain()
            if not self.timed_out and time.monotonic() >= self.deadline:
                yield from self._time_out()
        for step in list(self.under_way.values()):
            yield from self._fail(step, self._late(step, _("the API server has not answered yet")))

    @property
    def _begins(self) -> bool:
        return not (self.control.stopping or self.timed_out)

    def _is_over(self) -> bool:
        if self.timed_out and time.monotonic() >= self.deadline:
            return True
        return not self._begins and not self.under_way

    def _leave(self) -> None:
        """Take in what is still answered, unless the user has no time for it, and let go of everything."""
        try:
            deadline = time.monotonic() + (0 if self.control.abandoned or self.timed_out else GRACE)
            self._take_silently()
            while self.under_way and time.monotonic() < deadline:
                self._listen(LISTEN)
                self._take_silently()
            self._sync()
        finally:
            self.connection.close()
            self.workers.close()

    def _take_silently(self) -> None:
        self._listen(0)
        while self.heard:
            message = self.heard.popleft()
            if isinstance(message, Answered):
                self.under_way.pop(message.step.id, None)
                if message.error is None:
                    self._remember(message.step, message.answer)

    def _result(self) -> Result:
        if self.timed_out:
            return Result.TIMED_OUT
        if self.progress.counts[FAILED]:
            return Result.FAILED
        return Result.STOPPED if self.schedule.left else Result.SUCCEEDED

    # What is begun

    def _dispatch(self) -> Iterator[Event]:
        """Begin as many steps as the server takes; what is about to begin is on disk before it does."""
        if not self._begins:
            self._sync()
            return
        begun = list(self.schedule.due(time.monotonic()))
        while len(self.under_way) + len(begun) < int(self.width) and (step := self.schedule.next()):
            yield from self._begin(step, begun)
        self.pending += [{"begin": step.id} for step in begun if not isinstance(step.action, Await)]
        self._sync()
        for step in begun:
            self.under_way[step.id] = step
            self.workers.submit(step)

    def _begin(self, step: Step, begun: list[Step]) -> Iterator[Event]:
        self.progress.started(step)
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

    # What is heard

    def _report(self, collection: str, change: str, body: Body) -> None:
        self.inbox.put(sighting(collection, change, body))

    def _report_denied(self, collection: str, error: ClusterError) -> None:
        self.inbox.put(_Denied(collection, error))

    def _listen(self, pause: float) -> None:
        """Hear everything that has come; pause: seconds to wait for the first, if nothing has."""
        with suppress(Empty):
            self.heard.append(self.inbox.get(timeout=pause) if pause else self.inbox.get_nowait())
            while True:
                self.heard.append(self.inbox.get_nowait())

    def _pause(self) -> float:
        """Seconds until something else has to be done than to listen."""
        if not self.schedule.left:
            return 0.0
        soonest = min(self.deadline, self.schedule.next_due) if self._begins else self.deadline
        return max(0.0, min(soonest - time.monotonic(), LISTEN))

    def _take(self, message: _Message) -> Iterator[Event]:
        match message:
            case Answered(step, answer, error):
                del self.under_way[step.id]
                self.width.answered(self.connection.refusals)
                yield from self._failed(step, error) if error else self._worked(step, answer)
            case Sighting():
                for step_id in self.waits.seen(message):
                    yield from self._check(step_id)
            case _Denied(collection, error):
                self.denied[collection] = error
                yield Notice(_("{collection} cannot be watched: {why}").format(collection=collection, why=error.what))
                for step_id in self.waits:
                    yield from self._check(step_id)

    def _worked(self, step: Step, answer: Answer) -> Iterator[Event]:
        self._remember(step, answer)
        match step.action:
            case Apply(verb=verb):
                yield from self._finish(step, Outcome.CREATED if verb is Verb.CREATE else Outcome.CHANGED)
            case Delete():
                yield from self._finish(step, Outcome.DELETED)
            case Release():
                yield from self._finish(step, Outcome.RELEASED)
            case Await():
                yield from self._looked(step, answer)

    def _remember(self, step: Step, answer: Answer) -> None:
        match step.action:
            case Apply(manifest, path, wanted=wanted) if isinstance(answer, Written):
                self.records.applied[manifest.key] = Applied(wanted, answer.owned)
                self.waits.written(path, answer.generation)
                self.pending.append(
                    {"done": "apply", "key": list(manifest.key), "wanted": wanted, "owned": answer.owned}
                )
            case Delete(key) | Release(key):
                self.records.applied.pop(key, None)
                self.pending.append({"done": "delete", "key": list(key)})

    def _looked(self, step: Step, answer: Answer) -> Iterator[Event]:
        assert isinstance(answer, Looked)  # noqa: S101 - narrows the type
        if answer.holds:
            yield from self._finish(step, Outcome.MET)
        elif self.timed_out:
            yield from self._fail(step, self._late(step, answer.why, answer.fix))
        else:
            self.looked[step.id] = answer
            pause = min(self.pauses.get(step.id, PROBE_FIRST / 2) * 2, PROBE_LONGEST)
            self.pauses[step.id] = pause
            self.schedule.put_off(step, time.monotonic() + pause)

    def _failed(self, step: Step, error: Exception) -> Iterator[Event]:
        if isinstance(error, Interrupted | Unauthorized):  # nothing else would fare better
            raise error
        if not isinstance(step.action, Apply):
            yield from self._fail(step, explained(error, step.action))
            return
        retry = again(error, step.action, made_here=bool(step.needs))
        if retry and self._is_worth(retry, step):
            yield from self._retry(step, step.action, retry)
            return
        for conflict in conflicts(error):
            yield ConflictFound(step.id, str(step.action.manifest.key), conflict.field, conflict.manager)
        yield from self._fail(step, explained(error, step.action))

    def _is_worth(self, retry: Again, step: Step) -> bool:
        patience = float("inf") if self.options.waiting else PATIENCE_WITHOUT_WAITING
        return not self.timed_out and self.progress.took(step) < (patience if retry.limit is None else retry.limit)

    def _retry(self, step: Step, action: Apply, retry: Again) -> Iterator[Event]:
        if self.why.get(step.id) != retry.why:
            self.why[step.id] = retry.why
            yield StepRetried(step.id, step.application, retry.why, retry.seconds)
        forced = replace(action, force=action.force or retry.force)
        self.schedule.put_off(replace(step, action=forced), time.monotonic() + retry.seconds)

    # What comes of it

    def _finish(self, step: Step, outcome: Outcome) -> Iterator[Event]:
        self.looked.pop(step.id, None)
        yield StepFinished(step.id, step.application, outcome, self.progress.took(step))
        self.schedule.succeeded(step)
        if finished := self.progress.ended(step, outcome):
            yield finished

    def _fail(self, step: Step, error: KfinstallError) -> Iterator[Event]:
        self.looked.pop(step.id, None)
        yield StepFailed(step.id, step.application, error.what, error.why, error.fix)
        self.pending.append({"failed": step.id})
        self.progress.ended(step, FAILED)
        for skipped in self.schedule.failed(step):
            yield StepSkipped(skipped.id, skipped.application, step.id)
            self.progress.ended(skipped, SKIPPED)

    # What is waited for

    def _check(self, step_id: str) -> Iterator[Event]:
        step, state = self.schedule[step_id], self.waits.state(step_id)
        assert isinstance(step.action, Await)  # noqa: S101 - narrows the type
        denied = self.denied.get(decides(step.action))
        if not (state.ready or state.failed or denied):
            return
        self.waits.end(step_id)
        if state.ready:
            yield from self._finish(step, Outcome.MET)
        elif state.failed:
            what = _("{object} failed.").format(object=step.action.key)
            yield from self._fail(step, KfinstallError(what, why=state.why))
        elif denied:
            what = _("Whether {object} is ready cannot be seen.").format(object=step.action.key)
            yield from self._fail(step, KfinstallError(what, why=denied.what, fix=denied.fix))

    def _explain(self) -> Iterator[Event]:
        if time.monotonic() - self.explained_at < EXPLAIN_EVERY:
            return
        self.explained_at = time.monotonic()
        reasons = {step_id: self.waits.why(step_id) for step_id in self.waits}
        for step_id, why in {**reasons, **{step_id: looked.why for step_id, looked in self.looked.items()}}.items():
            if why != self.why.get(step_id):
                self.why[step_id] = why
                yield Waiting(step_id, self.schedule[step_id].application, why)

    def _time_out(self) -> Iterator[Event]:
        """Begin nothing more, say what was waited for, and give what is under way a moment to be answered."""
        self.timed_out = True
        self.deadline = time.monotonic() + GRACE
        for step in self.schedule.give_up_waiting():
            looked = self.looked.get(step.id)
            why, fix = (looked.why, looked.fix) if looked else (self.why.get(step.id, ""), "")
            yield from self._fail(step, self._late(step, why, fix))
        for step_id in self.waits:
            why = self.waits.why(step_id)
            self.waits.end(step_id)
            yield from self._fail(self.schedule[step_id], self._late(self.schedule[step_id], why))

    def _late(self, step: Step, why: str, fix: str = "") -> KfinstallError:
        return late(step.action, self.options.seconds, why, fix)

    def _sync(self) -> None:
        """Put on disk what is done and what is about to begin, in one write."""
        if self.pending:
            self.journal.write(self.pending)
            self.pending = []
