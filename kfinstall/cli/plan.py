"""`kfinstall plan`: what an install would do; nothing is changed."""

import click

from kfinstall.cli.exit_codes import ExitCode
from kfinstall.cli.options import output_option
from kfinstall.cli.preparation import PlanFlags, plan_options, prepare
from kfinstall.cli.report import plan_text, report


@click.command()
@plan_options
@output_option("text", "json")
def plan(*, flags: PlanFlags, output: str) -> ExitCode:
    """Show what an install would do; nothing is changed."""
    plan = prepare(flags).plan
    click.echo(plan_text(plan) if output == "text" else report(plan))
    return ExitCode.OK
