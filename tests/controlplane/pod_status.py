"""The status that a kubelet would write for a pod, as a pure function of the pod.

https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from tests.controlplane.api import Object


@dataclass(frozen=True)
class Waiting:
    """Why a container waits: the reason and message of its ContainerStateWaiting.

    One that has run and failed before (CrashLoopBackOff) has restarts, and the exit code of its last run.
    """

    reason: str
    message: str = ""
    restarts: int = 0
    exit_code: int = 1


Rule = Callable[[Object, Object], Waiting | None]
"""Given a pod and one of its containers: why it waits, or None when it runs."""


@dataclass(frozen=True)
class StatusWriter:
    """What all statuses of a pod have in common: where and when it runs, and what is wrong with its containers."""

    pod: Object
    rule: Rule
    host_ip: str
    pod_ip: str
    now: str

    def status(self) -> Object:
        """The status to write; the conditions keep their times while they keep their values."""
        completes = self._is_of_a_job()
        init = self._init_container_statuses()
        initialized = all(_initialized(status) for status in init)
        containers = [self._container_status(spec, initialized, completes) for spec in self._containers()]
        unready = [status["name"] for status in containers if not status["ready"]]
        return {
            "phase": _phase(initialized, containers),
            "hostIP": self.host_ip,
            "hostIPs": [{"ip": self.host_ip}],
            "podIP": self.pod_ip,
            "podIPs": [{"ip": self.pod_ip}],
            "startTime": self.pod.get("status", {}).get("startTime", self.now),
            "initContainerStatuses": init,
            "containerStatuses": containers,
            "conditions": self._conditions(initialized, unready, _phase(initialized, containers)),
        }

    def _containers(self) -> list[Object]:
        containers: list[Object] = self.pod["spec"]["containers"]
        return containers

    def _is_of_a_job(self) -> bool:
        owners = self.pod["metadata"].get("ownerReferences", [])
        return any(owner["kind"] == "Job" for owner in owners)

    def _init_container_statuses(self) -> list[Object]:
        """In their order: the first that waits holds up the rest."""
        statuses: list[Object] = []
        for spec in self.pod["spec"].get("initContainers", []):
            sidecar = spec.get("restartPolicy") == "Always"
            go_on = all(_initialized(status) for status in statuses)
            statuses.append(self._container_status(spec, go_on, completes=not sidecar))
        return statuses

    def _container_status(self, spec: Object, initialized: bool, completes: bool) -> Object:
        waiting = self.rule(self.pod, spec) if initialized else Waiting("PodInitializing")
        ran = waiting is None or waiting.restarts > 0
        digest = hashlib.sha256(spec["image"].encode()).hexdigest()
        status: Object = {
            "name": spec["name"],
            "image": spec["image"],
            "imageID": f"{spec['image'].partition('@')[0]}@sha256:{digest}" if ran else "",
            "restartCount": waiting.restarts if waiting else 0,
            "ready": waiting is None and not completes,
            "started": waiting is None and not completes,
            "state": self._state(waiting, completes),
        }
        if ran:
            status["containerID"] = f"containerd://{self._container_id(spec['name'])}"
        if waiting and waiting.restarts:
            status["lastState"] = {"terminated": self._terminated("Error", waiting.exit_code)}
        return status

    def _state(self, waiting: Waiting | None, completes: bool) -> Object:
        if waiting:
            return {"waiting": {"reason": waiting.reason, "message": waiting.message}}
        if completes:
            return {"terminated": self._terminated("Completed", 0)}
        return {"running": {"startedAt": self.now}}

    def _terminated(self, reason: str, exit_code: int) -> Object:
        return {"reason": reason, "exitCode": exit_code, "startedAt": self.now, "finishedAt": self.now}

    def _container_id(self, name: str) -> str:
        return hashlib.sha256(f"{self.pod['metadata']['uid']}/{name}".encode()).hexdigest()

    def _conditions(self, initialized: bool, unready: list[str], phase: str) -> list[Object]:
        if phase == "Succeeded":
            done = ("PodCompleted", "")
            verdicts = {"Initialized": (True, *done), "Ready": (False, *done), "ContainersReady": (False, *done)}
        else:
            why = ("ContainersNotReady", f"containers with unready status: [{' '.join(unready)}]")
            ready = (not unready, *(why if unready else ("", "")))
            not_initialized = ("", "") if initialized else ("ContainersNotInitialized", "an init container waits")
            verdicts = {"Initialized": (initialized, *not_initialized), "Ready": ready, "ContainersReady": ready}
        verdicts |= {"PodReadyToStartContainers": (phase != "Succeeded", "", ""), "PodScheduled": (True, "", "")}
        return [self._condition(kind, *verdict) for kind, verdict in verdicts.items()]

    def _condition(self, kind: str, true: bool, reason: str, message: str) -> Object:
        condition = {"type": kind, "status": str(true), "reason": reason, "message": message}
        before = self._condition_before(kind)
        same = before.get("status") == condition["status"]
        return condition | {"lastTransitionTime": before["lastTransitionTime"] if same else self.now}

    def _condition_before(self, kind: str) -> Object:
        conditions: list[Object] = self.pod.get("status", {}).get("conditions", [])
        return next((entry for entry in conditions if entry["type"] == kind), {})


def is_written(pod: Object, wanted: Object) -> bool:
    """Whether the pod's status says already what is wanted, times apart: writing it again would never end."""
    status = pod.get("status", {})
    return _gist(status) == _gist(wanted)


def _gist(status: Object) -> Object:
    containers = status.get("initContainerStatuses", []) + status.get("containerStatuses", [])
    conditions = {entry["type"]: entry["status"] for entry in status.get("conditions", [])}
    return {
        "phase": status.get("phase"),
        "podIP": status.get("podIP"),
        "ready": conditions.get("Ready"),
        "initialized": conditions.get("Initialized"),
        "containers": [(entry["name"], entry["restartCount"], _timeless(entry["state"])) for entry in containers],
    }


def _timeless(state: Object) -> list[tuple[str, str, str]]:
    return [(kind, details.get("reason", ""), details.get("message", "")) for kind, details in state.items()]


def _initialized(status: Object) -> bool:
    """An init container has done its work when it has ended; a sidecar, when it runs."""
    return "terminated" in status["state"] or "running" in status["state"]


def _phase(initialized: bool, containers: list[Object]) -> str:
    """As the kubelet: a container that waits for its first run leaves the pod Pending, one that waits for another
    run does not."""
    if not initialized or any("waiting" in each["state"] and "lastState" not in each for each in containers):
        return "Pending"
    if all("terminated" in each["state"] for each in containers):
        return "Succeeded"
    return "Running"
