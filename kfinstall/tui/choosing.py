"""One of a list, with search: a list that is known, or one that a platform has to be asked for."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.events import Key
from textual.screen import ModalScreen
from textual.widgets import Footer, Input, OptionList, Static
from textual.widgets.option_list import Option
from textual.worker import Worker, WorkerState

from kfinstall.contracts.platform import Choice
from kfinstall.errors import KfinstallError
from kfinstall.tui.line import Line
from kfinstall.words import _


class Choosing(ModalScreen[str | None]):
    """Ends with the chosen value, "" for none (the default holds), or None when the user goes back.

    load: gives the choices, in a thread; it may take its time and raise KfinstallError. free: something else than the
    list has may be typed.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "back", _("Back"), id="choosing.back")]

    def __init__(
        self, title: str, meaning: str, load: Callable[[], Sequence[Choice]], *, now: str, default: str, free: bool
    ) -> None:
        super().__init__()
        self._title, self._meaning, self._load = title, meaning, load
        self._now, self._default, self._free = now, default, free  # now: of a list, one after the other
        self._choices: Sequence[Choice] = ()

    def compose(self) -> ComposeResult:
        with Vertical(id="choosing") as box:
            box.border_title = self._title
            yield Static(self._meaning, markup=False, classes="quiet", id="choosing-meaning")
            search = _("Type to search, or what is not in the list") if self._free else _("Type to search")
            yield Line(placeholder=search, id="search", compact=True)
            yield Static(_("Loading …"), id="state", markup=False)
            yield OptionList(id="choices", compact=True)
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self.query_one("#choices").display = False
        self._ask()

    @work(thread=True, exclusive=True, exit_on_error=False, group="choices")
    def _ask(self) -> Sequence[Choice] | str:
        try:
            return self._load()
        except KfinstallError as error:
            return "\n".join(filter(None, [error.what, error.why, error.fix]))

    @on(Worker.StateChanged)
    def _answered(self, event: Worker.StateChanged) -> None:
        if event.state is WorkerState.ERROR:
            self._tell(_("The list could not be loaded: {reason}").format(reason=event.worker.error))
        if event.state is not WorkerState.SUCCESS:
            return
        result: Any = event.worker.result
        if isinstance(result, str):
            self._tell(result)
            return
        self._choices = result
        self.query_one("#choices").display = True
        self._show("")

    def _tell(self, reason: str) -> None:
        typed = _("You can type the value above.") if self._free else ""
        self.query_one("#state", Static).update(Content("\n".join(filter(None, [f"✗ {reason}", typed]))))

    @on(Input.Changed, "#search")
    def _search(self, event: Input.Changed) -> None:
        self._show(event.value)

    def _show(self, text: str) -> None:
        words = text.lower().split()
        found = [each for each in self._choices if all(word in _searched(each) for word in words)]
        options = self.query_one("#choices", OptionList)
        options.clear_options()
        if self._default and not words:
            options.add_option(Option(Content(_("(default: {value})").format(value=self._default)), id="="))
        options.add_options(Option(_line(each, self._now), id=f"={each.value}") for each in found)
        count = len(found)
        if self._choices:
            self.query_one("#state", Static).update(
                Content(_("{count} of {all}").format(count=count, all=len(self._choices)))
            )
        elif options.display:
            self.query_one("#state", Static).update(Content(_("There is nothing to choose from here.")))
        if options.option_count:
            at = next((n for n, each in enumerate(options.options) if each.id == f"={self._now}"), 0)
            options.highlighted = at if not words else 0

    @on(Input.Submitted, "#search")
    def _submitted(self, event: Input.Submitted) -> None:
        options = self.query_one("#choices", OptionList)
        if options.option_count and options.highlighted is not None:
            chosen = options.get_option_at_index(options.highlighted)
            self.dismiss((chosen.id or "=")[1:])
        elif self._free and event.value.strip():
            self.dismiss(event.value.strip())

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss((event.option.id or "=")[1:])

    def on_key(self, event: Key) -> None:
        """Up and down move in the list while the cursor stays in the search."""
        options = self.query_one("#choices", OptionList)
        if self.focused is not options and event.key in ("up", "down", "pageup", "pagedown") and options.display:
            event.stop()
            moves: dict[str, Callable[[], None]] = {
                "up": options.action_cursor_up, "down": options.action_cursor_down,
                "pageup": options.action_page_up, "pagedown": options.action_page_down,
            }  # fmt: skip
            moves[event.key]()

    def action_back(self) -> None:
        self.workers.cancel_group(self, "choices")
        self.dismiss(None)


def _searched(choice: Choice) -> str:
    return f"{choice.value} {choice.title} {choice.text}".lower()


def _line(choice: Choice, now: str) -> Content:
    """A choice that has a text of its own goes by its title; what a platform lists goes by the value."""
    mark = "● " if choice.value in now.split(", ") else "  "
    name, beside = (choice.title, choice.text) if choice.text else (choice.value, choice.title)
    return Content.assemble(mark, name, (f"  {beside}" if beside not in ("", name) else "", "dim"))
