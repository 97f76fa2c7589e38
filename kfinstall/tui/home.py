"""The home screen: what is here, and what can be done."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widgets import Footer, OptionList, Static
from textual.widgets.option_list import Option

from kfinstall.words import _


class Home(Screen[None]):
    """Where everybody begins."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("q", "app.quit", _("Quit"), show=False, id="home.quit")]

    def compose(self) -> ComposeResult:
        yield Static(_("kfinstall: Kubeflow on any Kubernetes cluster"), classes="title")
        yield OptionList(Option(_("Install Kubeflow"), id="install"))
        yield Footer(show_command_palette=False)

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        if event.option.id == "install":
            from kfinstall.guide.draft import Draft  # noqa: PLC0415 - the first picture does without the models
            from kfinstall.tui.walk import Walk  # noqa: PLC0415 - as above

            self.app.push_screen(Walk(Draft()))
