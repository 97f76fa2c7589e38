"""Pictures of every screen of the walk: what stands on them, in one language and size, and in every look.

python -m tests.tui.pictures 80x24 > pictures.json
"""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
from pathlib import Path

from textual.screen import Screen
from textual.widgets import Static

from kfinstall.guide.draft import Draft
from kfinstall.tui.home import Home
from kfinstall.tui.themes import THEMES
from kfinstall.tui.walk import Walk
from tests.tui.playing import Player, playing

DOCUMENT = {
    "platform": {"type": "minikube"},
    "kubeflow": {"preset": "kubeflow-26.03"},
    "access": {"type": "node-port", "users": [{"email": "ada@example.com", "password": "${KF_PASSWORD}"}]},
}
STEPS = ("platform", "options", "kubeflow", "components", "storage", "access", "images", "rights")
SIZES = ((80, 24), (120, 40), (60, 15))


def pictures(size: tuple[int, int]) -> dict[str, str]:
    """Screen -> what stands on it; `screen.focus` -> what has the focus, "" where that cannot be seen.

    At 80x24 also `screen.svg.THEME` -> its SVG.
    """
    taken: dict[str, str] = {}

    async def take(player: Player, name: str) -> None:
        await player.pilot.pause()
        taken[name] = "\n".join(player.lines())
        focused = player.screen.focused
        inside = focused is not None and player.screen.region.contains_region(focused.region)
        taken[f"{name}.focus"] = type(focused).__name__ if inside else ""
        if size == SIZES[0]:
            for _theme in THEMES:
                taken[f"{name}.svg.{player.pilot.app.theme}"] = player.pilot.app.export_screenshot()
                await player.press("f9")

    def step(name: str) -> None:
        async def play(player: Player) -> None:
            await player.pilot.pause(0.5)
            await take(player, name)
            if name == "options":
                await player.press("enter")
                await player.pilot.pause(0.5)
                await take(player, "choosing")
                await player.press("escape")
                await player.press("f1")
                await player.pilot.pause()
                await take(player, "help")

        playing(lambda: Walk(Draft(json.loads(json.dumps(DOCUMENT)), step=name)), play, size)

    async def home(player: Player) -> None:
        screen: Screen[None] = player.screen
        await player.until(lambda: "…" not in str(screen.query_one("#tools", Static).content))
        await take(player, "home")

    playing(Home, home, size)
    for name in STEPS:
        step(name)
    return {name: re.sub(r"(127\.0\.0\.1|/tmp)[^ ]*", r"\1", text) for name, text in taken.items()}


def main() -> None:
    """Print them as JSON, for a language that the environment says."""
    width, _x, height = sys.argv[1].partition("x")
    with tempfile.TemporaryDirectory() as home:
        os.environ |= {"HOME": home, "XDG_STATE_HOME": home, "XDG_CACHE_HOME": home, "KUBECONFIG": f"{home}/none"}
        os.environ["PATH"] = str(Path(home) / "bin")
        sys.stdout.write(json.dumps(pictures((int(width), int(height)))))


if __name__ == "__main__":
    main()
