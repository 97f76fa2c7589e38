"""The questions of one step as lines that can be answered, with the reasons why an answer will not do."""

from collections.abc import Iterator, Sequence

from textual.containers import VerticalScroll
from textual.widget import Widget
from textual.widgets import Static

from kfinstall.guide.answering import answered, in_force
from kfinstall.guide.checking import Checked
from kfinstall.guide.draft import Draft
from kfinstall.guide.questions import Path, Question
from kfinstall.guide.room import Room
from kfinstall.guide.steps import Step
from kfinstall.model.document import path_text
from kfinstall.tui.cards import Card
from kfinstall.tui.fields import Cards, Field, Pressable
from kfinstall.tui.parts import Parts
from kfinstall.words import _, counted

FEW = 5
"""Questions that are shown at once, minor ones included."""


class Remove(Pressable):
    """Takes an entry of a list away."""

    def __init__(self, entry: Path) -> None:
        super().__init__(_("[-] Remove it"), markup=False, classes="remove")
        self.entry = entry


class Form(VerticalScroll, can_focus=False):
    """Shows the questions of a step; who listens answers them in the draft."""

    def __init__(self) -> None:
        super().__init__(id="form")

    async def ask(self, step: Step, draft: Draft, cards: Sequence[Card], room: Room | None, *, folded: bool) -> None:
        """Everything anew. cards: the choices of the step's own question. folded: minor questions may stay hidden."""
        with self.app.batch_update():
            await self.remove_children()
            await self.mount_all([Parts(draft, room)] if step.components else _asked(step, draft, cards, folded=folded))
        self.scroll_home(animate=False)

    def focus_on(self, path: str) -> bool:
        """Bring the question at a path into focus, or the one that one comes to first; False where there is none."""
        fields = list(self.query(Field))
        wanted = next((each for each in fields if path and path_text(each.question.path).startswith(path)), None)
        if wanted is not None:
            self.call_after_refresh(wanted.focus_control)
        elif first := self.query("#cards, #components"):
            first.first().focus()
        elif fields:
            fields[0].focus_control()
        return wanted is not None or bool(self.query("#cards, #components, Field"))

    def blame(self, found: Checked, only: Field | None = None) -> list[str]:
        """Say beside each field, or beside this one, what is wrong with its answer; the paths of all fields.

        What was wrong with another one and is not any more is taken back.
        """
        for field in self.query(Field):
            reason = found.of(field.question.path)
            if only is None or field is only or (field.has_class("-wrong") and not reason):
                field.blame(reason)
        return [path_text(field.question.path) for field in self.query(Field)]

    def focus_on_wrong(self) -> None:
        """Bring the first field with a reason beside it into focus."""
        if wrong := self.query(".-wrong").results(Field):
            for field in wrong:
                field.focus_control()
                break


def _asked(step: Step, draft: Draft, cards: Sequence[Card], *, folded: bool) -> list[Widget]:
    found = step.ask(draft)
    made: list[Widget] = []
    if step.cards and found:
        first, *found = found
        made.append(Cards(cards, in_force(draft, first)))
    hidden = _hidden(found, draft) if folded else []
    made += _lines([each for each in found if each not in hidden], draft)
    if hidden:
        text = counted("{count} more option …", "{count} more options …", len(hidden))
        made.append(Pressable(text, id="more", markup=False))
    return made


def _hidden(found: Sequence[Question], draft: Draft) -> list[Question]:
    """What most people leave as it is, where there are many questions; never what is answered, and never all."""
    minor = [each for each in found if each.minor]
    many = len(found) > FEW and len(minor) < len(found)
    return [each for each in minor if not answered(draft, each)] if many else []


def _lines(found: Sequence[Question], draft: Draft) -> Iterator[Widget]:
    """A line for each, with a heading where a part of the document begins."""
    group: tuple[str, ...] = ()
    for question in found:
        if question.group != group and question.group:
            yield Static(" / ".join(question.group), markup=False, classes="group")
            if entry := _entry(question):
                yield Remove(entry)
        group = question.group
        yield Field(question, answered(draft, question))


def _entry(question: Question) -> Path:
    """The entry of a list whose first question this is; () for other questions."""
    return question.path[:-1] if len(question.path) > 1 and isinstance(question.path[-2], int) else ()
