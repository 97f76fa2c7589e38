"""Deployments: one ReplicaSet for each template that was rolled out (pkg/controller/deployment)."""

import math
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from kfinstall.contracts.manifest import Body
from kfinstall.sandbox.clock import now
from kfinstall.sandbox.controllers.client import PODS, Client, condition, controller_of, name_of, owner_reference
from kfinstall.sandbox.controllers.events import Recorder
from kfinstall.sandbox.controllers.manager import Key
from kfinstall.sandbox.controllers.pods import counted, pods_of, template_hash
from kfinstall.sandbox.controllers.replica_sets import REPLICA_SETS
from kfinstall.sandbox.storage.store import Change, Name
from kfinstall.sandbox.types.kinds import GroupResource

DEPLOYMENTS = GroupResource("apps", "deployments")
HASH = "pod-template-hash"
REVISION = "deployment.kubernetes.io/revision"
HISTORY = "deployment.kubernetes.io/revision-history"
DESIRED, MOST = "deployment.kubernetes.io/desired-replicas", "deployment.kubernetes.io/max-replicas"
OWN_ANNOTATIONS = {REVISION, HISTORY, DESIRED, MOST, "kubectl.kubernetes.io/last-applied-configuration"}


@dataclass(frozen=True, slots=True)
class Limits:
    """How a rolling update may deviate from what is wanted. surge: pods more; unavailable: pods fewer."""

    wanted: int
    surge: int
    unavailable: int

    @classmethod
    def of(cls, body: Body) -> "Limits":
        """pkg/controller/deployment/util, ResolveFenceposts."""
        wanted = body["spec"].get("replicas", 1)
        rolling = body["spec"]["strategy"].get("rollingUpdate")
        if rolling is None:
            return cls(wanted, 0, 0)
        surge = portion(rolling.get("maxSurge", 0), wanted, up=True)
        unavailable = portion(rolling.get("maxUnavailable", 0), wanted, up=False)
        return cls(wanted, surge, min(wanted, unavailable if surge or unavailable else 1))


class Deployments:
    """speed: of progressDeadlineSeconds."""

    def __init__(self, client: Client, speed: float) -> None:
        self._client = client.named("deployment-controller")
        self._recorder = Recorder(self._client)
        self._speed = speed
        self._progressed: dict[str, float] = {}

    def concerns(self, change: Change) -> Iterable[Key]:
        if change.resource == DEPLOYMENTS:
            yield DEPLOYMENTS, change.name
        elif change.resource == REPLICA_SETS:
            yield from self._owner(change.last, change.name.namespace)
        elif change.resource == PODS and change.after is None:
            owner = controller_of(change.last)
            found = self._client.get(REPLICA_SETS, Name(change.name.namespace, (owner or {}).get("name", "")))
            if found is not None:
                yield from self._owner(found, change.name.namespace)

    def _owner(self, replica_set: Body, namespace: str) -> Iterator[Key]:
        owner = controller_of(replica_set)
        if owner and owner["kind"] == "Deployment":
            yield DEPLOYMENTS, Name(namespace, owner["name"])

    def reconcile(self, key: Key) -> float | None:
        body = self._client.get(*key)
        if body is None or body["metadata"].get("deletionTimestamp"):
            return None
        owned = self._owned(body)
        current = next((each for each in owned if _template(each) == _template(body)), None)
        old = [each for each in owned if each is not current]
        limits = Limits.of(body)
        if body["spec"].get("paused"):
            self._scale_active(body, owned, limits)
            return self._count(body, current, owned)
        recreate = body["spec"]["strategy"]["type"] == "Recreate"
        if recreate and self._clear(body, old, limits):
            return self._count(body, current, owned)
        current = self._current(body, current, old, limits, recreate=recreate)
        if recreate:
            self._scale(body, current, limits.wanted, limits)
        else:
            self._roll(body, current, old, limits)
        self._forget(body, old)
        return self._count(body, current, self._owned(body))

    def _owned(self, body: Body) -> list[Body]:
        """The oldest first."""
        uid = body["metadata"]["uid"]
        found = self._client.all(REPLICA_SETS, body["metadata"]["namespace"])
        owned = [each for each in found if (controller_of(each) or {}).get("uid") == uid]
        return sorted(owned, key=lambda each: (each["metadata"]["creationTimestamp"], revision(each)))

    # Revisions (deployment/sync.go, getNewReplicaSet)

    def _current(self, body: Body, current: Body | None, old: list[Body], limits: Limits, *, recreate: bool) -> Body:
        number = max(map(revision, old), default=0) + 1
        if current is None:
            current = self._create(body, number, self._first_size(old, limits, recreate=recreate), limits)
        elif revision(current) < number:
            current = self._renumber(current, number)
        wanted = str(max(number, revision(current)))
        if (body["metadata"].get("annotations") or {}).get(REVISION) != wanted:
            patch = {"metadata": {"annotations": {REVISION: wanted}}}
            self._client.patch(DEPLOYMENTS, name_of(body), patch)
        return current

    def _first_size(self, old: list[Body], limits: Limits, *, recreate: bool) -> int:
        standing = sum(each["spec"]["replicas"] for each in old)
        room = limits.wanted if recreate else limits.wanted + limits.surge - standing
        return max(0, min(limits.wanted, room))

    def _renumber(self, current: Body, number: int) -> Body:
        """What is rolled out again has the newest revision."""
        annotations = current["metadata"].get("annotations") or {}
        before = ",".join(filter(None, (annotations.get(HISTORY, ""), annotations.get(REVISION, ""))))
        patch = {"metadata": {"annotations": {REVISION: str(number), HISTORY: before or None}}}
        return self._client.patch(REPLICA_SETS, name_of(current), patch)

    def _create(self, body: Body, number: int, size: int, limits: Limits) -> Body:
        spec, metadata = body["spec"], body["metadata"]
        mark = template_hash(spec["template"])
        labels = {**(spec["template"]["metadata"].get("labels") or {}), HASH: mark}
        exact = {**(spec["selector"].get("matchLabels") or {}), HASH: mark}
        own = {key: value for key, value in (metadata.get("annotations") or {}).items() if key not in OWN_ANNOTATIONS}
        name = f"{metadata['name']}-{mark}"
        new = self._client.create(
            REPLICA_SETS,
            metadata["namespace"],
            {
                "apiVersion": "apps/v1",
                "kind": "ReplicaSet",
                "metadata": {
                    "name": name,
                    "labels": labels,
                    "annotations": {**own, REVISION: str(number), **_sizes(limits)},
                    "ownerReferences": [owner_reference(body)],
                },
                "spec": {
                    "replicas": size,
                    "minReadySeconds": spec.get("minReadySeconds", 0),
                    "selector": {**spec["selector"], "matchLabels": exact},
                    "template": {**spec["template"], "metadata": {**spec["template"]["metadata"], "labels": labels}},
                },
            },
        )
        self._progressed[metadata["uid"]] = time.monotonic()
        if size:
            text = f"Scaled up replica set {name} from 0 to {size}"
            self._recorder.tell(body, "Normal", "ScalingReplicaSet", text)
        return new

    def _forget(self, body: Body, old: list[Body]) -> None:
        """Old ReplicaSets without pods, more than the history keeps (deployment/sync.go, cleanupDeployment)."""
        if not _is_complete(body):
            return
        idle = [each for each in old if not each["spec"]["replicas"] and not (each["status"] or {}).get("replicas")]
        surplus = len(old) - body["spec"].get("revisionHistoryLimit", 10)
        for each in sorted(idle, key=revision)[: max(0, surplus)]:
            self._client.delete(REPLICA_SETS, name_of(each))

    # Sizes (deployment/rolling.go, recreate.go)

    def _clear(self, body: Body, old: list[Body], limits: Limits) -> bool:
        """Scale old ReplicaSets down; whether one of their pods is still there."""
        for each in old:
            self._scale(body, each, 0, limits)
        return any(
            (pod.get("status") or {}).get("phase") not in {"Succeeded", "Failed"}
            for each in old
            for pod in pods_of(self._client, each)
        )

    def _scale_active(self, body: Body, owned: list[Body], limits: Limits) -> None:
        """A paused Deployment keeps its size, whatever it consists of."""
        active = [each for each in owned if each["spec"]["replicas"]] or owned[-1:]
        others = sum(each["spec"]["replicas"] for each in active[:-1])
        for each in active[-1:]:
            self._scale(body, each, max(0, limits.wanted - others), limits)

    def _roll(self, body: Body, current: Body, old: list[Body], limits: Limits) -> None:
        size = current["spec"]["replicas"]
        standing = size + sum(each["spec"]["replicas"] for each in old)
        if size > limits.wanted:
            self._scale(body, current, limits.wanted, limits)
            return
        room = limits.wanted + limits.surge - standing
        if size < limits.wanted and room > 0:
            self._scale(body, current, size + min(room, limits.wanted - size), limits)
            return
        least = limits.wanted - limits.unavailable
        surplus = standing - least - (size - _available(current))
        surplus -= self._drop_unhealthy(body, old, surplus, limits)
        spare = min(surplus, _available(current) + sum(map(_available, old)) - least)
        for each in old:
            gone = max(0, min(each["spec"]["replicas"], spare))
            spare -= gone
            if gone:
                self._scale(body, each, each["spec"]["replicas"] - gone, limits)

    def _drop_unhealthy(self, body: Body, old: list[Body], surplus: int, limits: Limits) -> int:
        """Old pods that serve nobody go first; how many."""
        dropped = 0
        for number, each in enumerate(old):
            unhealthy = each["spec"]["replicas"] - _available(each)
            gone = max(0, min(unhealthy, surplus - dropped))
            if gone:
                old[number] = self._scale(body, each, each["spec"]["replicas"] - gone, limits)
                dropped += gone
        return dropped

    def _scale(self, body: Body, replica_set: Body, size: int, limits: Limits) -> Body:
        before = replica_set["spec"]["replicas"]
        annotations = replica_set["metadata"].get("annotations") or {}
        patch: Body = {"spec": {"replicas": size}} if before != size else {}
        if (size or before) and not _sizes(limits).items() <= annotations.items():
            patch["metadata"] = {"annotations": _sizes(limits)}
        if not patch:
            return replica_set
        scaled = self._client.patch(REPLICA_SETS, name_of(replica_set), patch)
        if before != size:
            verb = "up" if size > before else "down"
            text = f"Scaled {verb} replica set {replica_set['metadata']['name']} from {before} to {size}"
            self._recorder.tell(body, "Normal", "ScalingReplicaSet", text)
        return scaled

    # Status (deployment/sync.go, progress.go)

    def _count(self, body: Body, current: Body | None, owned: list[Body]) -> float | None:
        before = body.get("status") or {}
        newest = next((each for each in owned if current and name_of(each) == name_of(current)), current)
        available = sum(map(_available, owned))
        updated = _status(newest, "replicas") if newest else 0
        status: Body = {
            "observedGeneration": body["metadata"]["generation"],
            **counted("replicas", sum(_status(each, "replicas") for each in owned)),
            **counted("updatedReplicas", updated),
            **counted("readyReplicas", sum(_status(each, "readyReplicas") for each in owned)),
            **counted("availableReplicas", available),
            **counted("unavailableReplicas", max(0, sum(each["spec"]["replicas"] for each in owned) - available)),
            "terminatingReplicas": sum(_status(each, "terminatingReplicas") for each in owned),
        }
        progress = self._progress(body, newest, status)
        limits = Limits.of(body)
        enough = available >= limits.wanted - limits.unavailable
        words = (
            ("MinimumReplicasAvailable", "Deployment has minimum availability.")
            if enough
            else ("MinimumReplicasUnavailable", "Deployment does not have minimum availability.")
        )
        failures = [
            each
            for replica_set in owned
            for each in _conditions(replica_set)
            if each["type"] == "ReplicaFailure" and each["status"] == "True"
        ][:1]
        found = [("Available", str(enough), *words), *([progress] if progress else [])]
        found += [("ReplicaFailure", "True", each["reason"], each["message"]) for each in failures]
        status["conditions"] = _in_order(before, [_condition(before, *each) for each in found])
        self._client.set_status(DEPLOYMENTS, name_of(body), status)
        return self._until_deadline(body, progress)

    def _progress(self, body: Body, newest: Body | None, status: Body) -> tuple[str, str, str, str] | None:
        if body["spec"].get("paused"):
            return "Progressing", "Unknown", "DeploymentPaused", "Deployment is paused"
        before, uid = body.get("status") or {}, body["metadata"]["uid"]
        old: Body = next((each for each in _conditions(body) if each["type"] == "Progressing"), {})
        subject = f'ReplicaSet "{newest["metadata"]["name"]}"' if newest else f'Deployment "{body["metadata"]["name"]}"'
        wanted = body["spec"].get("replicas", 1)
        counts = [status[name] or 0 for name in ("updatedReplicas", "replicas", "availableReplicas")]
        if counts == [wanted] * 3:
            return "Progressing", "True", "NewReplicaSetAvailable", f"{subject} has successfully progressed."
        if (
            old.get("reason") == "NewReplicaSetAvailable"
            and counts[0] == counts[1]
            and old["message"].startswith(subject)
        ):
            return "Progressing", old["status"], old["reason"], old["message"]
        if _has_progressed(before, status) or uid not in self._progressed:
            self._progressed[uid] = time.monotonic()
        elif self._left(body) <= 0:
            return "Progressing", "False", "ProgressDeadlineExceeded", f"{subject} has timed out progressing."
        if old.get("reason") in {None, "NewReplicaSetCreated"} and not counts[1]:
            return (
                "Progressing",
                "True",
                "NewReplicaSetCreated",
                f"Created new replica set {subject.rsplit(maxsplit=1)[-1]}",
            )
        return "Progressing", "True", "ReplicaSetUpdated", f"{subject} is progressing."

    def _left(self, body: Body) -> float:
        deadline = body["spec"].get("progressDeadlineSeconds", 600) / self._speed
        return float(self._progressed[body["metadata"]["uid"]] + deadline - time.monotonic())

    def _until_deadline(self, body: Body, progress: tuple[str, str, str, str] | None) -> float | None:
        if progress is None or progress[2] not in {"ReplicaSetUpdated", "NewReplicaSetCreated"}:
            return None
        return max(0.0, self._left(body))


def revision(replica_set: Body) -> int:
    return int((replica_set["metadata"].get("annotations") or {}).get(REVISION) or 0)


def portion(value: Any, whole: int, *, up: bool) -> int:
    """A number, or a percentage of a whole."""
    if isinstance(value, str) and value.endswith("%"):
        share = int(value[:-1]) * whole / 100
        return math.ceil(share) if up else math.floor(share)
    return int(value)


def _template(body: Body) -> Body:
    """The template without the label that tells ReplicaSets apart."""
    template = body["spec"]["template"]
    metadata = template.get("metadata") or {}
    labels = {key: value for key, value in (metadata.get("labels") or {}).items() if key != HASH}
    return {**template, "metadata": {**metadata, "labels": labels}}


def _sizes(limits: Limits) -> dict[str, str]:
    return {DESIRED: str(limits.wanted), MOST: str(limits.wanted + limits.surge)}


def _status(replica_set: Body, name: str) -> int:
    return int((replica_set.get("status") or {}).get(name) or 0)


def _available(replica_set: Body) -> int:
    return _status(replica_set, "availableReplicas")


def _conditions(body: Body) -> list[Body]:
    return list((body.get("status") or {}).get("conditions") or ())


def _is_complete(body: Body) -> bool:
    wanted, status = body["spec"].get("replicas", 1), body.get("status") or {}
    return all(status.get(name, 0) == wanted for name in ("updatedReplicas", "replicas", "availableReplicas"))


def _has_progressed(before: Body, status: Body) -> bool:
    """deployment/util, DeploymentProgressing."""
    old_before = before.get("replicas", 0) - before.get("updatedReplicas", 0)
    old_now = (status["replicas"] or 0) - (status["updatedReplicas"] or 0)
    more = any(
        (status[name] or 0) > before.get(name, 0) for name in ("updatedReplicas", "readyReplicas", "availableReplicas")
    )
    return more or old_now < old_before


def _condition(before: Body, kind: str, status: str, reason: str, message: str) -> Body:
    found = condition(kind, status, reason, message, before)
    old: Body = next((each for each in before.get("conditions") or () if each["type"] == kind), {})
    same = all(old.get(key) == found[key] for key in ("status", "reason", "message"))
    return found | {"lastUpdateTime": old["lastUpdateTime"] if same else now()}


def _in_order(before: Body, found: list[Body]) -> list[Body]:
    """Conditions that change move to the end (deployment/util, SetDeploymentCondition)."""
    old = {each["type"]: (place, each) for place, each in enumerate(before.get("conditions") or ())}

    def place(each: Body) -> int:
        position, standing = old.get(each["type"], (len(old), {}))
        unchanged = all(standing.get(key) == each[key] for key in ("status", "reason"))
        return position if unchanged else len(old)

    return sorted(found, key=place)
