"""The install screen, on practice clusters: what a user sees from the first picture to the result."""

from __future__ import annotations

from pathlib import Path

from kfinstall.tui.install_screen import InstallScreen
from tests.sandbox.conftest import served
from tests.tui.conftest import Document
from tests.tui.playing import Player, playing


def test_starter_from_the_first_picture_to_the_result(tmp_path: Path, document: Document) -> None:
    async def play(player: Player) -> None:
        await player.until("jupyter")
        seen = await player.until("✓ workbench is installed")
        assert "15 created" in seen
        assert "kfinstall open --context kfinstall-sandbox" in await player.until("$ kfinstall open")
        await player.press("escape")
        await player.until(lambda: player.ends)
        assert player.ends == ["succeeded"]

    with served("laptop-too-small", tmp_path) as kubeconfig:
        loaded = document(kubeconfig)
        playing(lambda: InstallScreen(loaded), play)
