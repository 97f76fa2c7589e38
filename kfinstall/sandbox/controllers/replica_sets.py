"""ReplicaSets: as many pods of a template as they want (pkg/controller/replicaset)."""

from collections.abc import Iterable

from kfinstall.contracts.manifest import Body
from kfinstall.sandbox.controllers.client import PODS, Client, condition, controller_of, name_of
from kfinstall.sandbox.controllers.events import Recorder
from kfinstall.sandbox.controllers.manager import Key
from kfinstall.sandbox.controllers.pods import Availability, counted, is_active, is_ready, pod_of, pods_of
from kfinstall.sandbox.server.status import StatusError
from kfinstall.sandbox.storage.store import Change, Name
from kfinstall.sandbox.types.kinds import GroupResource

REPLICA_SETS = GroupResource("apps", "replicasets")
BURST = 500
"""Pods that are made or deleted at once, at most (pkg/controller/replicaset/replica_set.go, BurstReplicas)."""


class ReplicaSets:
    """speed: of minReadySeconds."""

    def __init__(self, client: Client, speed: float) -> None:
        self._client = client.named("replicaset-controller")
        self._recorder = Recorder(self._client)
        self._available = Availability(speed)

    def concerns(self, change: Change) -> Iterable[Key]:
        if change.resource == REPLICA_SETS:
            yield REPLICA_SETS, change.name
        owner = controller_of(change.last) if change.resource == PODS else None
        if owner and owner["kind"] == "ReplicaSet":
            yield REPLICA_SETS, Name(change.name.namespace, owner["name"])

    def reconcile(self, key: Key) -> float | None:
        body = self._client.get(*key)
        if body is None or body["metadata"].get("deletionTimestamp"):
            return None
        pods = pods_of(self._client, body)
        active = [pod for pod in pods if is_active(pod)]
        failure = self._manage(body, key[1], active)
        ending = sum(1 for pod in pods if pod["metadata"].get("deletionTimestamp"))
        again = self._count(body, key[1], active, ending, failure)
        if failure:
            raise StatusError(403, "Forbidden", failure)
        return again

    def _manage(self, body: Body, name: Name, active: list[Body]) -> str:
        """Make what is missing, delete what is too much; why no pod could be made, or ""."""
        wanted = body["spec"].get("replicas", 1)
        for _pod in range(min(wanted - len(active), BURST)):
            try:
                created = self._client.create(PODS, name.namespace, pod_of(body, f"{name.name}-"))
            except StatusError as error:
                self._recorder.tell(body, "Warning", "FailedCreate", f"Error creating: {error.message}")
                return error.message
            active.append(created)
            self._recorder.tell(body, "Normal", "SuccessfulCreate", f"Created pod: {created['metadata']['name']}")
        for pod in sorted(active, key=_worth)[: max(0, len(active) - wanted)]:
            self._client.delete(PODS, name_of(pod))
            active.remove(pod)
            self._recorder.tell(body, "Normal", "SuccessfulDelete", f"Deleted pod: {pod['metadata']['name']}")
        return ""

    def _count(self, body: Body, name: Name, active: list[Body], ending: int, failure: str) -> float | None:
        before = body.get("status") or {}
        available, again = self._available.count(active, body["spec"].get("minReadySeconds", 0))
        failures = [condition("ReplicaFailure", "True", "FailedCreate", failure, before)] if failure else None
        self._client.set_status(
            REPLICA_SETS,
            name,
            {
                "observedGeneration": body["metadata"]["generation"],
                "replicas": len(active),
                **counted("fullyLabeledReplicas", len(active)),
                **counted("readyReplicas", sum(map(is_ready, active))),
                **counted("availableReplicas", available),
                "terminatingReplicas": ending,
                "conditions": failures,
            },
        )
        return again


def _worth(pod: Body) -> tuple[bool, bool, bool, str]:
    """Of the pods that are too many those go first that are least (pkg/controller/controller_utils.go, ActivePods)."""
    running = (pod.get("status") or {}).get("phase") == "Running"
    return bool(pod["spec"].get("nodeName")), running, is_ready(pod), _negated(pod["metadata"]["creationTimestamp"])


def _negated(moment: str) -> str:
    """Sorts the newest first."""
    return "".join(chr(0x10FFFF - ord(letter)) for letter in moment)
