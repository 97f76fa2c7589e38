"""`kfinstall platforms`: the platforms that kfinstall can install on, what of them is here, and their clusters."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import Any

import click

from kfinstall import registry
from kfinstall.cli import asked, clusters
from kfinstall.cli.exit_codes import ExitCode
from kfinstall.cli.narration import narrator
from kfinstall.cli.options import DocumentFlags, output_option, progress_options, yes_option
from kfinstall.cli.versioned import versioned
from kfinstall.contracts.platform import ClusterPhase, Detection, Platform, Tool
from kfinstall.engine.clusters import PHASES, OwnCluster, detected, own_cluster, told
from kfinstall.engine.host import LocalHost, host_of
from kfinstall.engine.release import resolve
from kfinstall.errors import UsageError
from kfinstall.words import _


@click.group(invoke_without_command=True)
@output_option("text", "json")
@click.pass_context
def platforms(context: click.Context, *, output: str) -> ExitCode | None:
    """List the platforms that kfinstall can install on, and what of them is on this machine.

    With a command: make, delete or look at the cluster of a file.
    """
    if context.invoked_subcommand is not None:
        return None
    found = registry.platforms()
    known = [found.get(name) for name in found.options]
    with ThreadPoolExecutor() as pool:
        detections = list(pool.map(detected, known))
    if output == "json":
        items = [_item(*pair) for pair in zip(known, detections, strict=True)]
        click.echo(versioned("PlatformList", items=items))
    else:
        for platform, detection in zip(known, detections, strict=True):
            click.echo(f"{platform.name:16} {platform.title}: {platform.summary}")
            for line in _lines(detection):
                click.echo(f"{'':16}   {line}")
    for plugin in found.broken:
        click.echo(_("Warning: {message}").format(message=plugin), err=True)
    return ExitCode.OK


def _document_options(command: Any) -> Any:
    """-f and --set, for a command about the cluster of a file."""
    file = click.option("-f", "--file", "files", multiple=True, required=True, metavar="FILE|URL|-",
                        help=_("The Install file; several are merged in order."))  # fmt: skip
    sets = click.option("--set", "sets", multiple=True, metavar="KEY=VALUE", help=_("Change a value of the file."))
    return file(sets(command))


@platforms.command()
@_document_options
@output_option("text", "json")
def status(*, files: tuple[str, ...], sets: tuple[str, ...], output: str) -> ExitCode:
    """Say how far the cluster of a file is; exits 3 when it does not run."""
    cluster, _host = _cluster(files, sets)
    found = cluster.status()
    if output == "json":
        click.echo(versioned("ClusterStatus", phase=found.phase, detail=found.detail))
    else:
        click.echo(told(cluster, found))
    return ExitCode.OK if found.phase is ClusterPhase.RUNNING else ExitCode.CHECK_FAILED


@platforms.command()
@_document_options
@yes_option
@progress_options
def create(*, files: tuple[str, ...], sets: tuple[str, ...], yes: bool, **progress: Any) -> ExitCode:
    """Make the cluster of a file, or start it, or go on making it. Nothing is installed on it."""
    cluster, _host = _cluster(files, sets)
    teller = narrator(**progress)
    clusters.made(resolve(asked.loaded(DocumentFlags(files=files, sets=sets))), teller, yes=yes)
    teller.note(told(cluster, cluster.status()))
    return ExitCode.OK


@platforms.command()
@_document_options
@progress_options
def stop(*, files: tuple[str, ...], sets: tuple[str, ...], **progress: Any) -> ExitCode:
    """Stop the cluster of a file, and keep everything in it; create starts it again."""
    cluster, host = _cluster(files, sets)
    teller = narrator(**progress)
    clusters.tell(cluster.stop(), host, teller)
    teller.note(told(cluster, cluster.status()))
    return ExitCode.OK


@platforms.command()
@_document_options
@yes_option
@progress_options
def delete(*, files: tuple[str, ...], sets: tuple[str, ...], yes: bool, **progress: Any) -> ExitCode:
    """Delete the cluster of a file, with everything in it."""
    cluster, host = _cluster(files, sets)
    teller = narrator(**progress)
    found = cluster.status()
    teller.note(told(cluster, found))
    if found.phase is ClusterPhase.ABSENT:
        return ExitCode.OK
    if not yes:
        clusters.agreed(_("Delete this cluster, with everything in it?"))
    clusters.tell(cluster.delete(), host, teller)
    teller.note(_("Deleted."))
    return ExitCode.OK


def _cluster(files: tuple[str, ...], sets: tuple[str, ...]) -> tuple[OwnCluster, LocalHost]:
    """The cluster of a file. Raises UsageError where its platform makes none."""
    install = asked.loaded(DocumentFlags(files=files, sets=sets)).install
    host = host_of(install.platform.type)
    cluster = own_cluster(install, host)
    if cluster is None:
        raise UsageError(
            _("kfinstall makes no clusters of the platform {name}.").format(name=install.platform.type),
            fix=_("Make it yourself, or take another platform: kfinstall platforms lists them."),
        )
    return cluster, host


def _item(platform: Platform[Any], detection: Detection) -> dict[str, Any]:
    return {"type": platform.name, "title": platform.title, "summary": platform.summary, **asdict(detection)}


def _lines(detection: Detection) -> Iterator[str]:
    for tool in detection.tools:
        if tool.version:
            yield f"{tool.name} {tool.version}"
        else:
            yield _missing(tool)
    for cluster in detection.clusters:
        detail = f" ({cluster.status.detail})" if cluster.status.detail else ""
        yield f"{cluster.name}: {PHASES[cluster.status.phase]}{detail}"


def _missing(tool: Tool) -> str:
    text = _("{name} is missing: {get}") if tool.needed else _("{name} is not here; it would be useful: {get}")
    return text.format(name=tool.name, get=tool.get)
