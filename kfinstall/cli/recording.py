"""What `kfinstall sandbox record` and a rehearsal read of a cluster."""

from collections.abc import Collection, Iterable
from pathlib import Path

import click

from kfinstall.contracts.manifest import ObjectKey
from kfinstall.contracts.snapshot import Right, Snapshot
from kfinstall.doctor.lists import from_files
from kfinstall.doctor.reading import from_cluster
from kfinstall.errors import UsageError
from kfinstall.facts.objects.kinds import NAMESPACE, NODE
from kfinstall.kube.cluster import Cluster
from kfinstall.kube.rights import rules
from kfinstall.sandbox.access.rights import CLUSTER_ADMIN, ScenarioUser
from kfinstall.sandbox.recording import NOBODYS, READS, record, recorded_user
from kfinstall.sandbox.scenario import Scenario
from kfinstall.words import _

EVERYTHING = Right("*", "*", "*")
MOST_NAMESPACES = 20
"""In which the user's rights are asked for: it is a request for each."""

OWNER = "owner"
"""An annotation of the namespaces that Kubeflow makes for people: kubeflow/components/profile-controller."""


def of_files(path: Path) -> Scenario:
    """The cluster of a bundle or of lists. Raises UsageError."""
    return record(_with_nodes(from_files(path, READS), str(path)))


def of_cluster(
    cluster: Cluster, *, namespaces: Collection[str] = (), ours: Collection[ObjectKey] = NOBODYS
) -> Scenario:
    """The cluster as its user finds it; nothing is written. namespaces: where rights matter; () finds them.

    Raises ClusterError, and UsageError where nodes may not be read.
    """
    snapshot = from_cluster(cluster, READS | {NAMESPACE})
    for why in snapshot.unread.values():
        click.echo(_("Warning: left out: {why}").format(why=why), err=True)
    user = _user(cluster, snapshot, namespaces or _shared_namespaces(snapshot))
    return record(_with_nodes(snapshot, cluster.connection.target.server), user=user, ours=ours)


def _with_nodes(snapshot: Snapshot, place: str) -> Snapshot:
    if not snapshot.all(NODE):
        raise UsageError(
            _("{place} shows no nodes.").format(place=place),
            why=_("A scenario is made of nodes and of what is left on them."),
            fix=_("Ask somebody who may list nodes for: kubectl get nodes -o json > nodes.json"),
        )
    return snapshot


def _user(cluster: Cluster, snapshot: Snapshot, namespaces: Iterable[str]) -> ScenarioUser:
    if snapshot.outside.may(EVERYTHING):
        return CLUSTER_ADMIN
    found = {namespace: rules(cluster.connection, namespace) for namespace in namespaces}
    if not all(each.complete for each in found.values()):
        click.echo(_("Warning: the server does not list all your rights; the scenario gives you all."), err=True)
        return CLUSTER_ADMIN
    return recorded_user({namespace: each.rules for namespace, each in found.items()})


def _shared_namespaces(snapshot: Snapshot) -> list[str]:
    """Those that belong to nobody; "default" where namespaces may not be listed."""
    names = [
        each["metadata"]["name"]
        for each in snapshot.all(NAMESPACE)
        if OWNER not in (each["metadata"].get("annotations") or {})
    ]
    return names[:MOST_NAMESPACES] or ["default"]
