"""A local cluster that is too small for what is to run on it, made anew: the only way that it becomes larger."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import click

from kfinstall.cli.clusters import tell
from kfinstall.cli.narration import narrator
from kfinstall.contracts.platform import Enlarges, Size
from kfinstall.engine.clusters import OwnCluster, own_cluster
from kfinstall.engine.host import LocalHost, host_of
from kfinstall.engine.release import Release, rendered
from kfinstall.facts.scheduling.sizing import COMFORTABLE, Demand, demand
from kfinstall.guide import keeping
from kfinstall.registry import platforms
from kfinstall.words import _

if TYPE_CHECKING:
    from kfinstall.doctor.examination import Report

SHORTAGES = frozenset({"sched-insufficient-cpu", "sched-insufficient-memory", "cluster-too-small"})
"""Causes that a larger cluster mends."""


@dataclass(frozen=True, slots=True)
class Enlargement:
    """cluster: with options that make it anew. settings: of the document, that keep the size. wanted: the pods."""

    cluster: OwnCluster
    settings: dict[str, Any]
    wanted: Demand


def enlargement(release: Release, report: "Report") -> Enlargement | None:
    """How a cluster that the report calls too small becomes larger; None where it is not, or cannot."""
    if not SHORTAGES & {root.finding.cause for root in report.roots}:
        return None
    platform = platforms().get(release.install.platform.type)
    host = host_of(platform.name)
    own = own_cluster(release.install, host)
    if own is None or not isinstance(platform, Enlarges):
        return None
    wanted = demand(rendered(release).manifests)
    keys = platform.enlarged(own.options, _comfortable(wanted), host)
    if not keys:
        return None
    options = platform.options.model_validate({**own.options.model_dump(by_alias=True), **keys})
    lasting = {f"platform.{key}": value for key, value in keys.items() if key != "recreate"}
    return Enlargement(replace(own, options=options), lasting, wanted)


def _comfortable(wanted: Demand) -> Size:
    return Size(math.ceil(wanted.least_cpu * COMFORTABLE), math.ceil(wanted.least_memory * COMFORTABLE))


def enlarged(found: Enlargement, files: Sequence[str], *, dry_run: bool, yes: bool) -> bool:
    """Say loudly what goes, ask, and make the cluster anew; whether that was done. Raises KfinstallError.

    files: of the document, of which one keeps the size.
    """
    kept = keeping.change(files, found.settings)
    status = found.cluster.status()
    click.echo(_("\nThe cluster is too small, and becomes larger only by being made anew."), err=True)
    click.echo(_("EVERYTHING IN IT IS LOST: Kubeflow, notebooks, pipelines, all volumes."), err=True)
    click.echo(_("  now: {now}").format(now=status.detail or found.cluster.title), err=True)
    click.echo(_("  then: {then}").format(then=found.cluster.offer().summary), err=True)
    for line in keeping.shown(kept, found.settings):
        click.echo(f"  {line}", err=True)
    for warning in found.cluster.checked(found.wanted):
        click.echo(_("  Mind: {risk}").format(risk=warning), err=True)
    if dry_run or not (yes or click.confirm(_("Delete the cluster with everything in it?"), default=False, err=True)):
        return False
    for line in keeping.written(kept):
        click.echo(f"  {line}", err=True)
    assert isinstance(found.cluster.host, LocalHost)  # noqa: S101 - enlargement() took it
    tell(found.cluster.create(), found.cluster.host, narrator(log_format="text", color="auto", plain=True))
    click.echo(_("The cluster is new and empty. Install again with: kfinstall install -f FILE"), err=True)
    return True
