"""A user in front of a screen, for tests: reads what stands there, presses keys, waits for what has to come."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from rich.console import RenderableType
from textual.pilot import Pilot
from textual.screen import Screen

from kfinstall.tui.app import Guided
from kfinstall.tui.settings import Settings
from tests.patience import PATIENCE


class Watched(Guided):
    """The application; painted: how often it has painted something."""

    painted = 0

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        self.painted += 1
        super()._display(screen, renderable)


class Player:
    """Plays with an application that runs without a terminal. ends: what the screen ended with, once it has."""

    def __init__(self, app: Watched, pilot: Pilot[Any]) -> None:
        self.app, self.pilot = app, pilot
        self.ends: list[Any] = []

    @property
    def screen(self) -> Screen[Any]:
        return self.pilot.app.screen

    def lines(self) -> list[str]:
        """What stands on the screen, line by line."""
        strips = self.screen._compositor.render_strips()
        return ["".join(segment.text for segment in strip).rstrip() for strip in strips]

    def text(self) -> str:
        return "\n".join(self.lines())

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)

    async def until(self, seen: str | Callable[[], object], patience: float = PATIENCE) -> str:
        """Wait for a text on the screen, or for something else; what stands there then."""
        deadline = time.monotonic() + patience
        while not (seen in self.text() if isinstance(seen, str) else seen()):
            assert time.monotonic() < deadline, f"no {seen} in\n{self.text()}"
            await self.pilot.pause(0.05)
        return self.text()


def notices(player: Player) -> str:
    """What passes by in a corner; an application without a terminal does not draw it."""
    return "\n".join(each.message for each in player.pilot.app._notifications)


Play = Callable[[Player], Awaitable[None]]


def playing(
    screen: Callable[[], Screen[Any]], play: Play, size: tuple[int, int] = (80, 24), theme: str = "dark"
) -> None:
    """Let a user play with a screen."""

    async def run() -> None:
        app = Watched(Screen, Settings(theme=theme))
        async with app.run_test(size=size) as pilot:
            player = Player(app, pilot)
            await app.push_screen(screen(), player.ends.append)
            await pilot.pause()
            await play(player)

    asyncio.run(run())
