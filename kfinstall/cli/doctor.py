"""`kfinstall doctor`: what is wrong with a cluster, why, and what to do."""

from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

import click
import yaml

from kfinstall.cli import asked
from kfinstall.cli.exit_codes import ExitCode
from kfinstall.cli.options import ConnectionFlags, connection_options, output_option
from kfinstall.cli.versioned import API_VERSION, versioned
from kfinstall.contracts.check import Check
from kfinstall.contracts.finding import Severity
from kfinstall.errors import UsageError
from kfinstall.registry import checks as registered
from kfinstall.words import _

if TYPE_CHECKING:
    from kfinstall.doctor.examination import Report
    from kfinstall.doctor.snapshot import Collected


@click.command()
@connection_options
@click.option(
    "--from",
    "source",
    type=click.Path(exists=True, path_type=Path),
    metavar="PATH",
    help=_("Read a bundle, or a folder or tar.gz of `kubectl get -A -o json` lists, instead of a cluster."),
)
@click.option("--only", multiple=True, metavar="ID|AREA", help=_("Only these checks; * matches anything."))
@click.option("--skip", multiple=True, metavar="ID|AREA", help=_("Not these checks."))
@click.option("--list-checks", is_flag=True, help=_("List the checks and end."))
@click.option(
    "--fail-on",
    type=click.Choice(["error", "warn"]),
    default="error",
    show_default=True,
    help=_("What counts as failure."),
)
@output_option("text", "short", "json", "yaml")
def doctor(*, source: Path | None, only: tuple[str, ...], skip: tuple[str, ...], list_checks: bool, fail_on: str,
           output: str, **connection: str | None) -> ExitCode:  # fmt: skip
    """Say what is wrong with a cluster and the Kubeflow on it, why, and what to do. Nothing is changed.

    Exits 0 when nothing is wrong, 3 when something is, and 5 for warnings only with --fail-on=warn.
    """
    chosen = _chosen(only, skip)
    if list_checks:
        click.echo("\n".join(f"{check.id:26} {check.title}" for check in chosen))
        return ExitCode.OK
    from kfinstall.doctor.examination import examine  # noqa: PLC0415 - help must not load the doctor

    report = examine(_snapshot(source, chosen, connection), chosen)
    click.echo(_printed(report, output))
    return _exit_code(report, fail_on)


def _chosen(only: Sequence[str], skip: Sequence[str]) -> list[Check]:
    """The checks that are asked for. Raises UsageError for a name that means none."""
    known, broken = registered()
    for plugin in broken:
        click.echo(_("Warning: {message}").format(message=plugin), err=True)
    for name in (*only, *skip):
        if not any(_is_meant(check, name) for check in known):
            what = _('There is no check "{name}".').format(name=name)
            raise UsageError(what, fix=_("See them with: kfinstall doctor --list-checks"))
    return [
        check
        for check in known
        if (not only or any(_is_meant(check, name) for name in only))
        and not any(_is_meant(check, name) for name in skip)
    ]


def _is_meant(check: Check, name: str) -> bool:
    return check.area == name or fnmatchcase(check.id, name)


def _snapshot(source: Path | None, checks: Sequence[Check], connection: dict[str, str | None]) -> "Collected":
    kinds = {kind for check in checks for kind in check.reads | check.also}
    if source:
        from kfinstall.doctor.lists import from_files  # noqa: PLC0415 - as above

        return from_files(source, kinds)
    from kfinstall.doctor.reading import from_cluster  # noqa: PLC0415 - imports the client library

    kubeconfig, context = connection.pop("kubeconfig"), connection.pop("context")
    cluster = asked.connected(Path(kubeconfig) if kubeconfig else None, context, ConnectionFlags(**connection))  # type: ignore[arg-type]
    target = cluster.connection.target
    click.echo(_("Context: {context} ({server})").format(context=target.context, server=target.server), err=True)
    return from_cluster(cluster, kinds)


def _printed(report: "Report", output: str) -> str:
    from kfinstall.cli import diagnosis  # noqa: PLC0415 - as above
    from kfinstall.doctor.document import document  # noqa: PLC0415 - as above

    match output:
        case "json":
            return versioned("DoctorReport", **document(report))
        case "yaml":
            data = {"apiVersion": API_VERSION, "kind": "DoctorReport", **document(report)}
            return yaml.safe_dump(data, sort_keys=False, allow_unicode=True).rstrip()
        case "short":
            return diagnosis.short(report)
    return diagnosis.page(report)


def _exit_code(report: "Report", fail_on: str) -> ExitCode:
    if report.worst is Severity.ERROR or report.unexplained:
        return ExitCode.CHECK_FAILED
    return ExitCode.WARNINGS if report.worst is Severity.WARNING and fail_on == "warn" else ExitCode.OK
