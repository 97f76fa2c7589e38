"""Chinese characters take two cells, and lines break between them."""

from __future__ import annotations

import textwrap

from hypothesis import given
from hypothesis import strategies as st

from kfinstall.cells import padded, width, wrapped


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
