"""The home screen: drawn at once, filled in the background, and the way to everything else."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest
import yaml

from kfinstall.engine.state_folder import state_home
from kfinstall.guide.draft import Draft, draft_path, resumed, save
from kfinstall.sandbox import running
from kfinstall.tui.home import Home
from kfinstall.tui.walk import Walk
from tests.tui.playing import Player, notices, playing


@pytest.fixture
def silent_cluster(own_environment: Path) -> str:
    """A context whose cluster does not answer."""
    config = {
        "current-context": "silent",
        "contexts": [{"name": "other", "context": {"cluster": "c", "user": "u"}},
                     {"name": "silent", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:9"}}],
        "users": [{"name": "u", "user": {"token": "t"}}],
    }  # fmt: skip
    (own_environment / "kubeconfig").write_text(yaml.safe_dump(config))
    return "silent"


def test_contexts_are_looked_at_and_a_silent_one_is_no_harm(silent_cluster: str) -> None:
    async def play(player: Player) -> None:
        assert "Install Kubeflow" in player.text()
        await player.until(f"✗ {silent_cluster}:")
        text = await player.until("✗ other:")
        assert text.index("silent") < text.index("other"), "the current context is the first"

    playing(Home, play, size=(120, 40))


def test_the_doctor_looks_at_the_cluster_that_is_chosen(silent_cluster: str) -> None:
    """The practice cluster is one of them, though nobody's kubeconfig names it."""

    async def play(player: Player) -> None:
        await player.press("down", "down", "enter")
        seen = await player.until("Which cluster?")
        assert silent_cluster in seen
        await player.press("down", "down", "enter")
        await player.until(f"Doctor   {running.CONTEXT}")
        await player.until("Nothing is wrong")

    running.start()
    try:
        playing(Home, play)
    finally:
        running.stop()


def test_practice_is_a_walk_that_has_begun() -> None:
    async def play(player: Player) -> None:
        await player.press("down", "enter")
        await player.until("Which Kubeflow?")
        assert isinstance(player.screen, Walk)
        assert player.screen.draft.get(("platform", "type")) == "sandbox"
        assert "● Workbench for one person" in player.text()

    playing(Home, play)


def test_an_earlier_walk_is_resumed_or_given_up_on_a_word() -> None:
    save(Draft({"platform": {"type": "minikube", "memory": "12g"}}, step="options"), draft_path(state_home()))

    async def play(player: Player) -> None:
        await player.until("go on with your answers, at: Cluster")
        await player.press("down", "enter")
        await player.until("Begin anew?")
        await player.press("escape")
        assert resumed(draft_path(state_home())) is not None
        await player.press("home", "enter")
        await player.until("12g")
        assert "Which cluster?" in player.text()

    playing(Home, play)


def test_answers_that_cannot_be_read_are_put_aside_and_said() -> None:
    path = draft_path(state_home())
    path.parent.mkdir(parents=True)
    path.write_text("{")

    async def play(player: Player) -> None:
        await player.until(lambda: "of an earlier time cannot be read" in notices(player))
        assert "Resume" not in player.text()
        assert path.with_name("draft.damaged.yaml").read_text() == "{"

    playing(Home, play)


def test_garbage_is_collected_again_once_the_first_picture_stands() -> None:
    gc.disable()

    async def play(player: Player) -> None:
        await player.until("Install Kubeflow")
        await player.until(gc.isenabled)

    playing(Home, play)
