"""Whether a cluster is the practice cluster, in which nothing runs but simulations."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kfinstall.kube.cluster import Cluster


def is_practice(cluster: "Cluster") -> bool:
    """Whether this is the practice cluster that runs on this machine."""
    from kfinstall.sandbox import running  # noqa: PLC0415 - little needs it

    found = running.running()
    return found is not None and found.url == cluster.connection.target.server
