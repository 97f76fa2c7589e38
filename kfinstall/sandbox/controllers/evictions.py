"""Pods on nodes whose taints they do not tolerate any more (pkg/controller/tainteviction)."""

import time
from collections.abc import Iterable

from kfinstall.contracts.manifest import Body
from kfinstall.facts.scheduling.placing import tolerates
from kfinstall.sandbox.controllers.client import PODS, Client, condition, name_of
from kfinstall.sandbox.controllers.events import Recorder
from kfinstall.sandbox.controllers.manager import Key
from kfinstall.sandbox.storage.store import Change, Name
from kfinstall.sandbox.types.kinds import GroupResource

NODES = GroupResource("", "nodes")


class Evictions:
    """speed: of tolerationSeconds."""

    def __init__(self, client: Client, speed: float) -> None:
        self._client = client.named("taint-eviction-controller")
        self._recorder = Recorder(self._client)
        self._speed = speed
        self._since: dict[str, float] = {}

    def concerns(self, change: Change) -> Iterable[Key]:
        if change.resource == NODES and change.after is not None and _taints(change.after) != _taints(change.before):
            for pod in self._client.all(PODS):
                if pod["spec"].get("nodeName") == change.name.name:
                    yield PODS, name_of(pod)
        elif change.resource == PODS and change.after is None:
            self._since.pop(change.last["metadata"]["uid"], None)
        elif change.resource == PODS and not (change.before or {"spec": {}})["spec"].get("nodeName"):
            yield PODS, change.name

    def reconcile(self, key: Key) -> float | None:
        pod = self._client.get(*key)
        if pod is None or pod["metadata"].get("deletionTimestamp"):
            return None
        node = self._client.get(NODES, Name("", pod["spec"].get("nodeName", "")))
        patience = _patience(pod, _taints(node))
        if patience is None:
            self._since.pop(pod["metadata"]["uid"], None)
            return None
        since = self._since.setdefault(pod["metadata"]["uid"], time.monotonic())
        left = since + patience / self._speed - time.monotonic()
        if left > 0:
            return left
        self._evict(pod, key[1])
        return None

    def _evict(self, pod: Body, name: Name) -> None:
        text = f"Marking for deletion Pod {name.namespace}/{name.name}"
        self._recorder.tell(pod, "Normal", "TaintManagerEviction", text)
        why = "Taint manager: deleting due to NoExecute taint"
        before = pod.get("status") or {}
        found = condition("DisruptionTarget", "True", "DeletionByTaintManager", why, before)
        others = [each for each in before.get("conditions") or () if each["type"] != "DisruptionTarget"]
        self._client.set_status(PODS, name, {"conditions": [*others, found]})
        self._client.delete(PODS, name)


def _taints(node: Body | None) -> list[Body]:
    found = (node or {"spec": {}})["spec"].get("taints") or ()
    return [taint for taint in found if taint["effect"] == "NoExecute"]


def _patience(pod: Body, taints: list[Body]) -> float | None:
    """Seconds that a pod may stay; None for ever."""
    tolerations = pod["spec"].get("tolerations") or []
    limits = []
    for taint in taints:
        fitting = [each for each in tolerations if tolerates([each], taint)]
        if not fitting:
            return 0.0
        limits += [each["tolerationSeconds"] for each in fitting if each.get("tolerationSeconds") is not None]
    return float(max(0, min(limits))) if limits else None
