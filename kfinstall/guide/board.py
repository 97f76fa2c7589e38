"""How an install stands, object by object: written by the thread that runs it, read by whatever shows it.

Whatever happens between two looks is one change of an object, so that its size is that of the plan and not that of
the stream of events.
"""

import threading
import time
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

from kfinstall.contracts import event as events
from kfinstall.contracts.event import Event, Outcome, RunFinished
from kfinstall.contracts.manifest import ObjectKey
from kfinstall.contracts.plan import Apply, Plan, Step
from kfinstall.engine.telling import on_a_line

WINDOW = 15.0
"""Seconds over which the rate is reckoned."""


class State(IntEnum):
    """How an object, or an application, fares; of many the largest counts."""

    DONE = 0
    TO_COME = 1
    UNDER_WAY = 2
    WAITING = 3
    SKIPPED = 4
    FAILED = 5


@dataclass(frozen=True, slots=True)
class Item:
    """One object. left: its steps that are not over. why: what is said of it. since: when it came into this state."""

    key: ObjectKey
    application: str
    left: int
    state: State = State.TO_COME
    outcome: str = ""
    why: str = ""
    since: float = 0.0


@dataclass(frozen=True, slots=True)
class Tally:
    """An application in numbers. done, objects: how many are through, of how many. state: the worst of its objects."""

    name: str
    objects: int
    done: int
    failed: int
    state: State


class Board:
    """All objects of a plan. Every method may be called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._items: dict[ObjectKey, Item] = {}
        self._of_step: dict[str, ObjectKey] = {}
        self._changed: dict[ObjectKey, None] = {}
        self._finished: deque[tuple[float, int]] = deque()
        self._began = 0.0
        self._ended = 0.0
        self.finished: RunFinished | None = None

    def lay_out(self, plan: Plan) -> None:
        """Begin with the objects of a plan, in its order."""
        with self._lock:
            self._items, self._of_step, self._finished = {}, {}, deque()
            self._ended, self.finished = 0.0, None
            for step in plan.steps:
                key = key_of(step)
                known = self._items.get(key) or Item(key, step.application, 0)
                self._items[key] = replace(
                    known, left=known.left + 1, application=known.application or step.application
                )
                self._of_step[step.id] = key
            self._changed = dict.fromkeys(self._items)
            self._began = time.monotonic()

    def take(self, event: Event) -> None:
        """Note what an event says of its object."""
        with self._lock:
            match event:
                case events.StepStarted(step):
                    self._set(step, State.WAITING if step.startswith("await ") else State.UNDER_WAY, "")
                case events.StepFinished(step, _application, outcome):
                    self._over(step, State.DONE, "", "" if outcome is Outcome.MET else outcome)
                case events.StepRetried(step, _application, why) | events.Waiting(step, _application, why):
                    self._set(step, State.WAITING, why)
                case events.StepFailed(step, _application, what, why, fix):
                    self._over(step, State.FAILED, " ".join(filter(None, [what, why, fix and f"→ {fix}"])))
                case events.StepSkipped(step, _application, because):
                    self._over(step, State.SKIPPED, because)
                case RunFinished():
                    self.finished, self._ended = event, time.monotonic()

    def changes(self) -> list[Item]:
        """The objects that are not as they were at the last call."""
        with self._lock:
            changed, self._changed = self._changed, {}
            return [self._items[key] for key in changed]

    def item(self, key: ObjectKey) -> Item | None:
        with self._lock:
            return self._items.get(key)

    def waits(self) -> list[Item]:
        """What is waited for and has said why, longest first."""
        with self._lock:
            found = [item for item in self._items.values() if item.state is State.WAITING and item.why]
        return sorted(found, key=lambda item: item.since)

    def unready(self) -> list[ObjectKey]:
        """What is waited for, or did not come up."""
        with self._lock:
            return [item.key for item in self._items.values() if item.state in {State.WAITING, State.FAILED}]

    def tallies(self) -> list[Tally]:
        """The applications, in the order of the plan."""
        with self._lock:
            items = list(self._items.values())
        groups: dict[str, list[Item]] = {}
        for item in items:
            groups.setdefault(item.application, []).append(item)
        return [_tally(name, group) for name, group in groups.items()]

    def counts(self) -> Counter[State]:
        """How many objects are in which state."""
        with self._lock:
            return Counter(item.state for item in self._items.values())

    @property
    def seconds(self) -> float:
        """How long the run takes, or took."""
        return (self._ended or time.monotonic()) - self._began if self._began else 0.0

    def rate(self) -> float:
        """Objects that came to their end in a second, of late."""
        with self._lock:
            now = time.monotonic()
            while self._finished and now - self._finished[0][0] > WINDOW:
                self._finished.popleft()
            return sum(count for _when, count in self._finished) / max(1.0, min(WINDOW, now - self._began))

    def _set(self, step: str, state: State, why: str) -> None:
        item = self._about(step)
        if item and item.state is not State.FAILED:
            self._put(replace(item, state=state, why=on_a_line(why), since=_since(item, state)))

    def _over(self, step: str, state: State, why: str, outcome: str = "") -> None:
        item = self._about(step)
        if item is None:
            return
        item = replace(item, left=item.left - 1, outcome=outcome or item.outcome)
        if state is State.DONE and item.left:
            state = State.UNDER_WAY
        if state >= item.state or item.state not in {State.SKIPPED, State.FAILED}:
            item = replace(item, state=state, why=on_a_line(why), since=_since(item, state))
        self._put(item)
        if not item.left:
            self._count()

    def _about(self, step: str) -> Item | None:
        key = self._of_step.get(step)
        return self._items[key] if key else None

    def _put(self, item: Item) -> None:
        self._items[item.key] = item
        self._changed[item.key] = None

    def _count(self) -> None:
        """By the second, so that the window has a bound."""
        now = time.monotonic()
        if self._finished and now - self._finished[-1][0] < 1.0:
            when, count = self._finished.pop()
            self._finished.append((when, count + 1))
        else:
            self._finished.append((now, 1))


def key_of(step: Step) -> ObjectKey:
    """The object that a step is about."""
    return step.action.manifest.key if isinstance(step.action, Apply) else step.action.key


def _tally(name: str, items: Sequence[Item]) -> Tally:
    states = Counter(item.state for item in items)
    worst = max(states)
    if worst is State.TO_COME and states[State.DONE]:
        worst = State.UNDER_WAY
    return Tally(name, len(items), states[State.DONE], states[State.FAILED], worst)


def _since(item: Item, state: State) -> float:
    return item.since if item.state is state else time.monotonic()
