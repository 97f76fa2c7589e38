"""Containers that end again and again: why, by their last words, their exit code, or their memory."""

from dataclasses import replace
from typing import Any

import pytest

from checks.crashes import CHECKS
from kfinstall.contracts.finding import Finding, Severity
from kfinstall.contracts.manifest import Body, ObjectKey
from kfinstall.doctor.examination import examine
from kfinstall.doctor.snapshot import Recorded
from tests.unit.doctor.clusters import ALL_CHECKS, body, event, pod, snapshot, waiting

LOST_FOUND = "mysqld: [ERROR] unknown variable 'ignore-db-dir=lost+found'"
BACK_OFF = "back-off 5m0s restarting failed container=main pod=mysql-1_kubeflow(1)"


def crashed(name: str, code: int, reason: str = "Error", *, owner: Body | None = None, **ended: Any) -> Body:
    """A pod whose container has ended with that code and waits for its next try."""
    last = {"terminated": {"exitCode": code, "reason": reason, "finishedAt": "2026-01-01T00:09:00Z", **ended}}
    status = waiting("CrashLoopBackOff", BACK_OFF)
    status["containerStatuses"][0] |= {"lastState": last, "restartCount": 7}
    found = pod(name, status={**status, "phase": "Running"})
    if owner:
        found["metadata"]["ownerReferences"] = [
            {"apiVersion": owner["apiVersion"], "kind": owner["kind"], "name": owner["metadata"]["name"],
             "uid": owner["metadata"]["uid"], "controller": True}
        ]  # fmt: skip
    return found


def found(*bodies: Body, log: tuple[str, ...] = ()) -> list[Finding]:
    logs = {(ObjectKey("", "Pod", "kubeflow", each["metadata"]["name"]), "main"): log for each in bodies}
    seen = replace(snapshot(*bodies), outside=Recorded(logs))
    return [finding for check in CHECKS for finding in check.look(seen)]


def test_the_last_words_of_the_log_tell_the_cause() -> None:
    [finding] = found(crashed("mysql-1", 1), log=("starting", LOST_FOUND, "aborting"))
    assert finding.cause == "kf-mysql-lost-found"
    assert finding.objects == (ObjectKey("", "Pod", "kubeflow", "mysql-1"),)
    assert LOST_FOUND in [each.text for each in finding.evidence]
    assert "exit code 1, started again 7 times" in finding.evidence[0].text


def test_a_termination_message_tells_it_where_there_is_no_log() -> None:
    [finding] = found(crashed("a", 1, message="standard_init_linux.go: exec user process caused: exec format error"))
    assert finding.cause == "img-exec-format"


def test_a_container_that_may_not_run_as_it_is_made_is_found() -> None:
    said = 'container has runAsNonRoot and image will run as root (pod: "a_kubeflow(1)", container: main)'
    [finding] = found(pod("a", status=waiting("CreateContainerConfigError", said)))
    assert finding.cause == "node-run-as-non-root"
    assert [each.text for each in finding.evidence] == [said]


def test_a_missing_object_is_told_by_the_mounts() -> None:
    assert found(pod("a", status=waiting("CreateContainerConfigError", 'configmap "settings" not found'))) == []


@pytest.mark.parametrize(
    ("code", "words"),
    [(0, "without an error"), (2, "arguments"), (127, "not in the image"), (132, "SIGILL"), (139, "SIGSEGV"),
     (143, "SIGTERM"), (137, "SIGKILL"), (129, "SIGHUP"), (42, "itself ended with this code")],
)  # fmt: skip
def test_an_exit_code_is_explained(code: int, words: str) -> None:
    [finding] = found(crashed("a", code))
    assert finding.cause == "node-crashloop"
    assert f"with exit code {code}" in finding.title
    assert words in finding.evidence[0].text
    assert finding.remedy.commands[0] == "kubectl -n kubeflow logs a -c main --previous"


def test_a_container_over_its_limit_gets_twice_as_much() -> None:
    deployment = body("Deployment", "katib-db-manager", "kubeflow", group="apps", status={"replicas": 1})
    killed = crashed("a", 137, "OOMKilled", owner=deployment)
    killed["spec"]["containers"][0]["resources"] = {"limits": {"memory": "256Mi"}}
    [finding] = found(killed, deployment)
    assert finding.cause == "node-oom-killed"
    assert "its limit of 256Mi" in finding.title
    expected = "kubectl -n kubeflow set resources deployment/katib-db-manager -c main --limits=memory=512Mi"
    assert finding.remedy.commands[0] == expected


def test_a_container_without_a_limit_fell_to_its_node() -> None:
    [finding] = found(crashed("a", 137, "OOMKilled"))
    assert "its node had no memory left" in finding.title
    assert "--requests=memory=MEMORY" in finding.remedy.commands[0]


def test_one_that_runs_again_after_it_was_killed_for_memory_is_a_warning() -> None:
    killed = crashed("a", 137, "OOMKilled")
    killed["status"]["containerStatuses"][0] |= {"state": {"running": {}}, "ready": True}
    [finding] = found(killed)
    assert (finding.cause, finding.severity) == ("node-oom-killed", Severity.WARNING)


def test_pods_of_one_workload_are_one_finding() -> None:
    owner = body("StatefulSet", "db", "kubeflow", group="apps")
    [finding] = found(crashed("db-0", 1, owner=owner), crashed("db-1", 1, owner=owner), owner)
    assert len(finding.objects) == 2
    assert finding.title.startswith("StatefulSet.apps/kubeflow/db: ")


def test_a_failing_liveness_probe_is_shown() -> None:
    killed = crashed("a", 137)
    probe = "Liveness probe failed: HTTP probe failed with statuscode: 500"
    [finding] = found(killed, event(killed, "Unhealthy", probe))
    assert probe in [each.text for each in finding.evidence]


def test_who_needs_the_database_follows_from_the_database() -> None:
    mysql = body("Deployment", "mysql", "kubeflow", group="apps", status={"replicas": 1})
    api = body("Deployment", "ml-pipeline", "kubeflow", group="apps", status={"replicas": 1})
    report = examine(snapshot(mysql, api, crashed("api-1", 1, owner=api), crashed("db-1", 2, owner=mysql)), ALL_CHECKS)
    first, *_others = [root for root in report.roots if root.finding.severity == "error"]
    assert "exit code 2" in first.finding.title
    assert any("exit code 1" in finding.title for finding in first.walk())


def test_containers_that_run_or_have_done_their_work_are_well() -> None:
    running = {"name": "main", "image": "a", "state": {"running": {}}, "ready": True}
    done = {"name": "init", "image": "a", "state": {"terminated": {"exitCode": 0, "reason": "Completed"}}}
    status = {"phase": "Running", "containerStatuses": [running], "initContainerStatuses": [done]}
    assert found(pod("a", status=status), pod("b", status=waiting("ContainerCreating"))) == []
