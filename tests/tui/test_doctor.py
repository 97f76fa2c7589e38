"""The doctor's screen: on practice clusters, on a copy of one, and where nobody answers."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from kfinstall.contracts.platform import ClusterAccess
from kfinstall.tui.doctor_screen import DoctorScreen
from tests.controlplane.api import Api
from tests.patience import eventually
from tests.sandbox.conftest import served
from tests.tui.conftest import CLAIM, DEPLOYMENT
from tests.tui.playing import Player, playing

CLASS = "/apis/storage.k8s.io/v1/storageclasses/standard"
DEFAULT = "storageclass.kubernetes.io/is-default-class"
PLANTED = "correct-horse-battery"


@pytest.fixture
def waiting(tmp_path: Path) -> Iterator[tuple[Path, Api]]:
    """A cluster in which a Deployment waits for a claim that gets no class; a password is planted in it."""
    with served("no-default-storageclass", tmp_path) as kubeconfig, Api(kubeconfig) as api:
        api.create("/api/v1/namespaces", {"metadata": {"name": "late"}})
        api.create("/api/v1/namespaces/late/persistentvolumeclaims", CLAIM)
        deployment = json.loads(json.dumps(DEPLOYMENT))
        container = deployment["spec"]["template"]["spec"]["containers"][0]
        container["env"] = [{"name": "DB_PASSWORD", "value": PLANTED}]
        container["resources"] = {"requests": {"cpu": "250m", "memory": "1Gi"}}
        api.create("/apis/apps/v1/namespaces/late/deployments", deployment)
        eventually(lambda: api.get("/api/v1/namespaces/late/pods")["items"])
        yield kubeconfig, api


def test_a_finding_is_shown_and_mended(waiting: tuple[Path, Api]) -> None:
    kubeconfig, api = waiting

    async def play(player: Player) -> None:
        await player.until("1 thing to mend")
        await player.until("1 claim waits")
        await player.press("y")
        await player.until(lambda: "kubectl patch storageclass standard" in player.pilot.app.clipboard)
        await player.press("f4")
        assert "patch StorageClass.storage.k8s.io/standard" in await player.until("Change it")
        assert api.get(CLASS)["metadata"]["annotations"][DEFAULT] == "false"  # nothing is done without a word
        await player.press("down", "enter")
        await player.until(lambda: api.get(CLASS)["metadata"]["annotations"][DEFAULT] == "true")
        await player.press("w")
        await player.until("watching")
        await player.until("Nothing is wrong")

    playing(lambda: DoctorScreen(ClusterAccess(kubeconfig)), play)


def test_what_is_under_the_cursor_is_explained_and_filtered_and_hides_secrets(waiting: tuple[Path, Api]) -> None:
    kubeconfig, _api = waiting
    texts: list[str] = []

    async def play(player: Player) -> None:
        await player.until("What to do")
        await player.press("down", "down")
        seen = await player.until("kind: PersistentVolumeClaim")
        assert "Events" in seen
        player.screen.query_one("#namespace").focus()
        await player.press("enter", "down", "enter")
        await player.until(lambda: "late" in player.lines()[2])
        await player.until("1 claim waits")
        player.screen.query_one("#findings").focus()
        await player.press("2")
        seen = await player.until("node-1")
        assert "░" in seen
        await player.press("3")
        await player.until("No node offers any.")
        texts.append(player.pilot.app.export_screenshot())

    playing(lambda: DoctorScreen(ClusterAccess(kubeconfig)), play, (120, 40))
    assert PLANTED not in "".join(texts)


def test_a_copy_of_a_cluster_is_read_and_its_passwords_are_not_shown(waiting: tuple[Path, Api], tmp_path: Path) -> None:
    _kubeconfig, api = waiting
    lists = tmp_path / "lists"
    lists.mkdir()
    paths = {
        "persistentvolumeclaims": "/api/v1/persistentvolumeclaims",
        "pods": "/api/v1/pods",
        "nodes": "/api/v1/nodes",
        "storageclasses.storage.k8s.io": "/apis/storage.k8s.io/v1/storageclasses",
    }
    for name, path in paths.items():
        (lists / f"{name}.json").write_text(json.dumps(api.get(path)))
    assert PLANTED in (lists / "pods.json").read_text()

    async def play(player: Player) -> None:
        await player.until("What to do")
        seen = player.text()
        assert "f4" not in seen.splitlines()[-1]  # a copy cannot be mended
        await player.press("right", "down", "down", "enter")
        await player.pilot.pause(0.3)
        assert PLANTED not in player.text()
        assert PLANTED not in player.pilot.app.export_screenshot()
        if "kind: Pod" in player.text():
            assert "REDACTED" in player.text()

    playing(lambda: DoctorScreen(source=lists), play, (120, 60))


def test_looking_can_be_given_up(tmp_path: Path) -> None:
    with served("healthy", tmp_path) as kubeconfig:
        document = yaml.safe_load(kubeconfig.read_text())

    async def play(player: Player) -> None:
        await player.until("looking …")
        await player.press("escape")
        await player.until(lambda: "looking …" not in player.text())
        assert not player.ends
        await player.press("escape")
        await player.until(lambda: player.ends == [None])

    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections, and never says a word
        document["clusters"][0]["cluster"]["server"] = f"https://127.0.0.1:{silent.getsockname()[1]}"
        kubeconfig.write_text(yaml.safe_dump(document))
        playing(lambda: DoctorScreen(ClusterAccess(kubeconfig)), play)


def test_a_cluster_that_does_not_answer_is_a_message(tmp_path: Path) -> None:
    with served("healthy", tmp_path) as kubeconfig:
        pass  # it has ended

    async def play(player: Player) -> None:
        seen = await player.until("does not answer")
        assert "→ Check the address" in seen
        assert "Press r to look again." in seen
        await player.press("escape")
        await player.until(lambda: player.ends == [None])

    playing(lambda: DoctorScreen(ClusterAccess(kubeconfig)), play, (60, 15))
