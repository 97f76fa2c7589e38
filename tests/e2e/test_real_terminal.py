"""What a user sees: an install in a real terminal, with tmux as the screen and the keyboard."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.controlplane.cluster import Cluster
from tests.e2e.conftest import Kfinstall
from tests.e2e.release import Release
from tests.e2e.terminal import Terminal

pytestmark = pytest.mark.skipif(shutil.which("tmux") is None, reason="no tmux to be the terminal")

SIZES = [(80, 24), (110, 45)]


@pytest.fixture(params=SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def terminal(
    request: pytest.FixtureRequest, connected: Kfinstall, release: Release, tmp_path: Path
) -> Iterator[Terminal]:
    """A terminal in which an install begins; afterwards its exit code stands there."""
    command = shlex.join(connected.command("install", "-f", release.install, "--timeout", "120s"))
    needed = {
        key: connected.environment[key] for key in ("HOME", "KUBECONFIG", "XDG_STATE_HOME", "XDG_CACHE_HOME", "PATH")
    }
    kustomize = connected.environment.get("KFINSTALL_KUSTOMIZE")
    script = tmp_path / "run.sh"
    exports = {**needed, **({"KFINSTALL_KUSTOMIZE": kustomize} if kustomize else {}), "LANG": "C.UTF-8"}
    lines = [f"export {key}={shlex.quote(value)}" for key, value in exports.items()]
    script.write_text("\n".join([*lines, command, 'echo "exit code $?"', "read -r _\n"]))
    width, height = request.param
    opened = Terminal(tmp_path, width, height, f"bash --norc {shlex.quote(str(script))}")
    yield opened
    opened.close()


def test_an_install_with_an_answer(
    terminal: Terminal, control_plane: Cluster, release: Release, request: pytest.FixtureRequest
) -> None:
    question = f"Install on {control_plane.url}? [y/N]:"
    asked = terminal.until(lambda text: question in text, "question")
    assert "Rendered 3 applications, 20 objects" in "\n".join(asked)
    assert f"{release.objects} to create, 0 to change, 0 as wanted already" in "\n".join(asked)
    terminal.keys("y", "Enter")
    waiting = terminal.until(lambda text: "Deployment.apps" in text and "✓" in text, "wait")
    counts = [line for line in waiting if re.search(r"^• (base|notebooks) +━.* \d+/\d+", line)]
    assert len(counts) == 2, waiting
    assert any(line.startswith("✓ 1 done") for line in waiting)
    assert any(f"Deployment.apps/{release.name}/" in line and "0/" in line for line in waiting)
    assert max(map(len, waiting)) <= terminal.width
    request.getfixturevalue("nodes")
    ended = terminal.until(lambda text: "exit code" in text, "end")
    text = "\n".join(ended)
    assert "exit code 0" in text
    assert re.search(rf"^{release.objects} created \(\d+\.\d s\)$", text, re.MULTILINE)
    assert "✓ 3 done" in text
    assert "━" not in text, "no bar of an application that is done"
    assert text.count("✓ ") == 1, "one picture, not a trail of them"
    assert max(map(len, ended)) <= terminal.width


def test_a_no_changes_nothing(terminal: Terminal, connected: Kfinstall, release: Release) -> None:
    terminal.until(lambda text: "[y/N]:" in text, "question")
    terminal.keys("n", "Enter")
    ended = terminal.until(lambda text: "exit code" in text, "end")
    assert "Nothing was done." in ended
    assert "exit code 130" in ended
    plan = connected("plan", "-f", release.install)
    assert f"{release.objects} to create" in plan.err
