"""The install screen as a program of its own, for a test that kills it: python -m tests.tui.killed FILE."""

import asyncio
import os
import sys

from textual.screen import Screen

from kfinstall.model.load import load
from kfinstall.registry import platforms
from kfinstall.tui.app import Guided
from kfinstall.tui.install_screen import InstallScreen
from kfinstall.tui.settings import Settings


async def run(file: str) -> None:
    """Install, without a terminal, until somebody ends it."""
    loaded = load([file], platforms=platforms().options, environ=os.environ)
    app = Guided(Screen, Settings())
    async with app.run_test() as pilot:
        await app.push_screen(InstallScreen(loaded))
        while True:
            await pilot.pause(0.1)


if __name__ == "__main__":
    asyncio.run(run(sys.argv[1]))
