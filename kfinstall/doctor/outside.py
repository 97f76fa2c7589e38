"""Log lines from the cluster's nodes, and what servers on the internet answer: asked once, and remembered."""

import threading
from collections.abc import Sequence

from kfinstall.contracts.manifest import ObjectKey
from kfinstall.contracts.snapshot import Reply, Right
from kfinstall.doctor.asking import asked
from kfinstall.errors import ClusterError
from kfinstall.facts.classify import redacted
from kfinstall.kube import rights
from kfinstall.kube.cluster import Cluster

LINES = 25
"""Of a container's log: what was said last before it ended."""

MOST_LOGS = 50
"""Containers whose log is read in one examination."""

LARGEST = 64 * 1024
"""Bytes of a log."""

NO_LOG = "unable to retrieve container logs for "
"""What a kubelet answers, as if it were the log, when it has cleared the container away
(kubernetes/pkg/kubelet/kuberuntime/kuberuntime_container.go)."""


class Outside:
    """An Outside (see contracts) of a live cluster."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._lock = threading.Lock()
        self.logs: dict[tuple[ObjectKey, str], Sequence[str]] = {}
        self.replies: dict[str, Reply | None] = {}
        self.rights: dict[Right, bool | None] = {}

    def log(self, pod: ObjectKey, container: str) -> Sequence[str]:
        with self._lock:
            asked = (pod, container)
            if asked not in self.logs and len(self.logs) < MOST_LOGS:
                self.logs[asked] = self._read(pod, container)
            return self.logs.get(asked, ())

    def ask(self, url: str) -> Reply | None:
        with self._lock:
            if url not in self.replies:
                self.replies[url] = asked(url)
            return self.replies[url]

    def may(self, right: Right) -> bool | None:
        with self._lock:
            if right not in self.rights:
                self.rights[right] = rights.may(self._cluster.connection, right)
            return self.rights[right]

    def _read(self, pod: ObjectKey, container: str) -> tuple[str, ...]:
        """Of the end before this start; of this start where there was none."""
        for previous in ("true", "false"):
            query = {"container": container, "tailLines": LINES, "previous": previous}
            path = f"/api/v1/namespaces/{pod.namespace}/pods/{pod.name}/log"
            try:
                text = self._cluster.connection.text(path, query, limit=LARGEST)
            except ClusterError:
                continue
            if text.strip() and not text.startswith(NO_LOG):
                return tuple(redacted(line) for line in text.splitlines()[-LINES:])
        return ()
