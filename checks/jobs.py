"""Jobs that have given up."""

from collections.abc import Iterator

from kfinstall.contracts.check import Check
from kfinstall.contracts.explanation import Explanation, Remedy
from kfinstall.contracts.finding import Evidence, Finding, Severity
from kfinstall.contracts.manifest import Body, ObjectKey
from kfinstall.contracts.snapshot import Snapshot
from kfinstall.facts.classify import classify
from kfinstall.facts.objects.conditions import condition
from kfinstall.facts.objects.kinds import JOB, POD
from kfinstall.facts.objects.owners import controller, key_of
from kfinstall.facts.pods.containers import Container, containers
from kfinstall.facts.pods.exit_codes import meaning
from kfinstall.words import _

SURE = 0.7
CRON_JOB = "CronJob"


def failed_jobs(snapshot: Snapshot) -> Iterator[Finding]:
    """Jobs that have given up; one of a schedule that has succeeded since is history."""
    for body in snapshot.all(JOB):
        failed = condition(body, "Failed")
        if failed.get("status") == "True" and not _has_succeeded_since(body, snapshot):
            yield _failed_job(key_of(JOB, body), body, failed.get("message") or failed.get("reason"), snapshot)


def _has_succeeded_since(body: Body, snapshot: Snapshot) -> bool:
    schedule = controller(body)
    if schedule is None or schedule.kind != CRON_JOB:
        return False
    made = str(body["metadata"].get("creationTimestamp") or "")
    return any(
        controller(other) == schedule
        and str(other["metadata"].get("creationTimestamp") or "") > made
        and condition(other, "Complete").get("status") == "True"
        for other in snapshot.all(JOB)
    )


def _failed_job(key: ObjectKey, body: Body, message: object, snapshot: Snapshot) -> Finding:
    pods = [pod for pod in snapshot.owned(str(body["metadata"].get("uid"))) if pod.get("kind", "Pod") == "Pod"]
    evidence = [Evidence(str(message), key)]
    explained: Explanation | None = None
    for pod in pods[-1:]:
        for container in containers(pod):
            if container.exit_code:
                explained, seen = _how_it_ended(key_of(POD, pod), container, snapshot)
                evidence += seen
    what = explained.title if explained else _("it has used up its tries")
    where = f"kubectl -n {key.namespace}"
    again = _("Mend what its log names, then delete the Job and apply it again: a Job does not start anew by itself.")
    return Finding(
        cause=explained.cause if explained else "workload-job-failed",
        severity=Severity.ERROR,
        title=_("{job} failed: {why}").format(job=key, why=what),
        objects=(key, *(key_of(POD, pod) for pod in pods)),
        remedy=Remedy(again, (f"{where} logs job/{key.name} --all-containers", f"{where} delete job {key.name}")),
        evidence=tuple(evidence),
        docs="https://kubernetes.io/docs/concepts/workloads/controllers/job/#pod-backoff-failure-policy",
    )


def _how_it_ended(
    pod: ObjectKey, container: Container, snapshot: Snapshot
) -> tuple[Explanation | None, list[Evidence]]:
    log = [line for line in snapshot.outside.log(pod, container.name) if line.strip()]
    code = container.exit_code or 0
    ended = _("{container}: exit code {code}. {meaning}").format(
        container=container.name, code=code, meaning=meaning(code)
    )
    explained = next((found for line in reversed(log) if (found := classify(line)) and found.confidence >= SURE), None)
    return explained, [Evidence(ended, pod), *(Evidence(line, pod) for line in log[-2:])]


CHECKS = (Check("workloads.jobs", _("Did every job succeed?"), frozenset({JOB}), failed_jobs, also=frozenset({POD})),)
