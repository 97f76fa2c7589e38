"""The cluster of a document, before anything is installed on it: does it run, may it be made, making it."""

from collections.abc import Iterable, Iterator
from typing import Any

import click

from kfinstall.cli import asked
from kfinstall.cli.interaction import again, at_terminal, on_stop
from kfinstall.cli.narration import Narrator
from kfinstall.contracts.manifest import Manifest
from kfinstall.contracts.platform import (
    ClusterPhase,
    ClusterStatus,
    Detection,
    Detects,
    KnownCluster,
    Platform,
    Progress,
)
from kfinstall.engine import clusters as engine_clusters
from kfinstall.engine.clusters import OwnCluster, own_cluster
from kfinstall.engine.host import LocalHost
from kfinstall.engine.release import Release, rendered
from kfinstall.errors import Interrupted, KfinstallError, UsageError
from kfinstall.facts.sizing import demand
from kfinstall.registry import platforms
from kfinstall.words import _


def required(release: Release, teller: Narrator) -> None:  # noqa: ARG001 - as `made`
    """Refuse to go on without a cluster. Raises UsageError."""
    cluster = own_cluster(release.install, asked.host(release.install.platform.type))
    status = cluster.status() if cluster else None
    if cluster and status and status.phase is not ClusterPhase.RUNNING:
        raise UsageError(
            _("The cluster of this file does not run."),
            why=told(cluster, status),
            fix=_("Make or start it with: kfinstall platforms create -f FILE"),
        )


def made(release: Release, teller: Narrator, *, yes: bool) -> None:
    """Make the document's cluster, or start it, if it does not run and the user agrees.

    Raises UsageError where nobody can be asked, PlanRefused where something stands in the way, Interrupted.
    """
    host = asked.host(release.install.platform.type)
    cluster = own_cluster(release.install, host)
    status = cluster.status() if cluster else None
    if cluster is None or status is None or status.phase is ClusterPhase.RUNNING:
        return
    with teller.rendering() as observe:
        wanted = demand(rendered(release, observe).manifests)
    for warning in cluster.checked(wanted):
        teller.note(_("Warning: {message}").format(message=warning))
    offer = cluster.offer()
    teller.note(told(cluster, status))
    teller.note(_("It will be: {summary}. {cost}").format(summary=offer.summary, cost=offer.cost).strip())
    if not yes:
        agreed(QUESTIONS[status.phase])
    tell(cluster.create(), host, teller)


def cramped(release: Release, manifests: Iterable[Manifest]) -> list[str]:
    """Warnings about the size of a cluster that stands."""
    return engine_clusters.cramped(release.install, asked.host(release.install.platform.type), manifests)


def agreed(question: str) -> None:
    """Ask for the user's word. Raises UsageError where nobody can be asked, Abort where the answer is no."""
    if not at_terminal():
        raise UsageError(
            _("A cluster is not made or deleted without your word, and there is no terminal to ask at."),
            fix=_("Say --yes."),
        )
    click.confirm(question, abort=True, err=True)


def tell(stream: Iterable[Progress], host: LocalHost, teller: Narrator) -> None:
    """Tell how a cluster is made or deleted, until it is done or the user stops. Raises Interrupted."""

    def stop() -> None:
        teller.note(_("Stopping. Once more to stop at once."))
        if host.stopping:
            raise KeyboardInterrupt
        host.stopped.set()

    with on_stop(stop):
        try:
            teller.progress(stream)
        except Interrupted as error:
            raise Interrupted(error.what, fix=_("Go on with: {command}").format(command=again())) from error


def told(cluster: OwnCluster, status: ClusterStatus) -> str:
    """The state of a cluster in one line."""
    return f"{cluster.title}: {PHASES[status.phase]}{f' ({status.detail})' if status.detail else ''}"


def known(context: str) -> Iterator[KnownCluster]:
    """The clusters of this machine that a context leads to and that a command deletes."""
    for name in platforms().options:
        found = detected(platforms().get(name)).clusters
        yield from (each for each in found if context and each.context == context and each.delete)


def detected(platform: Platform[Any]) -> Detection:
    """What is here of a platform; a look that fails finds nothing."""
    if not isinstance(platform, Detects):
        return Detection()
    try:
        return platform.detect(asked.host(platform.name))
    except KfinstallError:
        return Detection()


PHASES = {
    ClusterPhase.ABSENT: _("there is no such cluster yet"),
    ClusterPhase.CREATING: _("half made"),
    ClusterPhase.STOPPED: _("stopped"),
    ClusterPhase.RUNNING: _("runs"),
    ClusterPhase.BROKEN: _("does not work"),
    ClusterPhase.OUTGROWN: _("too small for what is asked, and your file allows to make it anew"),
}

QUESTIONS = {
    ClusterPhase.ABSENT: _("Make this cluster?"),
    ClusterPhase.CREATING: _("Go on making this cluster?"),
    ClusterPhase.STOPPED: _("Start this cluster?"),
    ClusterPhase.BROKEN: _("Try to bring this cluster up?"),
    ClusterPhase.OUTGROWN: _("Delete the cluster with everything in it, and make it anew?"),
}
