"""The guided install in lines, in a real terminal that can do nothing else."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.e2e.conftest import Kfinstall
from tests.e2e.terminal import Open, Terminal, opened

pytestmark = pytest.mark.skipif(shutil.which("tmux") is None, reason="no tmux to be the terminal")

__all__ = ["opened"]

SECRET = "hunter2-typed-at-a-prompt"


def answer(terminal: Terminal, answers: dict[str, list[str]], end: str = "exit code") -> str:
    """Answer prompts until something stands there: by their beginnings with what is given, in order; else by Enter."""
    answered = ""
    while True:
        held = answered

        def asked(text: str, held: str = held) -> bool:
            return end in text or (text.rstrip() != held and text.rstrip().endswith(":"))

        text = "\n".join(terminal.until(asked, f"prompt or {end}")).rstrip()
        if end in text:
            return text
        prompt = text.rpartition("\n")[2]
        given = next((each for beginning, each in answers.items() if prompt.startswith(beginning) and each), [])
        terminal.keys("-l", given.pop(0) if given else "")
        answered = text
        terminal.keys("Enter")


def test_questions_in_lines_to_a_workbench_that_runs(opened: Open, kfinstall: Kfinstall, tmp_path: Path) -> None:
    terminal = opened(TERM="dumb")
    answers = {"Platform": ["?", "sandbox"], "Speed": ["no", "100"], "Preset": ["starter"], "Install on": ["y"]}
    text = answer(terminal, answers)
    assert "exit code 0" in text
    assert "Wrong: a number is expected here" in text, "what was wrong was asked again"
    assert "Where Kubeflow goes" in text, "a question mark explains"
    assert "Will create 15 objects" in text
    assert "15 created" in text
    assert not set("━─│╭▁█\x1b") & set(text), "no drawing for a screen reader"
    assert not (kfinstall.state / "kfinstall" / "draft.yaml").exists()
    again = kfinstall("plan", "-f", tmp_path / "install.yaml")
    assert "0 to create, 0 to change" in again.err, "the file that was saved says the same"


def test_back_and_leave_and_go_on(opened: Open, kfinstall: Kfinstall) -> None:
    first = opened("--plain")
    text = answer(first, {"Platform": ["minikube"], "Memory": ["12g"], "Disk": ["b", "q"]})
    assert text.count("Memory [") == 2, "b asks the question before again"
    assert "Memory [12g]" in text
    assert "exit code 130" in text
    second = opened("--plain")
    text = answer(second, {"Go on there?": ["y"], "Memory": ["q"]})
    assert "An earlier walk ended at: Cluster." in text
    assert "Memory [12g]" in text


def test_a_secret_is_not_echoed_and_not_kept(opened: Open, kfinstall: Kfinstall) -> None:
    terminal = opened("install", "--plain")
    answers = {
        "Platform": ["sandbox"],
        "Preset": ["1"],
        "Users: add one": ["y", "n"],
        "Users 1: E-mail": ["ada@example.com"],
        "Users 1: Password": ["short", SECRET],
        "Identity provider": ["q"],
    }
    text = answer(terminal, answers)
    assert "a password of 8 to 72 bytes is expected here" in text
    assert SECRET not in text
    kept = [each.read_text(errors="replace") for each in kfinstall.state.rglob("*") if each.is_file()]
    assert any("${KF_ACCESS_USERS_0_PASSWORD}" in each for each in kept)
    assert all(SECRET not in each for each in kept)
