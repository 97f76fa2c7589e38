"""Namespaces that do not go: what holds them, and the safest way out."""

from checks.namespaces import CHECKS
from kfinstall.contracts.finding import Finding
from kfinstall.contracts.fix import Patch
from kfinstall.contracts.manifest import Body, ObjectKey
from tests.unit.doctor.clusters import body, snapshot

REMAINING = "Some resources are remaining: inferenceservices.serving.kserve.io has 1 resource instances"
FINALIZERS = (
    "Some content in the namespace has finalizers remaining: inferenceservice.finalizers in 1 resource instances"
)
SERVICE = ObjectKey("serving.kserve.io", "InferenceService", "alice", "model")


def found(*bodies: Body) -> list[Finding]:
    return [finding for check in CHECKS for finding in check.look(snapshot(*bodies))]


def going(since: str = "2026-01-01T00:00:00Z", **conditions: str) -> Body:
    status = [{"type": name, "status": "True", "message": message} for name, message in conditions.items()]
    state = {"phase": "Terminating", "conditions": status}
    return body("Namespace", "alice", deletionTimestamp=since, status=state)


def held() -> tuple[Body, Body]:
    model = body("InferenceService", "model", "alice", group="serving.kserve.io")
    model["metadata"]["finalizers"] = ["inferenceservice.finalizers"]
    return going(NamespaceContentRemaining=REMAINING, NamespaceFinalizersRemaining=FINALIZERS), model


def kserve() -> Body:
    return body("Deployment", "kserve-controller-manager", "kubeflow", group="apps", status={"replicas": 1})


def test_objects_whose_controller_is_gone_are_released_by_the_fix() -> None:
    [finding] = found(*held())
    assert finding.cause == "ns-terminating-finalizers"
    assert "1 inferenceservices.serving.kserve.io" in finding.title
    assert finding.objects == (ObjectKey("", "Namespace", "", "alice"), SERVICE)
    assert [each.text for each in finding.evidence] == [REMAINING, FINALIZERS]
    assert finding.remedy.commands == (
        "kubectl -n alice get inferenceservices.serving.kserve.io",
        "kubectl -n alice patch inferenceservice.serving.kserve.io/model --type=merge "
        """-p '{"metadata":{"finalizers":null}}'""",
    )
    assert finding.fix
    assert finding.fix.patches == (Patch(SERVICE, {"metadata": {"finalizers": None}}),)


def test_where_the_controller_stands_the_namespace_waits_for_it() -> None:
    [finding] = found(*held(), kserve())
    assert finding.fix is None
    assert finding.needs == {ObjectKey("apps", "Deployment", "kubeflow", "kserve-controller-manager")}


def test_a_finalizer_of_nobody_known_is_left_to_the_user() -> None:
    claim = body("PersistentVolumeClaim", "data", "alice")
    claim["metadata"]["finalizers"] = ["kubernetes.io/pvc-protection"]
    [finding] = found(
        going(NamespaceContentRemaining="Some resources are remaining: x. has 1 resource instances"), claim
    )
    assert finding.fix is None


def test_a_dead_extension_holds_every_namespace() -> None:
    dead = {"conditions": [{"type": "Available", "status": "False"}]}
    extension = body("APIService", "v1beta1.metrics.k8s.io", group="apiregistration.k8s.io", status=dead)
    [finding] = found(going(NamespaceDeletionDiscoveryFailure="Discovery failed for some groups"), extension)
    assert finding.cause == "ns-discovery-failure"
    assert finding.needs == {ObjectKey("apiregistration.k8s.io", "APIService", "", "v1beta1.metrics.k8s.io")}
    assert "kubectl delete apiservice v1beta1.metrics.k8s.io" in finding.remedy.commands


def test_content_that_cannot_be_deleted_says_why() -> None:
    message = (
        "Failed to delete all resource types, 1 remaining: conversion webhook for kubeflow.org/v1, Kind=Notebook "
        'failed: Post "https://x.kubeflow.svc:443/convert?timeout=30s": service "x" not found'
    )
    [finding] = found(going(NamespaceDeletionContentFailure=message))
    assert finding.cause == "crd-conversion-webhook"


def test_a_namespace_that_has_only_just_been_deleted_is_well() -> None:
    assert found(going("2026-01-01T00:09:30Z"), body("Namespace", "bob", status={"phase": "Active"})) == []
