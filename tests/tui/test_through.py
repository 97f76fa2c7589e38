"""Through the whole interface, from the first question to a Kubeflow that runs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from textual.widgets import Button

from kfinstall.engine.state_folder import state_home
from kfinstall.guide.draft import draft_path
from kfinstall.sandbox import running
from kfinstall.tui.review import Review
from tests.tui.playing import Player
from tests.tui.walking import to_the_review, walking


@pytest.fixture(autouse=True)
def no_sandbox_stays() -> Iterator[None]:
    yield
    running.stop()


def test_a_workbench_on_the_practice_cluster() -> None:
    async def play(player: Player) -> None:
        await to_the_review(player, "sandbox")
        await player.until("Will create")
        assert player.screen.focused is player.screen.query_one("#back"), "nothing is installed by a slip"
        assert "Install on Practice cluster" in player.text()
        assert draft_path(state_home()).exists()
        player.screen.query_one("#install", Button).focus()
        await player.press("enter")
        await player.until(lambda: not isinstance(player.screen, Review))
        await player.until("is installed")
        await player.press("escape")
        await player.until(lambda: not draft_path(state_home()).exists())

    walking(play, size=(120, 40))
