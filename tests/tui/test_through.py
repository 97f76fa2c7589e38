"""Through the whole interface, from the first question to a Kubeflow that runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from textual.widgets import Button

from kfinstall.engine.state_folder import state_home
from kfinstall.guide.draft import Draft, draft_path
from kfinstall.sandbox import running
from kfinstall.tui.review import Review
from tests.controlplane.cluster import Cluster
from tests.controlplane.playing import playing as nodes
from tests.golden.test_releases import ARCHIVES, SOURCES
from tests.patience import PATIENCE
from tests.tui.playing import Player
from tests.tui.walking import to_the_review, walking


@pytest.fixture(autouse=True)
def no_sandbox_stays() -> Iterator[None]:
    yield
    running.stop()


async def install(player: Player, patience: float) -> None:
    """From the review to the end of an install that succeeds."""
    await player.until("Will create", patience)
    assert player.screen.focused is player.screen.query_one("#back"), "nothing is installed by a slip"
    assert draft_path(state_home()).exists()
    player.screen.query_one("#install", Button).focus()
    await player.press("enter")
    await player.until(lambda: not isinstance(player.screen, Review))
    await player.until("is installed", patience)
    await player.press("escape")
    await player.until(lambda: not draft_path(state_home()).exists())


def test_a_workbench_on_the_practice_cluster() -> None:
    async def play(player: Player) -> None:
        await to_the_review(player, "sandbox")
        await player.until("Install on Practice cluster")
        await install(player, PATIENCE)

    walking(play, size=(120, 40))


@pytest.mark.skipif(not ARCHIVES.is_dir(), reason=f"the archives of the releases are not in {ARCHIVES}")
def test_a_whole_kubeflow_on_the_practice_cluster() -> None:
    sources = {url: str(ARCHIVES / name) for url, name in SOURCES.items()}

    async def play(player: Player) -> None:
        await to_the_review(player, "sandbox", "kubeflow-1.10")
        await install(player, 600)

    walking(play, Draft({"sources": sources, "platform": {"type": "sandbox", "speed": 100}}), size=(120, 40))


def test_a_workbench_on_a_cluster_that_is_there(
    control_plane: Cluster, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Its pods run on a node that plays; the control plane is real."""
    if not (control_plane.has_scheduler and control_plane.has_controller_manager):
        pytest.skip("this control plane has no scheduler or no controller manager")
    kubeconfig = control_plane.kubeconfig()
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig))
    folders = {"type": "hostpath", "path": "/var/lib/workbench"}

    async def play(player: Player) -> None:
        await to_the_review(player, "existing")
        assert f"Install on {yaml.safe_load(kubeconfig.read_text())['current-context']}" in player.text()
        await install(player, 240)

    with nodes(kubeconfig, "walk-1"):
        walking(play, Draft({"storage": folders, "metadata": {"name": "walked"}}), size=(120, 40))
