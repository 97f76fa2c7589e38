"""NO_COLOR: the terminal's own colours and no others, as https://no-color.org asks; textual would draw in greys.

What a bright background marks is shown in reverse, whatever the terminal's colours are.
"""

from functools import lru_cache

from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.color import Color as Shade
from textual.filter import LineFilter


class Colorless(LineFilter):
    """For a look with a dark background: there a bright one is meant to stand out."""

    def apply(self, segments: list[Segment], background: Shade) -> list[Segment]:  # noqa: ARG002 - textual's
        return [Segment(text, style and _colorless(style), control) for text, style, control in segments]


@lru_cache(1024)
def _colorless(style: Style) -> Style:
    front, back = (style.bgcolor, style.color) if style.reverse else (style.color, style.bgcolor)
    return Style(
        bold=style.bold,
        dim=style.dim,
        italic=style.italic,
        underline=style.underline,
        strike=style.strike,
        reverse=_bright(back) and not _bright(front),
        meta=style.meta,
    )


def _bright(color: Color | None) -> bool:
    return color is not None and color.triplet is not None and Shade(*color.triplet).brightness > 0.5
