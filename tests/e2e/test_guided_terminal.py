"""The screens in a real terminal: programs that get it meanwhile, Ctrl-C, and what is left on it at the end."""

from __future__ import annotations

import shlex
import shutil
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from kfinstall.guide.draft import Draft, draft_path, save
from tests.e2e.conftest import Kfinstall
from tests.e2e.terminal import Open, Terminal, opened

__all__ = ["opened"]

pytestmark = pytest.mark.skipif(shutil.which("tmux") is None, reason="no tmux to be the terminal")

SIZE = (100, 40)
TYPED = "hunter2-typed-by-somebody"
BROKEN = """
import sys
from kfinstall.tui.walk import Walk
def action_file(self):
    typed = next(iter(self.draft.secrets.values()))
    raise RuntimeError(len(typed))
Walk.action_file = action_file
sys.argv = ["kfinstall"]
from kfinstall.__main__ import main
main()
"""


@pytest.fixture
def silent(kfinstall: Kfinstall) -> Iterator[str]:
    """A context whose cluster takes connections, and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        config = {
            "current-context": "silent",
            "contexts": [{"name": "silent", "context": {"cluster": "c", "user": "u"}}],
            "clusters": [{"name": "c", "cluster": {"server": f"https://127.0.0.1:{server.getsockname()[1]}"}}],
            "users": [{"name": "u", "user": {"token": "t"}}],
        }
        Path(kfinstall.environment["KUBECONFIG"]).write_text(yaml.safe_dump(config))
        yield "silent"


def see(terminal: Terminal, text: str) -> str:
    return "\n".join(terminal.until(lambda seen: text in seen, text))


def kept(kfinstall: Kfinstall, document: dict[str, object], step: str) -> None:
    """A walk that was left."""
    save(Draft(document, step=step), draft_path(kfinstall.state / "kfinstall"))


def test_a_command_gets_the_terminal_and_ctrl_c_ends_it_and_nothing_else(opened: Open, silent: str) -> None:
    terminal = opened(size=SIZE)
    see(terminal, "Install Kubeflow")
    terminal.keys("-H", "ff", "d6", "d0")  # of a terminal that speaks GBK
    terminal.keys("Down", "Down", "Down", "Enter")
    see(terminal, f"$ kfinstall open --context {silent}")
    terminal.keys("C-c")
    see(terminal, "Enter: back to kfinstall")
    terminal.keys("Enter")
    see(terminal, "Install Kubeflow")
    terminal.keys("C-c")
    see(terminal, "Ctrl-C once more")
    terminal.keys("C-c")
    left = see(terminal, "exit code 0")
    assert "Install Kubeflow" not in left, "the terminal is as it was"


def test_the_log_in_a_pager_while_the_install_goes_on_and_what_was_made_taken_away(
    opened: Open, kfinstall: Kfinstall
) -> None:
    if shutil.which("less") is None:
        pytest.skip("no less to page with")
    kept(kfinstall, {"platform": {"type": "sandbox", "speed": 100}, "kubeflow": {"preset": "starter"}}, "review")
    terminal = opened(size=SIZE, PAGER="less")
    see(terminal, "go on with your answers, at: Review")
    terminal.keys("Enter")
    see(terminal, "Will create 15 objects")
    terminal.keys("Right", "Right", "Enter")
    see(terminal, "Installing kubeflow  kfinstall-sandbox")
    terminal.keys("l")
    see(terminal, "Context: kfinstall-sandbox")
    see(terminal, ".log")  # the name of the file stands at the bottom: less has the terminal
    terminal.keys("q")
    assert "15 created" in see(terminal, "✓ kubeflow is installed")
    terminal.keys("Escape")
    see(terminal, "Practice")
    terminal.keys("Down", "Down", "Down", "Down", "Enter")
    see(terminal, "$ kfinstall uninstall kubeflow --kubeconfig")
    see(terminal, "Take kubeflow away? [y/N]:")
    terminal.keys("y", "Enter")
    see(terminal, "Enter: back to kfinstall")
    terminal.keys("Enter")
    see(terminal, "Practice")
    terminal.keys("F10")
    see(terminal, "exit code 0")


def test_a_mistake_of_ours_leaves_a_message_and_not_what_was_typed(opened: Open, kfinstall: Kfinstall) -> None:
    document = {
        "platform": {"type": "existing"},
        "images": {"pullSecrets": [{"name": "login", "password": "${KF_OLD}"}]},
    }
    kept(kfinstall, document, "images")
    terminal = opened(size=SIZE, program=shlex.join([sys.executable, "-c", BROKEN]))
    see(terminal, "go on with your answers, at: Images")
    terminal.keys("Enter")
    see(terminal, "From where are the images pulled?")
    terminal.keys("Down", "Down", "Down")
    see(terminal, "The password or token")
    terminal.keys("-l", TYPED)
    see(terminal, "•" * len(TYPED))
    terminal.keys("F2")
    left = see(terminal, "exit code 1")
    assert "This should not have happened: RuntimeError" in left
    assert "Traceback" not in left
    assert TYPED not in left
    [crash] = (kfinstall.state / "kfinstall").glob("crash-*.txt")
    assert TYPED not in crash.read_text()
    crash.unlink()
