"""What the chosen cluster offers is listed where its user has to name it: GPUs, storage classes, nodes."""

from __future__ import annotations

from pathlib import Path

import pytest

from kfinstall.guide.draft import Draft
from kfinstall.tui.choosing import Choosing
from kfinstall.tui.walk import Walk
from tests.sandbox.conftest import served
from tests.tui.playing import Player
from tests.tui.walking import field, fields, walk, walking

SCENARIO = """
title: GPUs of two makers, one of them in slices.
nodes:
  - {name: a, allocatable: {cpu: "4", memory: 8Gi, pods: "110", nvidia.com/gpu: "2", nvidia.com/mig-1g.5gb: "7"}}
  - {name: b, allocatable: {cpu: "4", memory: 8Gi, pods: "110", nvidia.com/gpu: "1", example.com/camera: "9"}}
  - {name: c, allocatable: {cpu: "4", memory: 8Gi, pods: "110", amd.com/gpu: "4"}}
storageClasses:
  - {name: slow}
  - {name: fast, default: true}
"""


async def listed(player: Player, path: str) -> list[str]:
    """Open the list of a question; its lines."""
    await player.until(lambda: path in fields(player))
    field(player, path).focus_control()
    await player.pilot.pause()
    await player.press("enter")
    await player.until(lambda: isinstance(player.screen, Choosing))
    await player.until(lambda: "Loading" not in player.text())
    options = player.screen.query_one("#choices")
    return [str(each.prompt).strip() for each in options.options]  # type: ignore[attr-defined]


def test_a_cluster_that_runs_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "scenario.yaml").write_text(SCENARIO)
    draft = Draft({"platform": {"type": "existing"}, "gpu": {"notebooks": {}}}, step="options")

    async def play(player: Player) -> None:
        assert await listed(player, "gpu.notebooks.resources") == [
            "amd.com/gpu  4 on 1 node", "nvidia.com/gpu  3 on 2 nodes", "nvidia.com/mig-1g.5gb  7 on 1 node",
        ]  # fmt: skip
        await player.press("down", "enter")
        await player.until("nvidia.com/gpu ▾")
        assert (await listed(player, "gpu.notebooks.resources"))[1].startswith("● nvidia.com/gpu")
        await player.press("down", "enter")
        await player.until(lambda: isinstance(player.screen, Walk))
        control = field(player, "gpu.notebooks.resources").query_one(".control")
        await player.until(lambda: control.size.height == 2)  # nothing of a long answer is cut off
        await listed(player, "gpu.notebooks.resources")
        await player.press(*"nvidia.com/gpu", "enter")  # what is chosen again is taken away
        await player.until(lambda: isinstance(player.screen, Walk))
        assert walk(player).draft.get(("gpu", "notebooks", "resources")) == ["nvidia.com/mig-1g.5gb"]
        draft.put(("storage",), {"type": "class"})
        await walk(player)._go("storage")
        assert await listed(player, "storage.name") == [
            "fast  sandbox.kfinstall.io, the default",
            "slow  sandbox.kfinstall.io",
        ]
        await player.press("enter")
        await player.until("fast ▾")
        assert walk(player).draft.get(("storage", "name")) == "fast"

    with served(str(tmp_path / "scenario.yaml"), tmp_path) as kubeconfig:
        monkeypatch.setenv("KUBECONFIG", str(kubeconfig))
        walking(play, draft, size=(100, 40))


def test_one_that_cannot_be_asked_is_no_harm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it will have can be typed."""
    monkeypatch.setenv("PATH", str(tmp_path))
    draft = Draft({"platform": {"type": "kind"}, "gpu": {"notebooks": {}}}, step="options")

    async def play(player: Player) -> None:
        assert await listed(player, "gpu.notebooks.resources") == []
        assert "You can type the value above." in player.text()
        await player.press(*"amd.com/gpu", "enter")
        await player.until(lambda: isinstance(player.screen, Walk))
        assert draft.get(("gpu", "notebooks", "resources")) == ["amd.com/gpu"]

    walking(play, draft, size=(100, 40))
