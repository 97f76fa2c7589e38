"""`kfinstall capacity`: what the nodes offer, who has it, and who waits."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from kfinstall.cells import padded, width
from kfinstall.cli.exit_codes import ExitCode
from kfinstall.cli.meant import Meant, cluster_options
from kfinstall.cli.options import output_option
from kfinstall.cli.versioned import versioned
from kfinstall.facts.kubeflow.notebook_gpus import spawner_settings
from kfinstall.facts.objects.kinds import NODE, POD
from kfinstall.facts.objects.quantities import readable
from kfinstall.facts.scheduling.usage import Share, Usage, usage, waiting
from kfinstall.words import _, joined

KINDS = (NODE, POD)
NAMED = 4
"""Pods that are named in a line; -o json has all."""


@click.command()
@cluster_options
@click.option(
    "--from",
    "source",
    type=click.Path(exists=True, path_type=Path),
    metavar="PATH",
    help=_("Read a bundle, or a folder or tar.gz of `kubectl get -A -o json` lists, instead of a cluster."),
)
@click.option(
    "--gpu", is_flag=True, help=_("Only GPUs and other accelerators, and how the notebooks' web app offers them.")
)
@output_option("text", "json")
def capacity(*, source: Path | None, gpu: bool, output: str, meant: Meant) -> ExitCode:
    """Show what the nodes offer, what pods have requested of it, and who waits. Requests count, not use."""
    if source:
        from kfinstall.doctor.lists import from_files  # noqa: PLC0415 - help must not load the doctor

        snapshot = from_files(source, KINDS)
    else:
        from kfinstall.doctor.reading import from_cluster  # noqa: PLC0415 - imports the client library

        snapshot = from_cluster(meant.cluster(), KINDS)
    rows, queue = usage(snapshot, accelerators=gpu), waiting(snapshot, accelerators=gpu)
    notebooks = spawner_settings(list(snapshot.all(NODE))) if gpu else {}
    if output == "json":
        data = {"nodes": [_data(row) for row in rows], "waiting": _queue(queue)}
        click.echo(versioned("Capacity", **data, **({"notebooks": notebooks} if gpu else {})))
    else:
        click.echo("\n".join([*_table(rows, queue), *_for_notebooks(notebooks)]))
    return ExitCode.OK


def _for_notebooks(settings: Mapping[str, Any]) -> Iterator[str]:
    if settings:
        yield ""
        yield _(
            "For notebooks (`kfinstall install` writes it with gpu.notebooks: {}), in spawnerFormDefaults of ConfigMap "
            "jupyter-web-app-config, spawner_ui_config.yaml:"
        )
        yield json.dumps(settings, indent=2)


def _data(row: Usage) -> dict[str, Any]:
    """Amounts as plain numbers: CPUs, bytes, pieces."""
    numbers = {"capacity": row.capacity, "allocatable": row.allocatable, "used": row.used, "free": row.free}
    plain = {name: float(value) for name, value in numbers.items()}
    return {"node": row.node, "resource": row.resource, **plain, "usedBy": [_share(each) for each in row.users]}


def _queue(queue: Mapping[str, Sequence[Share]]) -> list[dict[str, Any]]:
    return [{"resource": resource, **_share(each)} for resource, shares in queue.items() for each in shares]


def _share(share: Share) -> dict[str, Any]:
    return {"namespace": share.pod.namespace, "pod": share.pod.name, "amount": float(share.amount)}


def _table(rows: Sequence[Usage], queue: Mapping[str, Sequence[Share]]) -> Iterator[str]:
    if not rows:
        yield _("No node offers any.")
    else:
        head = (_("NODE"), _("RESOURCE"), _("CAPACITY"), _("ALLOCATABLE"), _("USED"), _("FREE"), _("USED BY"))
        lines = [head, *(_cells(row) for row in rows)]
        widths = [max(map(width, column)) for column in zip(*lines, strict=True)]
        for line in lines:
            yield "  ".join(padded(cell, cells) for cell, cells in zip(line, widths, strict=True)).rstrip()
    for resource, shares in sorted(queue.items()):
        yield _("Waiting for {resource}: {pods}").format(resource=resource, pods=_named(resource, shares))


def _cells(row: Usage) -> tuple[str, ...]:
    amounts = (readable(row.resource, each) for each in (row.capacity, row.allocatable, row.used, row.free))
    return row.node, row.resource, *amounts, _named(row.resource, row.users)


def _named(resource: str, shares: Sequence[Share]) -> str:
    named = [f"{each.pod.namespace}/{each.pod.name} ({readable(resource, each.amount)})" for each in shares[:NAMED]]
    more = [_("{count} more").format(count=len(shares) - NAMED)] if len(shares) > NAMED else []
    return joined([*named, *more])
