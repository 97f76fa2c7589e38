"""The interface beside an empty one of textual: what the first picture costs, and whether anything blocks a picture.

The install is that of a whole Kubeflow into a practice cluster, which is a process of its own, seen at a terminal of
120x40. All in one run on one machine: only the ratios mean anything elsewhere. Run with `make bench`.
"""

import asyncio
import fcntl
import json
import os
import pty
import select
import signal
import struct
import sys
import tempfile
import termios
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from textual.app import App, ComposeResult
from textual.screen import Screen
from textual.widgets import Static

from kfinstall.guide.undertaking import Undertaking
from kfinstall.model.load import load
from kfinstall.registry import platforms
from kfinstall.sandbox import running
from kfinstall.tui.app import Guided, run
from kfinstall.tui.install_screen import InstallScreen
from kfinstall.tui.result_screen import ResultScreen
from tests.golden.test_releases import ARCHIVES, SOURCES
from tests.tui.heart import Heart, told

ROUNDS = 5
SPEED = 100.0
PATIENCE = 900.0
FIRST = "Install Kubeflow"
EMPTY = f"""
from textual.app import App
from textual.widgets import Static
class Empty(App):
    def compose(self):
        yield Static({FIRST!r})
Empty().run()
"""
IDLE = 10.0
"""Seconds that the empty interface is listened to."""


def main() -> int:
    """Measure everything and print it."""
    first_paint()
    with tempfile.TemporaryDirectory() as folder:
        beats(Path(folder))
    return 0


def first_paint() -> None:
    """CPU seconds until the first picture stands, of all threads."""
    python = _least([sys.executable, "-c", f"print({FIRST!r}); input()"])
    imported = _least([sys.executable, "-c", f"import textual.app; print({FIRST!r}); input()"])
    empty = _least([sys.executable, "-c", EMPTY])
    ours = _least([sys.executable, "-m", "kfinstall"])
    sys.stdout.write(
        f"first picture: {ours:.3f} s of CPU, {ours / empty:.2f}x an empty textual ({empty:.3f}), of which "
        f"`import textual.app` {imported - python:.3f}, an empty Python {python:.3f}\n"
    )


def _least(command: list[str]) -> float:
    return min(_until_painted(command) for _round in range(ROUNDS))


def _until_painted(command: list[str]) -> float:
    pid, terminal = _at_terminal(command, {}, (80, 24))
    seen = b""
    while FIRST.encode() not in seen:
        seen += os.read(terminal, 65536)
    busy = sum(
        int((task / "schedstat").read_text(encoding="ascii").split()[0]) for task in Path(f"/proc/{pid}/task").iterdir()
    )
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    os.close(terminal)
    return busy / 1e9


def beats(folder: Path) -> None:
    """What blocks a picture while a whole Kubeflow is installed, and while nothing is done."""
    running.start(speed=SPEED, home=folder / "sandbox")
    try:
        document = folder / "install.yaml"
        document.write_text(json.dumps(_document()), encoding="utf-8")
        environment = {"KUBECONFIG": str(folder / "sandbox" / "kubeconfig"), "XDG_STATE_HOME": str(folder / "state")}
        environment["XDG_CACHE_HOME"] = str(folder / "cache")
        idle = _listened("idle", folder, environment)
        for name in ("rendered anew", "the same again"):
            found = _listened("install", folder, environment)
            sys.stdout.write(f"an install, {name}: {found['objects']} objects, {found['seconds']:.0f} s, ")
            sys.stdout.write(f"{found['memory']:.0f} MiB at most ({idle['memory']:.0f} empty)\n")
            for what in ("busy", "blocked", "late"):
                ours, peers = found[what], idle[what]
                sys.stdout.write(f"  {what:8} {told(ours):44} an empty textual: {told(peers)}\n")
    finally:
        running.stop(folder / "sandbox")


def _document() -> Mapping[str, object]:
    return {
        "apiVersion": "kfinstall.io/v1alpha1",
        "kind": "Install",
        "metadata": {"name": "kubeflow"},
        "platform": {"type": "existing"},
        "kubeflow": {"preset": "kubeflow-1.10"},
        "sources": {url: str(ARCHIVES / name) for url, name in SOURCES.items()},
    }


def _listened(which: str, folder: Path, environment: Mapping[str, str]) -> dict[str, Any]:
    """Run this module's own screen at a terminal; what it found out."""
    command = [sys.executable, "-m", "tests.bench.screens", which, str(folder)]
    pid, terminal = _at_terminal(command, environment, (120, 40))
    deadline, shown = time.monotonic() + PATIENCE, b""
    while time.monotonic() < deadline:
        ready, _to_write, _odd = select.select([terminal], [], [], 1.0)
        try:
            shown = (shown + os.read(terminal, 65536))[-4000:] if ready else shown
        except OSError:  # the program has ended: https://man7.org/linux/man-pages/man7/pty.7.html
            break
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    os.close(terminal)
    file = folder / f"{which}.json"
    if not file.exists():
        raise RuntimeError(shown.decode(errors="replace"))
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found


def _at_terminal(command: list[str], environment: Mapping[str, str], size: tuple[int, int]) -> tuple[int, int]:
    """Start a program at a terminal of so many columns and rows: its process, and our end of the terminal."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(command[0], command, {**os.environ, "TERM": "xterm-256color", **environment})  # noqa: S606 - our own program
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
    return pid, terminal


# What runs at the terminal


class Empty(App[None]):
    """Shows a screen with a line, until it has been listened to for long enough."""

    heart = Heart()

    def on_ready(self) -> None:
        self.push_screen(Line())
        self.beating = asyncio.create_task(self.heart.beat())
        self.set_timer(IDLE, self._end)

    def _end(self) -> None:
        self.beating.cancel()  # an end waits for the thread that reads keys, which nobody sees
        self.exit()


class Line(Screen[None]):
    def compose(self) -> ComposeResult:
        yield Static(FIRST)


class Installing(Guided):
    """Installs the document of a folder, and ends when the result is there.

    It is listened to from the moment that the screen of the install is shown, with all loaded that the review before
    it has loaded.
    """

    heart = Heart()

    def __init__(self, folder: Path) -> None:
        loaded = load([str(folder / "install.yaml")], platforms=platforms().options, environ=os.environ)
        self.install = InstallScreen(loaded)
        super().__init__(Line)

    def on_ready(self) -> None:
        super().on_ready()
        self.push_screen(self.install)
        self.began = time.monotonic()
        self.beating = asyncio.create_task(self.heart.beat())
        self.set_interval(0.5, self._over)

    def _over(self) -> None:
        if isinstance(self.screen, ResultScreen) and self.screen.is_mounted:
            self.beating.cancel()  # as above
            self.exit()


def _at_the_terminal(which: str, folder: Path) -> None:
    app: Empty | Installing = Empty() if which == "idle" else Installing(folder)
    if isinstance(app, Installing):
        run(app)
    else:
        app.run()
    found = {"busy": app.heart.busy, "late": app.heart.late, "blocked": app.heart.blocked, "memory": _peak()}
    if isinstance(app, Installing):
        undertaking = app.install.undertaking
        assert isinstance(undertaking, Undertaking)  # imported above: the review has loaded it, too
        assert undertaking.ending
        found |= {"objects": undertaking.board.counts().total(), "seconds": time.monotonic() - app.began}
        found["result"] = undertaking.ending.result
    (folder / f"{which}.json").write_text(json.dumps(found), encoding="utf-8")


def _peak() -> float:
    """MiB of memory that this process had at most."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))) / 1024


if __name__ == "__main__":
    if sys.argv[1:]:
        _at_the_terminal(sys.argv[1], Path(sys.argv[2]))
    else:
        sys.exit(main())
