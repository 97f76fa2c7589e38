"""`kfinstall config`: check an Install file, show what it comes to, print its schema."""

import json
from typing import Any

import click

from kfinstall.cli import asked
from kfinstall.cli.exit_codes import ExitCode
from kfinstall.cli.options import DocumentFlags, document_options
from kfinstall.model import schema as schemas
from kfinstall.model.write import dump
from kfinstall.registry import platforms
from kfinstall.words import _


@click.group()
def config() -> None:
    """Check an Install file, show it, or print its schema."""


@config.command()
@document_options
def validate(**document: Any) -> ExitCode:
    """Say everything that is wrong with a file, or that nothing is; no cluster is asked."""
    flags = DocumentFlags(**document)
    if not flags.files:
        raise asked.no_file()
    release = asked.release(flags)
    for warning in release.warnings:
        click.echo(_("Warning: {message}").format(message=warning), err=True)
    click.echo(
        _("{file} is valid: {count} applications in namespace {namespace}.").format(
            file=", ".join(flags.files), count=len(release.kfdef.applications), namespace=release.kfdef.namespace
        )
    )
    return ExitCode.OK


@config.command()
@document_options
@click.option("--origin", is_flag=True, help=_("Show where each value comes from."))
@click.option("-o", "--output", type=click.Choice(["yaml", "json"]), default="yaml", show_default=True)
def show(*, origin: bool, output: str, **document: Any) -> ExitCode:
    """Show every value of a file, defaults included."""
    loaded = asked.loaded(DocumentFlags(**document))
    if origin:
        for entry in loaded.origins():
            path = ".".join(map(str, entry.path))
            click.echo(f"{path} = {json.dumps(entry.value, default=str)}  # {entry.place or _('default')}")
    elif output == "json":
        import yaml  # noqa: PLC0415 - only here

        click.echo(json.dumps(yaml.safe_load(dump(loaded)), indent=2, default=str))
    else:
        click.echo(dump(loaded), nl=False)
    return ExitCode.OK


@config.command()
def schema() -> ExitCode:
    """Print the JSON Schema of an Install file, with the platforms that are installed here."""
    click.echo(schemas.schema_text(schemas.schema(platforms().options)), nl=False)
    return ExitCode.OK
