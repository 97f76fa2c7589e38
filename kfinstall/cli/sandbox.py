"""`kfinstall sandbox`: the practice cluster that comes with kfinstall."""

from pathlib import Path

import click

from kfinstall.cli import asked
from kfinstall.cli.exit_codes import ExitCode
from kfinstall.cli.options import ConnectionFlags, connection_options
from kfinstall.errors import UsageError
from kfinstall.words import _


@click.group()
def sandbox() -> None:
    """Start, stop and look at the practice cluster: a simulated one, on this machine."""


@sandbox.command()
@click.option(
    "--scenario", default="healthy", show_default=True, help=_("What the cluster is like, or a scenario's file.")
)
@click.option(
    "--speed", type=click.FloatRange(0, 1000, min_open=True), default=10.0, show_default=True,
    help=_("How much faster than in reality images are pulled and pods start."),
)  # fmt: skip
def start(scenario: str, speed: float) -> None:
    """Start it in the background."""
    from kfinstall.sandbox import running  # noqa: PLC0415 - help must not load a cluster

    found = running.start(scenario, speed)
    click.echo(
        _("The practice cluster runs: {url}, scenario {scenario}").format(url=found.url, scenario=scenario), err=True
    )
    click.echo(f"export KUBECONFIG={running.kubeconfig_path()}")


@sandbox.command()
def stop() -> None:
    """Stop it, and forget everything in it."""
    from kfinstall.sandbox import running  # noqa: PLC0415 - as above

    click.echo(_("Stopped.") if running.stop() else _("No practice cluster runs."), err=True)


@sandbox.command()
def status() -> None:
    """Say whether it runs, and where."""
    from kfinstall.sandbox import running  # noqa: PLC0415 - as above

    found = running.running()
    if found is None:
        click.echo(_("No practice cluster runs. Start one with: kfinstall sandbox start"), err=True)
        raise click.exceptions.Exit(1)
    click.echo(f"{found.url}\t{found.scenario}\t{running.kubeconfig_path()}")


@sandbox.command()
@click.argument("name", required=False)
def scenarios(name: str | None) -> None:
    """List the scenarios, or print the file of one NAME: to change it, and to start with it."""
    from kfinstall.sandbox import scenario as known  # noqa: PLC0415 - as above

    if name:
        click.echo(known.text(known.load(name)), nl=False)
        return
    for each in known.names():
        click.echo(f"{each:28} {known.load(each).title}")


@sandbox.command()
def schema() -> None:
    """Print the JSON Schema of a scenario's file."""
    from kfinstall.model.schema import draft7, schema_text  # noqa: PLC0415 - as above
    from kfinstall.sandbox.scenario import SCHEMA, Scenario  # noqa: PLC0415 - as above

    click.echo(schema_text(draft7(Scenario, SCHEMA)), nl=False)


@sandbox.command()
@connection_options
@click.option(
    "--from", "source", type=click.Path(exists=True, path_type=Path), metavar="PATH",
    help=_("Read a bundle, or a folder or tar.gz of `kubectl get -A -o json` lists, instead of a cluster."),
)  # fmt: skip
@click.option("-o", "--output", type=click.Path(path_type=Path), default="-", metavar="FILE",
              help=_("Where to write the scenario, instead of standard output."))  # fmt: skip
@click.option("--force", is_flag=True, help=_("Write over a file that is there."))
def record(*, source: Path | None, output: Path, force: bool, kubeconfig: str | None, context: str | None,
           user: str | None, request_timeout: str) -> ExitCode:  # fmt: skip
    """Make a scenario from a cluster: its room, storage, registries and what you may do; nothing is changed there.

    Names of people and contents of objects are left out.
    """
    from kfinstall.cli import recording  # noqa: PLC0415 - imports the client library
    from kfinstall.sandbox.scenario import text  # noqa: PLC0415 - as above

    to_file = str(output) != "-"
    if to_file and output.exists() and not force:
        raise UsageError(_("{path} is there already.").format(path=output), fix=_("Say --force to write over it."))
    if source:
        found = recording.of_files(source)
    else:
        flags = ConnectionFlags(kubeconfig, context, user, request_timeout)
        found = recording.of_cluster(asked.connected(Path(kubeconfig) if kubeconfig else None, context, flags))
    if not to_file:
        click.echo(text(found), nl=False)
        return ExitCode.OK
    try:
        output.write_text(text(found), encoding="utf-8")
    except OSError as error:
        raise UsageError(_("{path} cannot be written.").format(path=output), why=error.strerror or "") from error
    start = _("Wrote {path}. Next: kfinstall sandbox start --scenario {absolute}")
    click.echo(start.format(path=output, absolute=output.absolute()), err=True)
    return ExitCode.OK
