"""Where lines of a report break, and that they do at a terminal only."""

import os
import pty
import subprocess
import sys

import pytest

from kfinstall.cells import width
from kfinstall.cli.terminal import broken


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            "✓ storage.zones              Are volumes where nodes are, all of them?",
            [
                "✓ storage.zones              Are volumes where nodes",
                "                             are, all of them?",
            ],
        ),
        (
            "✗ 1. The node cannot look up the registry's name: 36 images",
            ["✗ 1. The node cannot look up the registry's name: 36", "     images"],
        ),
        (
            "   → Give the node a resolver that works, or start it again.",
            ["   → Give the node a resolver that works, or start it", "     again."],
        ),
        (
            "     $ kubectl get mutatingwebhookconfigurations -o yaml --show-managed-fields",
            ["     $ kubectl get mutatingwebhookconfigurations -o yaml --show-managed-fields"],
        ),
        ("short", ["short"]),
        ("", [""]),
    ],
)
def test_lines_go_on_below_where_their_text_began(line: str, expected: list[str]) -> None:
    assert broken([line], 54) == expected


def test_wide_characters_take_two_cells() -> None:
    lines = broken(["✗ 1. " + "节点无法解析镜像仓库的名称" * 6], 40)
    assert len(lines) > 3
    assert all(width(line) <= 40 for line in lines)


def test_only_a_terminal_breaks_lines() -> None:
    """As a process: with a terminal of 60 columns, and with a pipe."""
    command = [sys.executable, "-m", "kfinstall", "explain", "sched-insufficient-cpu"]
    environment = {**os.environ, "COLUMNS": "60", "LANG": "C.UTF-8", "NO_COLOR": "1"}
    piped = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    main, side = pty.openpty()
    try:
        subprocess.run(command, env=environment, stdout=side, check=True)
        shown = os.read(main, 1 << 16).decode().replace("\r\n", "\n")
    finally:
        os.close(main)
        os.close(side)
    sentences = [line for line in shown.splitlines() if not line.lstrip().startswith(("$", "http"))]
    assert max(map(len, sentences)) <= 60 < max(map(len, piped.splitlines()))
    assert " ".join(shown.split()) == " ".join(piped.split())
