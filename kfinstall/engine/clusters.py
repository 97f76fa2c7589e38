"""The cluster of a document, on a platform that makes clusters: what it is, what stands in its way, making it."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from kfinstall.contracts.explanation import Remedy
from kfinstall.contracts.finding import Finding, Severity
from kfinstall.contracts.manifest import Manifest
from kfinstall.contracts.platform import (
    ClusterPhase,
    ClusterStatus,
    Detection,
    Detects,
    Host,
    Lifecycle,
    Offer,
    Offers,
    Platform,
    Progress,
    Stops,
)
from kfinstall.engine.host import host_of
from kfinstall.errors import Interrupted, KfinstallError, PlanRefused, UsageError
from kfinstall.facts.scheduling.sizing import Demand, demand
from kfinstall.model.document import Document
from kfinstall.model.install import Install, PlatformOptions
from kfinstall.registry import platforms
from kfinstall.words import _


@dataclass(frozen=True, slots=True)
class OwnCluster:
    """A cluster that kfinstall can make. title: of its platform."""

    title: str
    lifecycle: Lifecycle[Any]
    options: PlatformOptions
    host: Host

    def status(self) -> ClusterStatus:
        """How far it is. Raises KfinstallError."""
        return self.lifecycle.status(self.options, self.host)

    def offer(self) -> Offer:
        """What it is, or would be."""
        if isinstance(self.lifecycle, Offers):
            return self.lifecycle.offer(self.options, self.host)
        return Offer(summary=self.title, cost="")

    def obstacles(self, wanted: Demand | None = None) -> list[Finding]:
        """What the platform finds in the way, and whether there is room for what is wanted. Raises KfinstallError."""
        room = _judged(wanted, self.offer()) if wanted else ()
        return [*self.lifecycle.preflight(self.options, self.host), *room]

    def checked(self, wanted: Demand, document: Document | None = None) -> list[str]:
        """What should be known before it is made. Raises PlanRefused with all that stands in the way.

        document: where the options come from, so that a refusal can name the place.
        """
        findings = self.obstacles(wanted)
        in_the_way = [each for each in findings if each.severity is Severity.ERROR]
        if in_the_way:
            raise PlanRefused(
                _("The cluster cannot be made like this."),
                why="\n".join(_placed(each, document) for each in in_the_way),
                fix="\n".join(
                    line for each in in_the_way for line in (each.remedy.text, *each.remedy.commands) if line
                ),
                about="platform",
            )
        return [f"{each.title} {each.remedy.text}".strip() for each in findings]

    def create(self) -> Iterator[Progress]:
        """Make it, start it or go on. Raises Interrupted when the user stops; KfinstallError."""
        with self._interruptible():
            yield from self.lifecycle.create(self.options, self.host)

    def delete(self) -> Iterator[Progress]:
        """Take it away with everything in it. Raises as create."""
        with self._interruptible():
            yield from self.lifecycle.delete(self.options, self.host)

    def stop(self) -> Iterator[Progress]:
        """Let it rest. Raises UsageError where the platform cannot; else as create."""
        if not isinstance(self.lifecycle, Stops):
            raise UsageError(_("Clusters of the platform {title} cannot be stopped.").format(title=self.title))
        with self._interruptible():
            yield from self.lifecycle.stop(self.options, self.host)

    @contextmanager
    def _interruptible(self) -> Iterator[None]:
        """A program or a request that failed because it was stopped is no failure."""
        try:
            yield
        except KfinstallError as error:
            if not self.host.stopping:
                raise
            raise Interrupted(_("Stopped.")) from error
        if self.host.stopping:
            raise Interrupted(_("Stopped."))


def own_cluster(install: Install, host: Host) -> OwnCluster | None:
    """The cluster that a document means; None where its platform makes none."""
    platform = platforms().get(install.platform.type)
    return OwnCluster(platform.title, platform, install.platform, host) if isinstance(platform, Lifecycle) else None


@dataclass(frozen=True, slots=True)
class Unmade:
    """A cluster that has to be made, or started, before anything can be installed on it."""

    cluster: OwnCluster
    status: ClusterStatus

    @property
    def told(self) -> str:
        """Its state in one line."""
        return told(self.cluster, self.status)

    @property
    def offered(self) -> str:
        """What it will be, and what it costs whom."""
        offer = self.cluster.offer()
        return _("It will be: {summary}. {cost}").format(summary=offer.summary, cost=offer.cost).strip()

    @property
    def question(self) -> str:
        """What the user is asked before it is made."""
        return QUESTIONS[self.status.phase]


def unmade(install: Install, host: Host) -> Unmade | None:
    """The cluster of a document, if it does not run; None where it does, or where its platform makes none."""
    cluster = own_cluster(install, host)
    status = cluster.status() if cluster else None
    return Unmade(cluster, status) if cluster and status and status.phase is not ClusterPhase.RUNNING else None


def told(cluster: OwnCluster, status: ClusterStatus) -> str:
    """The state of a cluster in one line."""
    return f"{cluster.title}: {PHASES[status.phase]}{f' ({status.detail})' if status.detail else ''}"


def cramped(install: Install, host: Host, manifests: Iterable[Manifest]) -> list[str]:
    """What should be known of a cluster that stands, before an install whose pods it cannot all carry."""
    platform = platforms().get(install.platform.type)
    if not isinstance(platform, Offers):
        return []
    found = _judged(demand(manifests), platform.offer(install.platform, host))
    return [f"{each.title} {each.remedy.text}" for each in found if each.severity is Severity.ERROR]


def _placed(finding: Finding, document: Document | None) -> str:
    """Its title, after the place of the option that it is about."""
    if document is None or not finding.option:
        return finding.title
    return f"{document.place(tuple(finding.option.split('.')))}: {finding.title}"


def _judged(wanted: Demand, offer: Offer) -> Iterator[Finding]:
    if wanted.too_large_for(offer.size):
        yield Finding(
            cause="cluster-too-small",
            severity=Severity.ERROR,
            title=_("{cluster} is too small: {arithmetic}").format(cluster=offer.summary, arithmetic=wanted.arithmetic),
            objects=(),
            option="platform",
            remedy=Remedy(
                _("Make it larger ({size} leave room for work), or leave components out: kubeflow.components.").format(
                    size=wanted.comfortable
                )
            ),
        )
    elif wanted.tight_in(offer.size):
        yield Finding(
            cause="cluster-tight",
            severity=Severity.WARNING,
            title=_("{cluster} leaves little room: {arithmetic}").format(
                cluster=offer.summary, arithmetic=wanted.arithmetic
            ),
            objects=(),
            remedy=Remedy(_("With {size} there is room for work.").format(size=wanted.comfortable)),
        )


def detected(platform: Platform[Any]) -> Detection:
    """What is here of a platform; a look that fails finds nothing."""
    if not isinstance(platform, Detects):
        return Detection()
    try:
        return platform.detect(host_of(platform.name))
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
