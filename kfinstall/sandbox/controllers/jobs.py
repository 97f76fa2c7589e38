"""Jobs: as many pods as they want, until as many as they want have succeeded."""

from collections.abc import Iterable

from kfinstall.contracts.manifest import Body
from kfinstall.sandbox.controllers.client import PODS, Client, condition, controller_of
from kfinstall.sandbox.controllers.events import Recorder
from kfinstall.sandbox.controllers.manager import Key
from kfinstall.sandbox.controllers.pods import counted, is_active, pod_of, pods_of, ready
from kfinstall.sandbox.kinds import GroupResource
from kfinstall.sandbox.store import Change, Name
from kfinstall.sandbox.writing import now

JOBS = GroupResource("batch", "jobs")


class Jobs:
    """Makes pods of Jobs and counts how they ended."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._recorder = Recorder(client)

    def concerns(self, change: Change) -> Iterable[Key]:
        if change.resource == JOBS:
            yield JOBS, change.name
        owner = controller_of(change.last) if change.resource == PODS else None
        if owner and owner["kind"] == "Job":
            yield JOBS, Name(change.name.namespace, owner["name"])

    def reconcile(self, key: Key) -> float | None:
        body = self._client.get(*key)
        if body is None or body["metadata"].get("deletionTimestamp") or _ended(body):
            return None
        spec = body["spec"]
        pods = pods_of(self._client, body)
        phases = [(pod.get("status") or {}).get("phase") for pod in pods]
        succeeded, failed = phases.count("Succeeded"), phases.count("Failed")
        active = [pod for pod in pods if is_active(pod)]
        done = succeeded >= (spec.get("completions") or 1)
        lost = failed > spec.get("backoffLimit", 6)
        if not (done or lost or spec.get("suspend")):
            missing = (spec.get("completions") or spec["parallelism"]) - succeeded - len(active)
            active += [
                self._client.create(PODS, key[1].namespace, pod_of(body, f"{key[1].name}-"))
                for _pod in range(min(missing, spec["parallelism"] - len(active)))
            ]
        self._client.set_status(JOBS, key[1], self._status(body, active, succeeded, failed, done=done, lost=lost))
        return None

    def _status(self, body: Body, active: list[Body], succeeded: int, failed: int, *, done: bool, lost: bool) -> Body:
        before = body.get("status") or {}
        status: Body = {
            "startTime": before.get("startTime") or now(),
            **counted("active", len(active)),
            **counted("succeeded", succeeded),
            **counted("failed", failed),
            "ready": ready(active),
            "terminating": 0,
            "uncountedTerminatedPods": {},
        }
        if done:
            text = "Reached expected number of succeeded pods"
            kinds = (("SuccessCriteriaMet", "CompletionsReached"), ("Complete", "CompletionsReached"))
            status |= {
                "completionTime": now(),
                "conditions": [condition(kind, "True", why, text, before) for kind, why in kinds],
            }
            self._recorder.tell(body, "Normal", "Completed", "Job completed")
        elif lost:
            text = "Job has reached the specified backoff limit"
            kinds = (("FailureTarget", "BackoffLimitExceeded"), ("Failed", "BackoffLimitExceeded"))
            status["conditions"] = [condition(kind, "True", why, text, before) for kind, why in kinds]
        return status


def _ended(body: Body) -> bool:
    conditions = (body.get("status") or {}).get("conditions") or ()
    return any(each["type"] in {"Complete", "Failed"} and each["status"] == "True" for each in conditions)
