"""Before an install: room, storage, rights, namespaces."""

from dataclasses import replace
from typing import Any

from kfinstall.contracts.finding import Finding
from kfinstall.contracts.manifest import Body, Manifest, ObjectKey
from kfinstall.contracts.resource import GroupKind
from kfinstall.contracts.snapshot import Right
from kfinstall.doctor.examination import Status, examine
from kfinstall.doctor.snapshot import Collected, Recorded
from kfinstall.facts.cluster.rights import RECORD
from tests.unit.doctor.clusters import ALL_CHECKS, body, snapshot

ADMIN = Recorded(rights={Right("*", "*", "*"): True})
PLAN = [check for check in ALL_CHECKS if check.area == "plan"]


def planned(*objects: Body, cluster: Collected, outside: Recorded = ADMIN) -> list[Finding]:
    manifests = tuple(Manifest(each, "app") for each in objects)
    report = examine(replace(cluster, planned=manifests, outside=outside), PLAN)
    assert Status.ERROR not in {answer.status for answer in report.checks}, report.checks
    return [root.finding for root in report.roots]


def node(name: str, cpu: str = "4", memory: str = "16Gi", **spec: Any) -> Body:
    allocatable = {"cpu": cpu, "memory": memory, "pods": "110"}
    return body("Node", name, spec=spec, status={"allocatable": allocatable})


def workload(name: str, cpu: str, memory: str, *, kind: str = "Deployment", **spec: Any) -> Body:
    container = {"name": "main", "image": "a:1", "resources": {"requests": {"cpu": cpu, "memory": memory}}}
    template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [container]}}
    return body(kind, name, "kubeflow", group="apps", spec={"template": template, **spec})


def storage_class(name: str, *, default: bool = False) -> Body:
    annotations = {"storageclass.kubernetes.io/is-default-class": str(default).lower()}
    return body("StorageClass", name, group="storage.k8s.io", annotations=annotations, provisioner="x")


def claim(name: str, **spec: Any) -> Body:
    resources = {"requests": {"storage": "1Gi"}}
    return body("PersistentVolumeClaim", name, "kubeflow", spec={"resources": resources, **spec})


def test_a_plan_that_fits_has_no_finding() -> None:
    cluster = snapshot(node("n"), storage_class("standard", default=True))
    assert planned(workload("a", "1", "1Gi", replicas=3), claim("data"), cluster=cluster) == []


def test_what_finds_no_node_is_named_with_the_arithmetic_and_the_smallest_change() -> None:
    cluster = snapshot(node("laptop", cpu="2", memory="4Gi"))
    [finding] = planned(workload("small", "500m", "1Gi"), workload("large", "1", "3Gi", replicas=3), cluster=cluster)
    assert finding.cause == "sched-insufficient-memory"
    assert finding.title == "The cluster is too small: 2 pods of the plan would find no node"
    assert finding.objects == (ObjectKey("apps", "Deployment", "kubeflow", "large"),)
    assert [evidence.text for evidence in finding.evidence] == [
        "cpu: the plan asks for 3.5; free on 1 node: 2",
        "memory: the plan asks for 10Gi; free on 1 node: 4Gi",
    ]
    assert "Add 2 cpu, 6Gi memory" in finding.remedy.text
    assert "2 nodes more" in finding.remedy.text


def test_a_pod_larger_than_any_node_finds_none_however_much_is_free() -> None:
    nodes = [node(f"n-{number}", cpu="2") for number in range(5)]
    [finding] = planned(workload("large", "3", "1Gi"), cluster=snapshot(*nodes))
    assert finding.cause == "sched-insufficient-cpu"


def test_what_stands_already_takes_no_room_twice() -> None:
    standing = workload("large", "3", "1Gi")
    assert planned(standing, cluster=snapshot(node("n", cpu="2"), standing)) == []


def test_a_daemon_set_takes_room_on_every_node_and_a_taint_keeps_pods_away() -> None:
    tainted = node("gpu", taints=[{"key": "nvidia.com/gpu", "effect": "NoSchedule"}])
    cluster = snapshot(node("n", cpu="2"), tainted)
    [finding] = planned(
        workload("agent", "1", "2Gi", kind="DaemonSet"), workload("web", "1", "1Gi", replicas=2), cluster=cluster
    )
    assert finding.title == "The cluster is too small: 1 pod of the plan would find no node"


def test_claims_for_which_nothing_makes_a_volume() -> None:
    template = {"metadata": {"name": "data"}, "spec": {}}
    database = body("StatefulSet", "db", "kubeflow", group="apps", spec={"volumeClaimTemplates": [template]})
    cluster = snapshot(storage_class("standard"))
    unnamed, named = planned(database, claim("b", storageClassName="fast"), claim("c", storageClassName="standard"),
                             cluster=cluster)  # fmt: skip
    assert (unnamed.cause, unnamed.objects) == (
        "st-no-default-storageclass",
        (ObjectKey("", "PersistentVolumeClaim", "kubeflow", "data-db-0"),),
    )
    assert named.title == 'The plan has 1 claim of class "fast", which does not exist'
    use, make_default = unnamed.remedy.commands
    assert use == "kfinstall install -f FILE --set storage.type=class --set storage.name=standard"
    assert make_default.startswith("kubectl patch storageclass standard -p ")


def test_without_any_class_one_comes_along() -> None:
    [finding] = planned(claim("a"), cluster=snapshot())
    assert finding.remedy.commands == ("kfinstall install -f FILE --set storage.type=local-path",)


def test_a_class_that_the_plan_brings_counts() -> None:
    assert planned(storage_class("own", default=True), claim("a"), cluster=snapshot()) == []


def test_a_namespace_that_is_ending() -> None:
    ending = body("Namespace", "kubeflow", deletionTimestamp="2026-01-01T00:00:00Z")
    [finding] = planned(body("ConfigMap", "c", "kubeflow"), cluster=snapshot(ending))
    assert finding.cause == "ns-create-in-terminating"


def test_missing_rights_are_listed_by_place_with_a_command_that_shows_one() -> None:
    served = {GroupKind("apps", "Deployment"): "deployments", GroupKind("", "Namespace"): "namespaces"}
    cluster = replace(snapshot(node("n")), served=served)
    everything = {
        Right(verb, group, resource, namespace)
        for verb in ("get", "create", "patch")
        for group, resource, namespace in (("apps", "deployments", "kubeflow"), ("", "namespaces", ""))
    }
    rights: dict[Right, bool | None] = {right: right.resource == "deployments" for right in everything}
    rights |= dict.fromkeys(RECORD, True)
    outside = Recorded(rights={**rights, Right("*", "*", "*"): False})
    [finding] = planned(workload("a", "1", "1Gi"), body("Namespace", "kubeflow"), cluster=cluster, outside=outside)
    assert finding.cause == "rbac-forbidden-verb"
    assert finding.title == "You may not do everything that the plan needs: 3 rights are missing"
    assert [evidence.text for evidence in finding.evidence] == [
        'for the whole cluster, API group "": create/get/patch namespaces'
    ]
    assert finding.remedy.commands == (
        "kfinstall plan -f FILE --rights > rights.yaml",
        "kubectl apply -f rights.yaml",
        "kubectl auth can-i create namespaces",
    )


def test_when_the_server_does_not_say_the_check_says_so() -> None:
    served = {GroupKind("", "Namespace"): "namespaces"}
    manifests = (Manifest(body("Namespace", "kubeflow"), "app"),)
    cluster = replace(snapshot(), served=served, planned=manifests)
    answers = {answer.check.id: answer for answer in examine(cluster, PLAN).checks}
    assert answers["plan.rights"].status is Status.SKIPPED
    assert "does not say what you may do" in answers["plan.rights"].reason
