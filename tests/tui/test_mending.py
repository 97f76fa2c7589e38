"""Fixes that take more than a yes: credentials, which are asked for, and the file, which has to change, too."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from textual.widgets import Button

from kfinstall.contracts.platform import ClusterAccess
from kfinstall.engine.state_folder import state_home
from kfinstall.guide.draft import Draft, draft_path, resumed
from kfinstall.model.load import LoadedInstall, load
from kfinstall.registry import platforms
from kfinstall.tui.doctor_screen import DoctorScreen
from kfinstall.tui.install_screen import InstallScreen
from kfinstall.tui.origin import Origin
from tests.controlplane.api import Api
from tests.patience import eventually
from tests.sandbox.conftest import served
from tests.tui.conftest import DEPLOYMENT, INSTALL, KFDEF
from tests.tui.playing import Player, notices, playing
from tests.tui.walking import walking

SCENARIO = """
title: A registry that gives nothing to strangers.
nodes:
  - {name: node-1, allocatable: {cpu: "4", memory: 8Gi, ephemeral-storage: 40Gi, pods: "110"}}
registries:
  - {match: ^ghcr\\.io/, answer: unauthorized, openedBySecret: true}
"""
IMAGE = "ghcr.io/team/private:1"
PASSWORD = "correct-horse-battery"
SECRET = "/api/v1/namespaces/late/secrets/ghcr-io"


@pytest.fixture
def private(tmp_path: Path) -> Iterator[tuple[Path, Api]]:
    """A cluster whose pods may not pull from ghcr.io, and an Install file beside it of a Deployment from there."""
    (tmp_path / "scenario.yaml").write_text(SCENARIO)
    (tmp_path / "repo" / "app").mkdir(parents=True)
    (tmp_path / "repo" / "app" / "all.yaml").write_text(yaml.safe_dump(deployment()))
    (tmp_path / "kfdef.yaml").write_text(yaml.safe_dump(KFDEF))
    (tmp_path / "install.yaml").write_text(INSTALL.replace("preset: starter", "file: kfdef.yaml"))
    with served(str(tmp_path / "scenario.yaml"), tmp_path) as kubeconfig, Api(kubeconfig) as api:
        api.create("/api/v1/namespaces", {"metadata": {"name": "late"}})
        yield kubeconfig, api


def deployment() -> dict[str, object]:
    made: dict[str, object] = json.loads(json.dumps(DEPLOYMENT))
    made["spec"]["template"]["spec"] = {"containers": [{"name": "store", "image": IMAGE}]}  # type: ignore[index]
    return made


def login(api: Api) -> dict[str, str]:
    """What the pull secret has for the registry."""
    config = json.loads(base64.b64decode(api.get(SECRET)["data"][".dockerconfigjson"]))
    found: dict[str, str] = config["auths"]["ghcr.io"]
    return found


def test_an_install_asks_for_credentials_and_goes_on(
    private: tuple[Path, Api], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kubeconfig, api = private
    file = tmp_path / "install.yaml"
    shown: list[str] = []

    async def play(player: Player) -> None:
        await player.until("F4 mends it")
        await player.press("f4")
        seen = await player.until("Change it")
        assert "apply Secret late/ghcr-io: credentials for ghcr.io" in seen
        assert "+  pullSecrets:" in seen
        await player.press("down", "enter")
        await player.until("User at ghcr.io")
        assert "ghcr-io" not in [each["metadata"]["name"] for each in api.get("/api/v1/secrets")["items"]]
        await player.press("enter")  # nothing is typed yet: it stays
        await player.press(*"robot", "enter", *PASSWORD.replace("-", "_"))
        shown.append(player.pilot.app.export_screenshot())
        await player.press("enter")
        await player.until("✓ workbench is installed")
        shown.append(player.pilot.app.export_screenshot())

    def loaded() -> LoadedInstall:
        monkeypatch.setenv("KUBECONFIG", str(kubeconfig))
        return load([str(file)], platforms=platforms().options, environ=os.environ)

    playing(lambda: InstallScreen(loaded(), Origin(file)), play, (100, 50))
    typed = PASSWORD.replace("-", "_")
    assert (login(api)["username"], login(api)["password"]) == ("robot", typed)
    assert yaml.safe_load(file.read_text())["images"]["pullSecrets"][0]["password"] == "${GHCR_IO_PASSWORD}"
    [log] = (state_home() / "logs").iterdir()
    assert "Secret/late/ghcr-io" in log.read_text()
    assert typed not in "".join([*shown, log.read_text(), file.read_text()])


def test_what_was_mended_is_among_the_answers_and_in_a_file_that_is_saved_later(
    private: tuple[Path, Api], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing was saved before: the draft is what the next install comes from, in this process and in another."""
    kubeconfig, _api = private
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "install.yaml").unlink()
    draft = Draft(
        {
            "platform": {"type": "existing"},
            "kubeflow": {"file": str(tmp_path / "kfdef.yaml")},
            "wait": {"timeout": "10m"},
        },
        step="review",
    )

    async def play(player: Player) -> None:
        await player.until("Will create")
        player.screen.query_one("#install", Button).focus()
        await player.press("enter")
        await player.until("F4 mends it")
        await player.press("f4")
        seen = await player.until("Change it")
        assert "your answers are changed, too:" in seen
        assert '"password": "${GHCR_IO_PASSWORD}"' in seen
        await player.press("down", "enter")
        await player.until("User at ghcr.io")
        await player.press(*"robot", "enter", *PASSWORD.replace("-", "_"), "enter")
        await player.until(lambda: "✓ changed your answers: images.pullSecrets" in notices(player))
        kept = resumed(draft_path(state_home()))
        assert kept is not None
        assert kept.get(("images", "pullSecrets", 0, "password")) == "${GHCR_IO_PASSWORD}"
        await player.until("is installed")
        await player.press("f6")
        await player.until((tmp_path / "install.yaml").exists)
        await player.until(f"The install: {tmp_path / 'install.yaml'}"[:60])

    walking(play, draft, size=(110, 60))
    assert "pullSecrets" in (tmp_path / "install.yaml").read_text()
    typed = PASSWORD.replace("-", "_")
    environ = {**os.environ, "GHCR_IO_USERNAME": "robot", "GHCR_IO_PASSWORD": typed}
    again = load([str(tmp_path / "install.yaml")], platforms=platforms().options, environ=environ)
    assert again.install.images.pull_secrets[0].registry == "ghcr.io"
    assert typed not in "".join(each.read_text() for each in tmp_path.glob("*.yaml"))
    assert typed not in "".join(each.read_text() for each in state_home().rglob("*") if each.is_file())


def test_the_doctor_takes_them_from_the_environment_and_changes_the_file(
    private: tuple[Path, Api], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kubeconfig, api = private
    file = tmp_path / "install.yaml"
    monkeypatch.setenv("GHCR_IO_USERNAME", "robot")
    monkeypatch.setenv("GHCR_IO_PASSWORD", PASSWORD)
    api.create("/apis/apps/v1/namespaces/late/deployments", deployment())
    eventually(lambda: "ErrImagePull" in json.dumps(api.get("/api/v1/namespaces/late/pods")) or None)

    async def play(player: Player) -> None:
        await player.until("1 thing to mend")
        await player.press("f4")
        await player.until("Change it")
        await player.press("down", "enter")
        await player.until(lambda: "GHCR_IO" in file.read_text())
        assert PASSWORD not in player.pilot.app.export_screenshot()
        await player.press("w")
        await player.until("Nothing is wrong")
        await player.until(lambda: "img-ghcr-private" not in player.text())

    playing(lambda: DoctorScreen(ClusterAccess(kubeconfig), origin=Origin(file)), play, (120, 40))
    assert login(api)["password"] == PASSWORD
    assert "${GHCR_IO_USERNAME}" in file.read_text()
    assert PASSWORD not in file.read_text()
