"""A choice with what it means, in two or three lines."""

from collections.abc import Sequence
from dataclasses import dataclass

from textual.content import Content


@dataclass(frozen=True, slots=True)
class Card:
    """title: its name. text: what it is for. notes: what is known of it here, each with a mark in front."""

    value: str
    title: str
    text: str = ""
    notes: Sequence[str] = ()

    def content(self, *, chosen: bool) -> Content:
        head = Content.assemble("● " if chosen else "○ ", (self.title, "bold"))
        lines = [head]
        if self.text:
            lines.append(Content(f"  {self.text}"))
        lines += [Content.styled(f"  {note}", "dim") for note in self.notes]
        return Content("\n").join(lines)
