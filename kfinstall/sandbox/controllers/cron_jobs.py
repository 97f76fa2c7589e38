"""CronJobs: Jobs at the times of a schedule (pkg/controller/cronjob)."""

import datetime
import time
import zoneinfo
from collections.abc import Iterable

from kfinstall.contracts.manifest import Body
from kfinstall.sandbox.clock import now
from kfinstall.sandbox.controllers.client import Client, controller_of, name_of, owner_reference
from kfinstall.sandbox.controllers.cron import Schedule
from kfinstall.sandbox.controllers.events import Recorder
from kfinstall.sandbox.controllers.jobs import JOBS, finished
from kfinstall.sandbox.controllers.manager import Key
from kfinstall.sandbox.storage.store import Change, Name
from kfinstall.sandbox.types.kinds import GroupResource

CRON_JOBS = GroupResource("batch", "cronjobs")
SCHEDULED = "batch.kubernetes.io/cronjob-scheduled-timestamp"


class CronJobs:
    """speed: of the clock that schedules go by; it starts at the time of day when the cluster does."""

    def __init__(self, client: Client, speed: float) -> None:
        self._client = client.named("cronjob-controller")
        self._recorder = Recorder(self._client)
        self._speed = speed
        self._began = (datetime.datetime.now(datetime.UTC), time.monotonic())
        self._due: dict[str, tuple[str, datetime.datetime]] = {}
        self._seen: set[str] = set()

    def concerns(self, change: Change) -> Iterable[Key]:
        if change.resource == CRON_JOBS:
            yield CRON_JOBS, change.name
        owner = controller_of(change.last) if change.resource == JOBS else None
        if owner and owner["kind"] == "CronJob":
            yield CRON_JOBS, Name(change.name.namespace, owner["name"])

    def reconcile(self, key: Key) -> float | None:
        body = self._client.get(*key)
        if body is None or body["metadata"].get("deletionTimestamp"):
            return None
        jobs = self._jobs(body)
        self._take_note(body, jobs)
        again = None if body["spec"].get("suspend") else self._run(body, jobs)
        self._clean(body, jobs)
        active = [job for job in self._jobs(body) if not finished(job)]
        self._client.set_status(CRON_JOBS, key[1], {"active": [_reference(job) for job in active] or None})
        return again

    def _jobs(self, body: Body) -> list[Body]:
        """The oldest first."""
        uid = body["metadata"]["uid"]
        found = self._client.all(JOBS, body["metadata"]["namespace"])
        owned = [job for job in found if (controller_of(job) or {}).get("uid") == uid]
        return sorted(owned, key=lambda job: (job["metadata"]["creationTimestamp"], job["metadata"]["name"]))

    def _now(self) -> datetime.datetime:
        start, began = self._began
        return start + datetime.timedelta(seconds=(time.monotonic() - began) * self._speed)

    def _run(self, body: Body, jobs: list[Body]) -> float | None:
        """Start a Job when it is time; seconds until the next time."""
        uid, spec = body["metadata"]["uid"], body["spec"]
        wanted = f"{spec['schedule']} {spec.get('timeZone', '')}"
        moment = self._now().astimezone(zoneinfo.ZoneInfo(spec.get("timeZone") or "UTC"))
        try:
            schedule = Schedule.parse(spec["schedule"])
        except ValueError as error:
            text = f'unparseable schedule: "{spec["schedule"]}" : {error}'
            self._recorder.tell(body, "Warning", "UnparseableSchedule", text)
            return None
        known, due = self._due.get(uid, ("", moment))
        if known == wanted and due <= moment:
            self._start(body, [job for job in jobs if not finished(job)], due)
        if known != wanted or due <= moment:
            following = schedule.after(moment)
            if following is None:
                return None
            due = following
            self._due[uid] = (wanted, due)
        return max(0.0, (due - moment).total_seconds() / self._speed)

    def _start(self, body: Body, active: list[Body], due: datetime.datetime) -> None:
        policy = body["spec"].get("concurrencyPolicy", "Allow")
        if policy == "Forbid" and active:
            text = "Not starting job because prior execution is running and concurrency policy is Forbid"
            self._recorder.tell(body, "Normal", "JobAlreadyActive", text)
            return
        for job in active if policy == "Replace" else ():
            self._delete(body, job)
        name = f"{body['metadata']['name']}-{int(due.timestamp()) // 60}"
        template = body["spec"]["jobTemplate"]
        metadata = template.get("metadata") or {}
        stamp = due.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        self._client.ensure(
            JOBS,
            body["metadata"]["namespace"],
            {
                "apiVersion": "batch/v1",
                "kind": "Job",
                "metadata": {
                    "name": name,
                    "labels": metadata.get("labels") or {},
                    "annotations": {**(metadata.get("annotations") or {}), SCHEDULED: stamp},
                    "ownerReferences": [owner_reference(body)],
                },
                "spec": template["spec"],
            },
        )
        self._recorder.tell(body, "Normal", "SuccessfulCreate", f"Created job {name}")
        self._client.set_status(CRON_JOBS, name_of(body), {"lastScheduleTime": now()})

    def _take_note(self, body: Body, jobs: list[Body]) -> None:
        """Tell once of each Job that has ended."""
        for job in jobs:
            end, uid = finished(job), job["metadata"]["uid"]
            if not end or uid in self._seen:
                continue
            self._seen.add(uid)
            text = f"Saw completed job: {job['metadata']['name']}, condition: {end}"
            self._recorder.tell(body, "Normal", "SawCompletedJob", text)
            if end == "Complete":
                ended = job["status"].get("completionTime")
                self._client.set_status(CRON_JOBS, name_of(body), {"lastSuccessfulTime": ended})

    def _clean(self, body: Body, jobs: list[Body]) -> None:
        limits = (("Complete", "successfulJobsHistoryLimit", 3), ("Failed", "failedJobsHistoryLimit", 1))
        for end, field, usual in limits:
            ended = [job for job in jobs if finished(job) == end]
            for job in ended[: max(0, len(ended) - body["spec"].get(field, usual))]:
                self._delete(body, job)

    def _delete(self, body: Body, job: Body) -> None:
        self._client.delete(JOBS, name_of(job), propagationPolicy="Background")
        self._seen.discard(job["metadata"]["uid"])
        self._recorder.tell(body, "Normal", "SuccessfulDelete", f"Deleted job {job['metadata']['name']}")


def _reference(job: Body) -> Body:
    metadata = job["metadata"]
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "name": metadata["name"],
        "namespace": metadata["namespace"],
        "uid": metadata["uid"],
        "resourceVersion": metadata["resourceVersion"],
    }
