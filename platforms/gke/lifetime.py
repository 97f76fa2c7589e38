"""A cluster's life at Google: asked for, made, deleted, and what an interrupted command had begun."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kfinstall.contracts.platform import Progress
from kfinstall.errors import CloudError, Interrupted
from kfinstall.words import _, joined
from platforms.gke import refusals, wanted
from platforms.gke.cloud import Cloud
from platforms.gke.options import GkeOptions

if TYPE_CHECKING:
    from google.cloud.container_v1 import Cluster, Operation

BETWEEN_LOOKS = 5.0
"""Seconds. GKE has no call that waits for an operation, and takes minutes."""

STEPS = {"CREATE_CLUSTER": _("Making the cluster"), "DELETE_CLUSTER": _("Deleting the cluster")}

TOTAL = "_TOTAL"


@dataclass(frozen=True, slots=True)
class Lifetime:
    """The cluster that the options name. Raises CloudError, and Interrupted."""

    cloud: Cloud
    options: GkeOptions

    def cluster(self) -> "Cluster | None":
        """The cluster as it stands; None when there is none, also when there is no such location."""
        found = self.cloud.asked(self.cloud.clusters.list_clusters, parent=self._anywhere)
        own = (each for each in found.clusters if each.name == self.options.cluster)
        cluster = next((each for each in own if each.location == self.options.location), None)
        if cluster is None and found.missing_zones:
            raise CloudError(
                _("Google does not say at the moment which clusters there are in {zones}.").format(
                    zones=joined(found.missing_zones)
                ),
                fix=_("Run the same command again in some minutes."),
            )
        return cluster

    def begin_create(self) -> "Operation":
        """Also when it was asked for before, and the answer got lost."""
        from google.api_core.exceptions import AlreadyExists, Conflict  # noqa: PLC0415 - takes a second

        request = {"parent": self._parent, "cluster": wanted.cluster(self.options)}
        try:
            return self.cloud.asked(self.cloud.clusters.create_cluster, request=request)
        except CloudError as error:
            begun = self.operation() if isinstance(error.__cause__, AlreadyExists | Conflict) else None
            if begun is None:
                raise
            return begun

    def begin_delete(self) -> "Operation":
        name = f"{self._parent}/clusters/{self.options.cluster}"
        return self.cloud.asked(self.cloud.clusters.delete_cluster, request={"name": name})

    def operation(self) -> "Operation | None":
        """What was begun and is not at its end, by whomever: the cluster is being made, or deleted."""
        found = self.cloud.asked(self.cloud.clusters.list_operations, parent=self._anywhere)
        return next((each for each in found.operations if self._is_own(each) and each.status.name != "DONE"), None)

    def steps(self, operation: "Operation") -> Iterator[Progress]:
        """Follow an operation to its end. Raises CloudError when that is a bad one."""
        told: Progress | None = None
        name = f"{self._parent}/operations/{operation.name}"
        while operation.status.name != "DONE":
            now = _progress(operation)
            if now != told:
                yield now
            told = now
            if self.cloud.host.wait(BETWEEN_LOOKS):
                raise Interrupted(_("Stopped; Google goes on. The same command follows it to its end."))
            operation = self.cloud.asked(self.cloud.clusters.get_operation, name=name)
        if operation.error.code:
            raise refusals.failed(operation.error.message, self.options.project)

    def _is_own(self, operation: "Operation") -> bool:
        return (
            operation.operation_type.name in STEPS
            and operation.location == self.options.location
            and operation.target_link.endswith(f"/clusters/{self.options.cluster}")
        )

    @property
    def _anywhere(self) -> str:
        return f"projects/{self.options.project}/locations/-"

    @property
    def _parent(self) -> str:
        return f"projects/{self.options.project}/locations/{self.options.location}"


def usable(cluster: "Cluster | None", options: GkeOptions) -> "Cluster":
    """The cluster, if Kubeflow can be installed on it. Raises CloudError."""
    if cluster is None:
        raise CloudError(
            _("There is no cluster {name} in {location} of the project {project}.").format(
                name=options.cluster, location=options.location, project=options.project
            ),
            fix=_("Make it with: kfinstall platforms create -f FILE"),
        )
    if cluster.autopilot.enabled:
        raise CloudError(
            _("{name} is an Autopilot cluster, and Kubeflow cannot be installed there.").format(name=cluster.name),
            why=_("Kubeflow's Istio sets up the network of every node from kube-system, which Autopilot forbids."),
            fix=_("Take a Standard cluster: give platform.cluster a name that is free, and kfinstall makes one."),
        )
    if cluster.status.name == "ERROR":
        raise refusals.failed(trouble(cluster), options.project)
    return cluster


def trouble(cluster: "Cluster") -> str:
    """What GKE says is wrong with a cluster."""
    told = [f"{each.code.name}: {each.message}" if each.code else each.message for each in cluster.conditions]
    return "; ".join(told) or str(cluster.status_message)


def _progress(operation: "Operation") -> Progress:
    kind = operation.operation_type.name
    return Progress(STEPS.get(kind) or str(kind), str(operation.detail), _done(operation))


def _done(operation: "Operation") -> float | None:
    """Metrics come in pairs, X and X_TOTAL; the names are Google's own and may change."""
    metrics = {each.name: each.int_value or each.double_value for each in operation.progress.metrics}
    total = sum(amount for name, amount in metrics.items() if name.endswith(TOTAL))
    done = sum(amount for name, amount in metrics.items() if name + TOTAL in metrics)
    return min(done / total, 1.0) if total else None
