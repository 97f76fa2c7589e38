"""Every screen, in every size, look and language: as it was when somebody last looked at it, and readable.

`make pictures` takes them anew; what changed is then seen in the difference of tests/tui/shown/screens.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from difflib import unified_diff
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.patience import PATIENCE
from tests.tui.album import COLORLESS, LOOKS, ONCE, SIZES, STEPS, called
from tests.tui.picture import OWN, rows

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


def golden(language: str) -> dict[str, str]:
    """Page -> its picture."""
    return {path.stem: path.read_text(encoding="utf-8") for path in (SCREENS / language).glob("*.svg")}


def texts(language: str) -> dict[str, list[str]]:
    """Page -> what stands on it; the same in every look."""
    pages = {page: picture for page, picture in golden(language).items() if page.endswith("-dark")}
    return {page.removesuffix("-dark"): rows(picture) for page, picture in pages.items()}


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
    album = [sys.executable, "-m", "tests.tui.album", str(tmp_path)]
    done = subprocess.run(album, env=environment, capture_output=True, text=True, timeout=10 * PATIENCE, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "faults.json").read_text(encoding="utf-8")) == []
    taken = {path.stem: path.read_text(encoding="utf-8") for path in tmp_path.glob("*.svg")}
    before = golden(language)
    other = sorted(page for page in taken.keys() | before.keys() if taken.get(page) != before.get(page))
    changes = "\n".join(changed(page, before.get(page), taken.get(page)) for page in other)
    assert not other, f"{changes}\nlook at {tmp_path}, and if they are well: make pictures"


def changed(page: str, before: str | None, now: str | None) -> str:
    """The rows that differ: as a person reads them, and where only colours do, as they stand in the pictures."""
    if before is None or now is None:
        return f"{page}: {'is new' if now else 'was not taken'}"
    one, other = rows(before), rows(now)
    if one == other:
        one, other = before.splitlines(), now.splitlines()
    return "\n".join(unified_diff(one, other, page, f"{page} now", n=0, lineterm=""))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_screen_is_there_in_every_size_and_look(language: str) -> None:
    pages = golden(language).keys()
    names = {page.rpartition("-")[0].rpartition("-")[0] for page in pages}
    assert {*STEPS, *OTHERS} <= names
    expected = {f"{name}-{called(size)}-{look}" for name in names for size in SIZES for look in LOOKS}
    once = {f"{name}-{called(SIZES[0])}-{look}" for name in names for look in ONCE}
    assert pages == (expected | once if language == "en" else expected)


def test_without_colours_the_focus_is_seen_and_nothing_has_a_colour() -> None:
    for page, picture in golden("en").items():
        if page.endswith(COLORLESS):
            assert set(re.findall(r"#[0-9a-f]{6}", picture)) == set(OWN), f"{page}: colours, or nothing in reverse"


def test_every_step_asks_something_and_leads_back_and_on() -> None:
    pages = texts("en")
    for name in STEPS:
        for size in SIZES:
            page = pages[f"{name}-{called(size)}"]
            assert re.search(r" Back +Next", page[-2]), (name, size)
            assert any(line.strip().endswith("?") for line in page[:2]), f"{name} asks nothing"
            assert any("In the file" in line for line in page) is (size[0] >= 100), (name, size)
    assert "Where shall Kubeflow run?" in "\n".join(pages["platform-80x24"])
    assert "minikube's name for the cluster." in "\n".join(pages["options-60x15"]), "what a field means stands there"
    assert "Together: 3.022 CPU, 6.99Gi, 50Gi of volumes, 53 images" in "\n".join(pages["components-80x24"])


def test_chinese_is_chinese_and_no_line_begins_with_what_ends_a_sentence() -> None:
    for page, lines in texts("zh_CN").items():
        text = "\n".join(lines)
        assert HAN.search(text), f"{page} has not a word of Chinese"
        if "╭" in text:  # what is behind a box is cut off anywhere
            continue
        begins = [column.strip()[:1] for line in lines for column in line.split("│")]
        assert not set(CLOSING) & set(begins), f"{page}:\n{text}"
