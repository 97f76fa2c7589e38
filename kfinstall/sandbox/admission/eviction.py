"""Whether a pod may be evicted: not when a PodDisruptionBudget needs it (pkg/registry/core/pod/storage/eviction.go)."""

from http import HTTPStatus

from kfinstall.contracts.manifest import Body
from kfinstall.facts.objects.selectors import matches
from kfinstall.sandbox.server.status import StatusError
from kfinstall.sandbox.storage.store import Name, Store
from kfinstall.sandbox.types.kinds import GroupResource

PODS = GroupResource("", "pods")
BUDGETS = GroupResource("policy", "poddisruptionbudgets")


def check_budget(store: Store, name: Name) -> None:
    """Raises StatusError 429 when a budget forbids it. A pod that serves nobody may always go."""
    pod = store.get(PODS, name)
    if pod is None or not _is_healthy(pod):
        return
    for budget in store.all(BUDGETS, name.namespace):
        selector = budget["spec"].get("selector")
        if selector is None or not matches(selector, pod["metadata"].get("labels") or {}):
            continue
        needed = (budget.get("status") or {}).get("desiredHealthy", 0)
        selected = (each for each in store.all(PODS, name.namespace) if _is_selected(selector, each))
        healthy = sum(map(_is_healthy, selected))
        if healthy <= needed:
            text = f"The disruption budget {budget['metadata']['name']} needs {needed} healthy pods"
            raise StatusError(
                HTTPStatus.TOO_MANY_REQUESTS,
                "TooManyRequests",
                "Cannot evict pod as it would violate the pod's disruption budget.",
                {"causes": [{"reason": "DisruptionBudget", "message": f"{text} and has {healthy} currently"}]},
            )


def _is_selected(selector: Body, pod: Body) -> bool:
    return matches(selector, pod["metadata"].get("labels") or {})


def _is_healthy(pod: Body) -> bool:
    if pod["metadata"].get("deletionTimestamp"):
        return False
    conditions = (pod.get("status") or {}).get("conditions") or ()
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)
