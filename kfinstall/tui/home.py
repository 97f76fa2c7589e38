"""The home screen: what is here at a glance, and what can be done.

It is drawn before anything is known; contexts, clusters, their health and tools are looked for in the background.
"""

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Footer, OptionList, Static
from textual.widgets.option_list import Option

from kfinstall.errors import KfinstallError
from kfinstall.tui.background import Background
from kfinstall.tui.hanging import Hanging
from kfinstall.words import _, spoken

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kfinstall.contracts.platform import ClusterAccess
    from kfinstall.guide.draft import Draft
    from kfinstall.guide.here import Here

LOOKED_AT = 4
"""Contexts that are asked how they fare: whoever has many knows them; the current one is the first."""

ACTIONS = {
    "install": (_("Install Kubeflow"), _("on a cluster that you have, or one that is made for it")),
    "practice": (_("Practice"), _("the same on a simulated cluster: nothing is downloaded, nothing can break")),
    "doctor": (_("Doctor"), _("what is wrong with a cluster, why, and what to do")),
    "open": (_("Open"), _("Kubeflow's pages in the browser")),
    "uninstall": (_("Uninstall"), _("take away what kfinstall made; your data stays")),
    "quit": (_("Leave"), ""),
}


class Home(Screen[None]):
    """Where everybody begins, and comes back to."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f5", "look", _("Look again"), id="home.look"),
        Binding("q", "app.quit", _("Quit"), show=False, id="home.quit"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._clusters, self._tools, self._drafts = Background(self), Background(self), Background(self)
        self._acts = Background(self)
        self._platforms: Sequence[Here] = ()
        self._kept: tuple[Draft, str] | None = None

    def compose(self) -> ComposeResult:
        yield Static(_("kfinstall puts Kubeflow on any Kubernetes cluster"), id="asks", classes="title")
        with Horizontal(id="body"):
            yield OptionList(id="actions")
            with VerticalScroll(id="here", can_focus=False):
                yield Static(id="clusters")
                yield Static(id="tools")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self._show_actions(None)
        self._show("clusters", _("Clusters"), [_("looking …")])
        self._show("tools", _("Tools"), [_("looking …")])
        self.query_one("#actions").focus()

    def on_screen_resume(self) -> None:
        """Look at what is here, whenever the screen comes to the front: an install may have changed it."""
        self.call_after_refresh(self.action_look)

    def explained(self) -> list[str]:
        """For F1."""
        return [
            _("kfinstall"),
            _("An install begins with questions. Nothing is changed before you have seen everything that will happen, "
              "and said yes to it."),
            _("Your answers are kept: leave at any time, and go on later."),
            "\n".join(f"{title}: {text}" for title, text in ACTIONS.values() if text),
        ]  # fmt: skip

    # What is here

    def action_look(self) -> None:
        """Look anew."""
        self._clusters.run(_clusters, self._show_clusters)
        self._tools.run(_tools, lambda found: self._told("tools", _("Tools"), found))
        self._drafts.run(_draft, self._show_draft)

    def _show_clusters(self, found: "tuple[list[str], Sequence[Here]] | KfinstallError") -> None:
        if isinstance(found, tuple):
            lines, self._platforms = found
            self._told("clusters", _("Clusters"), lines)
        else:
            self._told("clusters", _("Clusters"), found)

    def _told(self, name: str, title: str, found: "list[str] | KfinstallError") -> None:
        self._show(name, title, found if isinstance(found, list) else [f"✗ {found}"])

    def _show(self, name: str, title: str, lines: list[str]) -> None:
        shown = [Content.styled(title, "bold $secondary"), *map(_marked, lines), Content()]
        self.query_one(f"#{name}", Static).update(Hanging(Content("\n").join(shown)))

    def _show_draft(self, found: "tuple[Draft, str] | KfinstallError | None") -> None:
        self._show_actions(found if isinstance(found, tuple) else None)
        if isinstance(found, KfinstallError):
            self.notify(str(found), severity="warning", markup=False)

    def _show_actions(self, kept: "tuple[Draft, str] | None") -> None:
        self._kept = kept
        actions = self.query_one("#actions", OptionList)
        held = actions.highlighted_option.id if actions.highlighted_option else None
        actions.clear_options()
        if kept:
            text = _("go on with your answers, at: {step}").format(step=kept[1])
            actions.add_option(Option(_action(_("Resume"), text), id="resume"))
        actions.add_options(Option(_action(*words), id=name) for name, words in ACTIONS.items())
        ids = [option.id for option in actions.options]
        actions.highlighted = ids.index(held) if held in ids and not (kept and held == "install") else 0

    # What can be done

    @on(OptionList.OptionSelected, "#actions")
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        match event.option.id:
            case "resume":
                self._resume()
            case "install":
                self._install()
            case "practice":
                self._walk({"platform": {"type": "sandbox"}, "kubeflow": {"preset": "starter"}}, "kubeflow")
            case "doctor":
                self._of_a_cluster(self._doctor)
            case "quit":
                self.app.exit(0)
            case "open":
                self._of_a_cluster(lambda access: self._command(access, "open"))
            case "uninstall":
                self._of_a_cluster(self._uninstall)

    def _resume(self) -> None:
        from kfinstall.tui.walk import Walk  # noqa: PLC0415 - the first picture does without the models

        if self._kept:
            self.app.push_screen(Walk(self._kept[0], self._platforms))

    def _install(self) -> None:
        from kfinstall.tui.asking import Asking  # noqa: PLC0415 - as above

        if self._kept is None:
            self._walk({}, "")
            return
        question = _("Begin anew?")
        lines = [_("There are answers of an earlier walk; a new one takes their place.")]
        answers = {"back": _("Back"), "resume": _("Resume"), "anew": _("Begin anew")}
        self.app.push_screen(Asking(question, lines, answers), self._anew)

    def _anew(self, answer: str | None) -> None:
        if answer == "anew":
            self._walk({}, "")
        elif answer == "resume":
            self._resume()

    def _walk(self, document: dict[str, object], step: str) -> None:
        from kfinstall.guide.draft import Draft  # noqa: PLC0415 - as above
        from kfinstall.tui.walk import Walk  # noqa: PLC0415 - as above

        self.app.push_screen(Walk(Draft(document, step=step), self._platforms))

    def _doctor(self, access: "ClusterAccess") -> None:
        from kfinstall.tui.doctor_screen import DoctorScreen  # noqa: PLC0415 - as above

        self.app.push_screen(DoctorScreen(access))

    def _of_a_cluster(self, act: "Callable[[ClusterAccess], None]") -> None:
        """Act on the only cluster that there is, or on the one that the user chooses."""

        def found(clusters: "list[ClusterAccess] | KfinstallError") -> None:
            from kfinstall.contracts.platform import ClusterAccess  # noqa: PLC0415 - as above

            if isinstance(clusters, list) and len(clusters) > 1:
                named = {str(each.context): each for each in clusters}
                self._choose(_("Which cluster?"), list(named), lambda name: act(named[name]))
            else:
                act(clusters[0] if isinstance(clusters, list) and clusters else ClusterAccess())

        self._acts.run(_reachable, found)

    def _choose(self, question: str, names: list[str], chosen: "Callable[[str], None]") -> None:
        from kfinstall.tui.asking import Asking  # noqa: PLC0415 - as above

        named = {f"choice-{number}": name for number, name in enumerate(names)}

        def answered(answer: str | None) -> None:
            if answer in named:
                chosen(named[answer])

        self.app.push_screen(Asking(question, [], {"back": _("Back"), **named}, first="choice-0"), answered)

    def _uninstall(self, access: "ClusterAccess") -> None:
        """What stands on a cluster; where there are several, the one that the user chooses."""

        def found(names: "list[str] | KfinstallError") -> None:
            if isinstance(names, list) and len(names) > 1:
                self._choose(_("Which install?"), names, lambda name: self._command(access, "uninstall", name))
            else:
                self._command(access, "uninstall", *(names if isinstance(names, list) else ()))

        self._acts.run(lambda: _standing(access), found)

    def _command(self, access: "ClusterAccess", *arguments: str) -> None:
        """A command that talks in lines gets the terminal until it is done."""
        from kfinstall.guide.here import options  # noqa: PLC0415 - as above
        from kfinstall.tui import handing_over  # noqa: PLC0415 - as above

        command = [*arguments, *options(access)]
        python = [sys.executable, "-m", "kfinstall", "--lang", spoken()]
        handing_over.run(self.app, [*python, *command], ["kfinstall", *command])
        self.action_look()


def _action(title: str, text: str) -> Hanging:
    lines = [Content.styled(title, "bold"), Content.styled(f"  {text}", "dim")] if text else [Content(title)]
    return Hanging(Content("\n").join(lines))


def _marked(line: str) -> Content:
    styles = {"✓": "$text-success", "✗": "$text-error", "!": "$text-warning"}
    return Content.assemble((line[:1], styles.get(line[:1], "")), line[1:])


def _clusters() -> "tuple[list[str], Sequence[Here]]":
    from kfinstall.engine.user_kubeconfig import user_kubeconfig  # noqa: PLC0415 - as above
    from kfinstall.guide import here  # noqa: PLC0415 - as above

    named = here.contexts(user_kubeconfig(os.environ))
    with ThreadPoolExecutor() as pool:  # one that is silent does not keep the others from being shown
        lines = list(pool.map(here.health, named[:LOOKED_AT]))
    lines += [f"· {name}" for name in named[LOOKED_AT:]]
    found = here.found()
    lines += [note for each in found for note in each.notes if note.startswith("✓")]
    return lines or [_("none in your kubeconfig; kfinstall can make one, or practise without")], found


def _reachable() -> "list[ClusterAccess]":
    from kfinstall.guide import here  # noqa: PLC0415 - as above

    return here.reachable()


def _standing(access: "ClusterAccess") -> list[str]:
    from kfinstall.guide import here  # noqa: PLC0415 - as above

    return here.standing(access)


def _tools() -> list[str]:
    from kfinstall.guide import here  # noqa: PLC0415 - as above

    tools = here.tools()
    present = [f"· {tool.name} {tool.version}" for tool in tools if tool.version]
    absent = [f"· {tool.name}: {tool.get}" for tool in tools if not tool.version]
    return [*present, *([_("Not here; some platforms use them:"), *absent] if absent else [])]


def _draft() -> "tuple[Draft, str] | None":
    from kfinstall.engine.state_folder import state_home  # noqa: PLC0415 - as above
    from kfinstall.guide.draft import draft_path, resumed  # noqa: PLC0415 - as above
    from kfinstall.guide.steps import REVIEW, step_named  # noqa: PLC0415 - as above

    kept = resumed(draft_path(state_home()))
    if kept is None:
        return None
    return kept, _("Review") if kept.step == REVIEW else step_named(kept.step, kept).title
