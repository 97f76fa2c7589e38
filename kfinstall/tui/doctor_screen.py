"""The doctor: what is wrong with a cluster, why, and what mends it; and what its nodes have left."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.screen import Screen
from textual.widgets import Footer, Label, Select, Static, TabbedContent, TabPane, Tree

from kfinstall.contracts.check import Phase
from kfinstall.contracts.fix import Fix
from kfinstall.contracts.manifest import Manifest, ObjectKey
from kfinstall.contracts.platform import ClusterAccess
from kfinstall.errors import KfinstallError
from kfinstall.tui import details, mending
from kfinstall.tui.background import Background
from kfinstall.tui.finding_tree import ALL, FindingTree, areas_of, namespaces_of
from kfinstall.tui.origin import Origin
from kfinstall.tui.reading import Reading
from kfinstall.words import _

if TYPE_CHECKING:
    from kfinstall.doctor.looking import Look
    from kfinstall.kube.cluster import Cluster

PAUSE = 5.0
"""Seconds between two looks while it watches."""

Log = Sequence[tuple[str, Sequence[str]]]


class DoctorScreen(Screen[None]):
    """Looks at a cluster, at that of the kubeconfig where none is named; or, with source, at a copy of one.

    source: a bundle, or a folder or tar.gz of lists. planned: what is about to be installed. origin: of what stands
    there; it is changed, too, where the next install would undo a fix.
    """

    AUTO_FOCUS = "#findings"
    CSS_PATH = "doctor.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "read", _("Read"), id="doctor.read", priority=True),
        Binding("f4", "mend", _("Mend"), id="doctor.mend"),
        Binding("y", "copy", _("Copy the command"), id="doctor.copy"),
        Binding("r", "again", _("Look again"), id="doctor.again"),
        Binding("w", "watch", _("Watch"), id="doctor.watch"),
        Binding("1", "view('of-findings')", _("Findings"), show=False, id="doctor.findings"),
        Binding("2", "view('of-capacity')", _("Capacity"), show=False, id="doctor.capacity"),
        Binding("3", "view('of-gpus')", _("GPUs"), show=False, id="doctor.gpus"),
        Binding("escape", "back", _("Back"), id="doctor.back"),
    ]

    def __init__(
        self,
        access: ClusterAccess | None = None,
        *,
        cluster: "Cluster | None" = None,
        source: Path | None = None,
        planned: Sequence[Manifest] = (),
        origin: Origin | None = None,
    ) -> None:
        super().__init__()
        self._access, self._source, self._planned = access or ClusterAccess(), source, planned
        self._origin = origin or Origin()
        self._cluster, self._is_own = cluster, cluster is None
        self._look: Look | None = None
        self._busy = False
        self._watching = False
        self._entered = ""
        self._logs: dict[ObjectKey, Log] = {}
        self._looking, self._reading, self._mending = Background(self), Background(self), Background(self)

    def compose(self) -> ComposeResult:
        yield Static(id="heading", markup=False)
        yield Static(id="summary", markup=False)
        with Horizontal(id="filters"):
            yield Label(_("Area"))
            yield Select([], prompt=_("all"), id="area", compact=True)
            yield Label(_("Namespace"))
            yield Select([], prompt=_("all"), id="namespace", compact=True)
        yield VerticalScroll(Static(id="why", markup=False), id="trouble")
        with TabbedContent(id="views"):
            with TabPane(_("1 Findings"), id="of-findings"), Horizontal(id="both"):
                yield FindingTree(id="findings")
                with VerticalScroll(id="aside"):
                    yield Static(id="detail", markup=False)
            with TabPane(_("2 Capacity"), id="of-capacity"), VerticalScroll(classes="picture"):
                yield Static(id="capacity", markup=False)
            with TabPane(_("3 GPUs"), id="of-gpus"), VerticalScroll(classes="picture"):
                yield Static(id="gpus", markup=False)
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self.set_interval(PAUSE, self._watch)
        self.action_again()

    def on_unmount(self) -> None:
        self._looking.cancel()
        if self._cluster and self._is_own:
            self._cluster.connection.close()

    def explained(self) -> list[str]:
        """For F1."""
        return [
            _("The doctor"),
            _("At the top of the tree is what has to be mended; below each, what follows from it, and the objects."),
            _("✗ does not work   ! will not, or not always   i good to know"),
            _("Nothing is changed, unless you press F4 and say yes to what is shown then."),
        ]

    # Looking

    def action_again(self) -> None:
        """Look at the cluster anew, in the background."""
        if self._busy:
            return
        self._busy = True
        self._head()
        self._looking.run(self._looked, self._show)

    def _looked(self) -> "Look":
        from kfinstall.doctor.looking import at_cluster, at_files, checks_of  # noqa: PLC0415 - loads the client library
        from kfinstall.engine.connecting import connected  # noqa: PLC0415 - as above

        checks = checks_of(Phase.PRE if self._planned else Phase.POST)
        if self._source:
            return at_files(self._source, checks)
        if self._cluster is None:
            self._cluster = connected(self._access)
        return at_cluster(self._cluster, checks, self._planned)

    def _show(self, look: "Look | KfinstallError") -> None:
        self._busy = False
        self.set_class(isinstance(look, KfinstallError), "trouble")
        if isinstance(look, KfinstallError):
            self.query_one("#why", Static).update(_trouble(look))
            self.query_one("#summary", Static).update("")
        else:
            from kfinstall.doctor.telling import summary  # noqa: PLC0415 - is loaded by now

            self._look, self._logs = look, {}
            self.query_one("#summary", Static).update(summary(look.report))
            self._fill_filters(look)
            self._draw()
        self._head()
        self.refresh_bindings()

    def _fill_filters(self, look: "Look") -> None:
        found = {"area": sorted(set(areas_of(look.report).values())), "namespace": namespaces_of(look.report)}
        for name, values in found.items():
            select: Select[str] = self.query_one(f"#{name}", Select)
            before = select.value
            with select.prevent(Select.Changed):
                select.set_options([(value, value) for value in values])
                if before in values:
                    select.value = before

    def _head(self) -> None:
        parts = [_("Doctor"), self._where()]
        if self._look:
            parts.append(self._look.snapshot.version)
        if self._busy:
            parts.append(_("looking … (Esc: cancel)"))
        elif self._watching:
            parts.append(_("watching, last at {time}").format(time=time.strftime("%H:%M:%S")))
        self.query_one("#heading", Static).update("   ".join(filter(None, parts)))

    def _where(self) -> str:
        if self._source:
            return str(self._source)
        return self._cluster.connection.target.context if self._cluster else (self._access.context or "")

    def _watch(self) -> None:
        if self._watching and self.is_current:
            self.action_again()

    # The picture

    @on(Select.Changed)
    def _filtered(self) -> None:
        self._draw()

    def _draw(self) -> None:
        if self._look is None:
            return
        area, namespace = self._filter("#area"), self._filter("#namespace")
        self.query_one("#findings", FindingTree).draw(self._look.report, area, namespace)
        self._draw_pictures()
        self._detail()

    def _draw_pictures(self) -> None:
        if self._look:
            from kfinstall.tui.capacity import drawn  # noqa: PLC0415 - few look at it

            width = self.size.width - 4
            self.query_one("#capacity", Static).update(drawn(self._look.snapshot, width, accelerators=False))
            self.query_one("#gpus", Static).update(drawn(self._look.snapshot, width, accelerators=True))

    def on_resize(self) -> None:
        self._draw_pictures()

    def _filter(self, name: str) -> str:
        value = self.query_one(name, Select).value
        return value if isinstance(value, str) else ALL

    @on(Tree.NodeHighlighted)
    def _detail(self) -> None:
        self.query_one("#detail", Static).update(self._text())
        self.query_one("#aside").scroll_home(animate=False)
        self.refresh_bindings()

    def _text(self) -> Text:
        """About what is under the cursor."""
        chosen = self.query_one("#findings", FindingTree).chosen
        if self._look is None or chosen is None:
            return Text()
        if not isinstance(chosen, ObjectKey):
            return details.of_finding(chosen)
        return details.of_object(chosen, self._look.snapshot, self._log(chosen))

    def _log(self, key: ObjectKey) -> Log | None:
        """What a pod said last; None while it is read."""
        look = self._look
        if key.kind != "Pod" or look is None or key in self._logs:
            return self._logs.get(key, ())

        def read() -> Log:
            from kfinstall.facts.pods.containers import containers  # noqa: PLC0415 - is loaded by now

            names = [each.name for each in containers(look.snapshot.get(key) or {})]
            logs = [(name, look.snapshot.outside.log(key, name)) for name in names]
            return [(name, lines) for name, lines in logs if lines]

        def done(log: Log | KfinstallError) -> None:
            self._logs[key] = () if isinstance(log, KfinstallError) else log
            self._detail()

        self._reading.run(read, done)
        return None

    # What the user says

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002 - textual's
        if action in {"mend", "copy", "read"} and (self._look is None or not self.is_mounted):
            return False
        if action == "read":
            return isinstance(self.focused, FindingTree) and self.focused.chosen is not None
        if action == "mend":
            return self._fix() is not None and self._source is None
        if action == "watch":
            return self._source is None
        return action != "copy" or self._command() is not None

    def action_read(self) -> None:
        self.app.push_screen(Reading(self._text()))

    def action_view(self, view: str) -> None:
        views, self._entered = self.query_one("#views", TabbedContent), view
        if views.active == view:
            self._enter()
        views.active = view

    @on(TabbedContent.TabActivated)
    def _enter(self) -> None:
        """Bring the view that was called by its key into focus, which only what is shown can have."""
        view, self._entered = self._entered, ""
        if view:
            self.query_one("#findings" if view == "of-findings" else f"#{view} .picture").focus()

    def action_watch(self) -> None:
        """Look again and again, until it is said again."""
        self._watching = not self._watching
        self._head()
        self._watch()

    def action_copy(self) -> None:
        """Put the finding's command into the clipboard; it is shown, too, since not every terminal has one."""
        command = self._command()
        if command:
            self.app.copy_to_clipboard(command)
            self.notify(command, title=_("Copied"), markup=False)

    def action_back(self) -> None:
        """First give up what is under way, then leave."""
        if self._busy:
            self._looking.cancel()
            self._busy = False
            self._head()
        else:
            self.dismiss()

    def action_mend(self) -> None:
        """Show what the finding's fix does, and do it when the user says so."""
        diagnosis, fix = self.query_one("#findings", FindingTree).finding, self._fix()
        if diagnosis is None or fix is None:
            return
        mending.ask(
            self.app, diagnosis.finding, fix, self._origin,
            lambda agreed: self._mending.run(lambda: self._mended(agreed), self._told),
        )  # fmt: skip

    def _mended(self, agreed: mending.Agreed) -> list[str]:
        from kfinstall.guide.fixes import made  # noqa: PLC0415 - is loaded by now

        assert self._cluster  # noqa: S101 - only a cluster is mended
        return list(made(self._cluster, agreed.fix, agreed.secrets, agreed.kept))

    def _told(self, lines: list[str] | KfinstallError) -> None:
        failed = isinstance(lines, KfinstallError)
        text = str(lines) if isinstance(lines, KfinstallError) else "\n".join(lines)
        self.notify(text, severity="error" if failed else "information", timeout=10, markup=False)
        self.action_again()

    def _fix(self) -> Fix | None:
        finding = self.query_one("#findings", FindingTree).finding
        return next((each.fix for each in finding.walk() if each.fix), None) if finding else None

    def _command(self) -> str | None:
        finding = self.query_one("#findings", FindingTree).finding
        return next(iter(finding.finding.remedy.commands), None) if finding else None


def _trouble(error: KfinstallError) -> Text:
    lines = [Text(f"✗ {error.what}", style="bold")]
    lines += [Text(f"  {line}") for line in error.why.splitlines()]
    lines += [Text(f"→ {line}") for line in error.fix.splitlines()]
    return Text("\n").join([*lines, Text(), Text(_("Press r to look again."), style="dim")])
