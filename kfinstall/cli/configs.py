"""`kfinstall configs`: the Kubeflow releases that kfinstall knows."""

import dataclasses

import click

from kfinstall.cells import padded
from kfinstall.cli.exit_codes import ExitCode
from kfinstall.cli.options import output_option
from kfinstall.cli.versioned import versioned
from kfinstall.errors import UsageError
from kfinstall.kfdef import presets
from kfinstall.words import _


@click.command()
@click.argument("name", required=False)
@output_option("text", "json")
def configs(*, name: str | None, output: str) -> ExitCode:
    """List the Kubeflow releases that kfinstall knows, or the applications of one NAME."""
    known = presets.describe()
    if name:
        presets.read(name)
        known = tuple(preset for preset in known if preset.name == name)
    if output == "json":
        items = [dataclasses.asdict(preset) for preset in known]
        click.echo(versioned("PresetList", items=items))
    elif name:
        click.echo("\n".join(_one(known)))
    else:
        click.echo(f"{padded(_('PRESET'), 24)} {_('KUBEFLOW'):10} {_('KUBERNETES'):12} {_('TITLE')}")
        for preset in known:
            click.echo(f"{preset.name:24} {preset.kubeflow_version:10} {preset.kubernetes_validated:12} {preset.title}")
    return ExitCode.OK


def _one(known: tuple[presets.Preset, ...]) -> list[str]:
    if len(known) != 1:
        raise UsageError(_("There is no such preset."))
    [preset] = known
    return [f"{preset.name}: {preset.title}", *(f"  {application}" for application in preset.applications)]
