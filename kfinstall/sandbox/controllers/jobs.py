"""Jobs: pods until as many have succeeded as are wanted, or too many have failed (pkg/controller/job)."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace

from kfinstall.contracts.manifest import Body
from kfinstall.sandbox.clock import now
from kfinstall.sandbox.controllers.client import PODS, Client, condition, controller_of, name_of
from kfinstall.sandbox.controllers.events import Recorder
from kfinstall.sandbox.controllers.manager import Key
from kfinstall.sandbox.controllers.pods import counted, is_active, is_ready, pod_of, pods_of
from kfinstall.sandbox.storage.store import Change, Name
from kfinstall.sandbox.types.kinds import GroupResource

JOBS = GroupResource("batch", "jobs")
ENDS = {"SuccessCriteriaMet": "Complete", "FailureTarget": "Failed"}
"""The condition that says how a Job will end, and the one that says that it has."""

INDEX = "batch.kubernetes.io/job-completion-index"
FIRST_BACKOFF, LONGEST_BACKOFF = 10.0, 600.0
"""Seconds before a pod is made in place of one that failed (pkg/controller/job/job_controller.go)."""


@dataclass(frozen=True, slots=True)
class _Tally:
    """A Job's pods at one moment. indexes: that have succeeded. restarts: of containers in pods that still run."""

    active: list[Body]
    succeeded: int
    failed: int
    ending: int
    indexes: frozenset[int]
    restarts: int


class Jobs:
    """speed: of deadlines, pauses after failures, and the time to live."""

    def __init__(self, client: Client, speed: float) -> None:
        self._client = client.named("job-controller")
        self._recorder = Recorder(self._client)
        self._speed = speed
        self._started: dict[str, float] = {}
        self._failed: dict[str, tuple[int, float]] = {}

    def concerns(self, change: Change) -> Iterable[Key]:
        if change.resource == JOBS:
            yield JOBS, change.name
        owner = controller_of(change.last) if change.resource == PODS else None
        if owner and owner["kind"] == "Job":
            yield JOBS, Name(change.name.namespace, owner["name"])

    def reconcile(self, key: Key) -> float | None:
        body = self._client.get(*key)
        if body is None or body["metadata"].get("deletionTimestamp"):
            return None
        if finished(body):
            return self._expire(body, key[1])
        tally = _tally(body, pods_of(self._client, body))
        verdict = self._verdict(body, tally)
        if verdict is not None:
            return self._finish(body, key[1], tally, *verdict)
        if body["spec"].get("suspend"):
            self._suspend(body, key[1], tally)
            return None
        pause = self._pause(body, tally)
        if pause <= 0:
            self._scale(body, tally)
        self._write(body, key[1], tally, _resumed(body))
        return self._next_look(body, pause)

    # Ends

    def _verdict(self, body: Body, tally: _Tally) -> tuple[str, str, str] | None:
        """How the Job ends now: Complete or Failed, the reason, the message; None when it goes on."""
        spec = body["spec"]
        for each in _conditions(body):
            if each["type"] in ENDS:
                return ENDS[each["type"]], each["reason"], each["message"]
        limit = spec.get("backoffLimit", 6)
        if tally.failed > limit or (tally.restarts and tally.restarts >= limit):
            return "Failed", "BackoffLimitExceeded", "Job has reached the specified backoff limit"
        if self._deadline(body) <= 0:
            return "Failed", "DeadlineExceeded", "Job was active longer than specified deadline"
        wanted = spec.get("completions")
        done = tally.succeeded >= wanted if wanted is not None else tally.succeeded > 0 and not tally.active
        if done:
            return "Complete", "CompletionsReached", "Reached expected number of succeeded pods"
        return None

    def _deadline(self, body: Body) -> float:
        """Seconds that are left of activeDeadlineSeconds."""
        seconds, uid = body["spec"].get("activeDeadlineSeconds"), body["metadata"]["uid"]
        if body["spec"].get("suspend"):
            self._started.pop(uid, None)
            return float("inf")
        began = self._started.setdefault(uid, time.monotonic())
        return float("inf") if seconds is None else began + float(seconds) / self._speed - time.monotonic()

    def _finish(self, body: Body, name: Name, tally: _Tally, kind: str, reason: str, message: str) -> float | None:
        """First the verdict, then, when no pod runs any more, the end."""
        first = next(each for each, end in ENDS.items() if end == kind)
        counted_before = (body.get("status") or {}).get("failed", 0)
        tally = replace(tally, failed=max(tally.failed, counted_before))
        for pod in tally.active:
            self._delete(body, pod)
        interim = (first, "True", reason, message)
        if tally.active or tally.ending:
            self._write(body, name, _without_active(tally, failed=kind == "Failed"), [interim])
            return None
        complete = kind == "Complete"
        self._write(body, name, tally, [interim, (kind, "True", reason, message)], ended=complete)
        told = ("Normal", "Completed", "Job completed") if complete else ("Warning", reason, message)
        self._recorder.tell(body, *told)
        self._failed.pop(body["metadata"]["uid"], None)
        return None

    def _expire(self, body: Body, name: Name) -> float | None:
        """pkg/controller/ttlafterfinished."""
        seconds, uid = body["spec"].get("ttlSecondsAfterFinished"), body["metadata"]["uid"]
        if seconds is None:
            self._started.pop(uid, None)
            return None
        mark = f"{uid} ended"
        left = self._started.setdefault(mark, time.monotonic()) + float(seconds) / self._speed - time.monotonic()
        if left > 0:
            return left
        self._started.pop(mark)
        self._client.delete(JOBS, name, propagationPolicy="Foreground", preconditions={"uid": uid})
        return None

    def _suspend(self, body: Body, name: Name, tally: _Tally) -> None:
        for pod in tally.active:
            self._delete(body, pod)
        told = any(each["type"] == "Suspended" and each["status"] == "True" for each in _conditions(body))
        verdict = ("Suspended", "True", "JobSuspended", "Job suspended")
        self._write(body, name, _without_active(tally), [verdict], suspended=True)
        if not told:
            self._recorder.tell(body, "Normal", "Suspended", "Job suspended")

    # Pods

    def _pause(self, body: Body, tally: _Tally) -> float:
        """Seconds until a pod may be made again after failures."""
        uid = body["metadata"]["uid"]
        count, since = self._failed.get(uid, (0, 0.0))
        if tally.failed > count:
            count, since = tally.failed, time.monotonic()
            self._failed[uid] = (count, since)
        if not count:
            return 0.0
        pause = min(FIRST_BACKOFF * 2.0 ** (count - 1), LONGEST_BACKOFF) / self._speed
        return since + pause - time.monotonic()

    def _scale(self, body: Body, tally: _Tally) -> None:
        spec = body["spec"]
        wanted = spec.get("parallelism", 1)
        if spec.get("completions") is not None:
            wanted = min(wanted, spec["completions"] - tally.succeeded)
        elif tally.succeeded:
            wanted = len(tally.active)
        for pod in tally.active[max(0, wanted) :]:
            self._delete(body, pod)
            tally.active.remove(pod)
        missing = wanted - len(tally.active)
        indexes = self._free_indexes(body, tally)[:missing] if _is_indexed(body) else [None] * max(0, missing)
        for index in indexes:
            pod = self._client.create(PODS, body["metadata"]["namespace"], _pod(body, index))
            tally.active.append(pod)
            self._recorder.tell(body, "Normal", "SuccessfulCreate", f"Created pod: {pod['metadata']['name']}")

    def _free_indexes(self, body: Body, tally: _Tally) -> list[int]:
        taken = tally.indexes | {index_of(pod) for pod in tally.active}
        return [index for index in range(body["spec"]["completions"]) if index not in taken]

    def _delete(self, body: Body, pod: Body) -> None:
        self._client.delete(PODS, name_of(pod))
        self._recorder.tell(body, "Normal", "SuccessfulDelete", f"Deleted pod: {pod['metadata']['name']}")

    # Status

    def _write(
        self,
        body: Body,
        name: Name,
        tally: _Tally,
        verdicts: list[tuple[str, str, str, str]],
        *,
        ended: bool = False,
        suspended: bool = False,
    ) -> None:
        before = body.get("status") or {}
        status: Body = {
            "startTime": None if suspended else before.get("startTime") or now(),
            **counted("active", len(tally.active)),
            **counted("succeeded", tally.succeeded),
            **counted("failed", tally.failed),
            "ready": sum(map(is_ready, tally.active)),
            "terminating": tally.ending,
            "uncountedTerminatedPods": {},
        }
        if _is_indexed(body):
            status |= counted_indexes(tally.indexes)
        if ended:
            status["completionTime"] = now()
        if verdicts:
            kinds = {each[0] for each in verdicts}
            kept = [each for each in _conditions(body) if each["type"] not in kinds]
            own = [{**condition(*each, before), "lastProbeTime": now()} for each in verdicts]
            status["conditions"] = kept + own
        if any(verdict[0] == "Suspended" and verdict[1] == "False" for verdict in verdicts):
            self._recorder.tell(body, "Normal", "Resumed", "Job resumed")
        self._client.set_status(JOBS, name, status)

    def _next_look(self, body: Body, pause: float) -> float | None:
        due = [each for each in (pause, self._deadline(body)) if 0 < each < float("inf")]
        return min(due, default=None)


def finished(body: Body) -> str:
    """Complete or Failed; "" for a Job that goes on."""
    ends = (each for each in _conditions(body) if each["type"] in {"Complete", "Failed"} and each["status"] == "True")
    return str(next(ends, {}).get("type", ""))


def index_of(pod: Body) -> int:
    return int((pod["metadata"].get("annotations") or {}).get(INDEX, -1))


def counted_indexes(indexes: Iterable[int]) -> Body:
    """As in "0-2,5" (pkg/controller/job/indexed_job_utils.go)."""
    runs: list[list[int]] = []
    for index in sorted(indexes):
        if runs and runs[-1][-1] == index - 1:
            runs[-1] = [runs[-1][0], index]
        else:
            runs.append([index])
    return {"completedIndexes": ",".join("-".join(map(str, run)) for run in runs) or None}


def _tally(body: Body, pods: list[Body]) -> _Tally:
    phases = [(pod.get("status") or {}).get("phase") for pod in pods]
    succeeded = [pod for pod, phase in zip(pods, phases, strict=True) if phase == "Succeeded"]
    active = [pod for pod in pods if is_active(pod)]
    on_failure = body["spec"]["template"]["spec"].get("restartPolicy") == "OnFailure"
    restarts = sum(
        each.get("restartCount", 0)
        for pod in (active if on_failure else ())
        for each in (pod.get("status") or {}).get("containerStatuses") or ()
    )
    ending = sum(
        bool(pod["metadata"].get("deletionTimestamp")) and phase not in {"Succeeded", "Failed"}
        for pod, phase in zip(pods, phases, strict=True)
    )
    indexes = frozenset(map(index_of, succeeded)) if _is_indexed(body) else frozenset[int]()
    count = len(indexes) if _is_indexed(body) else len(succeeded)
    return _Tally(active, count, phases.count("Failed"), ending, indexes, restarts)


def _without_active(tally: _Tally, *, failed: bool = False) -> _Tally:
    """What is left when the active pods have been deleted; failed: whether they count as failed."""
    number = len(tally.active)
    return replace(tally, active=[], failed=tally.failed + number * failed, ending=tally.ending + number)


def _is_indexed(body: Body) -> bool:
    return bool(body["spec"].get("completionMode") == "Indexed")


def _resumed(body: Body) -> list[tuple[str, str, str, str]]:
    was = any(each["type"] == "Suspended" and each["status"] == "True" for each in _conditions(body))
    return [("Suspended", "False", "JobResumed", "Job resumed")] if was else []


def _conditions(body: Body) -> list[Body]:
    return list((body.get("status") or {}).get("conditions") or ())


def _pod(body: Body, index: int | None) -> Body:
    name = body["metadata"]["name"]
    if index is None:
        return pod_of(body, f"{name}-")
    pod = pod_of(body, f"{name}-{index}-", {INDEX: str(index)})
    pod["metadata"]["annotations"] = {**(pod["metadata"].get("annotations") or {}), INDEX: str(index)}
    pod["spec"]["hostname"] = f"{name}-{index}"
    field = {"fieldRef": {"fieldPath": f"metadata.labels['{INDEX}']"}}
    for container in (*(pod["spec"].get("initContainers") or ()), *pod["spec"]["containers"]):
        variables = [each for each in container.get("env") or () if each["name"] != "JOB_COMPLETION_INDEX"]
        container["env"] = [*variables, {"name": "JOB_COMPLETION_INDEX", "valueFrom": field}]
    return pod
