"""PodDisruptionBudgets: how many pods may be evicted (pkg/controller/disruption)."""

from collections.abc import Iterable

from kfinstall.contracts.manifest import Body
from kfinstall.facts.objects.selectors import matches
from kfinstall.sandbox.controllers.client import PODS, Client, condition, controller_of, name_of
from kfinstall.sandbox.controllers.deployments import portion
from kfinstall.sandbox.controllers.manager import Key
from kfinstall.sandbox.controllers.pods import is_ready
from kfinstall.sandbox.storage.store import Change, Name
from kfinstall.sandbox.types.kinds import GroupResource

BUDGETS = GroupResource("policy", "poddisruptionbudgets")
SCALED = {"ReplicaSet": GroupResource("apps", "replicasets"), "StatefulSet": GroupResource("apps", "statefulsets")}


class Disruption:
    """Counts what is healthy and what may go."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def concerns(self, change: Change) -> Iterable[Key]:
        if change.resource == BUDGETS:
            yield BUDGETS, change.name
        elif change.resource == PODS:
            labels = change.last["metadata"].get("labels") or {}
            for budget in self._client.all(BUDGETS, change.name.namespace):
                if matches(budget["spec"].get("selector"), labels):
                    yield BUDGETS, name_of(budget)

    def reconcile(self, key: Key) -> float | None:
        budget = self._client.get(*key)
        if budget is None:
            return None
        selector, before = budget["spec"].get("selector"), budget.get("status") or {}
        pods = [
            pod
            for pod in self._client.all(PODS, key[1].namespace)
            if selector is not None
            and matches(selector, pod["metadata"].get("labels") or {})
            and (pod.get("status") or {}).get("phase") not in {"Succeeded", "Failed"}
        ]
        healthy = sum(is_ready(pod) and not pod["metadata"].get("deletionTimestamp") for pod in pods)
        expected, desired = self._expected(budget["spec"], pods)
        allowed = max(0, healthy - desired) if expected else 0
        words = ("True", "SufficientPods") if allowed else ("False", "InsufficientPods")
        found = condition("DisruptionAllowed", *words, "", before)
        generation = budget["metadata"]["generation"]
        self._client.set_status(
            *key,
            {
                "currentHealthy": healthy,
                "desiredHealthy": desired,
                "disruptionsAllowed": allowed,
                "expectedPods": expected,
                "observedGeneration": generation,
                "conditions": [{**found, "message": "", "observedGeneration": generation}],
            },
        )
        return None

    def _expected(self, spec: Body, pods: list[Body]) -> tuple[int, int]:
        """How many pods there should be, and how many of them have to be healthy."""
        least, most = spec.get("minAvailable"), spec.get("maxUnavailable")
        if most is None and not isinstance(least, str):
            return len(pods), int(least or 0)
        expected = self._scale(pods)
        if most is not None:
            return expected, max(0, expected - portion(most, expected, up=True))
        return expected, portion(least, expected, up=True)

    def _scale(self, pods: list[Body]) -> int:
        """What the controllers of the pods want together."""
        owners = {}
        for pod in pods:
            owner = controller_of(pod)
            if owner and owner["kind"] in SCALED:
                found = self._client.get(SCALED[owner["kind"]], Name(pod["metadata"]["namespace"], owner["name"]))
                owners[owner["uid"]] = (found or {"spec": {}})["spec"].get("replicas", 0)
        return sum(owners.values())
