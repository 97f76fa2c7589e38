"""A question as a line on the screen: its title, something to answer with, and the reason why an answer will not do."""

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.events import Click, DescendantBlur, DescendantFocus
from textual.message import Message
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from kfinstall.guide.questions import Kind, Question, to_text
from kfinstall.tui.cards import Card
from kfinstall.tui.line import Line
from kfinstall.words import _


class Pressable(Static, can_focus=True):
    """A line that does something on Enter, Space or a click."""

    BINDINGS = [("enter,space", "press", "")]  # noqa: RUF012 - as textual has it

    class Pressed(Message):
        """Somebody pressed it."""

        def __init__(self, pressable: "Pressable") -> None:
            super().__init__()
            self.pressable = pressable

        @property
        def control(self) -> "Pressable":
            return self.pressable

    def action_press(self) -> None:
        self.post_message(self.Pressed(self))

    def on_click(self, event: Click) -> None:
        event.stop()
        self.action_press()


class Answer(Message):
    """Somebody answered a question. settled: they moved on, so that it can be said what is wrong with it."""

    def __init__(self, field: "Field", text: str, *, settled: bool = True) -> None:
        super().__init__()
        self.field, self.text, self.settled = field, text, settled


class Ask(Message):
    """Somebody wants to see what can be answered."""

    def __init__(self, field: "Field") -> None:
        super().__init__()
        self.field = field


class Look(Message):
    """A question came into focus."""

    def __init__(self, field: "Field") -> None:
        super().__init__()
        self.field = field


class Field(Vertical):
    """now: the answer as text, "" for none."""

    def __init__(self, question: Question, now: str) -> None:
        super().__init__(classes="field")
        self.question, self.now = question, now

    def compose(self) -> ComposeResult:
        with Horizontal(classes="row"):
            yield Static(_label(self.question), markup=False, classes="label")
            yield from self._control()
        yield Static("", markup=False, classes="fault")

    def _control(self) -> ComposeResult:
        question, now = self.question, self.now
        if question.kind in (Kind.YES_NO, Kind.SECTION):
            yield Pressable(_toggled(now or to_text(question.default)), markup=False, classes="control")
        elif question.kind is Kind.ENTRIES:
            yield Pressable(_("[+] Add one"), markup=False, classes="control")
        elif question.kind is Kind.CHOICE or question.listed:
            yield Pressable(self._chosen(), classes="control", markup=False)
        else:
            yield Line(now, placeholder=_placeholder(question), password=question.kind is Kind.SECRET,
                        compact=True, classes="control")  # fmt: skip

    def _chosen(self) -> Content:
        if self.now:
            return Content(f"{self.question.in_words(self.now)} ▾")
        default = self.question.in_words(self.question.default)
        if default and self.question.recommended:
            default = _("{title} (recommended here)").format(title=default)
        return Content.styled((default or _("choose")) + " ▾", "dim")

    def show(self, now: str) -> None:
        """Show another answer."""
        self.now = now
        control = self.query_one(".control")
        if isinstance(control, Input):
            control.value = now
        elif isinstance(control, Pressable) and self.question.kind in (Kind.YES_NO, Kind.SECTION):
            control.update(_toggled(now or to_text(self.question.default)))
        elif isinstance(control, Pressable) and self.question.kind is not Kind.ENTRIES:
            control.update(self._chosen())

    def blame(self, reason: str) -> None:
        """Say what is wrong with the answer; "" for nothing."""
        fault = self.query_one(".fault", Static)
        fault.update(Content(f"✗ {reason}" if reason else ""))
        fault.display = bool(reason)
        self.set_class(bool(reason), "-wrong")

    def focus_control(self) -> None:
        self.query_one(".control").focus()

    def on_mount(self) -> None:
        self.blame("")

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        if event.value != self.now:
            self.now = event.value
            self.post_message(Answer(self, event.value, settled=False))

    @on(DescendantBlur)
    def _left(self) -> None:
        if self.query(Input):
            self.post_message(Answer(self, self.now))

    @on(DescendantFocus)
    def _entered(self) -> None:
        self.post_message(Look(self))

    @on(Pressable.Pressed)
    def _pressed(self, event: Pressable.Pressed) -> None:
        event.stop()
        if self.question.kind in (Kind.YES_NO, Kind.SECTION):
            held = self.now or to_text(self.question.default)
            self.show("false" if held == "true" else "true")
            self.post_message(Answer(self, self.now))
        else:
            self.post_message(Ask(self))


class Cards(OptionList):
    """The choices of a step's own question, each with what it means."""

    def __init__(self, cards: Sequence[Card], now: str) -> None:
        super().__init__(id="cards")
        self._cards, self._now = list(cards), now

    def on_mount(self) -> None:
        self.fill(self._cards, self._now)

    def fill(self, cards: Sequence[Card], now: str) -> None:
        """Show these cards, and keep the highlighted one."""
        held = self.current or now
        self._cards, self._now = list(cards), now
        self.clear_options()
        self.add_options(Option(each.shown(chosen=each.value == now), id=each.value) for each in self._cards)
        self.highlighted = next((n for n, each in enumerate(self._cards) if each.value == held), 0)
        self.call_after_refresh(self.scroll_to_highlight)

    def on_resize(self) -> None:
        """Keep the highlighted card in sight."""
        self.call_after_refresh(self.scroll_to_highlight)

    @property
    def current(self) -> str:
        """The value of the highlighted card."""
        at = self.highlighted
        return self._cards[at].value if at is not None and at < len(self._cards) and self.option_count else ""


def _label(question: Question) -> str:
    return question.title + (" *" if question.required else "")


def _toggled(text: str) -> str:
    return _("[x] yes") if text == "true" else _("[ ] no")


def _placeholder(question: Question) -> str:
    if question.kind is Kind.MAPPING:
        return _("name=value, name=value")
    if question.kind is Kind.LIST:
        return _("one, another")
    return to_text(question.default)
