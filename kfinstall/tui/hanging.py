"""Lines that keep their indentation when they are too long for one line."""

import re

from textual.content import Content
from textual.css.styles import RulesMap
from textual.strip import Strip
from textual.style import Style
from textual.visual import RenderOptions, Visual

from kfinstall.cells import breaks
from kfinstall.cells import width as cells

_MARGIN = re.compile(r"\s*(?:[✓✗!·•●○→$] )?")
"""What a line begins with: spaces, and a mark."""


class Hanging(Visual):
    """Shows a text; what does not fit in a line goes on below its words, not below its mark.

    column: where the words begin in every line, in cells; 0 where spaces and a mark tell.
    """

    def __init__(self, content: Content, column: int = 0) -> None:
        self._content, self._column = content, column

    def _broken(self, width: int) -> Content:
        return Content("\n").join(
            part for line in self._content.split(allow_blank=True) for part in _parts(line, width, self._column)
        )

    def get_optimal_width(self, rules: RulesMap, container_width: int) -> int:
        return self._content.get_optimal_width(rules, container_width)

    def get_height(self, rules: RulesMap, width: int) -> int:
        return self._broken(width).get_height(rules, width)

    def render_strips(self, width: int, height: int | None, style: Style, options: RenderOptions) -> list[Strip]:
        return self._broken(width).render_strips(width, height, style, options)


def _parts(line: Content, width: int, column: int) -> list[Content]:
    margin = _margin(line.plain, column)
    indented = cells(line.plain[:margin])
    if width <= 2 * indented:
        return [line]
    first, *rest = line[margin:].divide(breaks(line.plain[margin:], width - indented))
    return [line[:margin] + first.rstrip(), *(Content(" " * indented) + part.rstrip() for part in rest)]


def _margin(text: str, column: int) -> int:
    """So many characters come before the words of a line."""
    if not column:
        found = _MARGIN.match(text)
        return found.end() if found else 0
    return next((at for at in range(len(text)) if cells(text[:at]) >= column), 0)
