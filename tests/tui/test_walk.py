"""The walk, driven by keys: every platform's way to the review, wrong answers, back and forth."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from kfinstall.engine.state_folder import state_home
from kfinstall.guide import saving
from kfinstall.guide.draft import Draft, draft_path, resumed
from kfinstall.model.load import LoadedInstall, load
from kfinstall.registry import platforms
from kfinstall.tui.review import Review
from kfinstall.tui.walk import Walk
from tests.tui.playing import Player, notices
from tests.tui.walking import choose_card, field, fill, go_on, to_the_review, walk, walking


def loaded(text: str, environ: Mapping[str, str]) -> LoadedInstall:
    return load(["install.yaml"], platforms=platforms().options, environ=environ, read=lambda _name: text)


@pytest.mark.parametrize("platform", platforms().names)
def test_every_platform_leads_to_a_review_and_a_file_that_says_the_same(platform: str) -> None:
    draft = Draft()

    async def play(player: Player) -> None:
        review = await to_the_review(player, platform)
        again = loaded(saving.file_text(review.loaded), draft.secrets)
        assert again.install == review.loaded.install
        assert again.install.model_fields_set == review.loaded.install.model_fields_set
        assert again.install.platform.type == platform
        assert again.install.kubeflow.preset == "starter"

    walking(play, draft)


def test_a_wrong_answer_keeps_its_user_and_says_why() -> None:
    async def play(player: Player) -> None:
        await choose_card(player, "minikube")
        await player.until("Which cluster?")
        await fill(player, "platform.memory", "1g")
        await player.until("1g is too little")
        await player.press("f5")
        await player.pilot.pause()
        assert walk(player).step.name == "options"
        assert player.screen.focused is field(player, "platform.memory").query_one(".control")
        await fill(player, "platform.memory", "12g")
        await player.until(lambda: "too little" not in player.text())
        await go_on(player)
        assert walk(player).draft.get(("platform", "memory")) == "12g"

    walking(play)


def test_what_has_to_be_answered_is_named() -> None:
    async def play(player: Player) -> None:
        await choose_card(player, "gke")
        await player.until("Which cluster?")
        await player.press("f5")
        await player.until("this is missing")
        assert walk(player).step.name == "options"

    walking(play)


def test_back_and_another_choice_and_back_again_lose_nothing() -> None:
    async def play(player: Player) -> None:
        await choose_card(player, "minikube")
        await player.until("Which cluster?")
        await fill(player, "platform.memory", "12g")
        await player.press("escape")
        await player.until("Where shall Kubeflow run?")
        await choose_card(player, "existing")
        await player.until("Which cluster?")
        await player.press("escape")
        await player.until("Where shall Kubeflow run?")
        await choose_card(player, "minikube")
        await player.until("12g")
        assert field(player, "platform.memory").now == "12g"

    walking(play)


def test_the_draft_is_kept_and_goes_on_where_its_user_was() -> None:
    async def play(player: Player) -> None:
        await choose_card(player, "minikube")
        await player.until("Which cluster?")
        await fill(player, "platform.memory", "12g")

    walking(play)
    path = draft_path(state_home())
    assert path.stat().st_mode & 0o777 == 0o600
    kept = resumed(path)
    assert kept is not None

    async def go_on_there(player: Player) -> None:
        await player.until("Which cluster?")
        assert field(player, "platform.memory").now == "12g"

    walking(go_on_there, kept)


def test_a_draft_that_cannot_be_kept_is_no_harm() -> None:
    """A file stands where the folder would be; a full disk is told alike."""
    state_home().parent.mkdir(parents=True, exist_ok=True)
    state_home().touch()
    draft = Draft({"platform": {"type": "kind"}, "kubeflow": {"preset": "starter"}}, step="rights")

    async def play(player: Player) -> None:
        await go_on(player)
        assert isinstance(player.screen, Review)
        assert "The draft cannot be kept: " in notices(player)

    walking(play, draft)


SECRET = "hunter2-typed-by-somebody"


def test_a_secret_that_is_typed_is_in_no_picture_no_draft_and_no_file() -> None:
    draft = Draft({"platform": {"type": "existing"}}, step="storage")

    async def play(player: Player) -> None:
        await player.until("Where shall the data be?")
        assert isinstance(player.screen, Walk)
        await fill(player, "objectStore.accessKey", SECRET)
        await fill(player, "objectStore.secretKey", SECRET + "-2")
        assert SECRET not in player.pilot.app.export_screenshot()
        await go_on(player)
        assert SECRET not in player.pilot.app.export_screenshot()

    walking(play, draft, size=(120, 40))
    assert draft.secrets == {
        "KF_OBJECT_STORE_ACCESS_KEY": SECRET,
        "KF_OBJECT_STORE_SECRET_KEY": SECRET + "-2",
    }
    written = [each.read_text() for each in state_home().rglob("*") if each.is_file()]
    assert written
    assert all(SECRET not in each for each in written)
    assert "${KF_OBJECT_STORE_ACCESS_KEY}" in "".join(written)


def test_a_walk_that_goes_on_asks_again_for_the_secrets_that_were_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """A review in an earlier process knew them; this one has the draft of the disk only."""
    document = {
        "platform": {"type": "sandbox"},
        "kubeflow": {"preset": "kubeflow-1.10"},
        "objectStore": {"type": "s3", "bucket": "models", "accessKey": "${KF_KEY}", "secretKey": "${KF_SECRET}"},
    }
    draft = Draft(document, step="review")
    monkeypatch.setenv("KF_KEY", "of-the-environment")

    async def play(player: Player) -> None:
        seen = await player.until("secrets are not kept: type it again")
        assert "Where shall the data be?" in seen
        assert "KF_SECRET" in seen
        assert "KF_KEY" not in seen
        assert player.screen.focused is field(player, "objectStore.secretKey").query_one(".control")
        await fill(player, "objectStore.secretKey", SECRET)
        await player.until(lambda: "type it again" not in player.text())
        while not isinstance(player.screen, Review):
            await go_on(player)
        assert SECRET not in player.text()

    walking(play, draft)
    assert draft.secrets == {"KF_OBJECT_STORE_SECRET_KEY": SECRET}


@pytest.mark.parametrize("width", [100, 160, 200])
def test_a_wide_terminal_shows_beside_the_questions_what_the_file_will_say(width: int) -> None:
    async def play(player: Player) -> None:
        await choose_card(player, "kind")
        await player.until("Which cluster?")
        assert "type: kind" in player.text()

    walking(play, size=(width, 40))
