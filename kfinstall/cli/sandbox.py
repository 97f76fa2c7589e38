"""`kfinstall sandbox`: the practice cluster that comes with kfinstall."""

import click

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
def scenarios() -> None:
    """List the scenarios."""
    from kfinstall.sandbox import scenario as known  # noqa: PLC0415 - as above

    for name in known.names():
        click.echo(f"{name:28} {known.load(name).title}")
