"""The cluster around an install, looked at only as far as a transformation asks."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from kfinstall.contracts.manifest import Body
from kfinstall.errors import ApiError
from kfinstall.kube.cluster import Cluster

WHO_AM_I = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
"""Since Kubernetes 1.28: https://kubernetes.io/docs/reference/access-authn-authz/authentication/#self-subject-review."""


@dataclass(frozen=True)
class ClusterSurroundings:
    """Surroundings (see contracts) of a live cluster."""

    cluster: Cluster
    namespace: str

    @cached_property
    def nodes(self) -> Sequence[Body] | None:
        return self._all("/api/v1/nodes")

    @cached_property
    def storage_classes(self) -> Sequence[Body] | None:
        return self._all("/apis/storage.k8s.io/v1/storageclasses")

    @cached_property
    def user(self) -> str | None:
        review = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
        try:
            answer = self.cluster.connection.send("POST", WHO_AM_I, {"dryRun": "All"}, review)
        except ApiError:
            return None
        return str(answer["status"]["userInfo"]["username"])

    def _all(self, collection: str) -> Sequence[Body] | None:
        try:
            return list(self.cluster.items(collection))
        except ApiError:
            return None
