"""The cells of `kubectl get` (pkg/printers/internalversion/printers.go); custom ones by their JSONPath."""

from collections.abc import Callable
from typing import Any

from kfinstall.contracts.manifest import Body
from kfinstall.sandbox.tables import cluster, network, pods, storage, workloads
from kfinstall.sandbox.tables.ages import age
from kfinstall.sandbox.tables.custom import custom_cell
from kfinstall.sandbox.tables.parts import Cells
from kfinstall.sandbox.types.kinds import Kind, Version


def row_of(body: Body, kind: Kind, version: Version) -> Body:
    """A row without its object: a cell for each column, and conditions where there are any."""
    conditions = pods.ends(body) if kind.key == ("", "pods") else []
    return {"cells": _cells(body, kind, version), **({"conditions": conditions} if conditions else {})}


def _cells(body: Body, kind: Kind, version: Version) -> list[Any]:
    if kind.custom:
        return [custom_cell(body, column) for column in version.columns]
    cells = _CELLS[kind.kind](body) if kind.kind in _CELLS else {}
    return [_cell(body, column["name"], cells) for column in version.columns]


def _cell(body: Body, column: str, cells: Cells) -> Any:
    if column in cells:
        return cells[column]
    if column == "Name":
        return body["metadata"].get("name", "")
    if column in {"Age", "Created At"}:
        created = body["metadata"].get("creationTimestamp")
        return age(created) if column == "Age" else created
    return ""


_CELLS: dict[str, Callable[[Body], Cells]] = {
    "Pod": pods.pod,
    "Deployment": workloads.deployment,
    "ReplicaSet": workloads.replica_set,
    "StatefulSet": workloads.stateful_set,
    "DaemonSet": workloads.daemon_set,
    "Job": workloads.job,
    "CronJob": workloads.cron_job,
    "PodDisruptionBudget": workloads.disruption_budget,
    "HorizontalPodAutoscaler": workloads.autoscaler,
    "Service": network.service,
    "Ingress": network.ingress,
    "IngressClass": network.ingress_class,
    "EndpointSlice": network.endpoint_slice,
    "NetworkPolicy": network.network_policy,
    "MutatingWebhookConfiguration": network.webhooks,
    "ValidatingWebhookConfiguration": network.webhooks,
    "PersistentVolumeClaim": storage.claim,
    "PersistentVolume": storage.volume,
    "StorageClass": storage.storage_class,
    "Node": cluster.node,
    "Event": cluster.event,
    "RoleBinding": cluster.role_binding,
    "ClusterRoleBinding": cluster.role_binding,
    "ResourceQuota": cluster.resource_quota,
    "PriorityClass": cluster.priority_class,
    "Namespace": cluster.namespace,
    "ConfigMap": cluster.config_map,
    "Secret": cluster.secret,
}
