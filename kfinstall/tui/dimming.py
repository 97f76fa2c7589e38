"""Dim text that can still be read: textual's own is too faint on a line that is chosen."""

from functools import lru_cache

from rich.color import Color as RichColor
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter, dim_color

DIM = 0.8
"""How much of its colour dim text keeps, from none (0: that of the background) to all (1); half is textual's. With it,
contrast stays above https://www.w3.org/TR/WCAG22/#contrast-minimum."""


class Dimming(LineFilter):
    """Comes before textual's own filter, which leaves it nothing to dim."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        behind = background.rich_color
        return [
            Segment(text, _dimmed(style, behind), control)
            if style is not None and style.dim
            else Segment(text, style, control)
            for text, style, control in segments
        ]


@lru_cache(1024)
def _dimmed(style: Style, behind: RichColor) -> Style:
    if style.color is None or style.color.triplet is None:
        return style
    known = style.bgcolor is not None and style.bgcolor.triplet is not None
    color = dim_color(style.bgcolor if known else behind, style.color, DIM)
    return style + Style.from_color(color) + Style(dim=False)
