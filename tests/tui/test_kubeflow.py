"""Whole installs through the screen: a real Kubeflow on the practice cluster, a workbench on a real control plane."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kfinstall.engine.journal import applied
from kfinstall.engine.state_folder import state_home
from kfinstall.model.load import LoadedInstall, load
from kfinstall.registry import platforms
from kfinstall.sandbox import scenario as scenarios
from kfinstall.sandbox.running import throwaway
from kfinstall.tui.install_screen import InstallScreen
from tests.controlplane.api import Api
from tests.controlplane.server import ControlPlane
from tests.golden.test_releases import ARCHIVES, SOURCES
from tests.sandbox.conftest import served
from tests.tui.conftest import INSTALL, Document
from tests.tui.heart import listening
from tests.tui.playing import Player, playing

SPEED = 100.0


@pytest.mark.skipif(not ARCHIVES.is_dir(), reason=f"the archives of the releases are not in {ARCHIVES}")
def test_kubeflow_on_the_practice_cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def play(player: Player) -> None:
        await player.until("katib", patience=240)
        async with listening() as heart:
            await player.until("✓ kubeflow is installed", patience=500)
        print(heart)
        assert "FAILED" not in player.text()

    with throwaway(scenarios.load("healthy"), SPEED) as kubeconfig:
        monkeypatch.setenv("KUBECONFIG", str(kubeconfig))
        sources = "\n".join(f"  {url}: {ARCHIVES / name}" for url, name in SOURCES.items())
        loaded = _loaded(tmp_path, "preset: kubeflow-1.10, components: {}", f"sources:\n{sources}\n", "480s")
        playing(lambda: InstallScreen(loaded), play, (120, 40))


def test_a_workbench_on_a_real_control_plane(fresh_control_plane: ControlPlane, document: Document) -> None:
    async def play(player: Player) -> None:
        await player.until("✓ workbench is installed")
        assert "15 created" in player.text()

    kubeconfig = fresh_control_plane.kubeconfig()
    # it has no storage classes, and no nodes on which pods could run
    loaded = document(kubeconfig, "wait.enabled=false", "storage.type=static")
    playing(lambda: InstallScreen(loaded), play)
    with Api(kubeconfig) as api:
        assert api.get("/apis/apps/v1/namespaces/workbench/deployments/jupyter")


def test_what_a_killed_program_did_is_not_done_again(tmp_path: Path, document: Document) -> None:
    async def play(player: Player) -> None:
        await player.until("is not ready in time")
        assert "15 unchanged" in player.text()

    with served("gcr-blocked", tmp_path) as kubeconfig:
        loaded = document(kubeconfig, "wait.timeout=1s")
        program = [sys.executable, "-m", "tests.tui.killed", str(tmp_path / "install.yaml")]
        with subprocess.Popen(program, env={**os.environ, "KUBECONFIG": str(kubeconfig)}) as process:
            deadline = time.monotonic() + 60
            while not (done := _journalled()) or done < 15:
                assert time.monotonic() < deadline
                time.sleep(0.1)
            process.send_signal(signal.SIGKILL)
        playing(lambda: InstallScreen(loaded), play)


def _journalled() -> int:
    return sum(len(applied(path)) for path in state_home().glob("*/journal-workbench.jsonl"))


def _loaded(folder: Path, kubeflow: str, more: str, timeout: str) -> LoadedInstall:
    text = INSTALL.replace("preset: starter", kubeflow).replace("workbench", "kubeflow").replace("60s", timeout)
    (folder / "install.yaml").write_text(text + more)
    return load([str(folder / "install.yaml")], platforms=platforms().options, environ=os.environ)
