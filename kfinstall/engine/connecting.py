"""A cluster of a kubeconfig; what looks at clusters alone needs no more of the engine."""

from kfinstall.contracts.platform import ClusterAccess
from kfinstall.kube.cluster import Cluster
from kfinstall.kube.connection import Connection

TIMEOUT = 60.0
"""Seconds that one request may take, unless the user says otherwise."""


def connected(access: ClusterAccess, *, timeout: float = TIMEOUT, user: str = "") -> Cluster:
    """A cluster that kubectl could name. timeout: seconds for one request. user: to act as. Raises ClusterError."""
    return Cluster(Connection.open(access.kubeconfig, access.context, timeout=timeout, user=user))
