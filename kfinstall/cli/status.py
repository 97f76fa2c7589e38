"""`kfinstall status`: what is installed, and whether it is ready."""

from collections import defaultdict
from typing import TYPE_CHECKING

import click

from kfinstall.cells import padded
from kfinstall.cli.exit_codes import ExitCode
from kfinstall.cli.meant import Meant, cluster_options
from kfinstall.cli.options import output_option
from kfinstall.cli.versioned import versioned
from kfinstall.engine.telling import on_a_line
from kfinstall.words import _

if TYPE_CHECKING:
    from kfinstall.engine.status import ObjectStatus


@click.command()
@click.argument("name", required=False)
@cluster_options
@output_option("text", "json")
def status(*, name: str | None, output: str, meant: Meant) -> ExitCode:
    """Show what is installed and whether it is ready; of all installs, of one NAME, or of that of a FILE.

    Exits 0 when everything is ready, and 3 when something is not.
    """
    from kfinstall.engine import status as statuses  # noqa: PLC0415 - imports the client library

    cluster = meant.cluster()
    name = name or meant.name
    names = [name] if name else statuses.installs(cluster)
    found = {install: statuses.status(cluster, install) for install in names}
    target = cluster.connection.target
    if output == "json":
        click.echo(versioned("Status", installs=_report(found)))
    else:
        click.echo(_("Context: {context} ({server})").format(context=target.title, server=target.server), err=True)
        click.echo(
            "\n".join(_text(install, objects) for install, objects in found.items()) or _("Nothing is installed.")
        )
    healthy = found and all(map(_healthy, found.values()))
    return ExitCode.OK if healthy else ExitCode.CHECK_FAILED


def _healthy(objects: "list[ObjectStatus]") -> bool:
    """An install of nothing is none."""
    return bool(objects) and all(entry.readiness.ready for entry in objects)


def _text(install: str, objects: "list[ObjectStatus]") -> str:
    if not objects:
        return _("{name}: there is no such install, or nothing of it is recorded.").format(name=install)
    groups: dict[str, list[ObjectStatus]] = defaultdict(list)
    for entry in objects:
        groups[entry.key.namespace or _("(cluster)")].append(entry)
    ready = sum(entry.readiness.ready for entry in objects)
    lines = [_("{name}: {ready} of {count} objects are ready").format(name=install, ready=ready, count=len(objects))]
    for namespace, entries in sorted(groups.items()):
        well = sum(entry.readiness.ready for entry in entries)
        mark = "✓" if well == len(entries) else "✗"
        lines.append(f"  {mark} {padded(namespace, 28)} {well}/{len(entries)}")
        lines += [
            f"      {e.key.kind}/{e.key.name}: {on_a_line(e.readiness.why)}" for e in entries if not e.readiness.ready
        ]
    return "\n".join(lines)


def _report(found: "dict[str, list[ObjectStatus]]") -> list[dict[str, object]]:
    return [
        {
            "name": install,
            "ready": _healthy(objects),
            "objects": [
                {
                    **entry.key._asdict(),
                    "ready": entry.readiness.ready,
                    "missing": entry.missing,
                    "why": entry.readiness.why,
                }
                for entry in objects
            ],
        }
        for install, objects in found.items()
    ]
