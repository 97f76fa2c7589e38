"""`kfinstall platforms`: the platforms that kfinstall can install on."""

import click

from kfinstall import registry
from kfinstall.cli.exit_codes import ExitCode
from kfinstall.cli.options import output_option
from kfinstall.cli.versioned import versioned
from kfinstall.words import _


@click.command()
@output_option("text", "json")
def platforms(*, output: str) -> ExitCode:
    """List the platforms that kfinstall can install on."""
    found = registry.platforms()
    known = [found.get(name) for name in found.options]
    if output == "json":
        items = [{"type": each.name, "title": each.title, "summary": each.summary} for each in known]
        click.echo(versioned("PlatformList", items=items))
    else:
        for each in known:
            click.echo(f"{each.name:16} {each.title}: {each.summary}")
    for plugin in found.broken:
        click.echo(_("Warning: {message}").format(message=plugin), err=True)
    return ExitCode.OK
