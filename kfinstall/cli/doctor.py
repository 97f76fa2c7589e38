"""`kfinstall doctor`: what is wrong with a cluster, why, and what to do."""

import gc
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import yaml

from kfinstall.cli import asked
from kfinstall.cli.exit_codes import ExitCode
from kfinstall.cli.looking import Look
from kfinstall.cli.options import (
    ConnectionFlags,
    DocumentFlags,
    connection_options,
    document_options,
    output_option,
    yes_option,
)
from kfinstall.cli.terminal import laid_out
from kfinstall.cli.versioned import API_VERSION, versioned
from kfinstall.contracts.check import Check, Phase
from kfinstall.contracts.finding import Severity
from kfinstall.errors import UsageError
from kfinstall.registry import checks as registered
from kfinstall.words import _, joined

if TYPE_CHECKING:
    from kfinstall.doctor.examination import Report

PAUSE = 5.0
"""Seconds between two looks of --watch."""


@click.command()
@document_options
@connection_options
@click.option(
    "--phase",
    type=click.Choice([each.value for each in Phase]),
    help=_("pre: will the FILE come up? post: is all well? The default is pre with -f, else post."),
)
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
@click.option("--watch", is_flag=True, help=_("Look again and again until nothing is wrong."))
@click.option("--fix", is_flag=True, help=_("Mend what can be mended safely: shows each change and asks."))
@click.option("--dry-run", is_flag=True, help=_("With --fix: let the server check the changes, and change nothing."))
@click.option(
    "--recreate",
    is_flag=True,
    help=_("With --fix and -f: make a local cluster anew that is too small; all in it is lost."),
)
@yes_option
@click.option(
    "--fail-on",
    type=click.Choice(["error", "warn"]),
    default="error",
    show_default=True,
    help=_("What counts as failure."),
)
@click.option("--strict", is_flag=True, help=_("A check that could not look counts as failed, too."))
@output_option("text", "short", "json", "yaml", "html")
def doctor(*, source: Path | None, only: tuple[str, ...], skip: tuple[str, ...], list_checks: bool, watch: bool,
           fix: bool, dry_run: bool, recreate: bool, yes: bool, fail_on: str, strict: bool, output: str,
           phase: str | None, user: str | None, request_timeout: str, **document: Any) -> ExitCode:  # fmt: skip
    """Say what is wrong with a cluster and the Kubeflow on it, why, and what to do.

    With -f FILE, say before anything is written what will not fit, or not be allowed, when the FILE is installed.
    Nothing is changed without --fix; with -f, the FILE is changed, too, where the next install would undo what was
    mended. Exits 0 when nothing is wrong, 3 when something is or when the cluster kept most checks from looking (with
    --strict, any), and 5 for warnings only with --fail-on=warn.
    """
    flags, failing = DocumentFlags(**document), Failing(warnings=fail_on == "warn", strict=strict)
    checks = _chosen(only, skip, _phases(phase, with_file=bool(flags.files), fix=fix))
    if list_checks:
        click.echo("\n".join(map(_listed, checks)))
        return ExitCode.OK
    if not watch:
        # A large cluster is hundreds of thousands of dicts and lists, which stay until the end. Python would look for
        # garbage among them again and again while they come: a quarter of the time.
        gc.disable()
        click.get_current_context().call_on_close(gc.enable)
    if source:
        from kfinstall.doctor.looking import at_files  # noqa: PLC0415 - help must not load the doctor

        _refuse_live(source, watch=watch, fix=fix)
        report = at_files(source, checks).report
        click.echo(_printed(report, output))
        return failing.exit_code(report)
    from kfinstall.doctor.looking import kinds_of  # noqa: PLC0415 - help must not load the doctor

    release = asked.release(flags) if flags.files else None
    look = Look(flags, ConnectionFlags(user=user, request_timeout=request_timeout), kinds_of(checks), release)
    wanted = Mending(fix=fix, dry_run=dry_run, recreate=recreate, yes=yes)
    return _live(look, checks, output, failing, wanted, watch=watch)


@dataclass(frozen=True, slots=True)
class Failing:
    """What counts as failure beside errors: warnings; with strict, every check that could not look."""

    warnings: bool
    strict: bool

    def found(self, report: "Report") -> ExitCode:
        """By what was found."""
        unknown = report.unreached and report.worst is None
        if report.worst is Severity.ERROR or report.unexplained or unknown:
            return ExitCode.CHECK_FAILED
        return ExitCode.WARNINGS if report.worst is Severity.WARNING and self.warnings else ExitCode.OK

    def exit_code(self, report: "Report") -> ExitCode:
        """By what was found, and by what could not be looked at: to know little is not to be well."""
        if report.is_blind or (self.strict and report.unlooked):
            return ExitCode.CHECK_FAILED
        return self.found(report)


@dataclass(frozen=True, slots=True)
class Mending:
    """What may be changed, and whether the user is asked."""

    fix: bool
    dry_run: bool
    recreate: bool
    yes: bool


def _live(look: Look, checks: list[Check], output: str, failing: Failing, wanted: Mending, *, watch: bool) -> ExitCode:
    from kfinstall.cli import mending  # noqa: PLC0415 - help must not load the doctor
    from kfinstall.doctor.examination import examine  # noqa: PLC0415 - as above

    def report() -> "Report":
        return examine(look.snapshot(), checks)

    if wanted.fix:
        mending.refuse_unasked(yes=wanted.yes, dry_run=wanted.dry_run)
    found = _watched(report, failing) if watch else report()
    click.echo(_printed(found, output))
    if wanted.fix and _made_anew(look, found, wanted):
        return ExitCode.OK
    findings = mending.fixable(found) if wanted.fix else []
    if wanted.fix and not findings:
        click.echo(_("There is nothing that could be mended safely."), err=True)
    files, dry_run, yes = look.flags.files, wanted.dry_run, wanted.yes
    if findings and look.cluster and mending.mended(look.cluster, findings, files, dry_run=dry_run, yes=yes):
        found = report()
        click.echo(_("\nAfter the changes:"), err=True)
        click.echo(_printed(found, "short" if output == "text" else output))
    return failing.exit_code(found)


def _made_anew(look: Look, report: "Report", wanted: Mending) -> bool:
    """Whether a cluster that is too small was made anew, larger, on the user's word."""
    from kfinstall.cli import enlarging  # noqa: PLC0415 - loads platforms

    larger = enlarging.enlargement(look.release, report) if look.release else None
    if larger is None:
        return False
    if not wanted.recreate:
        click.echo(_("The cluster is too small. It becomes larger by being made anew: add --recreate."), err=True)
        return False
    return enlarging.enlarged(larger, look.flags.files, dry_run=wanted.dry_run, yes=wanted.yes)


def _phases(asked: str | None, *, with_file: bool, fix: bool) -> frozenset[Phase]:
    """Before an install where there is a file; to mend what stands and its file, before and after."""
    if asked:
        return frozenset({Phase(asked)})
    if with_file:
        return frozenset(Phase) if fix else frozenset({Phase.PRE})
    return frozenset({Phase.POST})


def _watched(look: Callable[[], "Report"], failing: Failing) -> "Report":
    """The first report with which nothing is wrong; what is wrong until then is told when it changes."""
    from kfinstall.cli.diagnosis import short  # noqa: PLC0415 - as above

    told = ""
    while True:
        report = look()
        if failing.found(report) is ExitCode.OK:
            return report
        if (text := short(report)) != told:
            told = text
            click.echo(f"{time.strftime('%H:%M:%S')}\n{text}\n", err=True)
        time.sleep(PAUSE)


def _chosen(only: Sequence[str], skip: Sequence[str], phases: frozenset[Phase]) -> list[Check]:
    """The checks of some phases that are asked for. Raises UsageError for a name that means none."""
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
        if phases & check.phases
        and (not only or any(_is_meant(check, name) for name in only))
        and not any(_is_meant(check, name) for name in skip)
    ]


def _listed(check: Check) -> str:
    asks = _(" (may ask {hosts})").format(hosts=joined(sorted(check.asks))) if check.asks else ""
    return f"{check.id:26} {check.title}{asks}"


def _is_meant(check: Check, name: str) -> bool:
    return check.area == name or fnmatchcase(check.id, name)


def _refuse_live(source: Path, *, watch: bool, fix: bool) -> None:
    if watch or fix:
        raise UsageError(_("{path} is a copy of a cluster: it can be neither watched nor mended.").format(path=source))


def _printed(report: "Report", output: str) -> str:
    from kfinstall.cli import diagnosis  # noqa: PLC0415 - as above
    from kfinstall.doctor.document import document  # noqa: PLC0415 - as above

    match output:
        case "json":
            return versioned("DoctorReport", **document(report))
        case "yaml":
            data = {"apiVersion": API_VERSION, "kind": "DoctorReport", **document(report)}
            return yaml.safe_dump(data, sort_keys=False, allow_unicode=True).rstrip()
        case "html":
            from kfinstall.doctor.page import page  # noqa: PLC0415 - as above

            return page(document(report))
        case "short":
            return laid_out(diagnosis.short(report))
    return laid_out(diagnosis.page(report))
