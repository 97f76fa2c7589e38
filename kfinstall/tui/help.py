"""F1: what is in front of the user, in a few sentences, and all keys of the screen."""

from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen, Screen
from textual.widgets import Footer, Static

from kfinstall.words import _


class Page(ModalScreen[None]):
    """A text to read, which goes away again."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,f2", "dismiss", _("Back"), id="page.back")]

    def __init__(self, title: str, text: str) -> None:
        super().__init__()
        self._title, self._text = title, text

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="page") as box:
            box.border_title = self._title
            yield Static(self._text, markup=False)
        yield Footer(show_command_palette=False)


class Help(ModalScreen[None]):
    """of: the screen that is explained; its method `explained()`, if it has one, gives a title and paragraphs."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss", _("Back"), id="help.back")]

    def __init__(self, of: Screen[Any]) -> None:
        super().__init__()
        self._of = of

    def compose(self) -> ComposeResult:
        title, *paragraphs = self._explained()
        with VerticalScroll(id="help") as box:
            box.border_title = title
            for paragraph in paragraphs:
                yield Static(paragraph, markup=False, classes="paragraph")
            yield Static(_("Keys"), classes="title")
            for keys, what in self._keys():
                yield Static(f"{keys:12} {what}", markup=False)
        yield Footer(show_command_palette=False)

    def _explained(self) -> list[str]:
        explain = getattr(self._of, "explained", None)
        return [str(each) for each in explain()] if explain else [_("Help")]

    def _keys(self) -> list[tuple[str, str]]:
        """Every key that does something here, with what it does; one line for keys that do the same."""
        found: dict[str, list[str]] = {}
        for active in self._of.active_bindings.values():
            binding = active.binding
            # those of ours have an id; what widgets bring along, such as scrolling, everybody tries by themselves
            if binding.description and active.enabled and (binding.id or binding.show):
                found.setdefault(binding.description, []).append(self.app.get_key_display(binding))
        always = [("↑ ↓ Tab", _("move")), ("Enter", _("choose"))]
        return [*always, *((" ".join(dict.fromkeys(keys)), what) for what, keys in found.items())]
