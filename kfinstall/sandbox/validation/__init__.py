"""What the API server refuses in objects of built-in kinds: the rules that installs meet (pkg/apis/*/validation)."""

from collections.abc import Callable, Iterator

from kfinstall.contracts.manifest import Body
from kfinstall.sandbox.server.status import Cause
from kfinstall.sandbox.types.kinds import Kind
from kfinstall.sandbox.validation import (
    access,
    config,
    definitions,
    metadata,
    networking,
    pods,
    scaling,
    storage,
    webhooks,
    workloads,
)

Rule = Callable[[Body, Body | None], Iterator[Cause]]


def faults(kind: Kind, body: Body, old: Body | None) -> list[Cause]:
    """Everything that is wrong; old: None for a new object."""
    found = list(metadata.faults(kind, body, old))
    rule = None if kind.custom else _RULES.get((kind.group, kind.kind))
    return found + list(rule(body, old)) if rule else found


_RBAC, _NETWORK = "rbac.authorization.k8s.io", "networking.k8s.io"
_RULES: dict[tuple[str, str], Rule] = {
    ("", "Pod"): pods.pod,
    ("", "Service"): networking.service,
    ("", "Secret"): config.secret,
    ("", "ConfigMap"): config.config_map,
    ("", "Event"): config.event,
    ("", "PersistentVolumeClaim"): storage.claim,
    ("", "PersistentVolume"): storage.volume,
    ("apps", "Deployment"): workloads.deployment,
    ("apps", "ReplicaSet"): workloads.replica_set,
    ("apps", "DaemonSet"): workloads.daemon_set,
    ("apps", "StatefulSet"): workloads.stateful_set,
    ("batch", "Job"): workloads.job,
    ("batch", "CronJob"): workloads.cron_job,
    ("autoscaling", "HorizontalPodAutoscaler"): scaling.autoscaler,
    ("policy", "PodDisruptionBudget"): scaling.budget,
    ("scheduling.k8s.io", "PriorityClass"): scaling.priority_class,
    ("coordination.k8s.io", "Lease"): scaling.lease,
    (_RBAC, "Role"): access.role,
    (_RBAC, "ClusterRole"): access.cluster_role,
    (_RBAC, "RoleBinding"): access.binding,
    (_RBAC, "ClusterRoleBinding"): access.binding,
    (_NETWORK, "NetworkPolicy"): networking.policy,
    (_NETWORK, "Ingress"): networking.ingress,
    ("apiextensions.k8s.io", "CustomResourceDefinition"): definitions.definition,
    ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"): webhooks.configuration,
    ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"): webhooks.configuration,
    ("apiregistration.k8s.io", "APIService"): webhooks.api_service,
    ("storage.k8s.io", "StorageClass"): storage.storage_class,
}
