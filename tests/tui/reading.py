"""Whether what stands on a screen can be read: its texts with their colours."""

from __future__ import annotations

from collections.abc import Iterator

from textual.color import Color
from textual.widgets import Button

from tests.tui.playing import Player


def pieces(player: Player) -> Iterator[tuple[str, Color, Color]]:
    """Every piece of text that has words in it, with its colour and that behind it."""
    if player.screen.is_modal:  # what is behind it is faint on purpose
        return
    disabled = {str(button.label) for button in player.screen.query(Button) if button.disabled}
    for strip in player.screen._compositor.render_strips():
        for text, style, _control in strip:
            if style and any(map(str.isalnum, text)) and text.strip() not in disabled:
                front, back = style.color, style.bgcolor
                if style.reverse:
                    front, back = back, front
                if front and back:
                    yield text.strip(), Color.from_rich_color(front), Color.from_rich_color(back)


def contrast(one: Color, other: Color) -> float:
    """https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio"""
    bright, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def _luminance(color: Color) -> float:
    """https://www.w3.org/TR/WCAG22/#dfn-relative-luminance"""
    parts = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in color.normalized]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), parts, strict=True))
