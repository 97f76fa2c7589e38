"""`kfinstall install`: the same install, unattended or with one question, from one file."""

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from kfinstall.cli import clusters
from kfinstall.cli.exit_codes import ExitCode, of_result
from kfinstall.cli.interaction import again, at_terminal, confirm, in_the_middle, on_stop
from kfinstall.cli.narration import Narrator
from kfinstall.cli.options import ConnectionFlags, DocumentFlags, output_option, wait_options, yes_option
from kfinstall.cli.preparation import PlanFlags, Told, plan_options, prepare
from kfinstall.cli.report import Kept, conflict_table, plan_text, report
from kfinstall.contracts.event import Event, Result, RunFinished
from kfinstall.engine.control import Control
from kfinstall.engine.release import resolve
from kfinstall.engine.telling import summary
from kfinstall.errors import KfinstallError, UsageError
from kfinstall.model.load import LoadedInstall
from kfinstall.words import _, counted

if TYPE_CHECKING:
    from kfinstall.kube.cluster import Cluster


@click.command()
@plan_options
@wait_options
@click.option(
    "--dry-run", type=click.Choice(["none", "client", "server"]), default="none", show_default=True,
    is_flag=False, flag_value="client",
    help=_("client: only show the plan; server: let the server check every object. Nothing is changed."),
)  # fmt: skip
@click.option(
    "--rehearse", is_flag=True,
    help=_("Install into a practice cluster that is made like yours, and say what would not come up. "
           "Nothing is written to yours."),
)  # fmt: skip
@yes_option
@output_option("text", "json")
def install(*, flags: PlanFlags, dry_run: str, rehearse: bool, yes: bool, output: str) -> ExitCode:
    """Install what a file describes: an Install document or a KfDef.

    Run it again to repair or to go on: what stands as wanted is not written again.
    """
    if flags.plain and not flags.document.files and at_terminal():
        from kfinstall.cli.plain import asked_and_installed  # noqa: PLC0415 - a file needs no questions

        return asked_and_installed()
    if rehearse and dry_run != "none":
        raise UsageError(_("--rehearse and --dry-run exclude each other."), fix=_("Leave out one of them."))
    only_look = rehearse or dry_run != "none"
    told = prepare(flags, clusters.standing if only_look else functools.partial(clusters.made, yes=yes))
    cluster, plan = told.cluster, told.plan
    if rehearse:
        from kfinstall.cli.rehearsal import rehearsed  # noqa: PLC0415 - imports the client library

        with rehearsed(told) as played:
            code = _carried_out(played, dry_run, output, rehearsal=True)
        told.teller.note(
            _("That was a rehearsal: nothing was written to {server}.").format(server=cluster.connection.target.server)
        )
        return code
    if dry_run == "client":
        click.echo(plan_text(plan) if output == "text" else report(plan))
        return ExitCode.OK
    if dry_run == "none" and plan.changes and not yes:
        confirm(_("Install on {server}?").format(server=cluster.connection.target.server))
    return _carried_out(told, dry_run, output)


def installed(loaded: LoadedInstall) -> ExitCode:
    """Install what its user was asked about and agreed to, told in a line for each event."""
    flags = PlanFlags(
        DocumentFlags(), ConnectionFlags(), prune=False, any_version=False, log_format="text", color="never", plain=True
    )
    told = prepare(flags, functools.partial(clusters.made, yes=True), resolve(loaded))
    return _carried_out(told, "none", "text")


def _carried_out(told: Told, dry_run: str, output: str, *, rehearsal: bool = False) -> ExitCode:
    kept = Kept()
    with stoppable(told.cluster, told.teller) as control:
        finished = told.teller.tell(kept.all(_stream(told, control, dry_run)))
    _say_the_end(told.teller, finished, kept, rehearsal=rehearsal)
    if output == "json":
        click.echo(report(told.plan, finished, kept))
    return of_result(finished.result)


def _stream(told: Told, control: Control, dry_run: str) -> Iterator[Event]:
    from kfinstall.engine.dry_run import dry_run as try_out  # noqa: PLC0415 - imports the client library
    from kfinstall.engine.preparation import carried_out  # noqa: PLC0415 - as above

    if dry_run == "server":
        return try_out(told.plan, told.cluster, told.version)
    return carried_out(told.made, control)


@contextmanager
def stoppable(cluster: "Cluster", teller: Narrator) -> Iterator[Control]:
    """Ctrl-C once: stop after what is under way; twice: give that up too."""
    control = Control()

    def stop() -> None:
        twice = control.stopping
        control.stop()
        if twice:
            cluster.connection.close()
        else:
            with in_the_middle():
                teller.note(_("Stopping after the current objects. Once more to stop at once."))

    with on_stop(stop):
        try:
            yield control
        except KfinstallError:
            if control.abandoned:
                teller.note(_("Stopped at once. Go on with: {command}").format(command=again()))
            raise


def _say_the_end(teller: Narrator, finished: RunFinished, kept: Kept, *, rehearsal: bool) -> None:
    if kept.failures and (told := _advice(kept)):
        teller.note(told)
    if kept.conflicts:
        teller.note(conflict_table(kept.conflicts))
    if finished.result is Result.STOPPED:
        teller.note(_("Stopped. Go on with: {command}").format(command=again()))
    elif finished.result is Result.TIMED_OUT and not rehearsal:
        teller.note(_("Not everything is ready. Look again with: kfinstall status; or wait on with the same command."))
    elif finished.result is Result.FAILED and not kept.conflicts:
        teller.note(
            counted("{count} object failed; see above.", "{count} objects failed; see above.", len(kept.failures))
        )
    teller.note(summary(finished))


def _advice(kept: Kept) -> str:
    from kfinstall.cli.advice import advice  # noqa: PLC0415 - the catalogue of causes is read only when it is needed

    return advice(kept.failures)
