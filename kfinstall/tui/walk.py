"""The walk: one screen that goes through the steps, with the question, what the choice means, and what the file says.

Answers live in the draft, never in widgets: going back, a resize or the end of the program loses none.
"""

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.screen import Screen
from textual.widgets import Button, Footer, Input, OptionList, Static

from kfinstall.engine.state_folder import state_home
from kfinstall.guide.answering import answer, answered, in_force
from kfinstall.guide.checking import Checked, checked
from kfinstall.guide.draft import Draft, draft_path, kept
from kfinstall.guide.here import Here
from kfinstall.guide.lists import lister
from kfinstall.guide.questions import Kind, Question, chosen
from kfinstall.guide.steps import REVIEW, Step, preview, step_named, step_of, steps
from kfinstall.model.document import path_text
from kfinstall.tui.aside import Aside
from kfinstall.tui.cards import cards_of
from kfinstall.tui.choosing import Choosing
from kfinstall.tui.fields import Answer, Ask, Cards, Field, Look, Pressable
from kfinstall.tui.form import Form, Remove
from kfinstall.tui.help import Page
from kfinstall.tui.known import Known
from kfinstall.tui.parts import Parts
from kfinstall.words import _


class Walk(Screen[None]):
    """draft: what is answered already; it is saved at every step. found: what of the platforms is here, if known."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", _("Back"), id="walk.back"),
        Binding("f5", "next", _("Next"), id="walk.next"),
        Binding("f2", "file", _("File"), id="walk.file"),
        Binding("down", "app.focus_next", show=False, id="walk.down"),
        Binding("up", "app.focus_previous", show=False, id="walk.up"),
    ]

    def __init__(self, draft: Draft, found: Sequence[Here] = ()) -> None:
        super().__init__()
        self.draft = draft
        self.step: Step = step_named(draft.step, draft)
        self.known = Known(self, found, self._came)
        self._folded = True
        self._looked: Question | None = None

    def compose(self) -> ComposeResult:
        yield Static(id="where", markup=False)
        yield Static(id="asks", markup=False, classes="title")
        with Horizontal(id="body"):
            yield Form()
            yield Aside()
        yield Static(id="hint", markup=False)
        yield Static(id="faults", markup=False, classes="fault")
        with Horizontal(id="buttons"):
            yield Button(_("Back"), id="back", compact=True)
            yield Button(_("Next"), id="next", compact=True, variant="primary")
        yield Footer(show_command_palette=False)

    async def on_mount(self) -> None:
        at_review = self.draft.step == REVIEW
        await self.show()
        self.known.look_for_platforms()
        if at_review:
            await self._to_the_end()

    async def show(self, focus: str = "") -> None:
        """Draw the step anew. focus: the path of the question that comes into focus, as path_text gives it."""
        applying = steps(self.draft)
        number = next(n for n, each in enumerate(applying, start=1) if each.name == self.step.name)
        dots = "".join("●" if n <= number else "○" for n in range(1, len(applying) + 1))
        where = _("Step {number} of {count}: {title}").format(
            number=number, count=len(applying) + 1, title=self.step.title
        )
        self.query_one("#where", Static).update(f"{dots}○  {where}")
        self.query_one("#asks", Static).update(self.step.asks)
        self._looked = None
        self._say(self.step.means)
        self._preview()
        form = self.query_one(Form)
        cards = cards_of(self.step, self.questions(), self.known)
        await form.ask(self.step, self.draft, cards, self.known.room, folded=self._folded)
        if not form.focus_on(focus):
            self.query_one("#next").focus()
        if self.step.name not in ("platform", "options"):  # from here on room and version matter
            self.known.look_for_room(self.draft)

    def questions(self) -> list[Question]:
        """What the step asks, given the answers so far."""
        return self.step.ask(self.draft)

    def _came(self) -> None:
        """More is known of the machine, or of the cluster."""
        for parts in self.query(Parts):
            parts.fit(self.known.room)
        for cards in self.query(Cards):
            found = self.questions()
            now = in_force(self.draft, found[0])
            cards.fill(cards_of(self.step, found, self.known), now)

    # what is seen beside the questions

    def _say(self, text: str) -> None:
        self.query_one(Aside).say(text)
        self.query_one("#hint", Static).update(text.partition("\n\n")[0])

    def _preview(self) -> None:
        self.query_one(Aside).preview(preview(self.step, self.draft), self.draft.text)

    @on(Look)
    def _look(self, event: Look) -> None:
        self._looked = event.field.question
        self._say("\n".join(filter(None, [self._looked.meaning, self._looked.standing])))

    @on(OptionList.OptionHighlighted, "#cards")
    def _highlighted(self, event: OptionList.OptionHighlighted) -> None:
        if not event.option_list.is_attached:  # a step that was left since
            return
        self._say(self.step.means)  # what a card means stands on it

    def explained(self) -> list[str]:
        """For F1: the field in focus, then the step."""
        if not (about := self._looked):
            return [self.step.asks, self.step.means]
        where = _("In the file: {key}").format(key=path_text(about.path))
        told = [about.title, about.meaning, where, about.standing]
        return [*filter(None, told), self.step.asks, self.step.means]

    def action_file(self) -> None:
        """The whole file as it is now."""
        self.app.push_screen(Page(_("The file so far"), self.draft.text))

    # answers

    @on(Answer)
    async def _answer(self, event: Answer) -> None:
        question = event.field.question
        answer(self.draft, question, event.text)
        self._preview()
        if not event.settled:
            event.field.blame("")
            return
        self._keep()
        if question.kind is Kind.SECTION:
            await self.show(path_text(question.path))
        else:
            self._blame(checked(self.draft), only=event.field)

    @on(OptionList.OptionSelected, "#cards")
    async def _card(self, event: OptionList.OptionSelected) -> None:
        if not event.option_list.is_attached:  # as above
            return
        before = answered(self.draft, self.questions()[0])
        answer(self.draft, self.questions()[0], event.option.id or "")
        self._keep()
        if before == event.option.id or len(self.questions()) == 1:
            await self.action_next()
            return
        await self.show()
        rest = self.query(Field)
        if rest:
            rest.first().focus_control()
        else:
            self.query_one("#next").focus()

    @on(Parts.Changed)
    def _switched(self) -> None:
        self._keep()
        self._preview()

    @on(Ask)
    async def _ask(self, event: Ask) -> None:
        question = event.field.question
        if question.kind is Kind.ENTRIES:
            self.draft.add(question.path)
            held = self.draft.get(question.path)
            await self.show(path_text((*question.path, len(held) - 1 if isinstance(held, list) else 0)))
            return
        field = event.field

        async def came(value: str | None) -> None:
            if value is None:
                return
            answer(self.draft, question, chosen(question, answered(self.draft, question), value))
            self._keep()
            if question.members:
                await self.show(path_text(question.path))
            else:
                field.show(answered(self.draft, question))
                self._preview()
                self._blame(checked(self.draft), only=field)

        self.app.push_screen(
            Choosing(question.title, question.meaning, lister(question, self.draft), now=answered(self.draft, question),
                     default=question.in_words(question.default), free=question.kind is not Kind.CHOICE),
            came,
        )  # fmt: skip

    @on(Pressable.Pressed, "#more")
    async def _show_more(self) -> None:
        self._folded = False
        await self.show()

    @on(Pressable.Pressed, ".remove")
    async def _remove(self, event: Pressable.Pressed) -> None:
        if isinstance(event.pressable, Remove):
            self.draft.drop(event.pressable.entry)
            self._keep()
            await self.show(path_text(event.pressable.entry[:-1]))

    def _keep(self) -> None:
        self.draft.step = self.step.name
        if reason := kept(self.draft, draft_path(state_home())):
            self.notify(reason, severity="warning", markup=False)

    def _blame(self, found: Checked, only: Field | None = None) -> bool:
        """Say what is wrong in this step, beside its fields; the rest below. Whether something is."""
        faults = [each for each in found.faults if step_of(each.path, self.draft) == self.step.name]
        beside = self.query_one(Form).blame(found, only)
        rest = [fault for fault in faults if fault.path not in beside] if only is None else []
        shown = [": ".join(filter(None, [fault.path, fault.message])) for fault in rest]
        self.query_one("#faults", Static).update("\n".join(f"✗ {line}" for line in shown))
        self.query_one("#faults").display = bool(shown)
        return bool(faults)

    # back and forth

    @on(Button.Pressed, "#back")
    async def action_back(self) -> None:
        """The step before; from the first one home."""
        applying = [each.name for each in steps(self.draft)]
        at = applying.index(self.step.name)
        self._keep()
        if at == 0:
            self.app.pop_screen()
            return
        await self._go(applying[at - 1])

    @on(Button.Pressed, "#next")
    async def action_next(self) -> None:
        """The step after, unless something is wrong here."""
        if self.step.cards:
            self._choose_highlighted()
        if self._blame(checked(self.draft)):
            self.query_one(Form).focus_on_wrong()
            return
        self._keep()
        applying = [each.name for each in steps(self.draft)]
        at = applying.index(self.step.name)
        if at + 1 < len(applying):
            await self._go(applying[at + 1])
        else:
            await self._to_the_end()

    async def _to_the_end(self) -> None:
        """To the review, or to what is wrong in another step: a secret that was not kept, say."""
        found = checked(self.draft)
        if found.loaded:
            self._review()
            return
        path = found.faults[0].path
        await self._go(step_of(path, self.draft), path)
        self._blame(found)

    def _choose_highlighted(self) -> None:
        """A card that is only highlighted counts when its user goes on, where none was chosen before."""
        first, cards = self.questions()[0], self.query(Cards)
        if cards and not answered(self.draft, first) and first.required:
            answer(self.draft, first, cards.first(Cards).current)

    async def _go(self, name: str, focus: str = "") -> None:
        self.step, self._folded = step_named(name, self.draft), True
        self._keep()
        self.query_one("#faults").display = False
        await self.show(focus)

    def _review(self) -> None:
        from kfinstall.tui.review import Review  # noqa: PLC0415 - the end of the walk

        async def left(about: str | None) -> None:
            if about:
                step = step_named(step_of(about, self.draft), self.draft)
                own = step.cards and path_text(step.ask(self.draft)[0].path).startswith(about)
                await self._go(step.name, "" if own else about)

        self.app.push_screen(Review(self.draft), left)

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self.app.action_focus_next()
