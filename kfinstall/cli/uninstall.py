"""`kfinstall uninstall`: take an install away, and say what stays."""

import shlex

import click

from kfinstall.cli import asked, clusters
from kfinstall.cli.exit_codes import ExitCode, of_result
from kfinstall.cli.install import stoppable
from kfinstall.cli.interaction import at_terminal, confirm
from kfinstall.cli.meant import Meant, cluster_options
from kfinstall.cli.narration import Narrator, narrator
from kfinstall.cli.options import output_option, progress_options, yes_option
from kfinstall.cli.report import Kept, removal_report, removal_text
from kfinstall.engine.state_folder import state_folder
from kfinstall.engine.telling import summary
from kfinstall.errors import UsageError
from kfinstall.model.install import Metadata
from kfinstall.words import _


@click.command()
@click.argument("name", required=False)
@cluster_options
@click.option("--delete-data", is_flag=True, help=_("Delete volumes too, and definitions that others use."))
@click.option("--timeout", default="30m", show_default=True, metavar="DURATION", help=_("How long it may take."))
@click.option("--dry-run", is_flag=True, help=_("Only show what would go and what would stay."))
@yes_option
@output_option("text", "json")
@progress_options
def uninstall(*, name: str | None, meant: Meant, delete_data: bool, timeout: str, dry_run: bool, yes: bool,
              output: str, log_format: str, color: str, plain: bool) -> ExitCode:  # fmt: skip
    """Take an install away, NAME or that of a FILE: what kfinstall made goes, what stood before and all data stays."""
    from kfinstall.engine import uninstall as removals  # noqa: PLC0415 - imports the client library
    from kfinstall.engine.runner import RunOptions  # noqa: PLC0415 - as above

    teller = narrator(log_format, color, plain=plain)
    seconds = asked.seconds("--timeout", timeout)
    cluster = meant.cluster()
    name = name or meant.name or Metadata().name
    target = cluster.connection.target
    teller.note(_("Context: {context} ({server})").format(context=target.title, server=target.server))
    removal = removals.prepare(cluster, name, state_folder(target.server), delete_data=delete_data)
    if dry_run:
        click.echo(removal_text(removal.plan) if output == "text" else removal_report(removal.plan))
        return ExitCode.OK
    if not yes:
        _ask(removal_text(removal.plan), name)
    kept = Kept()
    with stoppable(cluster, teller) as control:
        stream = removals.uninstall(removal, cluster, control, RunOptions(seconds, version=removal.version))
        finished = teller.tell(kept.all(stream))
    for key, why in removal.plan.kept.items():
        teller.note(_("Kept: {object}: {why}").format(object=key, why=why))
    _say_how_to_delete_the_cluster(target.context, meant, teller)
    teller.note(summary(finished))
    if output == "json":
        click.echo(removal_report(removal.plan, finished, kept))
    return of_result(finished.result)


def _say_how_to_delete_the_cluster(context: str, meant: Meant, teller: Narrator) -> None:
    """A cluster that was made for an install goes only by the user's word."""
    commands = [each.delete for each in clusters.known(context)]
    if not commands and meant.install and clusters.makes(meant.install):
        commands = [shlex.join(["kfinstall", "platforms", "delete", *meant.words])]
    for command in commands:
        teller.note(_("The cluster stays. To delete it too: {command}").format(command=command))


def _ask(text: str, name: str) -> None:
    """Nothing is deleted without a word from the user."""
    if not at_terminal():
        raise UsageError(
            _("Uninstalling deletes objects, and there is no terminal to ask at."),
            fix=_("Say --yes, or look first with --dry-run."),
        )
    click.echo(text, err=True)
    confirm(_("Take {name} away?").format(name=name))
