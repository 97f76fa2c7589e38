"""The install screen under load: many objects, many events, for a long time."""

from __future__ import annotations

import gc
import threading
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.widgets import Static

from kfinstall.contracts.event import (
    Event,
    Outcome,
    Result,
    RunFinished,
    RunStarted,
    StepFinished,
    StepRetried,
    StepStarted,
    Waiting,
)
from kfinstall.contracts.manifest import Manifest
from kfinstall.contracts.plan import Apply, Await, Condition, Plan, Step, Verb
from kfinstall.guide import garbage
from kfinstall.guide.ending import Ending, Stage
from kfinstall.guide.run_log import KEPT
from kfinstall.guide.undertaking import Undertaking
from kfinstall.tui import install_screen
from kfinstall.tui.install_screen import InstallScreen
from kfinstall.tui.result_screen import ResultScreen
from tests.tui.conftest import Document
from tests.tui.heart import listening
from tests.tui.playing import Player, playing

APPLICATIONS, OBJECTS = 30, 20
EVENTS, SECONDS = 2500, 5.0
"""Six times as fast as it has to be."""

FAST = 10_000
"""Events in a second, or what the machine has."""

LONGEST = 0.1
"""Seconds for which the thread that draws may be busy with one thing."""

RARELY = 0.01
"""The share of pictures that may take longer: a machine with much else to do takes the processor away in between."""

ALLOWED = 3_000_000
"""Bytes that may be more after 12,000 further events, which take more: rich keeps the widths of 4096 texts."""


def plan() -> Plan:
    """600 Deployments, each applied and waited for."""
    steps = []
    for application in (f"application-{number}" for number in range(APPLICATIONS)):
        for number in range(OBJECTS):
            metadata = {"name": f"{application}-{number}", "namespace": "kubeflow"}
            manifest = Manifest({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata}, application)
            apply = f"apply {manifest.key}"
            steps.append(Step(apply, application, Apply(manifest, "", Verb.CREATE, "")))
            steps.append(Step(f"await ready {manifest.key}", application, Await(manifest.key, Condition.READY, "")))
    return Plan("kubeflow", tuple(steps))


def stream(steps: tuple[Step, ...], count: int) -> Iterator[Event]:
    """What a long run of a plan might say: everything is applied, then much is told while it is waited for."""
    yield RunStarted("kubeflow", "https://127.0.0.1", "v1.36.0", {})
    applies, awaits = steps[::2], steps[1::2]
    for apply, ready in zip(applies, awaits, strict=True):
        yield StepStarted(apply.id, apply.application)
        yield StepFinished(apply.id, apply.application, Outcome.CREATED, 0.1)
        yield StepStarted(ready.id, ready.application)
    for number in range(count):
        step = awaits[number * 7 % len(awaits)]
        why = f"0/1 ready; container: {'CrashLoopBackOff: back-off ' * 6}{number}"
        told = StepRetried(step.id, step.application, why, 1.0) if number % 5 == 0 else None
        yield told or Waiting(step.id, step.application, why)


class Fed(InstallScreen):
    """An install whose events come from a test."""

    def begin(self) -> None:  # type: ignore[override]
        undertaking = Undertaking(self.loaded)
        undertaking.board.lay_out(plan())
        undertaking.stage = Stage.RUNNING
        garbage.keep()
        self.undertaking = undertaking

    def feed(self, events: Iterator[Event], per_second: float) -> threading.Thread:
        """Let events happen at a rate."""
        undertaking = self.undertaking
        assert undertaking

        def paced() -> Iterator[Event]:
            began = time.monotonic()
            for number, event in enumerate(events):
                time.sleep(max(0.0, began + number / per_second - time.monotonic()))
                yield event
            yield RunFinished(Result.SUCCEEDED, {}, 0, 0.0)

        thread = threading.Thread(target=undertaking.follow, args=(paced(),))
        thread.start()
        return thread


def test_thirty_thousand_events_a_minute_block_no_picture(tmp_path: Path, document: Document) -> None:
    async def play(player: Player) -> None:
        screen = player.screen
        assert isinstance(screen, Fed)
        await player.until("application-0")
        feeding = screen.feed(stream(plan().steps, EVENTS), EVENTS / SECONDS)
        await player.until("▼ … application-0")  # textual works its styles out when it draws something first
        before = gc.get_stats()[2]["collections"]
        async with listening() as heart:
            while feeding.is_alive():
                await player.pilot.pause(0.2)
        assert "▼ … application-0" in player.text()
        print(heart)
        assert heart.longer(LONGEST) <= RARELY, heart
        assert gc.get_stats()[2]["collections"] == before, "looking for garbage among everything stops every picture"

    usual = gc.get_threshold()
    loaded = document(tmp_path / "kubeconfig")
    playing(lambda: Fed(loaded), play, (120, 40))
    assert gc.get_threshold() == usual


def test_the_last_picture_comes_before_the_result_and_nothing_is_left_to_stop(
    tmp_path: Path, document: Document
) -> None:
    async def play(player: Player) -> None:
        screen = player.screen
        assert isinstance(screen, Fed)
        assert screen.undertaking
        await player.until("application-0")
        await player.press("escape")
        await player.until("Stop the install?")
        for step in plan().steps:
            screen.undertaking.board.take(StepFinished(step.id, step.application, Outcome.CREATED, 0.1))
        screen.undertaking.ending = Ending(Result.SUCCEEDED)
        await player.until(lambda: isinstance(player.screen, ResultScreen))
        assert "600/600" in str(screen.query_one("#progress", Static).content)

    loaded = document(tmp_path / "kubeconfig")
    playing(lambda: Fed(loaded), play)


def test_memory_does_not_grow_with_the_number_of_events(tmp_path: Path, document: Document) -> None:
    async def play(player: Player) -> None:
        screen = player.screen
        assert isinstance(screen, Fed)
        await player.until("application-0")
        sizes = []
        tracemalloc.start()
        for count in (KEPT, 6 * KEPT):
            feeding = screen.feed(stream(plan().steps, count), FAST)
            while feeding.is_alive():
                await player.pilot.pause(0.2)
            await player.pilot.pause(0.5)
            sizes.append(tracemalloc.get_traced_memory()[0])
        tracemalloc.stop()
        print(sizes)
        assert sizes[1] - sizes[0] < ALLOWED

    loaded = document(tmp_path / "kubeconfig")
    playing(lambda: Fed(loaded), play)


def test_what_is_waited_for_keeps_its_room_for_a_while(
    tmp_path: Path, document: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def play(player: Player) -> None:
        screen = player.screen
        assert isinstance(screen, Fed)
        assert screen.undertaking
        board, waits = screen.undertaking.board, screen.query_one("#waits")
        for step in plan().steps[1:6:2]:
            board.take(Waiting(step.id, step.application, "0/1 ready"))
        await player.until("Deployment application-0-2 (")
        rows = waits.size.height
        board.take(StepFinished(plan().steps[1].id, "application-0", Outcome.MET, 0.1))
        await player.until(lambda: "Deployment application-0-0 (" not in player.text())
        assert waits.size.height == rows
        monkeypatch.setattr(install_screen, "STEADY", 0.0)
        await player.until(lambda: waits.size.height == rows - 1)

    monkeypatch.setattr(install_screen, "STEADY", float("inf"))
    loaded = document(tmp_path / "kubeconfig")
    playing(lambda: Fed(loaded), play)
