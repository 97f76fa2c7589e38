"""What --help prints, in the user's language: click takes it from docstrings, and counts characters, not cells."""

import inspect
from collections.abc import Iterable

import click

from kfinstall.cells import width, wrapped
from kfinstall.words import _


class Formatter(click.HelpFormatter):
    """click's, which knows where lines of Chinese end."""

    def write_text(self, text: str) -> None:
        """See click."""
        super().write_text(_lines(text, self.width - self.current_indent))

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """See click."""
        rows = list(rows)
        first = min(max((width(name) for name, _text in rows), default=0), col_max) + col_spacing
        room = max(self.width - first - 2, 10)
        super().write_dl([(name, _lines(text, room)) for name, text in rows], col_max, col_spacing)


class Context(click.Context):
    """A command line that shows its help so."""

    formatter_class = Formatter


def in_language(command: click.Command) -> click.Command:
    """The command with its help in the user's language, and those below it. Doing so again changes nothing."""
    command.context_class = Context
    if command.help:
        command.help = _(inspect.cleandoc(command.help))
        if not command.short_help and _is_wide(command.help):  # click looks for a full stop and a space
            command.short_help = command.help.partition("。")[0] + "。"
    for each in command.commands.values() if isinstance(command, click.Group) else ():
        in_language(each)
    return command


def _is_wide(text: str) -> bool:
    return width(text) != len(text)


def _lines(text: str, cells: int) -> str:
    """Paragraphs with wide characters as lines that click leaves as they are: its mark for that is \\\\b."""
    return "\n\n".join(
        "\b\n" + "\n".join(wrapped(paragraph, cells)) if _is_wide(paragraph) else paragraph
        for paragraph in text.split("\n\n")
    )
