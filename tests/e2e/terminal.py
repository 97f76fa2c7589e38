"""A real terminal, with tmux as the screen and the keyboard."""

from __future__ import annotations

import secrets
import shlex
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import Kfinstall
from tests.patience import PATIENCE


class Terminal:
    """A pane of a size; what stands in it can be read, and keys can be sent to it."""

    def __init__(self, folder: Path, width: int, height: int, command: str) -> None:
        self.width, self.height = width, height
        self._socket = f"kfinstall-{secrets.token_hex(4)}"
        size = ["-x", str(width), "-y", str(height)]
        self._tmux("-f", "/dev/null", "new-session", "-d", *size, "-c", str(folder), command)

    def close(self) -> None:
        self._tmux("kill-server")

    def keys(self, *keys: str) -> None:
        self._tmux("send-keys", *keys)

    def lines(self) -> list[str]:
        """The lines that stand in the pane."""
        return self._tmux("capture-pane", "-p").rstrip("\n").split("\n")

    def until(self, seen: Callable[[str], object], what: str) -> list[str]:
        """Wait until something stands in the pane."""
        deadline = time.monotonic() + PATIENCE
        while True:
            lines = self.lines()
            if seen("\n".join(lines)):
                return lines
            assert time.monotonic() < deadline, f"no {what} in\n" + "\n".join(lines)
            time.sleep(0.05)

    def _tmux(self, *arguments: str) -> str:
        done = subprocess.run(["tmux", "-L", self._socket, *arguments], capture_output=True, text=True, check=True)
        return done.stdout


Open = Callable[..., Terminal]


@pytest.fixture
def opened(kfinstall: Kfinstall, tmp_path: Path) -> Iterator[Open]:
    """Opens terminals in which kfinstall runs; its exit code stands there afterwards. program: instead of kfinstall."""
    terminals: list[Terminal] = []

    def run(*arguments: str, size: tuple[int, int] = (110, 250), program: str = "", **environment: str) -> Terminal:
        needed = ("HOME", "KUBECONFIG", "XDG_STATE_HOME", "XDG_CACHE_HOME", "PATH")
        exports = {**{key: kfinstall.environment[key] for key in needed}, "LANG": "C.UTF-8", **environment}
        script = tmp_path / f"run-{len(terminals)}.sh"
        lines = [f"export {key}={shlex.quote(value)}" for key, value in exports.items()]
        command = program or shlex.join(kfinstall.command(*arguments))
        script.write_text("\n".join([*lines, command, 'echo "exit code $?"', "sleep 600\n"]))
        terminals.append(Terminal(tmp_path, *size, f"bash --norc {shlex.quote(str(script))}"))
        return terminals[-1]

    yield run
    for each in terminals:
        each.close()
    kfinstall("sandbox", "stop")
