"""`kfinstall plan`: what an install would do; nothing is changed."""

from typing import Any

import click

from kfinstall.cli.exit_codes import ExitCode
from kfinstall.cli.install import prepare
from kfinstall.cli.narration import narrator
from kfinstall.cli.options import (
    ConnectionFlags,
    DocumentFlags,
    apply_options,
    connection_options,
    document_options,
    output_option,
    progress_options,
)
from kfinstall.cli.report import plan_text, report


@click.command()
@document_options
@connection_options
@apply_options
@output_option("text", "json")
@progress_options
def plan(
    *, output: str, log_format: str, color: str, plain: bool, prune: bool, any_version: bool,
    user: str | None, request_timeout: str, **document: Any,
) -> ExitCode:  # fmt: skip
    """Show what an install would do; nothing is changed."""
    connection = ConnectionFlags(user=user, request_timeout=request_timeout)
    teller = narrator(log_format, color, plain=plain)
    flags = DocumentFlags(**document)
    _release, _cluster, prepared = prepare(flags, connection, teller, prune=prune, any_version=any_version)
    click.echo(plan_text(prepared.plan) if output == "text" else report(prepared.plan))
    return ExitCode.OK
