"""Every screen, in every size, look and language: as it was when somebody last looked at it, and readable.

`make pictures` takes them anew; what changed is then seen in the difference of tests/tui/shown/screens.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.patience import PATIENCE
from tests.tui.album import SIZES, STEPS

SCREENS = Path(__file__).parent / "shown" / "screens"
LANGUAGES = ("en", "zh_CN")
HAN = re.compile(r"[\u4e00-\u9fff]")
CLOSING = "。，、；：？！）》」』】"
OTHERS = (
    "home", "practice", "choosing", "help", "file", "review", "review-refused", "install", "install-stop",
    "result", "result-failed", "doctor", "doctor-details", "doctor-capacity", "doctor-gpus", "doctor-help",
)  # fmt: skip
DRAWN_BY = ("textual", "rich")
"""What decides how a screen is drawn; another version of them may draw it otherwise."""

PAGES = [f"{width}x{height}" for width, height in SIZES]


def golden(language: str) -> dict[str, str]:
    """Page -> what stands on it."""
    return {path.stem: path.read_text(encoding="utf-8") for path in (SCREENS / language).glob("*.txt")}


def drawn_by() -> str:
    return "".join(f"{name} {version(name)}\n" for name in DRAWN_BY)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_screen_is_as_it_was_looked_at(language: str, tmp_path: Path) -> None:
    taken_with = (SCREENS / "drawn-by.txt").read_text(encoding="utf-8")
    if taken_with != drawn_by():
        pytest.skip(f"taken with {taken_with.split()}, and here is {drawn_by().split()}: make pictures")
    environment = {**os.environ, "LANGUAGE": language, "LANG": "C.UTF-8"}
    for variable in ("LC_ALL", "LC_MESSAGES"):
        environment.pop(variable, None)
    album = [sys.executable, "-m", "tests.tui.album", str(tmp_path), str(SCREENS / language)]
    done = subprocess.run(album, env=environment, capture_output=True, text=True, timeout=10 * PATIENCE, check=False)
    assert done.returncode == 0, done.stderr
    taken = {path.stem: path.read_text(encoding="utf-8") for path in tmp_path.glob("*.txt")}
    before = golden(language)
    other = sorted(page for page in taken.keys() | before.keys() if taken.get(page) != before.get(page))
    assert not other, f"look at {tmp_path}/*.svg, and if they are well: make pictures"
    assert json.loads((tmp_path / "faults.json").read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_screen_is_there_in_every_size(language: str) -> None:
    pages = golden(language)
    names = {page.rpartition("-")[0] for page in pages}
    assert {*STEPS, *OTHERS} <= names
    assert pages.keys() == {f"{name}-{size}" for name in names for size in PAGES}


def test_every_step_asks_something_and_leads_back_and_on() -> None:
    pages = golden("en")
    for name in STEPS:
        for (width, _height), size in zip(SIZES, PAGES, strict=True):
            lines = pages[f"{name}-{size}"].rstrip("\n").split("\n")
            assert re.search(r" Back +Next", lines[-2]), (name, size)
            assert any(line.strip().endswith("?") for line in lines[:2]), f"{name} asks nothing"
            assert ("In the file" in pages[f"{name}-{size}"]) is (width >= 100), (name, size)
    assert "Where shall Kubeflow run?" in pages["platform-80x24"]
    assert "minikube's name for the cluster." in pages["options-60x15"], "what a field means stands on its screen"
    assert "Together: 3.022 CPU, 6.99Gi, 50Gi of volumes, 53 images" in pages["components-80x24"]


def test_chinese_is_chinese_and_no_line_begins_with_what_ends_a_sentence() -> None:
    for page, text in golden("zh_CN").items():
        assert HAN.search(text), f"{page} has not a word of Chinese"
        if "╭" in text:  # what is behind a box is cut off anywhere
            continue
        begins = [column.strip()[:1] for line in text.split("\n") for column in line.split("│")]
        assert not set(CLOSING) & set(begins), f"{page}:\n{text}"
