"""The install: a live tree of what is made, what is waited for and why, and what mends it while it goes on."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import Screen
from textual.widgets import Footer, Static

from kfinstall.contracts.event import Result
from kfinstall.contracts.manifest import ObjectKey
from kfinstall.engine.telling import in_words
from kfinstall.guide import garbage
from kfinstall.guide.board import Board, Item, State
from kfinstall.guide.ending import Question, Stage
from kfinstall.model.load import LoadedInstall
from kfinstall.tui import handing_over, mending
from kfinstall.tui.asking import Asking
from kfinstall.tui.log_lines import rows
from kfinstall.tui.log_pane import LogPane
from kfinstall.tui.marks import bar, clock, duration
from kfinstall.tui.object_tree import ObjectTree
from kfinstall.tui.origin import Origin
from kfinstall.words import _, joined

if TYPE_CHECKING:
    from kfinstall.guide.explaining import Cause
    from kfinstall.guide.undertaking import Undertaking

DRAW = 0.2
"""Seconds between two pictures."""

LATER = 2.0
"""Seconds after which what the install left is cleared away: not before the next screen has been drawn."""

STEADY = 3.0
"""Seconds for which what is waited for keeps its room after it needs less."""

MOST = 50
"""Objects that are named as waited for."""

HELD = 3
"""Objects that are named as held back."""

KEEP, GENTLY, AT_ONCE = "keep", "gently", "now"


class InstallScreen(Screen[Result | str | None]):
    """Installs a document, as `kfinstall install -f` does, without asking whether to: that has been asked.

    origin: what the document comes from, for the commands that go on from here; a fix may change it. Ends with the
    result of the run; None where nothing was begun; the key of the document whose answer the user wants to change,
    where it was refused for it.
    """

    AUTO_FOCUS = "#objects"
    # The result's styles, too: textual reads all anew when a screen brings others, and the last picture waits for it.
    CSS_PATH = [Path(__file__).with_name(name) for name in ("install.tcss", "result.tcss")]  # noqa: RUF012 - textual's
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2", "log", _("Log"), id="install.log"),
        Binding("l", "read_log", _("Read the log"), show=False, id="install.read-log"),
        Binding("f3", "why", _("Why"), id="install.why"),
        Binding("f4", "mend", _("Mend"), id="install.mend"),
        Binding("escape", "stop", _("Stop"), id="install.stop"),
        Binding("ctrl+c", "stop", show=False, id="install.interrupt"),
    ]

    def __init__(self, loaded: LoadedInstall, origin: Origin | None = None) -> None:
        super().__init__()
        self.loaded, self.origin = loaded, origin or Origin()
        self.undertaking: Undertaking | None = None
        self._board: Board | None = None
        self._asked: Question | None = None
        self._stopping: Asking | None = None
        self._fixable = False
        self._complete = False
        self._over = False
        self._shown: dict[str, Text] = {}
        self._rows, self._needed = 0, 0.0

    def compose(self) -> ComposeResult:
        yield Static(id="heading", markup=False)
        yield Static(id="progress", markup=False)
        with Horizontal(id="middle"):
            yield ObjectTree(id="objects")
            with Vertical(id="side"):
                yield Static(id="detail", markup=False)
                yield LogPane(id="log")
        yield Static(id="waits", markup=False)
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        garbage.hush()
        self.begin()
        self.set_interval(DRAW, self.draw)
        # In between, so that no picture is of everything.
        self.set_timer(DRAW / 2, lambda: self.set_interval(DRAW, self.draw_log))
        self.draw()

    def on_unmount(self) -> None:
        if self.undertaking:
            self.undertaking.close()
        garbage.usual()
        if self.app.is_running:
            self.app.set_timer(LATER, garbage.everything)

    def on_screen_resume(self) -> None:
        self.call_after_refresh(self.draw)

    def explained(self) -> list[str]:
        """For F1."""
        return [
            _("The install"),
            _("Every line is an application of Kubeflow; Enter opens it and shows its objects."),
            _("✓ done   • under way   … waited for   ✗ failed   - skipped   · to come"),
            _("What is waited for stands below the tree, with the reason and with what mends it."),
            _("l shows the whole log in your pager, while the install goes on; F2 shows it here."),
            _("If this program or its connection ends, nothing is lost: the same install goes on where it was."),
        ]

    @work(thread=True)
    def begin(self) -> None:
        """Begin, off the thread that draws: the client library of Kubernetes takes its time to load."""
        from kfinstall.guide.undertaking import Undertaking  # noqa: PLC0415 - as above

        undertaking = Undertaking(self.loaded)
        undertaking.start()
        self.undertaking = undertaking
        import kfinstall.tui.result_screen  # noqa: F401, PLC0415 - comes next, and is not to be waited for then

    # The picture

    def draw(self) -> None:
        """Show how the install stands now."""
        undertaking = self.undertaking
        self._tell_what_was_mended()
        if undertaking is None or self._over or not self.is_mounted:
            self._put("#heading", self._heading())
            return
        ending = undertaking.ending  # looked at before what is drawn, so that the last picture has everything
        self._put("#heading", self._heading())
        self._put("#progress", self._progress(undertaking))
        self.query_one("#objects", ObjectTree).draw(undertaking.board)
        if ending is not None:
            self.draw_log()
        waits = self._steady(self._waits(undertaking))
        self._put("#waits", waits)
        self.query_one("#waits").display = bool(waits)
        self._put("#detail", self._detail(undertaking.board))
        self._offer(undertaking)
        self._ask(undertaking)
        if ending is not None and self._stopping and self._stopping.is_current:
            self._stopping.dismiss(KEEP)  # there is nothing left to stop
        if ending is not None and self.is_current:
            self._over = self._complete  # the last picture stands for a moment: everybody wants to see the end
            self._complete = True
            if self._over:
                self._show_result(undertaking)

    def draw_log(self) -> None:
        """Show what is new in the log."""
        if self.undertaking and not self._over and self.is_mounted:
            self.query_one("#log", LogPane).draw(self.undertaking.log)

    def _tell_what_was_mended(self) -> None:
        """Also when the install came to its end meanwhile, and its result is shown."""
        while self.undertaking and self.undertaking.mended:
            mended = self.undertaking.mended.popleft()
            severity: Literal["information", "error"] = "information" if mended.fine else "error"
            self.notify(mended.told, severity=severity, timeout=10, markup=False)

    def _put(self, name: str, text: Text) -> None:
        """Show a text, if it is another one; the screen is laid out anew only where that may need other room."""
        before = self._shown.get(name)
        if text != before:
            self._shown[name] = text
            shown = self.query_one(name, Static)
            width = shown.content_size.width
            is_as_high = before is not None and _rows(text, width) == _rows(before, width)
            shown.update(text, layout=not is_as_high)

    def _heading(self) -> Text:
        undertaking = self.undertaking
        title = Text(_("Installing {name}").format(name=self.loaded.install.metadata.name), style="bold")
        where = undertaking.where if undertaking else ""
        return Text.assemble(title, f"  {where}" if where else "", no_wrap=True, overflow="ellipsis")

    def _progress(self, undertaking: "Undertaking") -> Text:
        width = max(10, min(40, self.size.width // 4))
        if undertaking.stage not in {Stage.RUNNING, Stage.OVER} or not undertaking.board.counts():
            share = "" if undertaking.done is None else f"{bar(undertaking.done, width)} {undertaking.done:4.0%} "
            return Text(share + undertaking.doing, no_wrap=True, overflow="ellipsis")
        counts = undertaking.board.counts()
        total, over = counts.total(), counts[State.DONE] + counts[State.FAILED] + counts[State.SKIPPED]
        parts = [
            f"{bar(over / total, width)} {over}/{total}",
            clock(undertaking.board.seconds),
            _("{rate:.1f} a second").format(rate=undertaking.board.rate()),
        ]
        if counts[State.FAILED]:
            parts.append(_("{count} failed").format(count=counts[State.FAILED]))
        if undertaking.stopping:
            parts.append(_("stopping"))
        return Text("   ".join(parts), no_wrap=True, overflow="ellipsis")

    def _waits(self, undertaking: "Undertaking") -> Text:
        room = max(2, self.size.height // 5)
        explained = {key for cause in undertaking.causes for key in cause.holds}
        unexplained = [item for item in undertaking.board.waits() if item.key not in explained]
        lines = list(self._causes(undertaking))
        more = len(lines) + len(unexplained) - room + 1
        lines += _waited(unexplained[:room], self.size.width - 2)
        if len(lines) > room:
            lines = [*lines[: room - 1], Text(_("… and {count} more lines: F3").format(count=more), style="dim")]
        return Text("\n", no_wrap=True, overflow="ellipsis").join(lines)

    def _steady(self, waits: Text) -> Text:
        """With the rows that were needed of late: what comes and goes must not move everything else each time."""
        now, rows = time.monotonic(), waits.plain.count("\n") + 1 if waits else 0
        if rows >= self._rows or now - self._needed > STEADY:
            self._rows, self._needed = rows, now
        return waits.append("\n" * (self._rows - max(1, rows)))

    def _causes(self, undertaking: "Undertaking") -> Iterator[Text]:
        for cause in undertaking.causes:
            yield Text.assemble(("✗ ", "red"), f"{_held(cause)}: ", (cause.finding.title, "bold"))
            if cause.fix:
                yield Text("  " + _("F4 mends it: {fix}").format(fix=cause.fix.title), style="green")
            else:
                yield Text(f"  → {cause.finding.remedy.text}")

    def _detail(self, board: Board) -> Text:
        chosen = self.query_one("#objects", ObjectTree).chosen
        item = board.item(chosen) if isinstance(chosen, ObjectKey) else None
        if item is None:
            return Text(_("Choose an object in the tree to read what is said of it."), style="dim")
        said = item.why or in_words(item.outcome) or STATES[item.state]
        return Text("\n").join([Text(str(item.key), style="bold"), Text(said)])

    def _offer(self, undertaking: "Undertaking") -> None:
        """Show the key that mends only while there is something to mend."""
        fixable = any(cause.fix for cause in undertaking.causes)
        if fixable != self._fixable:
            self._fixable = fixable
            self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002 - textual's
        return action != "mend" or self._fixable

    # What the user says

    def action_log(self) -> None:
        """Show or hide the log; with little room it stands instead of the tree."""
        self.toggle_class("log")
        shown = self.has_class("log") is self.has_class("-narrow")
        self.query_one("#filter" if shown else "#objects").focus()
        self.call_after_refresh(self.draw)

    def action_read_log(self) -> None:
        """The whole log, in the user's pager; the install goes on meanwhile."""
        if self.undertaking and self.undertaking.log.path:
            handing_over.read(self.app, self.undertaking.log.path)

    def action_why(self) -> None:
        """Everything that is waited for, with what the doctor says of it."""
        undertaking = self.undertaking
        if undertaking is None:
            return
        lines = [line for cause in undertaking.causes for line in _told(cause)]
        waits = undertaking.board.waits()
        lines += [line.plain for line in _waited(waits[:MOST])]
        if len(waits) > MOST:
            lines.append(_("… and {count} more").format(count=len(waits) - MOST))
        self.app.push_screen(Asking(_("What is waited for"), lines or [_("Nothing.")], {"back": _("Back")}))

    def action_mend(self) -> None:
        """Show what the first fix does, and do it when the user says so."""
        undertaking = self.undertaking
        cause = next((cause for cause in undertaking.causes if cause.fix), None) if undertaking else None
        if undertaking is None or cause is None or cause.fix is None:
            return
        mending.ask(
            self.app, cause.finding, cause.fix, self.origin,
            lambda agreed: undertaking.mend(agreed.fix, agreed.secrets, agreed.kept),
        )  # fmt: skip

    def leaving(self) -> bool:
        """Whether the program may end; where something is under way the user is asked how to stop."""
        if self.undertaking is None or self.undertaking.ending:
            return True
        self.action_stop()
        return False

    def action_stop(self) -> None:
        """Ask how to stop."""
        undertaking = self.undertaking
        if undertaking is None:
            return
        if undertaking.stopping:
            undertaking.stop()
            return

        def answered(answer: str | None) -> None:
            for _time in range({GENTLY: 1, AT_ONCE: 2}.get(answer or "", 0)):
                undertaking.stop()

        lines = [
            _("What is done stays. The same install goes on from there later."),
            _("At once: what is under way may or may not be done."),
        ]
        answers = {
            KEEP: _("Go on installing"),
            GENTLY: _("Stop after the current objects"),
            AT_ONCE: _("Stop at once"),
        }
        self._stopping = Asking(_("Stop the install?"), lines, answers, interrupted=AT_ONCE)
        self.app.push_screen(self._stopping, answered)

    def _ask(self, undertaking: "Undertaking") -> None:
        """Put the question that the install waits with."""
        question = undertaking.question
        if question is None or question is self._asked or not self.is_current:
            return
        self._asked = question
        answers = {"no": _("No"), "yes": _("Yes")}
        self.app.push_screen(
            Asking(question.text, question.lines, answers), lambda answer: undertaking.answer(yes=answer == "yes")
        )

    def _show_result(self, undertaking: "Undertaking") -> None:
        from kfinstall.tui.result_screen import AGAIN, HOME, ResultScreen  # noqa: PLC0415 - begin() has loaded it

        def closed(answer: str | None) -> None:
            if answer == AGAIN:
                self._again()
            elif answer and answer != HOME:
                self.dismiss(answer)
            else:
                self.dismiss(undertaking.ending.result if undertaking.ending and undertaking.preparation else None)

        self.app.push_screen(ResultScreen(undertaking, self.origin), closed)

    def _again(self) -> None:
        """The same document once more, with what a fix changed in it: what stands is not written again."""
        self.loaded = self.origin.now(self.loaded)
        if self.undertaking:
            self.undertaking.close()
        self.undertaking, self._asked, self._complete, self._over = None, None, False, False
        self.query_one("#objects", ObjectTree).forget()
        self.query_one("#log", LogPane).again()
        self.begin()


STATES = {
    State.DONE: _("done"),
    State.TO_COME: _("to come"),
    State.UNDER_WAY: _("under way"),
    State.WAITING: _("waited for"),
    State.SKIPPED: _("skipped"),
    State.FAILED: _("failed"),
}


def _waited(items: list[Item], width: int = 0) -> Iterator[Text]:
    """A line for each; width: columns that it may have, 0 for any number."""
    for item in items:
        took = duration(time.monotonic() - item.since)
        line = Text(f"… {item.key.kind} {item.key.name} ({took}): {item.why}", style="yellow")
        if width:
            line.truncate(width, overflow="ellipsis")
        yield line


def _rows(text: Text, width: int) -> int:
    """How many rows it takes, as long as it is not cut off."""
    return sum(len(rows(line, width)) for line in text.plain.split("\n"))


def _held(cause: "Cause") -> str:
    """What it holds back, by name; many as a count."""
    names = [key.name for key in cause.holds]
    if len(names) <= HELD:
        return joined(names)
    return _("{names} and {count} more").format(names=joined(names[: HELD - 1]), count=len(names) - HELD + 1)


def _told(cause: "Cause") -> Iterator[str]:
    finding = cause.finding
    yield f"✗ {finding.title}  ({finding.cause})"
    yield from (f"    {each.text}" for each in finding.evidence[:2])
    yield f"  → {finding.remedy.text}"
    yield from (f"  $ {command}" for command in finding.remedy.commands)
    yield "  " + _("holds back: {objects}").format(objects=joined(str(key) for key in cause.holds))
    yield ""
