"""Chinese characters take two cells, and lines break between them."""

from __future__ import annotations

import textwrap
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kfinstall.cells import breaks, padded, width, wrapped
from tests.words import catalogue


def test_wide_characters_take_two_cells() -> None:
    assert width("node") == 4
    assert width("节点 node") == 9
    assert padded("节点", 6) + "|" == "节点  |"
    assert padded("too long", 3) == "too long"


def test_lines_fit_and_lose_nothing() -> None:
    text = "把一个存储类设为默认。等待中的申领会自行采用（在 Kubernetes 1.26 之前则必须重新创建）：见文档。"
    for cells in range(14, 60):
        lines = wrapped(text, cells)
        assert max(map(width, lines)) <= cells
        assert "".join(lines).replace(" ", "") == text.replace(" ", "")
        assert not [line for line in lines if line[0] in "。，：）" or line[-1] in "（"]


def test_a_word_is_not_torn() -> None:
    assert wrapped("见 https://example.com/a/long/path 的说明", 12) == [
        "见",
        "https://example.com/a/long/path",
        "的说明",
    ]


@given(st.lists(st.text(alphabet="abcxyz", min_size=1, max_size=9), max_size=30).map(" ".join), st.integers(9, 40))
def test_english_wraps_as_everywhere(text: str, cells: int) -> None:
    assert wrapped(text, cells) == textwrap.wrap(text, cells)


CLOSING, OPENING = "。，、；：？！）》」』】", "（《「『【"
CHINESE = [form for message in catalogue.read("zh_CN") for form in catalogue.forms(message)]


def parts(text: str, cells: int) -> list[str]:
    cuts = [0, *breaks(text, cells), len(text)]
    return [text[start:end] for start, end in pairwise(cuts)]


@pytest.mark.parametrize("cells", [28, 38, 58, 78])
def test_no_line_of_chinese_begins_with_what_ends_a_sentence(cells: int) -> None:
    """Every text of the catalogue, in the columns that screens have."""
    for text in (line for form in CHINESE for line in form.splitlines()):
        lines = parts(text, cells)
        assert "".join(lines) == text
        assert max(width(line.rstrip()) for line in lines) <= cells
        assert not [line for line in lines[1:] if line[0] in CLOSING], lines
        assert not [line for line in lines[:-1] if line.rstrip()[-1] in OPENING], lines


@given(st.text(alphabet="ab 节点（）。，.", max_size=60), st.integers(6, 40))
def test_breaks_lose_nothing_and_go_forward(text: str, cells: int) -> None:
    found = breaks(text, cells)
    assert found == sorted(set(found))
    assert all(0 < at < len(text) for at in found)
    indented = len(text) - len(text.lstrip())
    lines = [line.rstrip() for line in parts(text, cells)]
    assert all(width(line) <= max(cells, indented + 4) for line in lines)
