"""The review: everything that will happen, before anything does."""

from collections.abc import Iterator
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.events import Callback
from textual.screen import Screen
from textual.widgets import Button, Footer, Static

from kfinstall.cells import padded, width
from kfinstall.engine.state_folder import state_home
from kfinstall.errors import KfinstallError
from kfinstall.guide import reviewing, saving
from kfinstall.guide.checking import NAME, checked
from kfinstall.guide.draft import Draft, draft_path, forget, kept
from kfinstall.guide.outlook import Objects, Outlook, kinds, outlook, total
from kfinstall.guide.steps import REVIEW, step_about
from kfinstall.tui.background import Background
from kfinstall.tui.hanging import Hanging
from kfinstall.tui.origin import Origin
from kfinstall.words import _, counted

HEADING = "bold $secondary"

SAVED = _(
    "Save the file to install the same later or elsewhere: it is what `kfinstall install -f` reads. "
    "Secrets are not in it; it says which environment variables they are taken from."
)


class Review(Screen[str]):
    """draft: complete, as the walk left it. Ends with the key of the document whose answer is to be changed, or ""."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", _("Back"), id="review.back"),
        Binding("f6", "save", _("Save the file"), id="review.save"),
        Binding("f4", "change", _("To the answer"), id="review.change"),
        Binding("f5", "look", _("Look again"), id="review.look"),
        Binding("left", "app.focus_previous", show=False, id="review.left"),
        Binding("right", "app.focus_next", show=False, id="review.right"),
        Binding("down", "scroll(1)", show=False, id="review.down"),
        Binding("up", "scroll(-1)", show=False, id="review.up"),
        Binding("pagedown", "scroll(10)", show=False, id="review.pagedown"),
        Binding("pageup", "scroll(-10)", show=False, id="review.pageup"),
    ]

    def __init__(self, draft: Draft) -> None:
        super().__init__()
        self.draft = draft
        loaded = checked(draft).loaded
        assert loaded is not None  # noqa: S101 - the walk ends only with a valid document
        self.loaded = loaded
        self.origin = Origin(draft=draft)
        self.outlook: Outlook | KfinstallError | None = None
        self._background = Background(self)
        self._cluster = reviewing.cluster_name(loaded)

    def compose(self) -> ComposeResult:
        yield Static(_("Review: nothing has been changed yet"), id="asks", markup=False, classes="title")
        with Horizontal(id="body"):
            with VerticalScroll(id="plan", can_focus=False):
                yield Static(self._answers(), id="answers")
                yield Static(id="outlook")
                yield Static(self._file(), id="file")
            with VerticalScroll(id="aside", can_focus=False):
                yield Static(self._file(), id="file-beside")
        with Horizontal(id="buttons"):
            yield Button(_("Back"), id="back", compact=True)
            yield Button(_("Save the file"), id="save", compact=True)
            act = _("Install on {cluster}").format(cluster=self._cluster)
            yield Button(act, id="install", compact=True, variant="primary")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self.query_one("#back").focus()
        self.draft.step = REVIEW
        if reason := kept(self.draft, draft_path(state_home())):
            self.notify(reason, severity="warning", markup=False)
        self.action_look()

    def explained(self) -> list[str]:
        """For F1."""
        return [
            _("Review"),
            _("This is all that will happen. It was worked out from your answers, the release and the cluster; "
              "nothing has been changed so far."),
            SAVED,
        ]  # fmt: skip

    # What will happen

    def action_look(self) -> None:
        """Work out anew what will happen."""
        self.outlook = None
        self._tell(_("Working out what will happen …"))
        self._background.run(lambda: outlook(self.loaded, self._from_thread), self._looked)

    def _from_thread(self, doing: str) -> None:
        self.post_message(Callback(callback=lambda: self._tell(doing)))

    def _tell(self, doing: str) -> None:
        if self.outlook is None:
            self.query_one("#outlook", Static).update(Content.styled(f"\n… {doing}", "dim"))

    def _looked(self, found: Outlook | KfinstallError) -> None:
        self.outlook = found
        self.query_one("#outlook", Static).update(Hanging(Content("\n").join(self._told(found))))
        self.query_one("#install", Button).disabled = self.refusal is not None
        self.refresh_bindings()

    @property
    def refusal(self) -> KfinstallError | None:
        """Why this cannot be installed like this, as far as that is known."""
        found = self.outlook
        return found.refused if isinstance(found, Outlook) else found

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002 - textual's
        return action != "change" or bool(self.refusal and step_about(self.refusal, self.draft))

    def _told(self, found: Outlook | KfinstallError) -> Iterator[Content]:
        if isinstance(found, KfinstallError):
            yield from self._refused(found)
            return
        yield from _block(_("Where"), [found.where])
        if found.refused:
            yield from self._refused(found.refused)
        if found.making:
            yield from _block(_("First the cluster"), found.making.splitlines())
        if found.making or not found.refused:  # of a cluster that is there and refused, nothing else was looked at
            yield from _changes(found)
        yield from _block(_("Room"), [found.size])
        if found.warnings:
            yield from _block(_("Worth knowing"), list(found.warnings), "$text-warning")
        if not found.making and not found.refused:
            rights = [f"✗ {found.rights}"] if found.rights else [_("✓ You have the rights that it takes.")]
            yield from _block(_("Rights"), rights)

    def _refused(self, error: KfinstallError) -> Iterator[Content]:
        yield from _block(_("This cannot be installed like this"), [f"✗ {error.what}"], "$text-error")
        if step := step_about(error, self.draft):
            yield Content("  " + _("F4 leads back to the answer, at: {step}").format(step=step.title))
        fix = "" if step else error.fix  # which names the same answers, as options of the command line
        yield from (Content(f"  {line}") for part in (error.why, fix) for line in part.splitlines())

    def _answers(self) -> Hanging:
        try:
            release = reviewing.release_of(self.loaded)
        except KfinstallError as error:
            return Hanging(Content(str(error)))
        lines = list(reviewing.lines(self.draft, release))
        column = max(width(line.title) for line in lines) + 2
        rows = (Content.assemble((padded(line.title, column), "bold"), line.text) for line in lines)
        return Hanging(Content("\n").join(rows), column)

    def _file(self) -> Content:
        blocks = [*_block(_("The file"), self.draft.text.splitlines())]
        blocks.append(Content.styled(SAVED, "dim"))
        commands = [*saving.exports(self.draft), saving.command(self.origin.file or NAME)]
        blocks += _block(_("The same, unattended"), commands)
        return Content("\n").join(blocks)

    def _show_file(self) -> None:
        for name in ("#file", "#file-beside"):
            self.query_one(name, Static).update(self._file())

    def action_scroll(self, lines: int) -> None:
        """Move in the plan, whatever button has the focus."""
        self.query_one("#plan").scroll_relative(y=lines, animate=False)

    # What can be done

    @on(Button.Pressed, "#back")
    def action_back(self) -> None:
        """To the questions; the answers stay."""
        self._background.cancel()
        self.dismiss("")

    def action_change(self) -> None:
        """To the question whose answer it is refused for."""
        self._background.cancel()
        self.dismiss(self.refusal.about if self.refusal else "")

    @on(Button.Pressed, "#save")
    def action_save(self) -> None:
        """Write the file into the current folder, and go nowhere."""
        try:
            path = self.origin.save(self.loaded)
        except KfinstallError as error:
            self.notify(str(error), severity="error", markup=False)
            return
        self._show_file()
        self.notify(_("Wrote {path}").format(path=path), markup=False)

    @on(Button.Pressed, "#install")
    def _install(self) -> None:
        from kfinstall.tui.install_screen import InstallScreen  # noqa: PLC0415 - after all is said

        self._background.cancel()
        self.app.push_screen(InstallScreen(self.loaded, self.origin), self._installed)

    def _installed(self, result: Any) -> None:
        """After the install: home, and nothing to resume, where it came to its end; or to an answer to be changed."""
        from kfinstall.contracts.event import Result  # noqa: PLC0415 - as above

        if result is Result.SUCCEEDED:
            forget(draft_path(state_home()))
            self.app.pop_screen()
            self.app.pop_screen()
        elif result is None or isinstance(result, Result):
            self._take_over()
            self.action_look()
        else:
            self.dismiss(str(result))

    def _take_over(self) -> None:
        """What a fix changed in the answers while the install went on."""
        self.loaded = self.origin.now(self.loaded)
        self.query_one("#answers", Static).update(self._answers())
        self._show_file()


def _block(title: str, lines: list[str], style: str = "") -> Iterator[Content]:
    yield Content()
    yield Content.styled(title, HEADING)
    yield from (Content.styled(line, style) if style else Content(line) for line in lines)


def _changes(found: Outlook) -> Iterator[Content]:
    create = counted("Will create {count} object", "Will create {count} objects", total(found.create))
    yield from _block(create, _objects(found.create))
    change = counted("Will change {count} object", "Will change {count} objects", total(found.change))
    yield from _block(change if found.change else _("Will change nothing that is there"), _objects(found.change))
    yield from _block(_("Will not touch"), _untouched(found))
    if found.delete:
        yield from _block(_("Will delete"), list(found.delete))


def _objects(objects: Objects) -> list[str]:
    return [f"  {name or '-'}: {kinds(found)}" for name, found in objects.items()]


def _untouched(found: Outlook) -> list[str]:
    lines = []
    if found.keep:
        lines.append(
            counted("  {count} object that stands as wanted", "  {count} objects that stand as wanted", found.keep)
        )
    return [*lines, _("  everything else in the cluster, your data, and fields that others manage")]
