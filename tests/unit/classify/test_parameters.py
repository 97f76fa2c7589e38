"""What a message names comes out as parameters, and secrets do not."""

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
