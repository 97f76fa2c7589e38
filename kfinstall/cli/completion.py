"""`kfinstall completion`: a script for the shell, made by click."""

import click
from click.shell_completion import get_completion_class

from kfinstall.cli.exit_codes import ExitCode


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, *, shell: str) -> ExitCode:
    """Print a completion script for SHELL, for example: source <(kfinstall completion bash)."""
    group = context.find_root().command
    kind = get_completion_class(shell)
    assert kind is not None  # noqa: S101 - click has all three choices
    click.echo(kind(group, {}, "kfinstall", "_KFINSTALL_COMPLETE").source())
    return ExitCode.OK
