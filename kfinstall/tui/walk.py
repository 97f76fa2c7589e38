"""The walk: one screen that goes through the steps, with the question, what the choice means, and what the file says.

Answers live in the draft, never in widgets: going back, a resize or the end of the program loses none.
"""

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Button, Footer, Input, OptionList, Static

from kfinstall.engine.state_folder import state_home
from kfinstall.errors import KfinstallError
from kfinstall.guide import components, here
from kfinstall.guide.answering import answer, answered, in_force
from kfinstall.guide.checking import Checked, checked
from kfinstall.guide.draft import Draft, draft_path, save
from kfinstall.guide.here import Here
from kfinstall.guide.lists import lister
from kfinstall.guide.questions import Kind, Question, to_text
from kfinstall.guide.questions import Path as Place
from kfinstall.guide.room import Room, room
from kfinstall.guide.steps import REVIEW, Step, preview, step_named, step_of, steps
from kfinstall.kfdef import presets
from kfinstall.model.document import path_text
from kfinstall.model.write import yaml_text
from kfinstall.tui.background import Background
from kfinstall.tui.cards import Card, platform_card, release_card
from kfinstall.tui.choosing import Choosing
from kfinstall.tui.component_tree import ComponentTree
from kfinstall.tui.fields import Answer, Ask, Cards, Field, Look, Pressable
from kfinstall.tui.help import Page
from kfinstall.words import _, counted

FEW = 7
"""Questions that are shown at once, minor ones included."""


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
        self._more = False
        self._looked: Question | None = None
        self._here, self._room_look = Background(self), Background(self)
        self._found = found or here.plain()
        self._room: Room | None = None
        self._room_of = ""

    def compose(self) -> ComposeResult:
        yield Static(id="where", markup=False)
        yield Static(id="asks", markup=False, classes="title")
        with Horizontal(id="body"):
            yield VerticalScroll(id="form", can_focus=False)
            with VerticalScroll(id="aside", can_focus=False):
                yield Static(id="means", markup=False)
                yield Static(id="preview-title", markup=False, classes="title")
                yield Static(id="preview", markup=False)
        yield Static(id="hint", markup=False)
        yield Static(id="faults", markup=False, classes="fault")
        with Horizontal(id="buttons"):
            yield Button(_("Back"), id="back", compact=True)
            yield Button(_("Next"), id="next", compact=True, variant="primary")
        yield Footer(show_command_palette=False)

    async def on_mount(self) -> None:
        at_review = self.draft.step == REVIEW
        await self.show()
        self._here.run(here.found, self._platforms_found)
        if at_review and checked(self.draft).loaded:
            self._review()

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
        form = self.query_one("#form", VerticalScroll)
        with self.app.batch_update():
            await form.remove_children()
            await form.mount_all(self._widgets())
        form.scroll_home(animate=False)
        self._focus(focus)
        self._look_for_room()
        self._total()

    def questions(self) -> list[Question]:
        """What the step asks, given the answers so far."""
        return self.step.ask(self.draft)

    def _widgets(self) -> list[Widget]:
        found = self.questions()
        made: list[Widget] = []
        if self.step.components:
            return [ComponentTree(components.components(self.draft)), Static(id="total")]
        if self.step.cards and found:
            first, *found = found
            made.append(Cards(self.cards(first), in_force(self.draft, first)))
        minor = [each for each in found if each.minor]
        folded = minor if len(found) > FEW and len(minor) < len(found) and not self._more else []
        group: tuple[str, ...] = ()
        for question in found:
            if question in folded and not answered(self.draft, question):
                continue
            if question.group != group and question.group:
                made.append(Static(" / ".join(question.group), markup=False, classes="group"))
                made += [Remove(entry)] if (entry := _entry(question)) else []
            group = question.group
            made.append(Field(question, answered(self.draft, question)))
        hidden = sum(not answered(self.draft, each) for each in folded)
        if hidden:
            text = counted("{count} more option …", "{count} more options …", hidden)
            made.append(Pressable(text, id="more", markup=False))
        return made

    def cards(self, question: Question) -> list[Card]:
        """The choices of the step's own question."""
        if self.step.name == "platform":
            return [platform_card(each, first=not n) for n, each in enumerate(self._found)]
        if self.step.name == "kubeflow":
            return [release_card(each, self._room) for each in presets.describe()]
        return [Card(each.value, each.value, each.title) for each in question.choices]

    def _platforms_found(self, found: list[Here] | KfinstallError) -> None:
        if isinstance(found, list):
            self._found = found
            self._fill_cards()

    def _look_for_room(self) -> None:
        """Once for each cluster that is chosen, when its room and version begin to matter."""
        asked = yaml_text(self.draft.get(("platform",)))
        if self.step.name in ("platform", "options") or asked == self._room_of:
            return
        self._room, self._room_of = None, asked
        self._room_look.run(lambda: room(self.draft), self._room_found)

    def _room_found(self, found: Room | KfinstallError | None) -> None:
        self._room = found if isinstance(found, Room) else None
        if self.step.components:
            self._total()
        self._fill_cards()

    def _fill_cards(self) -> None:
        for cards in self.query(Cards):
            first = self.questions()[0]
            cards.fill(self.cards(first), in_force(self.draft, first) if first.default else answered(self.draft, first))

    # the parts of the release

    def _total(self, also: Sequence[str] = ()) -> None:
        """What is on needs together, and whether there is room for it."""
        wanted = components.total(self.draft)
        lines = [_("With it: {names}").format(names=", ".join(also))] if also else []
        lines.append(_("Together: {needs}").format(needs=wanted.told or _("nothing")))
        if self._room is not None and self._room.told:
            fits = _("✗ too little for all of it") if self._room.lacks(wanted) else _("✓ enough")
            lines.append(_("Free in the cluster: {room} {fits}").format(room=self._room.told, fits=fits))
        for total in self.query("#total").results(Static):
            total.update(Content("\n".join(lines)))

    @on(ComponentTree.Switched)
    def _switched(self, event: ComponentTree.Switched) -> None:
        also = components.switch(self.draft, event.component.name, on=not event.component.on)
        self.query_one(ComponentTree).fill(components.components(self.draft))
        self._total(also)
        self._keep()
        self._preview()

    # what is seen beside the questions

    def _say(self, text: str) -> None:
        self.query_one("#means", Static).update(text)
        self.query_one("#hint", Static).update(text.partition("\n\n")[0])

    def _preview(self) -> None:
        text = preview(self.step, self.draft)
        self.query_one("#preview-title", Static).update(_("In the file"))
        self.query_one("#preview", Static).update(text or _("Nothing: the defaults hold."))

    @on(Look)
    def _look(self, event: Look) -> None:
        self._looked = event.field.question
        default = to_text(self._looked.default)
        if self._looked.kind is Kind.SECRET:
            default = ""
        lines = [self._looked.meaning, _("Default: {value}").format(value=default) if default else ""]
        self._say("\n".join(filter(None, lines)))

    def explained(self) -> list[str]:
        """For F1: the field in focus, then the step."""
        about = self._looked
        lines = [about.title, about.meaning, _("In the file: {key}").format(key=path_text(about.path))] if about else []
        if about and (default := to_text(about.default)):
            lines.append(_("Default: {value}").format(value=default))
        return [*lines, self.step.asks, self.step.means] if lines else [self.step.asks, self.step.means]

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

    @on(OptionList.OptionHighlighted, "#cards")
    def _highlighted(self) -> None:
        current = self.query_one(Cards).current
        found = self.questions()
        text = next((each.title for each in found[0].choices if each.value == current), "") if found else ""
        self._say("\n\n".join(filter(None, [text, self.step.means])))

    @on(OptionList.OptionSelected, "#cards")
    async def _card(self, event: OptionList.OptionSelected) -> None:
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

    @on(Ask)
    async def _ask(self, event: Ask) -> None:
        question = event.field.question
        if question.kind is Kind.ENTRIES:
            self.draft.add(question.path)
            held = self.draft.get(question.path)
            await self.show(path_text((*question.path, len(held) - 1 if isinstance(held, list) else 0)))
            return
        field = event.field

        async def chosen(value: str | None) -> None:
            if value is None:
                return
            answer(self.draft, question, value)
            self._keep()
            if question.members:
                await self.show(path_text(question.path))
            else:
                field.show(answered(self.draft, question))
                self._preview()
                self._blame(checked(self.draft), only=field)

        self.app.push_screen(
            Choosing(question.title, question.meaning, lister(question, self.draft), now=answered(self.draft, question),
                     default=to_text(question.default), free=question.kind is not Kind.CHOICE),
            chosen,
        )  # fmt: skip

    @on(Pressable.Pressed, "#more")
    async def _show_more(self) -> None:
        self._more = True
        await self.show()

    @on(Pressable.Pressed, ".remove")
    async def _remove(self, event: Pressable.Pressed) -> None:
        if isinstance(event.pressable, Remove):
            self.draft.drop(event.pressable.entry)
            self._keep()
            await self.show(path_text(event.pressable.entry[:-1]))

    def action_file(self) -> None:
        """The whole file as it is now."""
        self.app.push_screen(Page(_("The file so far"), self.draft.text))

    def _keep(self) -> None:
        self.draft.step = self.step.name
        try:
            save(self.draft, draft_path(state_home()))
        except OSError as error:
            self.notify(_("The draft cannot be kept: {reason}").format(reason=error.strerror), severity="warning")

    # faults

    def _blame(self, found: Checked, only: Field | None = None) -> list[str]:
        """Say what is wrong in this step, beside its fields; the rest below. The messages."""
        faults = [each for each in found.faults if step_of(each.path, self.draft) == self.step.name]
        fields = {path_text(field.question.path): field for field in self.query(Field)}
        for field in fields.values():
            reason = found.of(field.question.path)
            if only is None or field is only or (field.has_class("-wrong") and not reason):
                field.blame(reason)
        rest = [fault for fault in faults if fault.path not in fields]
        shown = [f"✗ {_named(fault.path)}{fault.message}" for fault in rest] if only is None else []
        self.query_one("#faults", Static).update("\n".join(shown))
        self.query_one("#faults").display = bool(shown)
        return [fault.message for fault in faults]

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
            wrong = next((field for field in self.query(Field) if field.has_class("-wrong")), None)
            if wrong is not None:
                wrong.focus_control()
            return
        self._keep()
        applying = [each.name for each in steps(self.draft)]
        at = applying.index(self.step.name)
        if at + 1 < len(applying):
            await self._go(applying[at + 1])
        else:
            self._review()

    def _choose_highlighted(self) -> None:
        """A card that is only highlighted counts when its user goes on, where none was chosen before."""
        first, cards = self.questions()[0], self.query(Cards)
        if cards and not answered(self.draft, first) and first.required:
            answer(self.draft, first, cards.first(Cards).current)

    async def _go(self, name: str) -> None:
        self.step, self._more = step_named(name, self.draft), False
        self._keep()
        self.query_one("#faults").display = False
        await self.show()

    def _review(self) -> None:
        from kfinstall.tui.review import Review  # noqa: PLC0415 - the end of the walk

        self.app.push_screen(Review(self.draft))

    def _focus(self, path: str) -> None:
        fields = list(self.query(Field))
        wanted = next((each for each in fields if path and path_text(each.question.path).startswith(path)), None)
        if wanted is not None:
            self.call_after_refresh(wanted.focus_control)
        elif self.query("#cards, #components"):
            self.query("#cards, #components").first().focus()
        elif fields:
            fields[0].focus_control()
        else:
            self.query_one("#next").focus()

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self.app.action_focus_next()


class Remove(Pressable):
    """Takes an entry of a list away."""

    def __init__(self, entry: Place) -> None:
        super().__init__(_("[-] Remove it"), markup=False, classes="remove")
        self.entry = entry


def _entry(question: Question) -> Place:
    """The entry of a list whose first question this is; () for other questions."""
    return question.path[:-1] if len(question.path) > 1 and isinstance(question.path[-2], int) else ()


def _named(path: str) -> str:
    return f"{path}: " if path else ""
