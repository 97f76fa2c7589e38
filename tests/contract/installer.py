"""The engine as a front door drives it: prepare, carry out, gather the events."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from kfinstall.contracts.event import Event, Result, RunFinished, StepFailed, StepFinished
from kfinstall.contracts.manifest import Manifest
from kfinstall.contracts.plan import Plan
from kfinstall.engine import install as installs
from kfinstall.engine import uninstall as uninstalls
from kfinstall.engine.control import Control
from kfinstall.engine.planner import Wishes
from kfinstall.engine.runner import RunOptions
from kfinstall.kube.cluster import Cluster
from kfinstall.kube.connection import Connection
from tests.contract.manifests import Object

EventT = TypeVar("EventT")
Watcher = Callable[[Event], None]


@dataclass
class Ran:
    """A plan and what came of it."""

    plan: Plan
    events: list[Event] = field(default_factory=list)

    @property
    def finished(self) -> RunFinished:
        last = self.events[-1]
        assert isinstance(last, RunFinished), last
        return last

    @property
    def result(self) -> Result:
        return self.finished.result

    @property
    def counts(self) -> dict[str, int]:
        return self.finished.counts

    def all(self, kind: type[EventT]) -> list[EventT]:
        return [event for event in self.events if isinstance(event, kind)]

    def succeeded(self) -> Ran:
        """Itself, if all went well; otherwise the test fails with what did not."""
        assert self.result is Result.SUCCEEDED, self.all(StepFailed) or self.finished
        return self

    @property
    def failures(self) -> dict[str, StepFailed]:
        return {event.step: event for event in self.all(StepFailed)}

    def order(self, *steps: str) -> list[str]:
        """The given steps in the order in which they were finished."""
        return [event.step for event in self.all(StepFinished) if event.step in steps]


@dataclass
class Installer:
    """One install in one cluster, on one machine."""

    kubeconfig: Path
    folder: Path
    name: str = "test"
    wait: bool = False

    def manifests(self, objects: Iterable[Object]) -> list[Manifest]:
        return [Manifest(body, "app") for body in objects]

    def wishes(self, **wishes: Any) -> Wishes:
        return Wishes(install=self.name, namespace="default", **{"wait": self.wait, **wishes})

    def open(self) -> Cluster:
        return Cluster(Connection.open(self.kubeconfig))

    def stream(
        self, objects: Sequence[Object], control: Control, timeout: float = 60.0, **wishes: Any
    ) -> tuple[Plan, Iterator[Event]]:
        wanted = self.wishes(**wishes)
        cluster = self.open()
        prepared = installs.prepare(cluster, self.manifests(objects), wanted, self.folder)
        options = RunOptions(timeout=timeout, waiting=wanted.wait)
        return prepared.plan, installs.install(prepared, cluster, control, options)

    def install(
        self, objects: Sequence[Object], watch: Watcher = lambda _event: None, timeout: float = 60.0, **wishes: Any
    ) -> Ran:
        plan, events = self.stream(objects, Control(), timeout, **wishes)
        return _gathered(plan, events, watch)

    def uninstall(
        self, *, delete_data: bool = False, timeout: float = 60.0, watch: Watcher = lambda _event: None
    ) -> Ran:
        cluster = self.open()
        removal = uninstalls.prepare(cluster, self.name, self.folder, delete_data=delete_data)
        return _gathered(
            removal.plan, uninstalls.uninstall(removal, cluster, Control(), RunOptions(timeout=timeout)), watch
        )


def _gathered(plan: Plan, events: Iterator[Event], watch: Watcher) -> Ran:
    ran = Ran(plan)
    for event in events:
        ran.events.append(event)
        watch(event)
    return ran
