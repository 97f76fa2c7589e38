"""Quotas, limits and priorities that keep pods from being made."""

from typing import Any

from checks.quotas import nearly_used, priority_missing, refused
from kfinstall.contracts.finding import Severity
from kfinstall.contracts.manifest import Body, ObjectKey
from kfinstall.doctor.examination import examine
from tests.unit.doctor.clusters import ALL_CHECKS, body, event, snapshot
from tests.unit.doctor.nodes import standing, stateful_set, told

EXCEEDED = (
    'create Pod work-0 in StatefulSet work failed error: pods "work-0" is forbidden: exceeded quota: {quota}, '
    "requested: requests.cpu=2,requests.memory=4Gi, used: requests.cpu=3,requests.memory=6Gi, limited: requests.cpu=4,"
    "requests.memory=8Gi"
)


def quota(name: str, used: dict[str, str], hard: dict[str, str]) -> Body:
    return body("ResourceQuota", name, "team", status={"hard": hard, "used": used})


def refusing(message: str, name: str = "work") -> tuple[Body, Body]:
    owner = stateful_set(name, "team", status={"replicas": 0})
    return owner, event(owner, "FailedCreate", message)


def used_up(name: str) -> Body:
    hard = {"requests.cpu": "4", "requests.memory": "8Gi"}
    return quota(name, {"requests.cpu": "3", "requests.memory": "6Gi"}, hard)


def test_a_quota_that_is_used_up_with_the_numbers_and_who_takes_most() -> None:
    largest = standing("train", "n", namespace="team", cpu="2500m", memory="5Gi")
    cluster = snapshot(*refusing(EXCEEDED.format(quota="q")), used_up("q"), largest)
    [found] = refused(cluster)
    assert (found.cause, found.severity) == ("quota-exceeded", Severity.ERROR)
    assert found.objects == (ObjectKey("apps", "StatefulSet", "team", "work"),)
    assert told(found)[:4] == [
        "q: requests.cpu: 2 asked, 3 of 4 used",
        "q: requests.memory: 4Gi asked, 6Gi of 8Gi used",
        "Most cpu goes to train (2.5).",
        "Most memory goes to train (5Gi).",
    ]
    patch = '{"spec": {"hard": {"requests.cpu": "5", "requests.memory": "10Gi"}}}'
    assert found.remedy.commands[1] == f"kubectl -n team patch resourcequota q -p '{patch}'"


def test_the_quota_of_a_profile_is_changed_in_the_profile() -> None:
    [found] = refused(snapshot(*refusing(EXCEEDED.format(quota="kf-resource-quota")), used_up("kf-resource-quota")))
    patch = '{"spec": {"resourceQuotaSpec": {"hard": {"requests.cpu": "5", "requests.memory": "10Gi"}}}}'
    assert found.remedy.commands[1] == f"kubectl patch profile team --type=merge -p '{patch}'"


def test_all_workloads_that_a_quota_refuses_are_one_finding() -> None:
    cluster = snapshot(
        *refusing(EXCEEDED.format(quota="q")), *refusing(EXCEEDED.format(quota="q"), "other"), used_up("q")
    )
    report = examine(cluster, ALL_CHECKS)
    [root] = report.roots
    assert [key.name for key in root.finding.objects] == ["work", "other"]
    assert root.finding.remedy.commands[1].count('"requests.cpu": "7"') == 1


def test_pods_that_do_not_say_what_they_need() -> None:
    message = 'pods "work-0" is forbidden: failed quota: q: must specify limits.cpu for: main; requests.cpu for: main'
    [found] = refused(snapshot(*refusing(message)))
    assert found.cause == "quota-must-specify"
    assert "kubectl -n team apply -f -" in found.remedy.commands[1]


def test_a_container_outside_of_the_limits() -> None:
    message = 'pods "work-0" is forbidden: maximum cpu usage per Container is 1, but limit is 2'
    [found] = refused(snapshot(*refusing(message)))
    assert (found.cause, found.remedy.commands) == ("quota-limitrange", ("kubectl -n team describe limitranges",))


def test_a_priority_class_that_does_not_exist() -> None:
    message = 'pods "work-0" is forbidden: no PriorityClass with name urgent was found'
    there = body("PriorityClass", "batch", group="scheduling.k8s.io", value=10)
    report = examine(snapshot(*refusing(message), there), ALL_CHECKS)
    [root] = report.roots
    assert root.finding.title == 'The PriorityClass "urgent" does not exist: no pods for 1 workload'
    assert root.finding.remedy.text == "Make the class, or name one that exists: batch."
    assert root.finding.remedy.commands[0] == "kubectl create priorityclass urgent --value=1000"


def test_a_quota_with_little_left() -> None:
    [found] = nearly_used(
        snapshot(quota("q", {"pods": "19", "requests.cpu": "1"}, {"pods": "20", "requests.cpu": "4"}))
    )
    assert (found.title, found.severity) == ("ResourceQuota/team/q has little left: pods 19/20", Severity.INFO)


def test_quotas_with_room_and_those_that_forbid_on_purpose() -> None:
    counts: tuple[dict[str, Any], dict[str, Any]] = ({"pods": "3"}, {"pods": "20", "services.loadbalancers": "0"})
    cluster = snapshot(quota("q", *counts), stateful_set("well", "team", status={"replicas": 1}))
    assert not [*nearly_used(cluster), *refused(cluster), *priority_missing(cluster)]
