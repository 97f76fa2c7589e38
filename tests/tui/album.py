"""Pictures of every screen in every size, in the language that LANGUAGE says: python -m tests.tui.album FOLDER BEFORE

`SCREEN-80x24.txt` has the characters of a screen, `SCREEN-80x24.svg` its picture where they are others than BEFORE, and
`faults.json` what is wrong with some of them whatever they show: a line that is too long, a focus that cannot be seen,
colours that cannot be read, other characters in another look. What is other in every run is made the same: clocks,
ports, the size of the machine.
"""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from rich.cells import cell_len
from textual.screen import Screen

from kfinstall.contracts.event import (
    Event,
    Outcome,
    Result,
    RunFinished,
    StepFinished,
    StepStarted,
    Waiting,
)
from kfinstall.engine.control import Control
from kfinstall.engine.preparation import Preparation
from kfinstall.engine.state_folder import state_home
from kfinstall.engine.telling import summary
from kfinstall.guide.draft import Draft, draft_path
from kfinstall.guide.undertaking import Undertaking
from kfinstall.model.load import LoadedInstall, load
from kfinstall.registry import platforms
from kfinstall.tui.asking import Asking
from kfinstall.tui.doctor_screen import DoctorScreen
from kfinstall.tui.help import Help, Page
from kfinstall.tui.home import Home
from kfinstall.tui.install_screen import InstallScreen
from kfinstall.tui.reading import Reading
from kfinstall.tui.result_screen import ResultScreen
from kfinstall.tui.review import Review
from kfinstall.tui.walk import Walk
from kfinstall.words import _
from tests.patience import PATIENCE
from tests.sandbox.conftest import served
from tests.tui.conftest import INSTALL
from tests.tui.playing import Player, playing
from tests.tui.reading import contrast, lines
from tests.unit.doctor.clusters import body, event, pod, unschedulable
from tests.unit.platforms.local import LIMITS, WORKSTATION

SIZES = ((80, 24), (120, 40), (60, 15))
STEPS = ("platform", "options", "kubeflow", "components", "storage", "access", "images", "rights")
DOCUMENT = {
    "platform": {"type": "minikube"},
    "kubeflow": {"preset": "kubeflow-26.03"},
    "access": {"type": "node-port", "users": [{"email": "ada@example.com", "password": "${KF_PASSWORD}"}]},
}
READABLE = 4.5
"""https://www.w3.org/TR/WCAG22/#contrast-minimum"""

WHY = "0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims."
STILL = 4
"""So many looks at a screen have to be the same: a busy machine may draw it in between."""


@dataclass
class Album:
    """Takes pictures into a folder; an SVG only where the characters are others than those in `before`."""

    folder: Path
    before: Path
    faults: list[str] = field(default_factory=list)

    async def take(self, player: Player, name: str) -> None:
        """The screen in front of the user, in every size, and in the first one in every look."""
        for size in (*SIZES[1:], SIZES[0]):
            await player.pilot.resize_terminal(*size)
            await settled(player, size)
            page = f"{name}-{size[0]}x{size[1]}"
            text = in_order(player.text()) + "\n"
            (self.folder / f"{page}.txt").write_text(text, encoding="utf-8")
            self._look_at(player, page, *size)
            self._keep(player, page, text)
        for theme in ("dark", "light", "contrast"):
            player.pilot.app.theme = theme
            await settled(player, SIZES[0])
            self._read(player, name, text)
        player.pilot.app.theme = "dark"

    def _keep(self, player: Player, page: str, text: str) -> None:
        golden = self.before / f"{page}.txt"
        if golden.exists() and golden.read_text(encoding="utf-8") != text:
            picture = in_order(player.pilot.app.export_screenshot())
            (self.folder / f"{page}.svg").write_text(picture, encoding="utf-8")

    def _look_at(self, player: Player, page: str, width: int, height: int) -> None:
        found = player.lines()
        if len(found) != height or max(map(cell_len, found)) > width:
            self.faults.append(f"{page}: does not fit")
        focused = player.screen.focused
        if focused is None or not player.screen.region.contains_region(focused.region):
            self.faults.append(f"{page}: what has the focus cannot be seen")

    def _read(self, player: Player, page: str, text: str) -> None:
        theme = player.pilot.app.theme
        if in_order(player.text()) + "\n" != text:
            self.faults.append(f"{page}: other characters in {theme}")
        for words, front, back in lines(player):
            if contrast(front, back) < READABLE:
                self.faults.append(f"{page}: {words!r} cannot be read in {theme}: {front.hex} on {back.hex}")


async def settled(player: Player, size: tuple[int, int]) -> None:
    """Wait until the screen has its size and nothing moves any more."""
    deadline, same, before = time.monotonic() + PATIENCE, 0, ""
    while same < STILL:
        await player.pilot.pause(0.04)
        now = in_order(player.text())
        sized = player.screen.size == size and len(player.lines()) == size[1]
        same, before = (same + 1 if sized and now == before else 0), now
        assert time.monotonic() < deadline, now


def in_order(text: str) -> str:
    """Without what is other in every run; as wide as before."""
    text = re.sub(r"(127\.0\.0\.1:)\d{5}", r"\g<1>50505", text)
    return re.sub(r"\b\d\d:\d\d:\d\d\b", "12:34:56", text)


def play(album: Album, screen: Callable[[], Screen[Any]], *acts: tuple[str, Callable[[Player], Any]]) -> None:
    """Show a screen; before each picture, do what leads to it."""

    async def played(player: Player) -> None:
        for name, act in acts:
            await act(player)
            await album.take(player, name)

    playing(screen, played, SIZES[0])


def press(*keys: str, then: Callable[[Player], object] = lambda _player: True) -> Callable[[Player], Any]:
    """Press keys, and wait for something."""

    async def act(player: Player) -> None:
        await player.press(*keys)
        await player.until(lambda: then(player))

    return act


def shows(kind: type[Screen[Any]]) -> Callable[[Player], object]:
    return lambda player: isinstance(player.screen, kind)


# The screens


def home(album: Album) -> None:
    """Home, where nothing is, and what it leads to."""

    def looked(player: Player) -> object:
        return _("looking …") not in player.text()

    play(album, Home, ("home", press(then=looked)), ("practice", press("down", "enter", then=_known)))
    draft_path(state_home()).unlink(missing_ok=True)


def _known(player: Player) -> object:
    """Nothing is looked for any more, so that nothing comes in while pictures are taken."""
    return isinstance(player.screen, Walk) and not player.screen.known.awaited


def walk(album: Album) -> None:
    """Every step of a walk, a list to choose from, and the help."""

    def walked(player: Player) -> Walk:
        assert isinstance(player.screen, Walk)
        return player.screen

    def to(step: str) -> Callable[[Player], Any]:
        async def act(player: Player) -> None:
            await walked(player)._go(step)
            await player.until(lambda: _known(player))

        return act

    def loaded(player: Player) -> object:
        return player.screen.query("#state") and _("Loading …") not in player.text()

    steps = [(step, to(step)) for step in STEPS]
    draft = Draft(json.loads(json.dumps(DOCUMENT)), step="platform")
    more = [
        ("choosing", press("enter", then=loaded)),
        ("help", press("escape", "f1", then=shows(Help))),
        ("file", press("escape", "f2", then=shows(Page))),
    ]
    play(album, lambda: Walk(draft), *steps[:2], *more, ("again", press("escape", then=shows(Walk))), *steps[2:])


def installs(album: Album, folder: Path) -> None:
    """The review of a plan and of one that is refused, and the results of the two."""
    document = {"platform": {"type": "existing"}, "kubeflow": {"preset": "starter"}}

    def reviewed(player: Player) -> object:
        return isinstance(player.screen, Review) and player.screen.outlook is not None

    with cluster("laptop-too-small", folder / "fits") as kubeconfig:
        play(album, lambda: Walk(Draft(document, step="review")), ("review", press(then=reviewed)))
        loaded = _loaded(folder / "fits", kubeconfig, INSTALL)
        play(album, lambda: ResultScreen(_over(loaded), Path("install.yaml")), ("result", press(then=_told)))
    with cluster("no-default-storageclass", folder / "waits") as kubeconfig:
        play(album, lambda: Walk(Draft(document, step="review")), ("review-refused", press(then=reviewed)))
        refused = _loaded(folder / "waits", kubeconfig, INSTALL)
        play(album, lambda: ResultScreen(_over(refused), None), ("result-failed", press(then=_told)))


def under_way(album: Album, folder: Path) -> None:
    """An install half way through its plan, and what is asked of whoever stops it. Its clock stands still."""

    def waits(player: Player) -> object:
        return isinstance(player.screen, InstallScreen) and WHY[:9] in player.text()

    with cluster("healthy", folder / "half") as kubeconfig, pytest.MonkeyPatch.context() as patch:
        patch.setattr("kfinstall.guide.undertaking.carried_out", half_way)
        patch.setattr(os, "cpu_count", lambda: 1)  # so that applications are rendered one after the other
        patch.setattr("kfinstall.guide.board.time", SimpleNamespace(monotonic=lambda: 1000.0))
        patch.setattr("kfinstall.tui.install_screen.time", SimpleNamespace(monotonic=lambda: 1012.0))
        loaded = _loaded(folder / "half", kubeconfig, INSTALL)
        acts = [("install", press(then=waits)), ("install-stop", press("escape", then=shows(Asking)))]
        play(album, lambda: InstallScreen(loaded, Path("install.yaml")), *acts)


def half_way(preparation: Preparation, control: Control) -> Iterator[Event]:
    """Of the steps of a plan the first two thirds are done, and the next is waited for until somebody stops it."""
    steps = preparation.prepared.plan.steps
    done = 2 * len(steps) // 3
    for step in steps[:done]:
        yield StepStarted(step.id, step.application)
        yield StepFinished(step.id, step.application, Outcome.CREATED, 0.5)
    await_ = next(step for step in steps[done:] if step.id.startswith("await "))
    yield StepStarted(await_.id, await_.application)
    yield Waiting(await_.id, await_.application, WHY)
    while not control.stopping:
        time.sleep(0.02)
    yield RunFinished(Result.STOPPED, {}, 0, 0.0)


def _told(player: Player) -> object:
    return isinstance(player.screen, ResultScreen) and _("Looking …") not in player.text()


def _loaded(folder: Path, kubeconfig: Path, text: str) -> LoadedInstall:
    os.environ["KUBECONFIG"] = str(kubeconfig)
    (folder / "install.yaml").write_text(text)
    return load([str(folder / "install.yaml")], platforms=platforms().options, environ=os.environ)


def _over(loaded: LoadedInstall) -> Undertaking:
    """An install that has come to its end."""
    undertaking = Undertaking(loaded)
    undertaking.start()
    deadline = time.monotonic() + PATIENCE
    while undertaking.ending is None:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    undertaking.log.path = Path("~/.local/state/kfinstall/logs/workbench.log")
    return undertaking


def doctor(album: Album, folder: Path) -> None:
    """The doctor's screen of a copy of a cluster: findings, all of one, what nodes offer."""
    folder.mkdir()
    for name, items in _troubled().items():
        (folder / f"{name}.json").write_text(json.dumps({"kind": "List", "items": items}))
    os.chdir(folder.parent)

    def found(player: Player) -> object:
        return isinstance(player.screen, DoctorScreen) and not player.screen._busy

    acts = [
        ("doctor", press(then=found)),
        ("doctor-details", press("enter", then=shows(Reading))),
        ("doctor-capacity", press("escape", "2", then=shows(DoctorScreen))),
        ("doctor-gpus", press("3")),
        ("doctor-help", press("f1", then=shows(Help))),
    ]
    play(album, lambda: DoctorScreen(source=Path(folder.name)), *acts)


def _troubled() -> dict[str, list[dict[str, Any]]]:
    """Two nodes of which one has GPUs, a claim that nothing provides for, pods that find no room."""
    sizes = {"cpu": "4", "memory": "16Gi", "pods": "110", "ephemeral-storage": "100Gi"}
    rooms = {"node-1": sizes, "node-2": {**sizes, "nvidia.com/gpu": "2"}}
    ready = {"conditions": [{"type": "Ready", "status": "True"}]}
    nodes = [
        body("Node", name, status={"allocatable": room, "capacity": room, **ready}) for name, room in rooms.items()
    ]
    volume = [{"name": "data", "persistentVolumeClaim": {"claimName": "mysql"}}]
    requests = {"cpu": "6", "memory": "8Gi", "nvidia.com/gpu": "1"}
    large = [{"name": "main", "image": "example.com/a:1", "resources": {"requests": requests}}]
    used = {"requests": {"cpu": "3500m", "memory": "12Gi", "nvidia.com/gpu": "1"}}
    running = [{"name": "main", "image": "example.com/a:1", "resources": used}]
    pods = [
        pod("mysql-0", volumes=volume, status=unschedulable("0/2 nodes are available: pod has unbound claims.")),
        pod("train-0", "team", containers=large, status=unschedulable("0/2 nodes are available: 2 Insufficient cpu.")),
        pod("notebook-0", "team", containers=running, nodeName="node-2", status={"phase": "Running", **ready}),
    ]
    claim = body("PersistentVolumeClaim", "mysql", "kubeflow", status={"phase": "Pending"},
                 spec={"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "20Gi"}}})  # fmt: skip
    return {
        "nodes": nodes,
        "pods": pods,
        "persistentvolumeclaims": [claim],
        "storageclasses.storage.k8s.io": [],
        "events": [event(pods[1], "FailedScheduling", "0/2 nodes are available: 2 Insufficient cpu.")],
    }


@contextmanager
def cluster(scenario: str, folder: Path) -> Iterator[Path]:
    """The kubeconfig of a practice cluster, which is the user's meanwhile."""
    folder.mkdir()
    with served(scenario, folder) as kubeconfig:
        os.environ["KUBECONFIG"] = str(kubeconfig)
        yield kubeconfig


def in_a_place_like_any(home: Path) -> None:
    """A machine of a certain size with nothing on it, and clocks that stand still."""
    for variable in ("HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"):
        os.environ[variable] = str(home)
    os.environ["KUBECONFIG"], os.environ["PATH"] = str(home / "none"), str(home / "bin")
    for variable in ("NO_COLOR", "KFINSTALL_THEME"):
        os.environ.pop(variable, None)
    patch = pytest.MonkeyPatch()
    patch.setattr("kfinstall.engine.host.this_machine", lambda: WORKSTATION)
    patch.setattr("kfinstall.engine.host.sysctl", LIMITS.get)
    patch.setattr("kfinstall.tui.result_screen.summary", lambda finished: summary(replace(finished, seconds=2.0)))


def main() -> None:
    """Take all pictures."""
    album = Album(Path(sys.argv[1]).absolute(), Path(sys.argv[2]).absolute())
    album.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        in_a_place_like_any(place)
        home(album)
        walk(album)
        installs(album, place)
        under_way(album, place)
        doctor(album, place / "cluster")
        (album.folder / "faults.json").write_text(json.dumps(album.faults, ensure_ascii=False, indent=1))
        os.chdir("/")


if __name__ == "__main__":
    main()
