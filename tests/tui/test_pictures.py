"""Every screen of the walk in every size, look and language: nothing is cut off, nothing is hidden, all is said."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

import pytest
from rich.cells import cell_len
from textual.color import Color
from textual.theme import Theme

from kfinstall.tui.themes import THEMES
from tests.tui.pictures import SIZES, STEPS, pictures

HAN = re.compile(r"[\u4e00-\u9fff]")


Taken = tuple[tuple[int, int], dict[str, str]]
"""A size, and the pictures in it."""


@pytest.fixture(scope="module", params=SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def taken(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Taken:
    """The pictures of a size, on a machine without any tool."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"):
            patch.setenv(name, str(home))
        patch.setenv("KUBECONFIG", str(home / "none"))
        patch.setenv("PATH", str(home))
        return request.param, pictures(request.param)


def texts(found: dict[str, str]) -> dict[str, str]:
    return {name: text for name, text in found.items() if "." not in name}


def test_every_screen_stays_in_its_terminal_and_says_what_can_be_done(
    taken: Taken,
) -> None:
    (width, height), found = taken
    assert set(texts(found)) == {"home", "choosing", "help", *STEPS}
    for name, text in texts(found).items():
        lines = text.split("\n")
        assert len(lines) == height, name
        assert max(map(cell_len, lines)) <= width, name
        assert "esc Back" in lines[-1] or "f1 Help" in lines[-1], name
        assert found[f"{name}.focus"], f"{name}: what has the focus cannot be seen"
    for name in STEPS:
        lines = found[name].split("\n")
        assert re.search(r" Back +Next", lines[-2]), name
        assert any(line.strip().endswith("?") for line in lines[:2]), f"{name} asks nothing"
        beside = "In the file" in found[name]
        assert beside is (width >= 100), name
    assert "Where shall Kubeflow run?" in found["platform"]
    assert "minikube's name for the cluster." in found["options"], "what a field means stands on its screen"
    assert "Together: 3.022 CPU, 6.99Gi, 50Gi of volumes, 53 images" in found["components"]


def _luminance(color: Color) -> float:
    """https://www.w3.org/TR/WCAG22/#dfn-relative-luminance"""
    parts = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in color.normalized]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), parts, strict=True))


def _contrast(one: str, other: str) -> float:
    bright, dark = sorted((_luminance(Color.parse(one)), _luminance(Color.parse(other))), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_every_look_can_be_read(theme: Theme) -> None:
    background = theme.background or ""
    assert _contrast(theme.foreground or "", background) >= (15 if theme.name == "contrast" else 7)
    for color in (theme.primary, theme.secondary, theme.success, theme.warning, theme.error, theme.accent):
        assert _contrast(color or "", background) >= 4.5, (theme.name, color)


def test_every_screen_in_every_look(taken: Taken) -> None:
    size, found = taken
    if size != SIZES[0]:
        pytest.skip("one size is enough for colours")
    for name in texts(found):
        for theme in THEMES:
            svg = found[f"{name}.svg.{theme.name}"]
            assert (theme.background or "?") in svg.lower(), (name, theme.name)


def test_every_screen_in_chinese() -> None:
    environment = {**os.environ, "LANG": "zh_CN.UTF-8", "LANGUAGE": "zh_CN"}
    for variable in ("LC_ALL", "LC_MESSAGES"):
        environment.pop(variable, None)
    done = subprocess.run(
        [sys.executable, "-m", "tests.tui.pictures", "80x24"],
        env=environment, capture_output=True, text=True, check=True, timeout=300,
    )  # fmt: skip
    found: dict[str, str] = json.loads(done.stdout)
    for name, text in texts(found).items():
        assert HAN.search(text), f"{name} has not a word of Chinese:\n{text}"
        lines = text.split("\n")
        assert max(map(cell_len, lines)) <= 80, name
        assert found[f"{name}.focus"], name
