"""The symbols that carry the meaning, and bars; colour only repeats them."""

from rich.text import Text

from kfinstall.guide.board import State
from kfinstall.words import _

MARKS = {
    State.DONE: ("✓", "green"),
    State.TO_COME: ("·", "dim"),
    State.UNDER_WAY: ("•", "bold"),
    State.WAITING: ("…", "yellow"),
    State.SKIPPED: ("-", "dim"),
    State.FAILED: ("✗", "red"),
}

FULL, EMPTY = "█", "░"


def mark(state: State) -> Text:
    """The symbol of a state."""
    return Text(*MARKS[state])


def bar(share: float, width: int) -> str:
    """A bar of a width in columns; share: 0 to 1. What is begun shows, and what is not over is not full."""
    share = min(max(share, 0.0), 1.0)
    full = round(share * width)
    if share > 0:
        full = max(full, 1)
    if share < 1:
        full = min(full, width - 1)
    return FULL * full + EMPTY * (width - full)


def clock(seconds: float) -> str:
    """A time as a person reads it: 1:05, 1:02:03."""
    minutes, left = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{left:02d}" if hours else f"{minutes}:{left:02d}"


def duration(seconds: float) -> str:
    """A short time: 42 s, 3 min."""
    if seconds < 100:
        return _("{seconds} s").format(seconds=int(seconds))
    return _("{minutes} min").format(minutes=int(seconds // 60))
