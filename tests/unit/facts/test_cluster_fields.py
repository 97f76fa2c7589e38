"""Which fields an installer leaves to the cluster."""

import copy
from typing import Any

import pytest

from kfinstall.contracts.manifest import Body, Manifest
from kfinstall.facts.objects.cluster_fields import without_cluster_fields


def body(api_version: str, kind: str, **fields: Any) -> Body:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": "a", "namespace": "ns"}, **fields}


def stripped(*bodies: Body) -> list[Body]:
    return [manifest.body for manifest in without_cluster_fields([Manifest(entry, "app") for entry in bodies])]


def test_status_and_what_the_server_writes_into_metadata() -> None:
    given = body("v1", "Pod", status={"phase": "Running"})
    given["metadata"] |= {"uid": "1", "creationTimestamp": None, "managedFields": [], "labels": {"a": "b"}}
    before = copy.deepcopy(given)
    assert stripped(given)[0] == body("v1", "Pod") | {
        "metadata": {"name": "a", "namespace": "ns", "labels": {"a": "b"}}
    }
    assert given == before


def test_nulls_are_absent_and_empty_things_stay() -> None:
    given = body("v1", "ConfigMap", data={"a": None, "b": ""}, more=[{"c": None, "d": {}}, None])
    found = stripped(given)[0]
    assert (found["data"], found["more"]) == ({"b": ""}, [{"d": {}}, None])


@pytest.mark.parametrize(("target", "kept"), [("a", False), ("other", True)])
def test_replicas_under_an_autoscaler(target: str, kept: bool) -> None:
    reference = {"apiVersion": "apps/v1", "kind": "Deployment", "name": target}
    scaler = body("autoscaling/v2", "HorizontalPodAutoscaler", spec={"scaleTargetRef": reference})
    deployment = body("apps/v1", "Deployment", spec={"replicas": 3, "selector": {}})
    assert ("replicas" in stripped(deployment, scaler)[0]["spec"]) is kept


def test_rules_of_an_aggregated_cluster_role_only() -> None:
    api, rules = "rbac.authorization.k8s.io/v1", [{"verbs": ["get"]}]
    aggregated, plain = stripped(
        body(api, "ClusterRole", rules=rules, aggregationRule={"clusterRoleSelectors": []}),
        body(api, "ClusterRole", rules=rules),
    )
    assert "rules" not in aggregated
    assert plain["rules"] == rules


INJECTED = {"cert-manager.io/inject-ca-from": "ns/serving"}


@pytest.mark.parametrize(
    ("bundle", "annotations", "kept"),
    [("Cg==", {}, False), ("", {}, False), ("QUJD", INJECTED, False), ("QUJD", {}, True)],
)
@pytest.mark.parametrize("kind", ["MutatingWebhookConfiguration", "CustomResourceDefinition", "APIService"])
def test_a_bundle_that_is_injected_or_a_placeholder(
    kind: str, bundle: str, annotations: dict[str, str], kept: bool
) -> None:
    client = {"caBundle": bundle, "service": {"name": "s"}}
    given = {
        "MutatingWebhookConfiguration": body(
            "admissionregistration.k8s.io/v1", kind, webhooks=[{"clientConfig": client}]
        ),
        "CustomResourceDefinition": body(
            "apiextensions.k8s.io/v1", kind, spec={"conversion": {"webhook": {"clientConfig": client}}}
        ),
        "APIService": body("apiregistration.k8s.io/v1", kind, spec=client),
    }[kind]
    given["metadata"]["annotations"] = annotations
    assert ("caBundle" in str(stripped(given)[0])) is kept
    assert "service" in str(stripped(given)[0])


def test_the_failure_policy_that_istiod_sets() -> None:
    given = body(
        "admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration", webhooks=[{"failurePolicy": "Ignore"}]
    )
    given["metadata"]["name"] = "istio-validator-istio-system"
    assert stripped(given)[0]["webhooks"] == [{}]
    given["metadata"]["name"] = "katib"
    assert stripped(given)[0]["webhooks"] == [{"failurePolicy": "Ignore"}]
