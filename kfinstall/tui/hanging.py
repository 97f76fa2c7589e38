"""Lines that keep their indentation when they are too long for one line."""

import re

from textual.content import Content
from textual.css.styles import RulesMap
from textual.strip import Strip
from textual.style import Style
from textual.visual import RenderOptions, Visual

from kfinstall.cells import breaks

_MARGIN = re.compile(r"\s*(?:[✓✗!·•●○→$] )?")
"""What a line begins with: spaces, and a mark."""


class Hanging(Visual):
    """Shows a text; what does not fit in a line goes on below its words, not below its mark."""

    def __init__(self, content: Content) -> None:
        self._content = content

    def _broken(self, width: int) -> Content:
        return Content("\n").join(
            part for line in self._content.split(allow_blank=True) for part in _parts(line, width)
        )

    def get_optimal_width(self, rules: RulesMap, container_width: int) -> int:
        return self._content.get_optimal_width(rules, container_width)

    def get_height(self, rules: RulesMap, width: int) -> int:
        return self._broken(width).get_height(rules, width)

    def render_strips(self, width: int, height: int | None, style: Style, options: RenderOptions) -> list[Strip]:
        return self._broken(width).render_strips(width, height, style, options)


def _parts(line: Content, width: int) -> list[Content]:
    margin = _MARGIN.match(line.plain)
    indented = margin.end() if margin else 0
    if width <= 2 * indented:
        return [line]
    first, *rest = line[indented:].divide(breaks(line.plain[indented:], width - indented))
    return [line[:indented] + first.rstrip(), *(Content(" " * indented) + part.rstrip() for part in rest)]
