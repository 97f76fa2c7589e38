"""The review: everything that will happen, before anything does."""

from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Button, Footer, Static

from kfinstall.errors import KfinstallError
from kfinstall.guide import reviewing, saving
from kfinstall.guide.checking import NAME, checked
from kfinstall.guide.draft import Draft
from kfinstall.words import _


class Review(Screen[None]):
    """draft: complete, as the walk left it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", _("Back"), id="review.back"),
        Binding("f6", "save", _("Save the file"), id="review.save"),
    ]

    def __init__(self, draft: Draft) -> None:
        super().__init__()
        self.draft = draft
        loaded = checked(draft).loaded
        assert loaded is not None  # noqa: S101 - the walk ends only with a valid document
        self.loaded = loaded

    def compose(self) -> ComposeResult:
        yield Static(_("Review: nothing has been changed yet"), id="asks", markup=False, classes="title")
        with VerticalScroll(id="review"):
            yield Static(id="answers", markup=False)
            yield Static(_("The file"), markup=False, classes="heading")
            yield Static(saving.file_text(self.loaded), markup=False, id="file")
            yield Static(_("The same, unattended"), markup=False, classes="heading")
            commands = [*saving.exports(self.draft), saving.command(NAME)]
            yield Static("\n".join(commands), markup=False, id="command")
        with Horizontal(id="buttons"):
            yield Button(_("Back"), id="back", compact=True)
            yield Button(_("Save the file"), id="save", compact=True)
            act = _("Install on {cluster}").format(cluster=reviewing.cluster_name(self.loaded))
            yield Button(act, id="install", compact=True, variant="primary")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self.query_one("#back").focus()
        try:
            release = reviewing.release_of(self.loaded)
        except KfinstallError as error:
            self.query_one("#answers", Static).update(Content(str(error)))
            return
        rows = [f"{line.title:14} {line.text}" for line in reviewing.lines(self.draft, release)]
        self.query_one("#answers", Static).update(Content("\n".join(rows)))

    @on(Button.Pressed, "#back")
    def action_back(self) -> None:
        self.app.pop_screen()

    @on(Button.Pressed, "#save")
    def action_save(self) -> None:
        path = Path.cwd() / NAME
        try:
            saving.write(saving.file_text(self.loaded), path)
        except KfinstallError as error:
            self.notify(str(error), severity="error")
            return
        self.notify(_("Wrote {path}. Later: {command}").format(path=path, command=saving.command(path)))
