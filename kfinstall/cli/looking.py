"""What the doctor looks at: a cluster, what is about to be installed on it, and this machine."""

import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kfinstall.cli import asked
from kfinstall.cli.options import ConnectionFlags, DocumentFlags
from kfinstall.contracts.client import Client, GitHub
from kfinstall.contracts.explanation import Remedy
from kfinstall.contracts.finding import Evidence, Finding, Severity
from kfinstall.contracts.manifest import Manifest
from kfinstall.contracts.platform import ClusterAccess, ClusterPhase, KnownCluster
from kfinstall.contracts.resource import GroupKind
from kfinstall.engine.clusters import OwnCluster, own_cluster
from kfinstall.engine.host import LocalHost, host_of
from kfinstall.engine.user_kubeconfig import kubeconfig_files
from kfinstall.errors import ClusterError, FetchError, KfinstallError, PlanRefused, RenderError, ToolMissing
from kfinstall.facts.classify import classify
from kfinstall.facts.scheduling.sizing import demand
from kfinstall.registry import platforms
from kfinstall.words import _

if TYPE_CHECKING:
    from kfinstall.doctor.snapshot import Collected
    from kfinstall.engine.release import Release
    from kfinstall.kube.cluster import Cluster

UNPLANNED = {ToolMissing: "cl-tool-missing", FetchError: "plan-not-fetched", RenderError: "plan-not-rendered",
             PlanRefused: "plan-refused"}  # fmt: skip
"""What may keep a plan from being made, and the cause of each where its message tells none."""


@dataclass
class Look:
    """A cluster to be looked at, once or again and again; release: what is to be installed on it, None for nothing."""

    flags: DocumentFlags
    connection: ConnectionFlags
    kinds: Iterable[GroupKind]
    release: "Release | None" = None
    cluster: "Cluster | None" = field(default=None, init=False)
    _planned: Sequence[Manifest] = field(default=(), init=False)
    _unplanned: Finding | None = field(default=None, init=False)
    _github: GitHub | None = field(default=None, init=False)

    def snapshot(self) -> "Collected":
        """The cluster as it is now; what cannot be reached is told by the snapshot's client. Raises no ClusterError."""
        from kfinstall.doctor.client import answered, stopped  # noqa: PLC0415 - imports the client library
        from kfinstall.doctor.reading import from_cluster, unreached  # noqa: PLC0415 - as above

        access = ClusterAccess(Path(self.flags.kubeconfig) if self.flags.kubeconfig else None, self.flags.context)
        with ThreadPoolExecutor(1) as pool:
            try:
                self._ask_github()
                access = self._access() if self.release else access
                client = pool.submit(self._client, access)
                if self.cluster is None:
                    self.cluster = _named(asked.connected(access.kubeconfig, access.context, self.connection))
                    self._plan(self.cluster)
                found = from_cluster(self.cluster, self.kinds, self._planned)
            except ClusterError as error:
                client = pool.submit(self._client, access)
                return replace(unreached(error), client=stopped(client.result(), self._host(access), error))
            return replace(found, unplanned=self._unplanned, client=answered(client.result()))

    def _ask_github(self) -> None:
        """Before anything is fetched, and once; an address that means nothing is told of when it is fetched."""
        if self.release is None or self.cluster is not None:
            return
        from kfinstall.doctor.github import asked_github  # noqa: PLC0415 - as above
        from kfinstall.engine.release import missing  # noqa: PLC0415 - renders, which only a file asks for

        with suppress(FetchError):
            self._github = asked_github(missing(self.release))

    def _access(self) -> ClusterAccess:
        """Raises ClusterError where the platform knows of no way."""
        assert self.release  # noqa: S101 - whoever calls has looked
        options = self.release.install.platform
        return platforms().get(options.type).access(options, host_of(options.type))

    def _plan(self, cluster: "Cluster") -> None:
        """The objects that installing the document would apply, or what keeps them from being known."""
        if self.release is None:
            return
        from kfinstall.engine.preparation import intended  # noqa: PLC0415 - imports the client library
        from kfinstall.engine.release import rendered  # noqa: PLC0415 - renders, which only a file asks for

        if self._github and self._github.refusal:  # fetching would wait, and ask it again and again
            status = self._github.refusal.status
            self._unplanned = _unplanned(
                FetchError(_("GitHub refuses what the plan fetches: HTTP {status}").format(status=status))
            )
            return
        try:
            self._planned = intended(self.release, cluster, rendered(self.release))
        except (ToolMissing, FetchError, RenderError, PlanRefused) as error:
            self._unplanned = _unplanned(error)

    def _client(self, access: ClusterAccess) -> Client:
        from kfinstall.doctor.client import client  # noqa: PLC0415 - imports the client library

        known = platforms()
        names = [self.release.install.platform.type] if self.release else list(known.options)
        host = self._host(access)
        files = kubeconfig_files(host.environ)
        found = client(host, access.context, files, [known.get(name) for name in names])
        found = replace(found, github=self._github)
        return _with_own(found, self.release, access.context or "") if self.release else found

    def _host(self, access: ClusterAccess) -> LocalHost:
        """This machine, with the kubeconfig that is asked for in place of the user's."""
        instead = {"KUBECONFIG": str(access.kubeconfig)} if access.kubeconfig else {}
        name = self.release.install.platform.type if self.release else "existing"
        return LocalHost(host_of(name).folder, {**os.environ, **instead})


def _with_own(found: Client, release: "Release", context: str) -> Client:
    """The client, with the cluster of a document as its platform sees it, and what that finds in the way."""
    own = own_cluster(release.install, host_of(release.install.platform.type))
    if own is None:
        return found
    from kfinstall.engine.release import rendered  # noqa: PLC0415 - as above

    try:
        known = _known(own, context)
        absent = known.status.phase is ClusterPhase.ABSENT and not (found.github and found.github.refusal)
        obstacles = own.obstacles(demand(rendered(release).manifests) if absent else None)
    except KfinstallError as error:
        return replace(found, unasked=" ".join(filter(None, [error.what, error.why])))
    return replace(found, known=known, made=True, obstacles=tuple(obstacles))


def _known(own: OwnCluster, context: str) -> KnownCluster:
    status = own.status()
    return KnownCluster(context or own.title, status, context, start="kfinstall platforms create -f FILE")


def _unplanned(error: KfinstallError) -> Finding:
    explained = classify("\n".join(filter(None, [error.what, error.why])))
    family = next(cause for kind, cause in UNPLANNED.items() if isinstance(error, kind))
    return Finding(
        cause=explained.cause if explained and family != "cl-tool-missing" else family,
        severity=Severity.ERROR,
        title=error.what,
        objects=(),
        remedy=Remedy(error.fix) if error.fix or not explained else explained.remedy,
        evidence=tuple(Evidence(line) for line in error.why.splitlines() if line.strip()),
        docs=error.docs,
    )


def _named(cluster: "Cluster") -> "Cluster":
    """The cluster, once it is said which it is."""
    target = cluster.connection.target
    click.echo(_("Context: {context} ({server})").format(context=target.title, server=target.server), err=True)
    return cluster
