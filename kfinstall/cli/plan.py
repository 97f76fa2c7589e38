"""`kfinstall plan`: what an install would do; nothing is changed."""

import click
import yaml

from kfinstall.cli import asked, clusters
from kfinstall.cli.exit_codes import ExitCode
from kfinstall.cli.narration import narrator
from kfinstall.cli.options import output_option
from kfinstall.cli.preparation import PlanFlags, plan_options, prepare
from kfinstall.cli.report import plan_text, report
from kfinstall.engine.release import rendered, wishes
from kfinstall.words import _


@click.command()
@plan_options
@click.option(
    "--rights",
    is_flag=True,
    help=_("Print a manifest of the rights that you lack for it instead, for an administrator to apply."),
)
@output_option("text", "json")
def plan(*, flags: PlanFlags, rights: bool, output: str) -> ExitCode:
    """Show what an install would do; nothing is changed."""
    if rights:
        return _rights(flags)
    plan = prepare(flags).plan
    click.echo(plan_text(plan) if output == "text" else report(plan))
    return ExitCode.OK


def _rights(flags: PlanFlags) -> ExitCode:
    """It is made with no more rights than everybody has."""
    from kfinstall.engine import permissions, preparation  # noqa: PLC0415 - imports the client library

    teller = narrator(flags.log_format, flags.color, plain=flags.plain)
    release = asked.release(flags.document)
    clusters.standing(release, teller)
    cluster = asked.cluster(release, flags.connection)
    with teller.rendering() as observe:
        rendering = rendered(release, observe)
    manifests = preparation.intended(release, cluster, rendering)
    given = permissions.handed_over(cluster, manifests, wishes(release).namespace)
    if not given:
        teller.note(_("You have the rights that it takes."))
        return ExitCode.OK
    click.echo(yaml.safe_dump_all(given, sort_keys=False).rstrip())
    if any("escalate" in rule["verbs"] for body in given for rule in body.get("rules") or ()):
        teller.note(_("Mind: it has the verbs escalate and bind, for the release's roles; they lead to every right."))
    return ExitCode.OK
