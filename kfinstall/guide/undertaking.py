"""An install under way in threads of its own: what `kfinstall install -f` does, for a door that shows it meanwhile.

Nobody is called back: what there is to see is on the board, in the log and in `stage`, `question` and `causes`, and
whoever shows it looks as often as it draws. So a picture that is slow slows nothing down, and nothing piles up.
"""

import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from kfinstall.contracts.event import ConflictFound, Event, Result, RunFinished, StepFailed, StepSkipped
from kfinstall.contracts.fix import Fix
from kfinstall.contracts.platform import Progress
from kfinstall.engine.clusters import Unmade, unmade
from kfinstall.engine.control import Control
from kfinstall.engine.host import LocalHost, host_of
from kfinstall.engine.preparation import Preparation, carried_out, planned, target
from kfinstall.engine.release import Release, rendered, resolve
from kfinstall.engine.telling import News, line_of, plan_line, summary
from kfinstall.errors import ClusterError, Interrupted, KfinstallError
from kfinstall.facts.scheduling.sizing import demand
from kfinstall.guide import garbage
from kfinstall.guide.board import Board
from kfinstall.guide.ending import Ending, Question, Stage
from kfinstall.guide.explaining import Cause, causes, look
from kfinstall.guide.fixes import made
from kfinstall.guide.keeping import Kept
from kfinstall.guide.run_log import RunLog, secrets_in, secrets_of
from kfinstall.kube.cluster import Cluster
from kfinstall.model.images import PullSecret
from kfinstall.model.load import LoadedInstall
from kfinstall.render.renderer import RenderEvent, Rendering
from kfinstall.words import _, counted

PATIENCE = 3.0
"""Seconds that something is waited for before the doctor looks why."""

PAUSE = 5.0
"""Seconds between two looks of the doctor, at least; at most a quarter of the time goes into them."""


@dataclass(frozen=True, slots=True)
class Mended:
    """What came of a fix, in words."""

    told: str
    fine: bool


class Undertaking:
    """One install. start() returns at once; `ending` is there when it is over.

    mended: what came of fixes; whoever shows it takes it away.
    """

    def __init__(self, loaded: LoadedInstall) -> None:
        self.loaded = loaded
        self.board = Board()
        self.log = RunLog(loaded.install.metadata.name)
        self.log.hide(secrets_of(loaded.install))
        self.stage = Stage.READING
        self.doing = ""
        self.done: float | None = None
        self.question: Question | None = None
        self.causes: list[Cause] = []
        self.looking = False
        self.mended: deque[Mended] = deque()
        self.preparation: Preparation | None = None
        self.cluster: Cluster | None = None
        self.ending: Ending | None = None
        self._control = Control()
        self._host: LocalHost | None = None
        self._answered = threading.Event()
        self._agreed = False
        self._look_now = threading.Event()
        self._kept = Ending(Result.FAILED)

    @property
    def name(self) -> str:
        return self.loaded.install.metadata.name

    @property
    def where(self) -> str:
        """The cluster in a few words; "" before it is known."""
        context = self.cluster.connection.target.title if self.cluster else ""
        version = self.preparation.prepared.state.version if self.preparation else ""
        return f"{context}  Kubernetes {version}" if version else context

    @property
    def stopping(self) -> bool:
        return self._control.stopping

    def start(self) -> None:
        """Begin. The threads are daemons: a request that hangs keeps no process alive."""
        threading.Thread(target=self._run, name="install", daemon=True).start()

    def answer(self, *, yes: bool) -> None:
        """The user's word to the question."""
        self._agreed = yes
        self.question = None
        self._answered.set()

    def stop(self) -> None:
        """Once: after what is under way. Twice: at once."""
        twice = self._control.stopping
        self._control.stop()
        self.note(_("Stopping at once.") if twice else _("Stopping after the current objects."))
        if self._host:
            self._host.stopped.set()
        if self.question:
            self.answer(yes=False)
        cluster = self.cluster
        if twice and cluster:
            cluster.connection.close()
            self.cluster = Cluster(cluster.connection.branch())  # for whoever asks afterwards why it had to be stopped

    def close(self) -> None:
        """Nobody looks at it any more: end what is under way, and let go of the cluster."""
        if self.ending is None:
            self._control.stop()
            self._control.stop()
        if self.cluster:
            self.cluster.connection.close()
        if self.preparation:
            self.preparation.cluster.connection.close()
        self.log.close()

    def mend(self, fix: Fix, secrets: Sequence[PullSecret] = (), kept: Kept | None = None) -> None:
        """Carry out a fix of the doctor's while the install goes on; the log says what came of it.

        secrets: for its logins. kept: what is changed so that the next install does not undo it.
        """
        for secret in secrets:
            self.log.hide(secrets_of(secret))
        threading.Thread(target=self._mend, args=(fix, secrets, kept), name="mending", daemon=True).start()

    def note(self, message: str) -> None:
        """A line that belongs to no object."""
        self.log.add("", "note", message)

    # The run, in its thread

    def _run(self) -> None:
        try:
            self.ending = self._result()
        except Interrupted as error:
            self.ending = self._ended(Result.STOPPED, error)
        except KfinstallError as error:
            stopped = self._control.stopping
            self.ending = self._ended(Result.STOPPED if stopped else Result.FAILED, error)
        except Exception as error:  # a mistake of ours: the screen says so, and lives on
            self.ending = self._ended(Result.FAILED, _mistake(error))
        finally:
            self.stage = Stage.OVER
            self.log.close()

    def _ended(self, result: Result, error: KfinstallError | None = None) -> Ending:
        kept = self._kept
        if error:
            self.log.add("", "note" if result is Result.STOPPED else "FAILED", str(error))
        return Ending(result, error, failures=kept.failures, skipped=kept.skipped, conflicts=kept.conflicts,
                      notes=kept.notes, declined=kept.declined)  # fmt: skip

    def _result(self) -> Ending:
        release = resolve(self.loaded)
        rendering = self._made(release)
        self._go_on()
        self._enter(Stage.PLANNING, _("Connecting …"))
        cluster = self.cluster = target(release)
        where = cluster.connection.target
        self.note(_("Context: {context} ({server})").format(context=where.title, server=where.server))
        rendering = rendering or self._rendered(release)
        self._go_on()
        self._enter(Stage.PLANNING, _("Looking at what is there already …"))
        preparation = planned(release, cluster, rendering)
        self.log.hide(secrets_in(action.manifest for action in preparation.prepared.plan.applies))
        for warning in preparation.warnings:
            self._kept.notes.append(warning)
            self.note(_("Warning: {message}").format(message=warning))
        if preparation.prepared.unfinished:
            self.note(_("An earlier run did not come to its end; this one goes on from there."))
        self.note(plan_line(preparation.prepared.plan, preparation.prepared.state.version))
        self._go_on()
        return self._carried_out(preparation)

    def _carried_out(self, preparation: Preparation) -> Ending:
        self.board.lay_out(preparation.prepared.plan)
        self.preparation = preparation
        garbage.keep()
        stream = carried_out(preparation, self._control)
        self._enter(Stage.RUNNING, "")
        threading.Thread(target=self._explain, args=(preparation.cluster,), name="doctor", daemon=True).start()
        finished = self.follow(stream)
        self.note(summary(finished))
        return self._ended(finished.result)

    def follow(self, stream: Iterator[Event]) -> RunFinished:
        """Take in the events of a run, to its end."""
        news = News()
        for event in stream:
            self.board.take(event)
            self._keep(event)
            line = line_of(event) if news.is_news(event) else None
            if line:
                self.log.add(*line)
        finished = self.board.finished
        assert finished is not None  # noqa: S101 - every run ends with one
        return finished

    def _keep(self, event: Event) -> None:
        match event:
            case StepFailed():
                self._kept.failures.append(event)
            case StepSkipped():
                self._kept.skipped.append(event)
            case ConflictFound():
                self._kept.conflicts.append(event)

    def _made(self, release: Release) -> Rendering | None:
        """Make the cluster where it does not run and the user agrees; the objects, if they had to be rendered."""
        host = self._host = host_of(release.install.platform.type)
        missing = unmade(release.install, host)
        if missing is None:
            return None
        rendering = self._rendered(release)
        lines = [
            _("Warning: {message}").format(message=each)
            for each in missing.cluster.checked(demand(rendering.manifests))
        ]
        self._ask(missing, lines)
        self._enter(Stage.MAKING, missing.told)
        for progress in missing.cluster.create():
            self._show(progress)
        self.done = None
        return rendering

    def _ask(self, missing: Unmade, lines: list[str]) -> None:
        """Wait for the user's word. Raises Interrupted where it is no."""
        self._enter(Stage.ASKING, missing.told)
        self.question = Question(missing.question, (missing.told, missing.offered, *lines))
        self._answered.wait()
        if not self._agreed:
            self._kept.declined = True
            raise Interrupted(_("The cluster was not made."))

    def _show(self, progress: Progress) -> None:
        doing = ": ".join(filter(None, [progress.step, progress.message]))
        if doing != self.doing:
            self.log.add("", "cluster", doing)
        self.doing, self.done = doing, progress.done

    def _rendered(self, release: Release) -> Rendering:
        self._enter(Stage.RENDERING, _("Fetching …"))
        objects = 0

        def observe(event: RenderEvent) -> None:
            nonlocal objects
            self._go_on()
            if event.kind == "fetching":
                self.doing = _("Fetching {name} …").format(name=event.subject)
                self.log.add(event.subject, "fetch", "")
            elif event.kind == "rendered":
                objects += event.objects
                self.doing = counted("{count} object rendered", "{count} objects rendered", objects)
                self.log.add(event.subject, "render", counted("{count} object", "{count} objects", event.objects))

        return rendered(release, observe)

    def _enter(self, stage: Stage, doing: str) -> None:
        self.stage, self.doing = stage, doing

    def _go_on(self) -> None:
        """Raises Interrupted when the user has asked to stop before anything was begun."""
        if self._control.stopping:
            raise Interrupted(_("Stopped. Nothing was changed."))

    # The doctor, in its thread

    def _explain(self, cluster: Cluster) -> None:
        branch = Cluster(cluster.connection.branch())
        try:
            while self.ending is None:
                pause = PAUSE
                if self._waits_long():
                    began = time.monotonic()
                    self._look(branch)
                    pause = max(PAUSE, 3 * (time.monotonic() - began))
                self._look_now.wait(pause)
                self._look_now.clear()
        finally:
            branch.connection.close()

    def _waits_long(self) -> bool:
        waits = self.board.waits()
        if not waits:
            self.causes = []
        return bool(waits) and time.monotonic() - waits[0].since > PATIENCE

    def _look(self, cluster: Cluster) -> None:
        self.looking = True
        try:
            self.causes = causes(look(cluster), [item.key for item in self.board.waits()])
        except ClusterError as error:
            self.note(_("The doctor could not look: {why}").format(why=error.what))
        finally:
            self.looking = False
            garbage.young()  # now that the snapshot is gone

    def _mend(self, fix: Fix, secrets: Sequence[PullSecret], kept: Kept | None) -> None:
        cluster = self.cluster
        if cluster is None:
            return
        with self._telling(fix):
            lines = []
            for line in made(cluster, fix, secrets, kept):
                self.log.add("", "mended", line)
                lines.append(line)
            self.mended.append(Mended("\n".join(lines), fine=True))
        self._look_now.set()

    @contextmanager
    def _telling(self, fix: Fix) -> Iterator[None]:
        try:
            yield
        except KfinstallError as error:
            self.log.add("", "FAILED", f"{fix.title}: {error}")
            self.mended.append(Mended(str(error), fine=False))


def _mistake(error: Exception) -> KfinstallError:
    return KfinstallError(
        _("This should not have happened: {error}.").format(error=f"{type(error).__name__}: {error}"),
        why=_("It is a mistake in kfinstall."),
    )
