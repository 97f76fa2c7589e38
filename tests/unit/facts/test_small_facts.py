"""Selectors, webhooks, digests, pods in trouble, endings, the ApplySet, removed APIs."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kfinstall.contracts.manifest import Body, Manifest, ObjectKey
from kfinstall.contracts.resource import GroupKind
from kfinstall.facts.network.webhooks import Labels, Webhook, pod_labels, webhooks
from kfinstall.facts.objects import applyset, digests
from kfinstall.facts.objects.ending import ending
from kfinstall.facts.objects.kinds import is_custom
from kfinstall.facts.objects.removed_apis import Removal, removal
from kfinstall.facts.objects.selectors import matches
from kfinstall.facts.pods.pod_trouble import LONGEST, trouble


def rule(key: str, operator: str, *values: str) -> dict[str, Any]:
    return {"matchExpressions": [{"key": key, "operator": operator, "values": list(values)}]}


@pytest.mark.parametrize(
    ("selector", "labels", "expected"),
    [
        (None, {}, True),
        ({}, {"a": "1"}, True),
        ({"matchLabels": {"a": "1"}}, {"a": "1", "b": "2"}, True),
        ({"matchLabels": {"a": "1"}}, {"a": "2"}, False),
        (rule("a", "In", "1", "2"), {"a": "2"}, True),
        (rule("a", "In", "1"), {}, False),
        (rule("a", "NotIn", "1"), {}, True),
        (rule("a", "NotIn", "1"), {"a": "1"}, False),
        (rule("a", "Exists"), {"a": ""}, True),
        (rule("a", "DoesNotExist"), {"a": ""}, False),
        (rule("a", "Near"), {"a": ""}, False),
    ],
)
def test_selectors(selector: Mapping[str, Any] | None, labels: Mapping[str, str], expected: bool) -> None:
    assert matches(selector, labels) is expected


def webhook(**fields: Any) -> Webhook:
    rules = [{"apiGroups": ["a.io"], "apiVersions": ["v1"], "resources": ["widgets"], "operations": ["CREATE"]}]
    body = {"clientConfig": {"service": {"namespace": "ns", "name": "s"}}, "rules": rules, **fields}
    api = "admissionregistration.k8s.io/v1"
    manifest = {"apiVersion": api, "kind": "ValidatingWebhookConfiguration", "metadata": {"name": "w"}}
    [found] = webhooks([Manifest({**manifest, "webhooks": [body]}, "app")])
    return found


@pytest.mark.parametrize(
    ("fields", "versions", "expected"),
    [
        ({}, ["v1"], True),
        ({}, ["v1beta1", "v1"], True),
        ({"matchPolicy": "Exact"}, ["v1beta1", "v1"], False),
        ({"objectSelector": {"matchLabels": {"own": "1"}}}, ["v1"], True),
        ({"objectSelector": {"matchLabels": {"own": "2"}}}, ["v1"], False),
        ({"namespaceSelector": {"matchLabels": {"around": "2"}}}, ["v1"], False),
        ({"rules": []}, ["v1"], False),
    ],
)
def test_what_a_webhook_intercepts(fields: dict[str, Any], versions: list[str], expected: bool) -> None:
    labels = Labels({"own": "1"}, {"around": "1"})
    assert webhook(**fields).intercepts("a.io", versions, "widgets", labels) is expected


def test_a_webhook_outside_the_cluster_is_not_waited_for() -> None:
    api = "admissionregistration.k8s.io/v1"
    body = {"apiVersion": api, "kind": "MutatingWebhookConfiguration", "metadata": {"name": "w"}}
    assert list(webhooks([Manifest({**body, "webhooks": [{"clientConfig": {"url": "https://a"}}]}, "app")])) == []


def test_labels_of_the_pods_of_a_workload() -> None:
    template = {"metadata": {"labels": {"a": "1"}}, "spec": {}}
    spec = {"jobTemplate": {"spec": {"template": template}}}
    cron = {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "c"}, "spec": spec}
    assert pod_labels(Manifest(cron, "app")) == {"a": "1"}
    assert pod_labels(Manifest({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}}, "app")) is None


plain = st.dictionaries(st.text(max_size=3), st.integers() | st.text(max_size=3), max_size=4)


@given(plain)
def test_a_digest_depends_on_content_and_not_on_order(body: dict[str, Any]) -> None:
    assert digests.wanted(body) == digests.wanted(dict(reversed(body.items())))
    assert digests.wanted(body) != digests.wanted({**body, "another": "field"})


def test_only_what_kfinstall_applied_is_owned() -> None:
    ours = {"manager": "kfinstall", "operation": "Apply", "fieldsV1": {"f:data": {}}}
    others = [{**ours, "manager": "kubectl"}, {**ours, "operation": "Update"}, {**ours, "subresource": "status"}]
    assert digests.owned(others) == ""
    assert digests.owned([*others, ours]) == digests.owned([ours]) != ""
    assert digests.owned([{**ours, "fieldsV1": {}}]) != digests.owned([ours])


def pod(*containers: Body, **status: Any) -> Body:
    return {"metadata": {"name": "p"}, "status": {"containerStatuses": list(containers), **status}}


def waits(reason: str, message: str = "") -> Body:
    return {"name": "main", "state": {"waiting": {"reason": reason, "message": message}}}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (pod(), ""),
        (pod(waits("ContainerCreating")), ""),
        (pod(waits("ErrImagePull", "not found")), "main: ErrImagePull: not found"),
        (pod(waits("CrashLoopBackOff")), "main: CrashLoopBackOff"),
        (pod({"name": "main", "state": {"terminated": {"exitCode": 0}}}), ""),
        (
            pod({"name": "main", "state": {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}}),
            "main: ended with exit code 137 (OOMKilled)",
        ),
        (
            pod(conditions=[{"type": "PodScheduled", "status": "False", "message": "0/1 nodes\nare available"}]),
            "0/1 nodes are available",
        ),
    ],
)
def test_what_keeps_a_pod_from_being_ready(body: Body, expected: str) -> None:
    assert trouble(body) == expected


def test_a_long_message_is_cut_to_a_line() -> None:
    found = trouble(pod(waits("ErrImagePull", "x" * 5000)))
    assert len(found) == LONGEST
    assert found.endswith("…")


WIDGET = ObjectKey("a.io", "Widget", "ns", "w")
DELETED = {"name": "w", "deletionTimestamp": "2026-01-01T00:00:00Z"}


@pytest.mark.parametrize("body", [None, {"metadata": {"name": "w"}}])
def test_gone_is_what_is_not_there_or_is_another_one(body: Body | None) -> None:
    assert ending(WIDGET, body).gone


def test_an_ending_names_its_finalizers_and_the_command() -> None:
    found = ending(WIDGET, {"metadata": {**DELETED, "finalizers": ["a.io/one", "b.io/two"]}})
    assert not found.gone
    assert "a.io/one, b.io/two" in found.why
    assert """kubectl patch widget.a.io w -n ns --type=merge -p '{"metadata":{"finalizers":null}}'""" in found.fix


def test_the_ending_of_a_namespace_says_what_is_left() -> None:
    conditions = [
        {"type": "NamespaceContentRemaining", "status": "True", "message": "Some resources are remaining: x"},
        {"type": "NamespaceDeletionDiscoveryFailure", "status": "False", "message": "no"},
    ]
    body = {"metadata": DELETED, "status": {"conditions": conditions}}
    assert ending(ObjectKey("", "Namespace", "", "w"), body).why == "Some resources are remaining: x"


def test_the_applyset_id_is_that_of_the_specification() -> None:
    """base64url(sha256("<name>.<namespace>.<kind>.<group>")), unpadded: KEP 3659."""
    assert applyset.applyset_id("kubeflow") == "applyset-ksVWeiVWbmnv3wnrfCHsYlnTsyG4q4rMhZMpupbgkRU-v1"


def test_kinds_survive_their_annotation() -> None:
    kinds = [GroupKind("", "ConfigMap"), GroupKind("apps", "Deployment"), GroupKind("a.io", "Widget")]
    assert sorted(applyset.parse_group_kinds(applyset.group_kinds(kinds))) == sorted(kinds)
    assert applyset.parse_group_kinds("") == []


@pytest.mark.parametrize(
    ("api_version", "kind", "expected"),
    [
        ("extensions/v1beta1", "Ingress", Removal("1.22", "networking.k8s.io/v1")),
        ("extensions/v1beta1", "Deployment", Removal("1.16", "apps/v1")),
        ("policy/v1beta1", "PodSecurityPolicy", Removal("1.25", "")),
        ("policy/v1beta1", "Eviction", None),
        ("apps/v1", "Deployment", None),
        ("kubeflow.org/v1beta1", "Notebook", None),
    ],
)
def test_removed_apis(api_version: str, kind: str, expected: Removal | None) -> None:
    assert removal(api_version, kind) == expected


@pytest.mark.parametrize(
    ("group", "expected"),
    [("", False), ("apps", False), ("rbac.authorization.k8s.io", False), ("kubeflow.org", True), ("a.x-k8s.io", True)],
)
def test_custom_groups(group: str, expected: bool) -> None:
    assert is_custom(group) is expected
