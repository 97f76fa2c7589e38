"""What a message names comes out as parameters, and secrets do not."""

import pytest

from kfinstall.contracts.explanation import Explanation, Json
from kfinstall.facts.classify import classify, explanation, parsed


def explained(text: str) -> Explanation:
    found = classify(text)
    assert found is not None
    return found


def named(text: str, *names: str) -> dict[str, Json]:
    parameters = explained(text).parameters
    return {name: parameters.get(name) for name in names}


def test_a_scheduler_counts_nodes_per_reason_and_not_twice() -> None:
    text = (
        "0/5 nodes are available: 3 Insufficient cpu, 2 node(s) had taint {dedicated: infra}, that the pod didn't "
        "tolerate. preemption: 0/5 nodes are available: 2 Preemption is not helpful for scheduling, 3 No preemption "
        "victims found for incoming pod."
    )
    assert named(text, "nodes", "resource", "count", "reasons") == {
        "nodes": 5,
        "resource": "cpu",
        "count": 3,
        "reasons": [
            {"reason": "Insufficient cpu", "count": 3},
            {"reason": "node(s) had taint {dedicated: infra}, that the pod didn't tolerate", "count": 2},
        ],
    }


def test_an_image_and_the_registry_that_answered() -> None:
    text = (
        'Failed to pull image "mysql:8.0.29": failed to resolve reference "docker.io/library/mysql:8.0.29": '
        "unexpected status from HEAD request to https://registry-1.docker.io/v2/library/mysql/manifests/8.0.29: "
        "429 Too Many Requests"
    )
    assert named(text, "image", "registry", "repository", "tag", "host") == {
        "image": "mysql:8.0.29",
        "registry": "docker.io",
        "repository": "library/mysql",
        "tag": "8.0.29",
        "host": "registry-1.docker.io",
    }


def test_who_may_not_do_what() -> None:
    text = (
        'pods "x" is forbidden: User "system:serviceaccount:kubeflow:runner" cannot create resource "pods/exec" '
        'in API group "" in the namespace "team-a"'
    )
    assert named(text, "user", "verb", "resource", "subresource", "namespace") == {
        "user": "system:serviceaccount:kubeflow:runner",
        "verb": "create",
        "resource": "pods",
        "subresource": "exec",
        "namespace": "team-a",
    }


def test_the_rules_that_are_missing() -> None:
    text = (
        'clusterroles.rbac.authorization.k8s.io "kf" is forbidden: user "alice" (groups=["devs"]) is attempting to '
        'grant RBAC permissions not currently held: {APIGroups:["argoproj.io"], Resources:["workflows"], Verbs:["*"]}'
    )
    assert named(text, "user", "rules") == {
        "user": "alice",
        "rules": [{"apiGroups": ["argoproj.io"], "resources": ["workflows"], "verbs": ["*"]}],
    }


def test_the_arithmetic_of_a_quota() -> None:
    text = (
        'pods "a" is forbidden: exceeded quota: kf, requested: limits.memory=2Gi,pods=1, used: pods=9, limited: pods=9'
    )
    assert named(text, "quota", "requested", "used", "limited") == {
        "quota": "kf",
        "requested": {"limits.memory": "2Gi", "pods": "1"},
        "used": {"pods": "9"},
        "limited": {"pods": "9"},
    }


def test_an_api_that_is_gone_and_what_came_instead() -> None:
    text = 'no matches for kind "HorizontalPodAutoscaler" in version "autoscaling/v2beta1"'
    assert named(text, "kind", "apiVersion", "removed", "successor") == {
        "kind": "HorizontalPodAutoscaler",
        "apiVersion": "autoscaling/v2beta1",
        "removed": "1.25",
        "successor": "autoscaling/v2",
    }


def test_a_webhook_and_its_service() -> None:
    text = (
        'Internal error occurred: failed calling webhook "cache.kubeflow.svc": failed to call webhook: Post '
        '"https://cache.kubeflow.svc:443/mutate?timeout=10s": service "cache-server" not found'
    )
    assert named(text, "webhook", "service", "host") == {
        "webhook": "cache.kubeflow.svc",
        "service": "cache-server",
        "host": "cache.kubeflow.svc",
    }


def test_what_the_message_does_not_name_becomes_words_and_capitals() -> None:
    found = explained("Error: ErrImageNeverPull")
    assert found.summary.startswith("The image is not on the node")
    assert found.remedy.commands[0] == "minikube image load IMAGE"


def test_an_unknown_message_still_names_things() -> None:
    assert parsed("frobnicated https://harbor.example.org/v2/team/app/manifests/1")["host"] == "harbor.example.org"
    assert classify("frobnicated https://harbor.example.org/v2/team/app/manifests/1") is None


def test_a_check_that_knows_the_cause_has_the_same_words() -> None:
    found = explanation("img-dns", {"host": "quay.io"})
    assert found.cause == "img-dns"
    assert "quay.io" in found.summary


def test_secrets_are_not_echoed() -> None:
    text = (
        'Failed to pull image "quay.io/a/b:1": Get "https://bob:hunter2@quay.io/v2/?token=abcdef123456": '
        "Authorization: Bearer eyJhbGciOi.eyJzdWIiOiI.c2lnbmF0dXJl password=opensesame unauthorized"
    )
    shown = str(explained(text).as_json())
    for secret in ("hunter2", "abcdef123456", "eyJhbGciOi", "opensesame"):
        assert secret not in shown


def test_a_cause_that_is_one_of_several_says_so() -> None:
    text = (
        "failed to fetch anonymous token: unexpected status from GET request to "
        "https://ghcr.io/token?scope=repository%3Aacme%2Fui%3Apull&service=ghcr.io: 403 Forbidden"
    )
    found = explained(text)
    assert found.cause == "img-ghcr-private"
    assert "img-pull-secret-missing" in found.alternatives
    assert found.parameters["repository"] == "acme/ui"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0/3 nodes are available: 3 Insufficient cpu.", {"nodes": 3, "resource": "cpu", "count": 3}),
        (
            "No nodes are available that match all of the predicates: Insufficient memory (4), MatchNodeSelector (1).",
            {"resource": "memory", "count": 4},
        ),
        (
            "0/4 nodes are available: 1 node(s) had untolerated taint {node.kubernetes.io/disk-pressure: }, 3 Too many "
            "pods. preemption: not eligible due to preemptionPolicy=Never..",
            {"nodes": 4, "resource": "pods", "count": 3},
        ),
        (
            "0/2 nodes are available: 2 node(s) had untolerated taint {team: ml}. preemption: 0/2 nodes are available: "
            "2 Preemption is not helpful for scheduling..",
            {"nodes": 2, "taint": "team: ml", "count": 2},
        ),
        ('0/5 nodes are available: persistentvolumeclaim "minio" not found.', {"nodes": 5, "claim": "minio"}),
        (
            "Some content in the namespace has finalizers remaining: x.example.com/clean in 12 resource instances",
            {"finalizer": "x.example.com/clean", "count": 12},
        ),
        (
            "Allocate failed due to requested number of devices unavailable for amd.com/gpu. Requested: 2, Available: "
            "1, which is unexpected",
            {"resource": "amd.com/gpu", "requested": "2", "available": "1"},
        ),
        (
            "(ErrCode_InsufficientVCPUQuota) Insufficient vcpu quota requested 24, remaining 10 for family "
            "standardDSv3Family for region eastus.",
            {"requested": "24", "available": "10", "family": "standardDSv3Family", "region": "eastus"},
        ),
        (
            "The node was low on resource: ephemeral-storage. Container main was using 34260Ki, which exceeds its "
            "request of 0.",
            {"resource": "ephemeral-storage", "container": "main", "used": "34260Ki", "requested": "0"},
        ),
        (
            'persistentvolumeclaims "data" is forbidden: maximum storage usage per PersistentVolumeClaim is 10Gi, but '
            "request is 50Gi",
            {"claim": "data", "resource": "storage", "limit": "10Gi", "requested": "50Gi"},
        ),
        (
            'Service "gateway" is invalid: spec.ports[1].nodePort: Invalid value: 31380: provided port is already '
            "allocated",
            {"service": "gateway", "port": "31380"},
        ),
        (
            "failed to fetch oauth token: unexpected status from GET request to "
            "https://europe-docker.pkg.dev/v2/token?scope=repository%3Aacme%2Fkf%2Fapp%3Apull&service=: 403 Forbidden",
            {"host": "europe-docker.pkg.dev", "repository": "acme/kf/app"},
        ),
        (
            'AttachVolume.Attach failed for volume "pvc-1" : CSINode node-7 does not contain driver ebs.csi.aws.com',
            {"volume": "pvc-1", "node": "node-7", "provisioner": "ebs.csi.aws.com"},
        ),
        (
            'conflict with "argocd-controller" using apps/v1: .spec.replicas',
            {"manager": "argocd-controller", "apiVersion": "apps/v1", "field": ".spec.replicas"},
        ),
        (
            'Error creating: pods "ui-" is forbidden: error looking up service account kf/ui: serviceaccount "ui" not '
            "found",
            {"pod": "ui-", "namespace": "kf", "serviceAccount": "ui"},
        ),
        (
            'admission webhook "validate.kyverno.svc-fail" denied the request: policy require-labels',
            {"webhook": "validate.kyverno.svc-fail"},
        ),
    ],
)
def test_every_name_of_other_wordings(text: str, expected: dict[str, Json]) -> None:
    assert named(text, *expected) == expected


DIGEST = "sha256:" + "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ("nginx", {"registry": "docker.io", "repository": "library/nginx", "tag": "latest"}),
        ("docker.io/mysql:8", {"registry": "docker.io", "repository": "library/mysql", "tag": "8"}),
        ("index.docker.io/acme/x", {"registry": "docker.io", "repository": "acme/x", "tag": "latest"}),
        ("localhost/a_b/c:1", {"registry": "localhost", "repository": "a_b/c", "tag": "1"}),
        ("localhost:5000/x", {"registry": "localhost:5000", "repository": "x", "tag": "latest"}),
        ("10.0.0.8:5000/a/b-c__d:v1.2_3", {"registry": "10.0.0.8:5000", "repository": "a/b-c__d", "tag": "v1.2_3"}),
        (f"quay.io/a/b/c/d@{DIGEST}", {"registry": "quay.io", "repository": "a/b/c/d", "digest": DIGEST}),
        (
            f"r.example.com:8443/x/y:2@{DIGEST}",
            {"registry": "r.example.com:8443", "repository": "x/y", "tag": "2", "digest": DIGEST},
        ),
    ],
)
def test_a_reference_as_the_grammar_reads_it(image: str, expected: dict[str, Json]) -> None:
    """https://github.com/distribution/reference/blob/main/reference.go"""
    names = ("registry", "repository", "tag", "digest")
    text = f'Failed to pull image "{image}": rpc error: code = Unknown desc = context deadline exceeded'
    assert named(text, "image", *names) == {"image": image, **dict.fromkeys(names), **expected}
