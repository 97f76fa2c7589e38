"""A picture of a screen as SVG, made to be compared: nothing in it is other in every run, no font comes along, and
every row of the terminal is a line of the file, which stays the same wherever the row stands.

First come the backgrounds, then the rows: every piece of text knows its column and its colour, unless it has that of
most text. `rows` reads the characters out of a picture again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from itertools import groupby
from typing import Any
from xml.etree.ElementTree import fromstring

from rich.cells import cell_len
from rich.style import Style
from textual._compositor import LayoutUpdate
from textual.app import App
from textual.color import Color

from kfinstall.words import spoken

WIDE, HIGH = 10, 20
"""Units of a cell."""

FONT = 16.5
"""A character is 0.6 of this wide in most monospaced fonts; Chinese takes two cells, with what is left in between."""

HEAD = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" xml:lang="{language}">
<style>text{{font:{font}px 'DejaVu Sans Mono',Menlo,Consolas,monospace;fill:{front}}}\
.b{{font-weight:bold}}.i{{font-style:italic}}.u{{text-decoration:underline}}.w{{letter-spacing:{rest}px}}</style>
<rect width="100%" height="100%" fill="{back}"/>
"""


OWN = ("#dddddd", "#000000")
"""What stands for the terminal's own colours."""

Line = list[tuple[str, Style]]


@dataclass(frozen=True)
class Piece:
    """Text of one kind, from a column on."""

    column: int
    text: str
    color: str
    classes: str

    @property
    def end(self) -> int:
        return self.column + cell_len(self.text)


def drawn(app: App[Any], lines: list[Line]) -> str:
    """The SVG of lines that an application shows."""
    colors = OWN if app.no_color else (_plain(app.current_theme.foreground), _plain(app.current_theme.background))
    front, back = colors
    head = HEAD.format(
        width=app.size.width * WIDE, height=app.size.height * HIGH, language=spoken().replace("_", "-"),
        font=FONT, front=front, back=back, rest=2 * WIDE - FONT,
    )  # fmt: skip
    backgrounds = "".join(_backgrounds(lines, colors))
    written = "\n".join(_row(_pieces(line, colors), front) for line in lines)
    return f'{head}{backgrounds}<text y="-5" xml:space="preserve">\n{written}\n</text>\n</svg>\n'


def shown(app: App[Any]) -> list[Line]:
    """All lines, with what shines through from screens behind."""
    update = app.screen._compositor.render_update(full=True, screen_stack=app._background_screens)
    assert isinstance(update, LayoutUpdate)
    return [[(text, style or Style.null()) for strip in strips for text, style, _ in strip] for strips in update.strips]


def characters(line: Line) -> str:
    """What stands in a line."""
    return "".join(text for text, _style in line)


def _plain(color: str | None) -> str:
    return Color.parse(color or "").hex.lower()


def rows(picture: str) -> list[str]:
    """The characters of a picture, row by row, without blanks at the end."""
    found: list[str] = []
    for piece in fromstring(picture).iter("{http://www.w3.org/2000/svg}tspan"):  # noqa: S314 - our own
        if piece.get("dy"):
            found.append("")
        column = int(piece.get("x", "0")) // WIDE
        found[-1] += " " * (column - cell_len(found[-1])) + (piece.text or "")
    return [row.rstrip() for row in found]


def _colors(style: Style, colors: tuple[str, str]) -> tuple[str, str]:
    """Of a text and of what is behind it."""
    front = style.color.triplet.hex if style.color and style.color.triplet else colors[0]
    back = style.bgcolor.triplet.hex if style.bgcolor and style.bgcolor.triplet else colors[1]
    return (back, front) if style.reverse else (front, back)


def _row(pieces: list[Piece], front: str) -> str:
    written = []
    for number, piece in enumerate(pieces or [Piece(0, " ", front, "")]):
        down = f' dy="{HIGH}"' if number == 0 else ""
        color = f' fill="{piece.color}"' if piece.color != front else ""
        classes = f' class="{piece.classes}"' if piece.classes else ""
        text = escape(piece.text, quote=False)
        written.append(f'<tspan x="{piece.column * WIDE}"{down}{color}{classes}>{text}</tspan>')
    return "".join(written)


def _pieces(line: Line, colors: tuple[str, str]) -> list[Piece]:
    """The texts of a line; what is of one kind and close together is one."""
    found: list[Piece] = []
    for piece in _words(line, colors):
        last = found[-1] if found else None
        same = last and (last.color, last.classes) == (piece.color, piece.classes)
        if last and same and piece.column - last.end <= 1:
            blank = " " * (piece.column - last.end)
            found[-1] = Piece(last.column, last.text + blank + piece.text, last.color, last.classes)
        else:
            found.append(piece)
    return found


def _words(line: Line, colors: tuple[str, str]) -> Iterator[Piece]:
    """The words of a line, Chinese apart from what is narrow; blanks only where they are underlined."""
    column = 0
    for text, style in line:
        kinds = [
            letter for letter, worn in zip("biu", (style.bold, style.italic, style.underline), strict=True) if worn
        ]
        for word in re.findall(r".+" if style.underline else r"[^ ]+| +", text):
            for wide, letters in groupby(word, lambda letter: cell_len(letter) == 2):
                part = "".join(letters)
                if style.underline or not part.isspace():
                    yield Piece(column, part, _colors(style, colors)[0], " ".join([*kinds, *("w" * wide)]))
                column += cell_len(part)


def _backgrounds(lines: list[Line], colors: tuple[str, str]) -> Iterator[str]:
    """What is behind the texts where it is not as everywhere; what continues in the next row is one."""
    begun: dict[tuple[int, int, str], int] = {}
    done: list[tuple[int, int, int, int, str]] = []
    for row, line in enumerate([*lines, []]):
        spans = set(_spans(line, colors))
        for span in begun.keys() - spans:
            done.append((begun[span], span[0], row, span[1], span[2]))
            del begun[span]
        for span in spans - begun.keys():
            begun[span] = row
    for top, left, bottom, right, color in sorted(done):
        yield (
            f'<rect x="{left * WIDE}" y="{top * HIGH}" width="{(right - left) * WIDE}" height="{(bottom - top) * HIGH}"'
            f' fill="{color}"/>\n'
        )


def _spans(line: Line, colors: tuple[str, str]) -> Iterator[tuple[int, int, str]]:
    """From column to column one background."""
    column = 0
    for back, parts in groupby(line, lambda part: _colors(part[1], colors)[1]):
        begin, column = column, column + sum(cell_len(text) for text, _style in parts)
        if back != colors[1] and column > begin:
            yield begin, column, back
