"""The cluster around an install, looked at only as far as a transformation asks."""

import base64
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cached_property

from kfinstall.contracts.manifest import Body
from kfinstall.errors import ApiError
from kfinstall.kube import identity
from kfinstall.kube.cluster import Cluster


@dataclass(frozen=True)
class ClusterSurroundings:
    """Surroundings (see contracts) of a live cluster."""

    cluster: Cluster
    namespace: str

    @cached_property
    def nodes(self) -> Sequence[Body] | None:
        return self._all("/api/v1/nodes")

    @cached_property
    def daemon_sets(self) -> Sequence[Body] | None:
        return self._all("/apis/apps/v1/daemonsets")

    @cached_property
    def storage_classes(self) -> Sequence[Body] | None:
        return self._all("/apis/storage.k8s.io/v1/storageclasses")

    @cached_property
    def user(self) -> str | None:
        return identity.user(self.cluster.connection)

    @cached_property
    def groups(self) -> Set[str] | None:
        try:
            return {group["name"] for group in self.cluster.connection.get("/apis")["groups"]}
        except ApiError:
            return None

    @cached_property
    def service_networks(self) -> Sequence[str] | None:
        """Servers before 1.33 name none; the address that all pods need then is the API server's."""
        named = self._all("/apis/networking.k8s.io/v1/servicecidrs")
        if named:
            return [network for each in named for network in each["spec"]["cidrs"]]
        try:
            server = self.cluster.look("/api/v1/namespaces/default/services/kubernetes")
        except ApiError:
            return None
        return list(server["spec"].get("clusterIPs") or ()) if server else None

    def serves(self, collection: str) -> bool | None:
        try:
            return self.cluster.serves(collection)
        except ApiError:
            return None

    def secret(self, namespace: str, name: str) -> Mapping[str, str] | None:
        try:
            found = self.cluster.look(f"/api/v1/namespaces/{namespace}/secrets/{name}")
        except ApiError:
            return None
        data = (found or {}).get("data") or {}
        return {key: base64.b64decode(value).decode("utf-8", "replace") for key, value in data.items()}

    def _all(self, collection: str) -> Sequence[Body] | None:
        try:
            return list(self.cluster.items(collection))
        except ApiError:
            return None
