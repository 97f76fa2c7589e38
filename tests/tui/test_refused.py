"""A plan that is refused leads back to the answer that it is refused for."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.widgets import Button

from kfinstall.guide.draft import Draft
from kfinstall.tui.fields import Cards
from tests.controlplane.api import Api
from tests.sandbox.conftest import served
from tests.tui.playing import Player
from tests.tui.walking import choose_card, go_on, walk, walking

CLASS = "/apis/storage.k8s.io/v1/storageclasses/standard"
DEFAULT = "storageclass.kubernetes.io/is-default-class"


def reviewed() -> Draft:
    """All is answered; the storage is the cluster's default."""
    return Draft({"platform": {"type": "existing"}, "kubeflow": {"preset": "starter"}}, step="review")


async def at_the_storage(player: Player) -> None:
    await player.until("Where shall the data be?")
    await player.until(lambda: isinstance(player.screen.focused, Cards))
    assert walk(player).step.name == "storage"


def test_from_the_review(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def play(player: Player) -> None:
        await player.until("F4 leads back to the answer, at: Storage")
        assert player.screen.query_one("#install", Button).disabled
        await player.press("f4")
        await at_the_storage(player)
        await choose_card(player, "static")
        while walk(player).step.name != "rights":
            await go_on(player)
        await go_on(player)
        await player.until("Will create 15 objects")
        assert "F4" not in player.text()

    with served("no-default-storageclass", tmp_path) as kubeconfig:
        monkeypatch.setenv("KUBECONFIG", str(kubeconfig))
        walking(play, reviewed(), size=(120, 40))


def test_from_the_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def play(player: Player) -> None:
        await player.until("Will create 15 objects")
        api.patch(CLASS, {"metadata": {"annotations": {DEFAULT: "false"}}})  # since the review looked
        player.screen.query_one("#install", Button).focus()
        await player.press("enter")
        await player.until("✗ kubeflow is not installed")
        await player.until("To the answer")
        await player.press("c")
        await at_the_storage(player)

    with served("laptop-too-small", tmp_path) as kubeconfig, Api(kubeconfig) as api:
        monkeypatch.setenv("KUBECONFIG", str(kubeconfig))
        walking(play, reviewed(), size=(120, 40))
