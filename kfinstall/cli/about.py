"""`kfinstall about`: what a bug report needs; nothing secret, and no cluster is asked."""

import platform
from importlib.metadata import version

import click

from kfinstall import __version__, registry
from kfinstall.cli.exit_codes import ExitCode
from kfinstall.cli.options import output_option
from kfinstall.cli.versioned import versioned
from kfinstall.engine.state_folder import cache_folder, state_folder
from kfinstall.kfdef import presets


@click.command()
@output_option("text", "json")
def about(*, output: str) -> ExitCode:
    """Show versions and folders."""
    facts = {
        "kfinstall": __version__,
        "python": platform.python_version(),
        "kubernetes": version("kubernetes"),
        "system": platform.platform(),
        "presets": ", ".join(presets.names()),
        "platforms": ", ".join(registry.platforms().names),
        "cache": str(cache_folder()),
        "state": str(state_folder("").parent),
    }
    if output == "json":
        click.echo(versioned("About", **facts))
    else:
        click.echo("\n".join(f"{name:11} {value}" for name, value in facts.items()))
    return ExitCode.OK
