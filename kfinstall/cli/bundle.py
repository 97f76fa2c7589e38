"""`kfinstall bundle`: what the doctor reads of a cluster, in one file to send to somebody."""

import time
from pathlib import Path

import click

from kfinstall.cli.exit_codes import ExitCode
from kfinstall.cli.looking import Look
from kfinstall.cli.meant import Meant, cluster_options
from kfinstall.cli.options import DocumentFlags
from kfinstall.errors import ClusterError, UsageError
from kfinstall.registry import checks as registered
from kfinstall.words import _, counted


@click.command()
@cluster_options
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), required=False)
def bundle(*, file: Path | None, meant: Meant) -> ExitCode:
    """Collect what the doctor reads into a FILE (tar.gz), to be read again with: kfinstall doctor --from FILE.

    Values of Secrets are never read; passwords, tokens and e-mail addresses are taken out. Nothing is sent anywhere.
    """
    from kfinstall.doctor import bundle as bundles  # noqa: PLC0415 - imports the client library
    from kfinstall.doctor.examination import examine  # noqa: PLC0415 - as above
    from kfinstall.doctor.looking import kinds_of  # noqa: PLC0415 - as above
    from kfinstall.doctor.outside import Outside  # noqa: PLC0415 - as above

    path = file or Path(time.strftime("kfinstall-bundle-%Y%m%d-%H%M%S.tar.gz"))
    if path.exists():
        raise UsageError(_("{path} exists already.").format(path=path), fix=_("Name another file."))
    access = meant.access()
    checks, _broken = registered()
    way = DocumentFlags(kubeconfig=str(access.kubeconfig) if access.kubeconfig else None, context=access.context)
    look = Look(way, meant.connection, kinds_of(checks))
    snapshot = look.snapshot()
    if snapshot.unreached:
        raise ClusterError(snapshot.unreached, fix=_("See why with: kfinstall doctor"))
    examine(snapshot, checks)  # what the checks ask beyond the objects goes into the bundle too
    assert isinstance(snapshot.outside, Outside)  # noqa: S101 - of a live cluster
    entries = bundles.write(snapshot, snapshot.outside, path)
    for entry in entries:
        objects = counted("{count} object", "{count} objects", entry.objects)
        hidden = ", ".join(f"{count} {rule}" for rule, count in sorted(entry.redactions.items()))
        click.echo(f"{entry.name:60} {objects}" + (_("; taken out: {what}").format(what=hidden) if hidden else ""))
    click.echo(_("Written: {path}. Look through it before you send it to anybody.").format(path=path), err=True)
    return ExitCode.OK
