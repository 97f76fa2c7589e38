"""`kfinstall init`: write a commented Install file."""

from pathlib import Path

import click

from kfinstall.cli.exit_codes import ExitCode
from kfinstall.errors import UsageError
from kfinstall.kfdef import presets
from kfinstall.model import write
from kfinstall.registry import platforms
from kfinstall.words import _


@click.command()
@click.argument("path", default="-", type=click.Path(path_type=Path))
@click.option("--platform", default="existing", show_default=True, metavar="TYPE")
@click.option("--preset", default=presets.DEFAULT, show_default=True, metavar="NAME")
@click.option("--name", default="kubeflow", show_default=True, help=_("What the install is called."))
@click.option("--force", is_flag=True, help=_("Write over a file that is there."))
def init(*, path: Path, platform: str, preset: str, name: str, force: bool) -> ExitCode:
    """Write a commented Install file to PATH, or to standard output."""
    platforms().get(platform)
    presets.read(preset)
    text = write.init(platform, preset, platforms=platforms().options, name=name)
    if str(path) == "-":
        click.echo(text, nl=False)
        return ExitCode.OK
    if path.exists() and not force:
        raise UsageError(_("{path} is there already.").format(path=path), fix=_("Say --force to write over it."))
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(_("{path} cannot be written.").format(path=path), why=error.strerror or "") from error
    click.echo(_("Wrote {path}. Next: kfinstall plan -f {path}").format(path=path), err=True)
    return ExitCode.OK
