"""What an install came to: how to open it, or what has to be mended."""

import shlex
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Button, Footer, Static

from kfinstall.contracts.event import Result
from kfinstall.engine.telling import object_of, on_a_line, summary
from kfinstall.errors import KfinstallError
from kfinstall.guide.ending import Ending
from kfinstall.tui import handing_over
from kfinstall.tui.background import Background
from kfinstall.tui.hanging import Hanging
from kfinstall.tui.origin import Origin
from kfinstall.tui.review import Review
from kfinstall.words import _, counted, joined

if TYPE_CHECKING:
    from kfinstall.guide.aftermath import Door
    from kfinstall.guide.explaining import Cause
    from kfinstall.guide.undertaking import Undertaking

AGAIN, HOME = "again", "home"

SHOWN = 8
"""Objects that failed, or were skipped, and are named; the log has all."""


class ResultScreen(Screen[str]):
    """Ends with AGAIN for the same install once more, with HOME, or with the key of the document that is to change."""

    CSS_PATH = "result.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "again", _("Try again"), id="result.again"),
        Binding("c", "change", _("To the answer"), id="result.change"),
        Binding("f6", "save", _("Save the file"), id="result.save"),
        Binding("l", "read_log", _("Read the log"), show=False, id="result.read-log"),
        Binding("b", "bundle", _("Bundle for help"), id="result.bundle"),
        Binding("d", "doctor", _("Doctor"), id="result.doctor"),
        Binding("escape,h", "home", _("Back"), id="result.home"),
    ]

    def __init__(self, undertaking: "Undertaking", origin: Origin) -> None:
        super().__init__()
        self.undertaking, self.origin = undertaking, origin
        assert undertaking.ending is not None  # noqa: S101 - it is over
        self.ending: Ending = undertaking.ending
        self.background = Background(self)

    @property
    def succeeded(self) -> bool:
        return self.ending.result is Result.SUCCEEDED

    def compose(self) -> ComposeResult:
        yield Static(self._title(), id="title", markup=False)
        with VerticalScroll(id="body"):
            yield Static(id="main", markup=False)
            yield Static(_hanging(self._rest()), id="rest", markup=False)
        with Horizontal(id="buttons"):
            for name, words in self._buttons():
                yield Button(words, id=name, compact=True)
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self.query_one("#title").set_class(not self.succeeded, "bad")
        self.query(Button).first().focus()
        cluster = self.undertaking.cluster
        if self.undertaking.preparation is None or cluster is None:
            self._put(list(self._failure([])))
            return
        self._put([Text(_("Looking …"), style="dim")])
        if self.succeeded:
            self.background.run(self._door, self._open)
        else:
            self.background.run(self._causes, self._mend)

    def explained(self) -> list[str]:
        """For F1."""
        return [
            _("The result"),
            _("Trying again goes on from here: what stands as wanted is not written again."),
            _("A bundle is a file with what the doctor reads, without secrets. Nothing is sent anywhere."),
        ]

    # What stands there

    def _title(self) -> Text:
        name = self.undertaking.name
        titles = {
            Result.SUCCEEDED: _("✓ {name} is installed"),
            Result.FAILED: _("✗ {name} is not installed"),
            Result.TIMED_OUT: _("✗ {name} is not ready in time"),
            Result.STOPPED: _("- {name}: stopped"),
        }
        finished = self.undertaking.board.finished
        counts = f"  {summary(finished)}" if finished else ""
        return Text.assemble((titles[self.ending.result].format(name=name), "bold"), (counts, "dim"))

    def _buttons(self) -> Iterator[tuple[str, str]]:
        if not self.succeeded:
            yield "again", _("Try again")
        if self._about:
            yield "change", _("To the answer")
        if self.origin.draft and not self.origin.file:
            yield "save", _("Save the file")
        if self.undertaking.cluster and not self.succeeded:
            yield "bundle", _("Bundle for help")
        if self.undertaking.cluster:
            yield "doctor", _("Doctor")
        yield "home", _("Back")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002 - textual's
        return action not in {"again", "change", "save", "bundle", "doctor"} or action in dict(self._buttons())

    @property
    def _about(self) -> str:
        """The key of the document that it was refused for, where there are questions to go back to."""
        asked = any(isinstance(screen, Review) for screen in self.app.screen_stack)
        return self.ending.error.about if asked and self.ending.error else ""

    def _door(self) -> "Door":
        from kfinstall.guide.aftermath import door  # noqa: PLC0415 - imports the client library

        assert self.undertaking.cluster  # noqa: S101 - it was installed on one
        return door(self.undertaking.cluster)

    def _causes(self) -> "list[Cause]":
        from kfinstall.guide.aftermath import to_mend  # noqa: PLC0415 - as above

        assert self.undertaking.cluster  # noqa: S101 - as above
        return to_mend(self.undertaking.cluster, self.undertaking.board.unready())

    def _open(self, door: "Door | KfinstallError") -> None:
        self._put(list(self._success(door)))

    def _mend(self, found: "list[Cause] | KfinstallError") -> None:
        self._put(list(self._failure([] if isinstance(found, KfinstallError) else found)))

    def _put(self, lines: list[Text]) -> None:
        self.query_one("#main", Static).update(_hanging(lines))

    def _success(self, door: "Door | KfinstallError") -> Iterator[Text]:
        command = f"kfinstall open{self._where()}"
        yield _heading(_("Open it"))
        if isinstance(door, KfinstallError):
            yield Text(str(door))
        elif door.practice:
            yield Text(_("The practice cluster has no pages: its pods are simulated, and nothing answers in them."))
            command = f"kfinstall status{self._where()}"
            yield Text(_("Look at what is there with: {command}").format(command=command))
        elif door.place is None:
            yield Text(_("There is no page to look at."))
        else:
            yield from self._door_lines(door, command)

    def _door_lines(self, door: "Door", command: str) -> Iterator[Text]:
        assert door.place  # noqa: S101 - the caller looked
        if door.way.url:
            yield Text(f"  {door.way.url}{door.place.path}", style="bold")
        elif door.way.pending:
            yield Text(f"  {door.way.pending}")
        yield Text(f"  $ {command}", style="bold")
        if door.users:
            yield Text(_("Sign in as {users}.").format(users=_(" or ").join(door.users)))
        if door.place.sign_in:
            yield Text(door.place.sign_in)

    def _failure(self, found: "list[Cause]") -> Iterator[Text]:
        error = self.ending.error
        if error:
            yield from _error(error)
        for cause in found:
            finding = cause.finding
            held = counted("holds back {count} object", "holds back {count} objects", len(cause.holds))
            yield Text.assemble("\n✗ ", (finding.title, "bold"), f"  ({held})")
            yield Text(f"  → {finding.remedy.text}")
            for command in finding.remedy.commands:
                yield Text(f"  $ {command}")
        if not found:
            yield from self._advice()
        yield from self._failed()
        if self.ending.result in {Result.STOPPED, Result.TIMED_OUT} and not self.ending.declined:
            yield Text("\n" + _("The same install goes on from here."))

    def _advice(self) -> Iterator[Text]:
        """What the messages of the failures mean."""
        from kfinstall.engine.advice import causes  # noqa: PLC0415 - reads the catalogue of causes

        for held in causes(self.ending.failures):
            yield Text.assemble("\n✗ ", (held.found.title, "bold"))
            yield Text(f"  {held.found.summary}")
            yield Text(f"  → {held.found.remedy.text}")
            for command in held.found.remedy.commands:
                yield Text(f"  $ {command}")

    def _failed(self) -> Iterator[Text]:
        failures = self.ending.failures
        if failures:
            yield _heading(counted("{count} object failed", "{count} objects failed", len(failures)))
            for failure in failures[:SHOWN]:
                said = self.undertaking.log.clean(on_a_line(failure.why))
                yield Text.assemble("  ✗ ", failure.what, (f"  {said}" if said else "", "dim"))
            if len(failures) > SHOWN:
                yield Text("  " + _("… and {count} more").format(count=len(failures) - SHOWN))
        for conflict in self.ending.conflicts[:SHOWN]:
            yield Text("  " + _("{object} {field} is managed by {manager}").format(
                object=conflict.object, field=conflict.field, manager=conflict.manager
            ))  # fmt: skip

    def _rest(self) -> Iterator[Text]:
        """What is the same however it ended."""
        skipped = self.ending.skipped
        if skipped:
            yield _heading(counted("{count} object was skipped", "{count} objects were skipped", len(skipped)))
            yield Text(
                "  " + joined(object_of(each.step) for each in skipped[:SHOWN]) + (" …" if len(skipped) > SHOWN else "")
            )
        if self.ending.notes:
            yield _heading(_("Good to know"))
            yield from (Text(f"  ! {note}") for note in self.ending.notes)
        yield _heading(_("Next"))
        if self.succeeded:
            yield Text(f"  $ kfinstall status{self._where()}")
            yield Text(f"  $ kfinstall doctor{self._where()}")
            yield Text(f"  $ kfinstall uninstall {self.undertaking.name}{self._where()}")
        elif self.origin.file:
            yield Text(f"  $ kfinstall install -f {self.origin.file}")
        else:
            yield Text("  $ kfinstall   " + _("goes on with your answers"))
        yield _heading(_("Files"))
        saved = _("The install: {path}").format(path=self.origin.file)
        yield Text("  " + (saved if self.origin.file else _("The install was not saved.")))
        if self.undertaking.log.path:
            yield Text("  " + _("The log (l: read it): {path}").format(path=self.undertaking.log.path))

    def _where(self) -> str:
        """What leads a command to the cluster: the practice cluster is not in everybody's kubeconfig."""
        from kfinstall.guide.here import access_to, options  # noqa: PLC0415 - few results are shown

        cluster = self.undertaking.cluster
        return f" {shlex.join(options(access_to(cluster.connection.target.context)))}" if cluster else ""

    # What the user says

    @on(Button.Pressed)
    async def _pressed(self, event: Button.Pressed) -> None:
        await self.run_action(event.button.id or "home")

    def action_again(self) -> None:
        self.dismiss(AGAIN)

    def action_change(self) -> None:
        self.dismiss(self._about)

    def action_save(self) -> None:
        """Write the file, with what was mended meanwhile."""
        try:
            path = self.origin.save(self.undertaking.loaded)
        except KfinstallError as error:
            self.notify(str(error), severity="error", markup=False)
            return
        self.query_one("#rest", Static).update(_hanging(self._rest()))
        self.query_one("#save").remove()
        self.refresh_bindings()
        self.notify(_("Wrote {path}").format(path=path), markup=False)

    def action_read_log(self) -> None:
        if self.undertaking.log.path:
            handing_over.read(self.app, self.undertaking.log.path)

    def action_home(self) -> None:
        self.dismiss(HOME)

    def action_doctor(self) -> None:
        from kfinstall.tui.doctor_screen import DoctorScreen  # noqa: PLC0415 - few go there

        self.app.push_screen(DoctorScreen(cluster=self.undertaking.cluster, origin=self.origin))

    def action_bundle(self) -> None:
        """Write a bundle into the folder that kfinstall was started in."""
        cluster = self.undertaking.cluster
        if cluster is None:
            return

        def write() -> Path:
            from kfinstall.guide.aftermath import bundled  # noqa: PLC0415 - imports the client library

            return bundled(cluster, Path.cwd())

        def written(path: Path | KfinstallError) -> None:
            if isinstance(path, KfinstallError):
                self.notify(str(path), severity="error", markup=False)
            else:
                told = _("Written: {path}. Look through it before you send it to anybody.").format(path=path)
                self.notify(told, timeout=15, markup=False)

        self.notify(_("Collecting …"), markup=False)
        self.background.run(write, written)


def _heading(words: str) -> Text:
    return Text(f"\n{words}", style="bold")


def _error(error: KfinstallError) -> Iterator[Text]:
    yield Text(error.what, style="bold")
    for line in error.why.splitlines():
        yield Text(f"  {line}")
    for line in error.fix.splitlines():
        yield Text(f"  → {line}")


def _hanging(lines: Iterable[Text]) -> Hanging:
    return Hanging(Content.from_rich_text(Text("\n").join(lines)))
