"""`kfinstall doctor --fix`: showing what a fix would do, asking, doing it."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import click

from kfinstall.cli import credentials
from kfinstall.contracts.finding import Finding
from kfinstall.contracts.fix import Fix
from kfinstall.contracts.resource import GroupKind, Resource
from kfinstall.engine.telling import in_words
from kfinstall.errors import UsageError
from kfinstall.guide import keeping, logins
from kfinstall.guide.keeping import Change
from kfinstall.words import _

if TYPE_CHECKING:
    from kfinstall.doctor.examination import Report
    from kfinstall.kube.cluster import Cluster


def fixable(report: "Report") -> list[Finding]:
    """The findings that have a fix, roots first."""
    return [finding for root in report.roots for finding in root.walk() if finding.fix]


def mended(
    cluster: "Cluster", findings: Sequence[Finding], files: Sequence[str] = (), *, dry_run: bool, yes: bool
) -> bool:
    """Show every fix, ask, and make it; whether all that were wanted were made.

    files: of the document, of which one is changed where the next install would undo a fix.
    """
    from kfinstall.kube import discovery  # noqa: PLC0415 - imports the client library

    resources = discovery.discover(cluster.connection)
    done: list[Finding] = []
    fine = True
    for number, finding in enumerate(findings):
        assert finding.fix  # noqa: S101 - fixable() chose it
        kept = keeping.change(files, finding.fix.settings)
        for line in _shown(finding.title, finding.fix, kept):
            click.echo(line, err=True)
        if not (yes or dry_run or _wanted(done, findings[number:])):
            continue
        made = _made(cluster, finding.fix, resources, dry_run=dry_run)
        if made and not dry_run:
            for line in keeping.written(kept):
                click.echo(f"  {line}", err=True)
            done.append(finding)
        fine = made and fine
    return fine


def _wanted(done: Sequence[Finding], left: Sequence[Finding]) -> bool:
    """Whether the user wants the first of those left. Ctrl-C stops it all: said with what was done by then."""
    try:
        return click.confirm(_("Do this?"), default=False, err=True)
    except click.Abort as abort:
        if not done:
            raise
        click.echo(_("\nDone before you stopped:"), err=True)
        for finding in done:
            click.echo(f"  ✓ {finding.title}", err=True)
        click.echo(_("Not done:"), err=True)
        for finding in left:
            click.echo(f"  - {finding.title}", err=True)
        raise KeyboardInterrupt from abort


def refuse_unasked(*, yes: bool, dry_run: bool) -> None:
    """Without a terminal nobody can be asked. Raises UsageError."""
    if not (yes or dry_run or sys.stdin.isatty()):
        raise UsageError(
            _("--fix changes the cluster, and there is no terminal to ask at."),
            fix=_("Look first with --dry-run; then add --yes."),
        )


def _shown(title: str, fix: Fix, kept: Change | None) -> Iterator[str]:
    from kfinstall.guide.fixes import shown  # noqa: PLC0415 - imports the client library

    yield ""
    yield _("{finding}: {fix}").format(finding=title, fix=fix.title)
    yield from (f"  {line}" for line in shown(fix, kept))


def _made(cluster: "Cluster", fix: Fix, resources: Mapping[GroupKind, Resource], *, dry_run: bool) -> bool:
    from kfinstall.engine.mending import mend  # noqa: PLC0415 - imports the client library

    secrets = [] if dry_run else credentials.given(fix.logins)
    if secrets is None:
        wanted = "; ".join(dict.fromkeys(logins.names(login) for login in fix.logins))
        click.echo(_("  ✗ needs credentials; set {variables}").format(variables=wanted), err=True)
        return False
    for deed in mend(cluster, fix, resources, secrets, dry_run=dry_run):
        if deed.error:
            click.echo(f"  ✗ {in_words(deed.act)} {deed.key}: {deed.error.what}", err=True)
            return False
        done = _("would be accepted") if dry_run else _("done")
        click.echo(f"  ✓ {in_words(deed.act)} {deed.key}: {done}", err=True)
    return True
