"""Pictures of every screen in every size and look, in the language that LANGUAGE says: python -m tests.tui.album FOLDER

Beside `SCREEN-80x24-dark.svg` and so on stands `faults.json`, what is wrong with some of them whatever they show: a
line that is too long, a focus that cannot be seen, colours that cannot be read, other characters in another look. What
is other in every run is made the same: clocks, ports, the size of the machine.
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
from textual.app import App
from textual.screen import Screen
from textual.widgets import Input

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
from kfinstall.tui.origin import Origin
from kfinstall.tui.reading import Reading
from kfinstall.tui.result_screen import ResultScreen
from kfinstall.tui.review import Review
from kfinstall.tui.themes import CONTRAST
from kfinstall.tui.walk import Walk
from kfinstall.words import _, spoken
from tests.patience import PATIENCE
from tests.sandbox.conftest import served
from tests.tui.conftest import INSTALL
from tests.tui.picture import Line, characters, drawn, rows, shown
from tests.tui.playing import Player, playing
from tests.tui.reading import contrast, pieces
from tests.unit.doctor.clusters import body, event, pod, unschedulable
from tests.unit.platforms.local import LIMITS, WORKSTATION

SIZES = ((80, 24), (120, 40), (60, 15))
LOOKS = ("dark", "light")
"""Those in which every size is taken, in every language."""

COLORLESS = "colorless"
ONCE = ("contrast", COLORLESS)
"""Of these one size in one language will do."""
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
    """Takes pictures into a folder."""

    folder: Path
    faults: list[str] = field(default_factory=list)

    async def take(self, player: Player, name: str) -> None:
        """The screen in front of the user, in every size and look; other looks must have the same characters."""
        keep_cursors(player)
        for size in SIZES[1:] + SIZES[:1]:
            await player.pilot.resize_terminal(*size)
            text: list[str] = []
            for look in looks(size, player.app.theme):
                put_on(player.app, look)
                lines = await settled(player, size)
                picture = in_order(drawn(player.app, lines))
                page = f"{name}-{called(size)}-{look}"
                (self.folder / f"{page}.svg").write_text(picture, encoding="utf-8")
                text = text or [in_order(characters(line)).rstrip() for line in lines]
                if rows(picture) != text:
                    self.faults.append(f"{page}: other characters than in another look, or than in the picture")
                self._look_at(player, page, text, size)

    def _look_at(self, player: Player, page: str, found: list[str], size: tuple[int, int]) -> None:
        width, height = size
        if len(found) != height or max(map(cell_len, found)) > width:
            self.faults.append(f"{page}: does not fit")
        focused = player.screen.focused
        if focused is None or not player.screen.region.contains_region(focused.region):
            self.faults.append(f"{page}: what has the focus cannot be seen")
        if size != SIZES[0] or player.app.no_color:
            return
        for words, front, back in pieces(player):
            if contrast(front, back) < READABLE:
                self.faults.append(f"{page}: {words!r} cannot be read: {front.hex} on {back.hex}")


def looks(size: tuple[int, int], worn: str = "") -> tuple[str, ...]:
    """Those in which pictures of a size are taken, beginning with the one that is worn."""
    both = LOOKS[::-1] if worn == LOOKS[1] else LOOKS
    return (*both, *(ONCE if size == SIZES[0] and spoken() == "en" else ()))


def called(size: tuple[int, int]) -> str:
    return f"{size[0]}x{size[1]}"


def put_on(app: App[Any], look: str) -> None:
    """Show an application in a look: a theme, or no colours."""
    app.no_color = look == COLORLESS
    app.theme = CONTRAST.name if app.no_color else look
    if app.no_color:  # from one look in high contrast to the other
        app.refresh_css(animate=False)


def keep_cursors(player: Player) -> None:
    """They blink no more, and are seen where the focus is."""
    for line in player.screen.query(Input):
        line.cursor_blink = False
        line._pause_blink(visible=line.has_focus)


async def settled(player: Player, size: tuple[int, int]) -> list[Line]:
    """Wait until the screen has its size and nothing moves any more; the lines that it shows then."""
    deadline, same, lines, painted = time.monotonic() + PATIENCE, 0, list[Line](), -1
    while same < STILL:
        await player.pilot.pause(0.02)
        now = lines if painted == player.app.painted else shown(player.app)
        painted = player.app.painted
        sized = player.screen.size == size and len(now) == size[1]
        same, lines = (same + 1 if sized and now == lines else 0), now
        assert time.monotonic() < deadline, player.text()
    return lines


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
        play(album, lambda: ResultScreen(_over(loaded), Origin(Path("install.yaml"))), ("result", press(then=_told)))
    with cluster("no-default-storageclass", folder / "waits") as kubeconfig:
        play(album, lambda: Walk(Draft(document, step="review")), ("review-refused", press(then=reviewed)))
        refused = _loaded(folder / "waits", kubeconfig, INSTALL)
        play(album, lambda: ResultScreen(_over(refused), Origin()), ("result-failed", press(then=_told)))


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
        play(album, lambda: InstallScreen(loaded, Origin(Path("install.yaml"))), *acts)


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
    album = Album(Path(sys.argv[1]).absolute())
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
