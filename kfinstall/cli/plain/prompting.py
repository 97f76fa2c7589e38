"""Lines to the user, and what the user types."""

import click

from kfinstall.words import _

BACK, EXPLAIN, QUIT = "b", "?", "q"


class Back(Exception):
    """The user wants the question before. step: or the first one of this step."""

    def __init__(self, step: str = "") -> None:
        super().__init__(step)
        self.step = step


def prompted(title: str, bracketed: str, *, hidden: bool = False) -> str:
    """What the user typed, "" for Enter alone. Raises Back, and Abort for leaving."""
    text = f"{title} [{bracketed}]" if bracketed else title
    typed = str(click.prompt(text, default="", show_default=False, hide_input=hidden, err=True)).strip()
    if typed == BACK:
        raise Back
    if typed == QUIT:
        raise click.Abort
    return typed


def confirmed(question: str, *, default: bool) -> bool:
    """Whether the user says yes. Raises as prompted."""
    typed = prompted(_("{question} (y or n)").format(question=question), _("yes") if default else _("no"))
    return typed.lower() in ("y", _("yes")) if typed else default


def say(text: str) -> None:
    """A line, on standard error as all narration."""
    click.echo(text, err=True)
