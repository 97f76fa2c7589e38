"""The README's pictures: screens of the application with a practice cluster behind them, and the demo's words; and
pictures of every screen in every size and look, by which tests see what changed.

`make pictures` takes them anew, into the folder `shown` beside this file.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from textual.screen import Screen

from kfinstall.contracts.platform import ClusterAccess
from kfinstall.guide.draft import Draft
from kfinstall.model.load import load
from kfinstall.registry import platforms
from kfinstall.tui.doctor_screen import DoctorScreen
from kfinstall.tui.home import Home
from kfinstall.tui.install_screen import InstallScreen
from kfinstall.tui.origin import Origin
from kfinstall.tui.walk import Walk
from kfinstall.words import LANGUAGES
from tests.sandbox.conftest import served
from tests.tui.album import DOCUMENT
from tests.tui.conftest import INSTALL
from tests.tui.picture import drawn, shown
from tests.tui.playing import Player, playing
from tests.tui.test_screens import drawn_by

SHOWN = Path(__file__).parent / "shown"
SIZE = (104, 30)


def take(name: str, screen: Callable[[], Screen[Any]], ready: str) -> None:
    """One picture, once a text stands on the screen."""

    async def play(player: Player) -> None:
        await player.until(ready)
        await player.until(lambda: "looking" not in player.text() and "Quit" in player.text())
        await player.pilot.pause(0.5)
        (SHOWN / f"{name}.svg").write_text(drawn(player.app, shown(player.app)), encoding="utf-8")

    playing(screen, play, SIZE)


def pictures(folder: Path) -> None:
    """All of them; folder: for what the practice cluster keeps."""
    with served("no-default-storageclass", folder) as kubeconfig:
        os.environ["KUBECONFIG"] = str(kubeconfig)
        take("home", Home, "Practice")
        for step, ready in (("platform", "minikube"), ("components", "Together")):
            draft = Draft(json.loads(json.dumps(DOCUMENT)), step=step)
            take(step, lambda draft=draft: Walk(draft), ready)  # type: ignore[misc]
        file = folder / "install.yaml"
        file.write_text(INSTALL, encoding="utf-8")
        change = ["storage.type=static"]
        loaded = load([str(file)], change, platforms=platforms().options, environ=os.environ)
        take("install", lambda: InstallScreen(loaded, Origin(file)), "F4 mends it")
        take("doctor", lambda: DoctorScreen(ClusterAccess(kubeconfig)), "thing to mend")


def screens(language: str) -> None:
    """Pictures of every screen, for tests.tui.test_screens."""
    folder = SHOWN / "screens" / language
    shutil.rmtree(folder, ignore_errors=True)
    environment = {**os.environ, "LANGUAGE": language, "LANG": "C.UTF-8"}
    with tempfile.TemporaryDirectory() as name:
        album = [sys.executable, "-m", "tests.tui.album", name]
        subprocess.run(album, env=environment, check=True)
        folder.mkdir(parents=True)
        for page in Path(name).glob("*.svg"):
            shutil.copy(page, folder)
        sys.stderr.write((Path(name) / "faults.json").read_text(encoding="utf-8") + "\n")


def demo() -> str:
    """What `make demo` prints, without what is other in every run."""
    played = [sys.executable, "-m", "tests.e2e.demo"]
    done = subprocess.run(played, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True)
    said = re.sub(rf"{re.escape(tempfile.gettempdir())}/[^/\s]+", "~", done.stdout)
    return re.sub(r":\d{4,5}\b", ":PORT", said)


@contextlib.contextmanager
def nobodys_home() -> Iterator[Path]:
    """An environment in which nothing is installed and nothing was done yet."""
    with tempfile.TemporaryDirectory() as name:
        for variable in ("HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"):
            os.environ[variable] = name
        os.environ["PATH"] = name
        yield Path(name)


def main() -> None:
    """Take the pictures, then play the demo."""
    SHOWN.mkdir(exist_ok=True)
    for language in LANGUAGES:
        screens(language)
    (SHOWN / "screens" / "drawn-by.txt").write_text(drawn_by(), encoding="utf-8")
    with nobodys_home() as folder:
        pictures(folder)
        (SHOWN / "demo.txt").write_text(demo(), encoding="utf-8")


if __name__ == "__main__":
    main()
