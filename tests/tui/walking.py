"""A user of the guided walk, for tests: chooses cards, types answers, goes on."""

from __future__ import annotations

from collections.abc import Mapping

from textual.widgets import Input

from kfinstall.guide.draft import Draft
from kfinstall.guide.steps import STEPS
from kfinstall.model.document import path_text
from kfinstall.tui.choosing import Choosing
from kfinstall.tui.fields import Cards, Field
from kfinstall.tui.review import Review
from kfinstall.tui.walk import Walk
from tests.tui.playing import Play, Player, playing

REQUIRED: dict[str, Mapping[str, str]] = {
    "gke": {"platform.project": "my-project-1", "platform.location": "us-central1-a"},
    "aks": {
        "platform.subscription": "12345678-1234-1234-1234-123456789abc",
        "platform.resourceGroup": "kubeflow",
        "platform.location": "eastus",
    },
}
"""What has to be answered: platform -> path -> what is typed."""


def walking(play: Play, draft: Draft | None = None, size: tuple[int, int] = (80, 24), theme: str = "dark") -> None:
    """Let a user play with the walk."""
    playing(lambda: Walk(draft or Draft()), play, size, theme)


def walk(player: Player) -> Walk:
    """The walk in front of the user."""
    found = player.screen
    assert isinstance(found, Walk), player.text()
    return found


def fields(player: Player) -> dict[str, Field]:
    """The lines of the questions, by the paths of these."""
    return {path_text(each.question.path): each for each in walk(player).query(Field)}


def field(player: Player, path: str) -> Field:
    """The line of a question."""
    return fields(player)[path]


async def choose_card(player: Player, value: str) -> None:
    """Move to a card with the arrows and press Enter."""
    cards = player.screen.query_one(Cards)
    cards.focus()
    await player.press("home")
    for _card in range(3 * cards.option_count):  # what is found here meanwhile puts them in another order
        if cards.current == value:
            break
        await player.press("down")
    assert cards.current == value, player.text()
    await player.press("enter")
    await player.pilot.pause()


async def fill(player: Player, path: str, typed: str) -> None:
    """Answer a question by typing, into its line or into the search of its list."""
    if path not in fields(player):
        await player.pilot.click("#more")
        await player.until(lambda: path in fields(player))
    line = field(player, path)
    line.focus_control()
    await player.pilot.pause()
    if not line.query(Input):
        await player.press("enter")
        await player.until(lambda: isinstance(player.screen, Choosing))
        await player.until(lambda: "Loading" not in player.text())
        player.screen.query_one(Input).value = typed
        await player.pilot.pause()
        await player.press("enter")
        await player.until(lambda: isinstance(player.screen, Walk))
        return
    line.query_one(Input).value = typed
    await player.press("tab")
    await player.pilot.pause()


async def go_on(player: Player) -> None:
    """To the next step, or to the review."""
    before = walk(player).step.name
    await player.press("f5")

    def left() -> bool:
        screen = player.screen
        return isinstance(screen, Review) or (isinstance(screen, Walk) and screen.step.name != before)

    await player.until(left)


async def to_the_review(player: Player, platform: str, preset: str = "starter") -> Review:
    """From the first step to the review, with what has to be answered and nothing more."""
    await choose_card(player, platform)
    await player.until(lambda: walk(player).step.name != "platform")
    for _step in STEPS:
        if isinstance(player.screen, Review):
            return player.screen
        step = walk(player).step.name
        if step == "options":
            for path, typed in REQUIRED.get(platform, {}).items():
                await fill(player, path, typed)
        if step == "kubeflow":
            await choose_card(player, preset)
        await go_on(player)
    assert isinstance(player.screen, Review), player.text()
    return player.screen
