"""The install screen, on practice clusters: what a user sees from the first picture to the result."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from kfinstall.engine.state_folder import state_home
from kfinstall.model.load import LoadedInstall
from kfinstall.tui.install_screen import InstallScreen
from kfinstall.tui.origin import Origin
from tests.controlplane.api import Api
from tests.sandbox.conftest import served
from tests.tui.conftest import CLAIM, Document
from tests.tui.playing import Player, playing

CLASS = "/apis/storage.k8s.io/v1/storageclasses/standard"
NODE = "/api/v1/nodes/laptop"
DEFAULT = "storageclass.kubernetes.io/is-default-class"


def test_starter_from_the_first_picture_to_the_result(tmp_path: Path, document: Document) -> None:
    """No pod gets a node until the tree has been seen: an install that is over is not waited for with a picture."""

    async def play(player: Player) -> None:
        await player.until("… jupyter")
        api.patch(NODE, {"spec": {"unschedulable": False}})
        seen = await player.until("✓ workbench is installed")
        assert "15 created" in seen
        assert "kfinstall open --context kfinstall-sandbox" in await player.until("$ kfinstall open")
        await player.press("escape")
        await player.until(lambda: player.ends)
        assert player.ends == ["succeeded"]

    with served("laptop-too-small", tmp_path) as kubeconfig, Api(kubeconfig) as api:
        api.patch(NODE, {"spec": {"unschedulable": True}})
        loaded = document(kubeconfig)
        playing(lambda: InstallScreen(loaded), play)


def test_a_refused_plan_says_why_and_what_to_do_and_tries_again(tmp_path: Path, document: Document) -> None:
    async def play(player: Player) -> None:
        seen = await player.until("✗ workbench is not installed")
        assert "2 claims name no storage class, and the cluster has no default one." in seen
        assert "→ --set storage.type=class --set storage.name=standard" in seen
        api.patch(CLASS, {"metadata": {"annotations": {DEFAULT: "true"}}})
        await player.press("r")
        assert "15 created" in await player.until("✓ workbench is installed")

    with served("no-default-storageclass", tmp_path) as kubeconfig, Api(kubeconfig) as api:
        loaded = document(kubeconfig)
        playing(lambda: InstallScreen(loaded), play)


def test_what_is_waited_for_is_explained_and_mended_while_the_install_goes_on(
    tmp_path: Path, waiting: Callable[[Path], LoadedInstall]
) -> None:
    async def play(player: Player) -> None:
        seen = await player.until("F4 mends it")
        assert "✗ store: " in seen
        await player.press("f4")
        seen = await player.until("Change it")
        assert "patch StorageClass.storage.k8s.io/standard" in seen
        assert "is-default-class" in seen
        assert api.get(CLASS)["metadata"]["annotations"][DEFAULT] == "false"  # nothing is done without a word
        await player.press("down", "enter")
        await player.until("✓ workbench is installed")
        assert api.get(CLASS)["metadata"]["annotations"][DEFAULT] == "true"

    with served("no-default-storageclass", tmp_path) as kubeconfig, Api(kubeconfig) as api:
        api.create("/api/v1/namespaces", {"metadata": {"name": "late"}})
        api.create("/api/v1/namespaces/late/persistentvolumeclaims", CLAIM)
        loaded = waiting(kubeconfig)
        playing(lambda: InstallScreen(loaded), play)


def test_a_registry_out_of_reach_is_named_while_it_is_waited_for(tmp_path: Path, document: Document) -> None:
    async def play(player: Player) -> None:
        seen = await player.until("The node cannot look up the registry's name: 2 images from ghcr.io, quay.io")
        assert "→ Give the node a resolver that works." in seen
        await player.press("f3")
        await player.until("What is waited for")
        assert "holds back: " in player.text()
        await player.press("escape")
        await player.until(lambda: "What is waited for" not in player.text())
        await player.press("ctrl+c", "ctrl+c")
        await player.until("- workbench: stopped")

    with served("gcr-blocked", tmp_path) as kubeconfig:
        loaded = document(kubeconfig)
        playing(lambda: InstallScreen(loaded), play, (120, 40))


def test_stopping_asks_and_the_same_document_goes_on_to_what_did_not_come_up(
    tmp_path: Path, document: Document
) -> None:
    async def stop(player: Player) -> None:
        await player.until("✗ jupyter, mlflow, sample-training: The node cannot look up")
        await player.press("escape")
        seen = await player.until("Stop the install?")
        assert "Go on installing" in seen
        await player.press("enter")  # the safe answer has the focus
        await player.until(lambda: "Stop the install?" not in player.text())
        await player.press("ctrl+c")
        await player.until("Stop the install?")
        await player.press("down", "enter")
        await player.until("- workbench: stopped")
        await player.until("The same install goes on from here.")
        await player.press("escape")
        await player.until(lambda: player.ends)
        assert player.ends == ["stopped"]

    async def resume(player: Player) -> None:
        assert "15 unchanged" in await player.until("✗ workbench is not ready in time")
        seen = await player.until("3 objects failed")
        assert "✗ The node cannot look up the registry's name" in seen
        await player.press("tab", "tab", "tab", "tab", "end")
        assert "$ kfinstall install -f" in await player.until("The log (l: read it):")

    with served("gcr-blocked", tmp_path) as kubeconfig:
        loaded = document(kubeconfig)
        playing(lambda: InstallScreen(loaded), stop)
        loaded = document(kubeconfig, "wait.timeout=1s")
        playing(lambda: InstallScreen(loaded, Origin(tmp_path / "install.yaml")), resume, (120, 40))


def test_a_second_ctrl_c_stops_at_once_and_the_doctor_can_be_asked_why_it_had_to(
    tmp_path: Path, document: Document
) -> None:
    async def play(player: Player) -> None:
        await player.until("0/1 ready")
        await player.press("ctrl+c", "ctrl+c")
        await player.until("- workbench: stopped")
        await player.press("d")
        await player.until("The node cannot look up the registry's name")

    with served("gcr-blocked", tmp_path) as kubeconfig:
        loaded = document(kubeconfig)
        playing(lambda: InstallScreen(loaded), play)


def test_the_log_can_be_filtered_and_is_kept(tmp_path: Path, document: Document) -> None:
    async def play(player: Player) -> None:
        await player.until("0/1 ready")
        await player.press("f2", *"claim")
        await player.until("created PersistentVolumeClaim/workbench/mlflow")
        assert "Deployment" not in player.text().partition("───")[0]
        await player.press("f2")
        await player.until("▼ … jupyter")
        await player.press("ctrl+c", "ctrl+c")
        await player.until("- workbench: stopped")

    with served("gcr-blocked", tmp_path) as kubeconfig:
        loaded = document(kubeconfig)
        playing(lambda: InstallScreen(loaded), play)
    [log] = (state_home() / "logs").iterdir()
    assert log.stat().st_mode & 0o777 == 0o600
    text = log.read_text()
    assert "created   Deployment.apps/workbench/mlflow" in text
    assert "Stopping at once." in text
