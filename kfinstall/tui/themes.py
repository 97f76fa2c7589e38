"""The three looks: dark, light and high contrast. Symbols carry the meaning everywhere; colour only repeats it."""

from rich.terminal_theme import TerminalTheme
from textual.color import Color
from textual.theme import Theme

DARK = Theme(
    name="dark",
    primary="#5aa9ff",
    secondary="#86c5ff",
    accent="#ffb454",
    success="#7bd88f",
    warning="#ffc66d",
    error="#ff7b85",
    foreground="#dde3ea",
    background="#12161c",
    surface="#171c24",
    panel="#202833",
    dark=True,
)

LIGHT = Theme(
    name="light",
    primary="#084b8f",
    secondary="#2f6f9f",
    accent="#9a5300",
    success="#1d6f2b",
    warning="#8a5a00",
    error="#b3202c",
    foreground="#1b232c",
    background="#fbfbfa",
    surface="#f3f4f5",
    panel="#e6e9ed",
    dark=False,
)

CONTRAST = Theme(
    name="contrast",
    primary="#ffff00",
    secondary="#00ffff",
    accent="#ffff00",
    success="#00ff00",
    warning="#ffff00",
    error="#ff8080",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#262626",
    dark=True,
    text_alpha=1.0,
    variables={
        "border": "#ffffff",
        "border-blurred": "#ffffff",
        "block-cursor-background": "#ffff00",
        "block-cursor-foreground": "#000000",
        "input-cursor-background": "#ffff00",
        "input-cursor-foreground": "#000000",
        "footer-key-foreground": "#ffff00",
        "text-muted": "#ffffff",
        "text-disabled": "#ffffff",
    },
)

THEMES = (DARK, LIGHT, CONTRAST)


def terminal_colors(theme: Theme) -> TerminalTheme:
    """What a terminal's red, green, yellow … are in a look: its own colours, which can be read on its background."""
    black, white = theme.background, theme.foreground
    named = (theme.error, theme.success, theme.warning, theme.primary, theme.accent, theme.secondary)
    colors = [Color.parse(color or white or "white").rgb for color in (black, *named, white)]
    return TerminalTheme(colors[0], colors[-1], colors, colors)
