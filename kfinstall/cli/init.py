"""`kfinstall init`: write a commented Install file."""

from pathlib import Path

import click

from kfinstall.cli.exit_codes import ExitCode
from kfinstall.contracts.platform import Lifecycle
from kfinstall.errors import DocumentError, UsageError
from kfinstall.kfdef import presets
from kfinstall.model import write
from kfinstall.model.load import load
from kfinstall.registry import platforms
from kfinstall.words import _


@click.command()
@click.argument("path", default="-", type=click.Path(path_type=Path))
@click.option("--platform", default="existing", show_default=True, metavar="TYPE")
@click.option("--preset", default=presets.DEFAULT, show_default=True, metavar="NAME")
@click.option(
    "--set",
    "sets",
    multiple=True,
    metavar="KEY=VALUE",
    help=_("Set a value of the file, for example platform.project=lab."),
)
@click.option("--name", default="kubeflow", show_default=True, help=_("What the install is called."))
@click.option("--force", is_flag=True, help=_("Write over a file that is there."))
def init(*, path: Path, platform: str, preset: str, sets: tuple[str, ...], name: str, force: bool) -> ExitCode:
    """Write a commented Install file to PATH, or to standard output."""
    makes = isinstance(platforms().get(platform), Lifecycle)
    presets.read(preset)
    text = _text((f"platform.type={platform}", f"kubeflow.preset={preset}", f"metadata.name={name}", *sets))
    if str(path) == "-":
        click.echo(text, nl=False)
        return ExitCode.OK
    if path.exists() and not force:
        raise UsageError(_("{path} is there already.").format(path=path), fix=_("Say --force to write over it."))
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(_("{path} cannot be written.").format(path=path), why=error.strerror or "") from error
    next_one = "install" if makes else "plan"  # there is nothing to plan against before the cluster is made
    click.echo(_("Wrote {path}. Next: kfinstall {command} -f {path}").format(path=path, command=next_one), err=True)
    return ExitCode.OK


def _text(values: tuple[str, ...]) -> str:
    """Of the file. Raises DocumentError, with the way to give what a platform cannot do without."""
    try:
        made = load((), values, platforms=platforms().options, environ={})
    except DocumentError as error:
        fix = _("Give what is missing, and what is to be other, by --set: kfinstall init --set KEY=VALUE.")
        raise DocumentError(_("This makes no Install file."), error.problems, fix=fix) from error
    return write.commented(made.install, document=made.document)
