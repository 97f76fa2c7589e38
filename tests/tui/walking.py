"""A user of the guided interface, for tests: reads the screen, presses keys, types."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

from textual.pilot import Pilot
from textual.widgets import Input

from kfinstall.guide.draft import Draft
from kfinstall.guide.steps import STEPS
from kfinstall.model.document import path_text
from kfinstall.tui.app import Guided
from kfinstall.tui.choosing import Choosing
from kfinstall.tui.fields import Cards, Field
from kfinstall.tui.review import Review
from kfinstall.tui.settings import Settings
from kfinstall.tui.walk import Walk

REQUIRED: Mapping[str, Mapping[str, str]] = {
    "gke": {"platform.project": "my-project-1", "platform.location": "us-central1-a"},
    "aks": {
        "platform.subscription": "12345678-1234-1234-1234-123456789abc",
        "platform.resourceGroup": "kubeflow",
        "platform.location": "eastus",
    },
}
"""What has to be answered: platform -> path -> what is typed."""

PATIENCE = 400
"""Pauses of Pilot until something has to be seen."""


def drive(
    play: Callable[[Pilot[int]], Awaitable[None]], draft: Draft | None = None, size: tuple[int, int] = (80, 24)
) -> None:
    """Play with the walk in front of the user."""

    async def run() -> None:
        app = Guided(lambda: Walk(draft or Draft()), Settings())
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            await play(pilot)

    asyncio.run(run())


async def until(pilot: Pilot[int], seen: Callable[[], object], what: str) -> None:
    for _try in range(PATIENCE):
        if seen():
            return
        await pilot.pause(0.02)
    raise AssertionError(f"no {what} in\n{text(pilot)}")


def text(pilot: Pilot[int]) -> str:
    """What stands on the screen."""
    screen = pilot.app.screen
    return "\n".join("".join(segment.text for segment in strip) for strip in screen._compositor.render_strips())


def walk(pilot: Pilot[int]) -> Walk:
    found = pilot.app.screen
    assert isinstance(found, Walk), found
    return found


async def choose_card(pilot: Pilot[int], value: str) -> None:
    """Move to a card with the arrows and press Enter."""
    cards = pilot.app.screen.query_one(Cards)
    cards.focus()
    await pilot.press("home")
    for _card in range(cards.option_count):
        if cards.current == value:
            break
        await pilot.press("down")
    assert cards.current == value
    await pilot.press("enter")
    await pilot.pause()


async def fill(pilot: Pilot[int], path: str, typed: str) -> None:
    """Answer a question by typing."""
    fields = {path_text(field.question.path): field for field in walk(pilot).query(Field)}
    field = fields[path]
    field.focus_control()
    await pilot.pause()
    if not field.query(Input):
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, Choosing), "list")
        await pilot.press(*typed)
        choosing: Any = pilot.app.screen
        await until(pilot, lambda: "Loading" not in text(pilot), "answer of the platform")
        del choosing
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, Walk), "walk")
        return
    box = field.query_one(Input)
    box.value = ""
    await pilot.press(*typed)
    await pilot.press("tab")
    await pilot.pause()


async def go_on(pilot: Pilot[int]) -> None:
    await pilot.press("f5")
    await pilot.pause()


async def to_the_review(pilot: Pilot[int], platform: str, preset: str = "starter") -> Review:
    """From the first step to the review, with what has to be answered and nothing more."""
    await choose_card(pilot, platform)
    await until(pilot, lambda: walk(pilot).step.name != "platform", "second step")
    for _step in range(len(STEPS) + 1):
        if isinstance(pilot.app.screen, Review):
            return pilot.app.screen
        step = walk(pilot).step.name
        if step == "options":
            for path, typed in REQUIRED.get(platform, {}).items():
                await fill(pilot, path, typed)
        if step == "kubeflow":
            await choose_card(pilot, preset)
        await go_on(pilot)
        await until(pilot, partial(has_left, pilot, step), f"way on from {step}")
    raise AssertionError(text(pilot))


def has_left(pilot: Pilot[int], step: str) -> bool:
    """Whether another step, or the review, is in front of the user."""
    screen = pilot.app.screen
    return isinstance(screen, Review) or (isinstance(screen, Walk) and screen.step.name != step)
