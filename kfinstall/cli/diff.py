"""`kfinstall diff`: field by field, what an install would change, as the server itself sees it."""

import difflib
from typing import TYPE_CHECKING, Any

import click
import yaml

from kfinstall.cli.exit_codes import ExitCode
from kfinstall.cli.options import output_option
from kfinstall.cli.preparation import PlanFlags, plan_options, prepare
from kfinstall.cli.versioned import versioned

if TYPE_CHECKING:
    from kfinstall.engine.diff import Difference


@click.command()
@plan_options
@output_option("text", "json")
def diff(*, flags: PlanFlags, output: str) -> ExitCode:
    """Show, field by field, what an install would change.

    Exits 0 when nothing differs and 1 when something does, as kubectl diff; values of Secrets are masked.
    """
    from kfinstall.engine.diff import differences  # noqa: PLC0415 - imports the client library

    told = prepare(flags)
    found = list(differences(told.plan, told.cluster))
    if output == "json":
        click.echo(_report(told.plan.install, found))
    else:
        for difference in found:
            click.echo(_unified(difference), nl=False)
    return ExitCode.FAILED if found else ExitCode.OK


def _unified(difference: "Difference") -> str:
    before = _yaml(difference.before) if difference.before else []
    return "".join(
        difflib.unified_diff(before, _yaml(difference.after), f"live {difference.key}", f"wanted {difference.key}")
    )


def _yaml(body: dict[str, Any]) -> list[str]:
    return yaml.safe_dump(body, sort_keys=True, allow_unicode=True, width=120).splitlines(keepends=True)


def _report(install: str, found: "list[Difference]") -> str:
    differences = [
        {"object": str(difference.key), "before": difference.before, "after": difference.after} for difference in found
    ]
    return versioned("Diff", metadata={"name": install}, differences=differences)
