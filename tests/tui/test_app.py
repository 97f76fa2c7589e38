"""The application around the screens: looks, keys, colours."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from kfinstall.tui.app import Guided
from kfinstall.tui.settings import Settings
from tests.patience import PATIENCE


@pytest.mark.parametrize(("value", "monochrome"), [(None, False), ("", False), ("1", True)])
def test_no_color_counts_when_it_says_something(
    monkeypatch: pytest.MonkeyPatch, value: str | None, monochrome: bool
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    if value is not None:
        monkeypatch.setenv("NO_COLOR", value)
    assert Guided().no_color is monochrome


def test_no_color_leaves_a_terminal_its_own_colours(tmp_path: Path) -> None:
    """As a process at a terminal: no sequence that sets a colour, of 16, of 256 or of all
    (https://man7.org/linux/man-pages/man4/console_codes.4.html), and reverse for what has the focus."""
    places = dict.fromkeys(("HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"), str(tmp_path))
    environment = {**os.environ, **places, "TERM": "xterm-256color", "COLORTERM": "truecolor", "NO_COLOR": "1"}
    main, side = pty.openpty()
    fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    command = [sys.executable, "-m", "kfinstall", "--lang", "en"]
    with subprocess.Popen(command, env=environment, stdin=side, stdout=side, stderr=side) as process:
        os.close(side)
        shown = b""
        while b"Quit" not in shown:
            assert select.select([main], [], [], PATIENCE)[0], shown
            shown += os.read(main, 1 << 16)
        os.write(main, b"\x1b[21~")  # F10
        with contextlib.suppress(OSError):  # EIO once nobody writes any more
            while more := os.read(main, 1 << 16):
                shown += more
        assert process.wait(PATIENCE) == 0
    os.close(main)
    set_by = {int(code) for codes in re.findall(rb"\x1b\[([\d;]*)m", shown) for code in codes.split(b";") if code}
    assert not set_by & {*range(30, 39), *range(40, 49), *range(90, 98), *range(100, 108)}
    assert 7 in set_by


def test_a_theme_of_the_settings_and_the_next_by_a_key() -> None:
    async def drive() -> list[str]:
        app = Guided(wanted=Settings(theme="light", keymap={"theme": "f7"}))
        async with app.run_test() as pilot:
            seen = [app.theme]
            await pilot.press("f7")
            seen.append(app.theme)
            await pilot.press("f9")
            return [*seen, app.theme]

    assert asyncio.run(drive()) == ["light", "contrast", "contrast"]


def test_f1_lists_the_keys_and_goes_away_again() -> None:
    async def drive() -> list[str]:
        app = Guided()
        async with app.run_test() as pilot:
            await pilot.press("f1")
            first = type(app.screen).__name__
            await pilot.press("escape")
            return [first, type(app.screen).__name__]

    assert asyncio.run(drive()) == ["Help", "Home"]
