"""Ctrl-C, and what is pasted: nothing is agreed to, and no secret is given away, by a reflex."""

from __future__ import annotations

from textual.events import Paste

from kfinstall.guide.draft import Draft
from kfinstall.tui.asking import Asking
from tests.tui.playing import Player, notices, playing
from tests.tui.walking import field, fill, walking

SECRET = "hunter2-typed-by-somebody"


def test_ctrl_c_at_a_question_is_no() -> None:
    """Of the answers the last one is what something is done by: a cluster is made, a fix carried out."""

    async def play(player: Player) -> None:
        await player.press("ctrl+c")
        await player.until(lambda: player.ends)
        assert player.ends == ["no"]

    playing(lambda: Asking("Make the cluster?", ["It costs money."], {"no": "No", "yes": "Yes"}), play)


def test_ctrl_c_in_a_line_asks_and_copies_no_password() -> None:
    draft = Draft({"platform": {"type": "existing"}}, step="storage")

    async def play(player: Player) -> None:
        await fill(player, "objectStore.secretKey", SECRET)
        field(player, "objectStore.secretKey").focus_control()  # which selects all of it
        await player.pilot.pause()
        await player.press("ctrl+x", "ctrl+c")
        await player.until(lambda: "Ctrl-C once more, or F10, leaves kfinstall." in notices(player))
        assert player.pilot.app.clipboard == ""
        assert draft.secrets == {"KF_OBJECT_STORE_SECRET_KEY": SECRET}
        await player.press("ctrl+c")
        await player.until(lambda: not player.pilot.app.is_running or player.pilot.app._exit)

    walking(play, draft, size=(100, 40))


def test_of_several_lines_that_are_pasted_the_first_is_taken_and_that_is_said() -> None:
    draft = Draft({"platform": {"type": "existing"}}, step="storage")

    async def play(player: Player) -> None:
        await fill(player, "objectStore.secretKey", "x")
        line = field(player, "objectStore.secretKey")
        line.focus_control()
        await player.pilot.pause()
        line.query_one(".control").post_message(Paste(f"{SECRET}\nand more of it\n"))
        await player.until(lambda: "Only the first of the lines was taken." in notices(player))
        await player.until(lambda: list(draft.secrets.values()) == [SECRET])

    walking(play, draft, size=(100, 40))
