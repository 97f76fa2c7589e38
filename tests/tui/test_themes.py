"""The looks: every colour can be read on its background, and so can what a terminal calls red, green or yellow."""

import pytest
from rich.color import Color as RichColor
from textual.color import Color
from textual.theme import Theme

from kfinstall.tui.themes import THEMES, terminal_colors
from tests.tui.reading import contrast

READABLE = 4.5
"""https://www.w3.org/TR/WCAG22/#contrast-minimum"""


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_every_look_can_be_read(theme: Theme) -> None:
    behind = Color.parse(theme.background or "")
    assert contrast(Color.parse(theme.foreground or ""), behind) >= (15 if theme.name == "contrast" else 7)
    for color in (theme.primary, theme.secondary, theme.success, theme.warning, theme.error, theme.accent):
        assert contrast(Color.parse(color or ""), behind) >= READABLE, (theme.name, color)
    for name in ("red", "green", "yellow"):
        shown = Color(*RichColor.parse(name).get_truecolor(terminal_colors(theme)))
        assert contrast(shown, behind) >= READABLE, (theme.name, name)
