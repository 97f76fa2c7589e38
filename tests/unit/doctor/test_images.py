"""Images that do not come, and what mends it."""

from typing import Any

import pytest

from checks.images import not_pulled, queued, still_pulled
from kfinstall.contracts.finding import Finding, Severity
from kfinstall.contracts.manifest import Body, ObjectKey
from tests.unit.doctor.clusters import body, event, pod, snapshot, waiting

TIMED_OUT = (
    'failed to pull and unpack image "{image}": failed to resolve reference "{image}": failed to do request: Head '
    '"https://{host}/v2/x/manifests/1": dial tcp 203.0.113.7:443: i/o timeout'
)
REFUSED = (
    'failed to pull and unpack image "docker.io/acme/a:1": failed to resolve reference "docker.io/acme/a:1": pull '
    "access denied, repository does not exist or may require authorization: server message: insufficient_scope: "
    "authorization failed"
)
NO_TAG = (
    'failed to pull and unpack image "{0}": failed to resolve reference "{0}": unexpected status from HEAD request to '
    "https://gcr.io/v2/ml-pipeline/frontend/manifests/2.0.5: 404 Not Found: not found"
)
NO_MATCH = (
    'failed to pull and unpack image "example.com/a:1": no match for platform in manifest: not found'  # containerd
)


def failing(name: str, message: str, image: str = "example.com/a:1", **spec: Any) -> Body:
    status = waiting("ImagePullBackOff", message, image)
    return pod(name, status=status, **{"containers": [{"name": "main", "image": image}], **spec})


def timed_out(name: str, image: str, host: str) -> Body:
    return failing(name, TIMED_OUT.format(image=image, host=host), image, nodeName="n")


def node(architecture: str = "amd64", name: str = "n", runtime: str = "containerd://2.1.0", **status: Any) -> Body:
    info = {"architecture": architecture, "containerRuntimeVersion": runtime}
    return body("Node", name, status={"nodeInfo": info, **status})


def only(finding: list[Finding]) -> Finding:
    [found] = finding
    return found


def test_one_network_is_one_finding_with_a_mirror_for_each_registry() -> None:
    blocked = (timed_out("a", "gcr.io/x/y:1", "gcr.io"), timed_out("b", "quay.io/z/z:2", "quay.io"), node())
    found = only(list(not_pulled(snapshot(*blocked))))
    assert (found.cause, found.severity) == ("img-network-timeout", Severity.ERROR)
    assert [key.name for key in found.objects] == ["a", "b"]
    assert "2 images from gcr.io, quay.io" in found.title
    assert (
        "sudo mkdir -p /etc/containerd/certs.d/gcr.io && printf "
        '\'server = "https://gcr.io"\\n[host."https://gcr.m.daocloud.io"]\\n\' '
        "| sudo tee /etc/containerd/certs.d/gcr.io/hosts.toml"
    ) in found.remedy.commands
    assert found.remedy.commands[-1] == (
        "kustomize edit set image gcr.io/x/y=m.daocloud.io/gcr.io/x/y:1 quay.io/z/z=m.daocloud.io/quay.io/z/z:2"
    )


UNKNOWN_HOST = 'failed to do request: Head "https://gcr.io/v2/x/y/manifests/1": dial tcp: lookup gcr.io: no such host'


def test_names_that_only_some_registries_lack_are_kept_from_the_nodes() -> None:
    blocked = failing("a", UNKNOWN_HOST, "gcr.io/x/y:1")
    status = {"phase": "Running", "containerStatuses": [{"name": "m", "image": "mysql:8", "state": {"running": {}}}]}
    found = only(list(not_pulled(snapshot(blocked, pod("mysql", status=status)))))
    assert found.cause == "img-dns"
    assert found.remedy.text.startswith("Images from docker.io did come")
    assert found.remedy.commands[-1] == "kustomize edit set image gcr.io/x/y=m.daocloud.io/gcr.io/x/y:1"


def test_names_that_no_registry_has_want_a_resolver() -> None:
    found = only(list(not_pulled(snapshot(failing("a", UNKNOWN_HOST, "gcr.io/x/y:1", nodeName="n"), node()))))
    assert found.remedy.text.startswith("Give the node a resolver")
    assert found.remedy.commands == ("kubectl debug node/n -it --image=busybox -- nslookup gcr.io",)


def test_what_the_mirror_lacks_is_said_and_not_rewritten() -> None:
    image = "quay.io/oauth2-proxy/oauth2-proxy:v7.7.1"
    found = only(list(not_pulled(snapshot(timed_out("a", image, "quay.io"), node()))))
    assert f"m.daocloud.io does not carry {image}" in found.remedy.text
    assert not any(command.startswith("kustomize") for command in found.remedy.commands)


def test_nodes_without_containerd_get_no_file_of_containerd() -> None:
    blocked = snapshot(timed_out("a", "gcr.io/x/y:1", "gcr.io"), node(runtime="cri-o://1.31"))
    assert "certs.d" not in " ".join(only(list(not_pulled(blocked))).remedy.commands)


def test_a_private_image_gets_its_secret_where_its_pods_are() -> None:
    refused = failing("a", REFUSED, "acme/a:1", serviceAccountName="default-editor", nodeName="n")
    refused["metadata"]["ownerReferences"] = [{"kind": "ReplicaSet", "name": "a", "controller": True}]
    found = only(list(not_pulled(snapshot(refused))))
    assert found.cause == "img-dockerhub-private-or-missing"
    assert found.remedy.commands == (
        "kubectl -n kubeflow create secret docker-registry docker-io --docker-server=https://index.docker.io/v1/ "
        "--docker-username=USER --docker-password=TOKEN",
        'kubectl -n kubeflow patch serviceaccount default-editor -p \'{"imagePullSecrets":[{"name":"docker-io"}]}\'',
        "kubectl -n kubeflow delete pod a",
    )


def test_a_secret_that_the_pod_names_already_is_the_one_to_make() -> None:
    refused = failing("a", REFUSED, "acme/a:1", imagePullSecrets=[{"name": "acme"}])
    commands = only(list(not_pulled(snapshot(refused)))).remedy.commands
    assert commands[0].startswith("kubectl -n kubeflow create secret docker-registry acme ")
    assert not any("serviceaccount" in command for command in commands)


def test_a_pod_that_nothing_makes_anew_is_not_deleted() -> None:
    commands = only(list(not_pulled(snapshot(failing("a", REFUSED, "acme/a:1"))))).remedy.commands
    assert not any("delete" in command for command in commands)


def test_an_image_that_moved_is_named_where_it_is_now() -> None:
    image = "gcr.io/ml-pipeline/frontend:2.0.5"
    found = only(list(not_pulled(snapshot(failing("ui", NO_TAG.format(image), image)))))
    assert found.cause == "img-gcr-shutdown"
    assert found.remedy.commands == (
        "skopeo list-tags docker://ghcr.io/kubeflow/kfp-frontend",
        "kustomize edit set image gcr.io/ml-pipeline/frontend=ghcr.io/kubeflow/kfp-frontend:TAG",
    )


def test_another_processor() -> None:
    owners = [{"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "web", "controller": True}]
    mine = failing("web-0", NO_MATCH, nodeName="arm")
    mine["metadata"]["ownerReferences"] = owners
    found = only(list(not_pulled(snapshot(mine, node("arm64", "arm"), node("amd64", "intel")))))
    assert found.cause == "img-arch-mismatch"
    assert (found.evidence[-1].text, found.evidence[-1].object) == (
        "the node's processor is arm64",
        ObjectKey("", "Node", "", "arm"),
    )
    assert found.remedy.commands[-1].startswith("kubectl -n kubeflow patch statefulset/web ")
    assert '"kubernetes.io/arch":"amd64"' in found.remedy.commands[-1]


def test_no_other_processor_to_go_to() -> None:
    mine = failing("web-0", NO_MATCH, nodeName="arm")
    found = only(list(not_pulled(snapshot(mine, node("arm64", "arm")))))
    assert found.remedy.text.startswith("No node has another processor")
    assert found.remedy.commands == ("kubectl get nodes -L kubernetes.io/arch",)


@pytest.mark.parametrize(
    ("reason", "message", "cause"),
    [
        ("InvalidImageName", 'Failed to apply default image tag "A:1": couldn\'t parse image name', "img-invalid-name"),
        ("ErrImageNeverPull", 'Container image "a:1" is not present with pull policy of Never', "img-never-pull"),
        (
            "SignatureValidationFailed",
            "image pull failed for a:1 because the signature validation failed",
            "img-signature",
        ),
        ("RegistryUnavailable", "image pull failed for a:1 because the registry is unavailable", "img-backoff-wrapper"),
    ],
)
def test_every_way_to_fail_is_found(reason: str, message: str, cause: str) -> None:
    found = only(list(not_pulled(snapshot(pod("a", status=waiting(reason, message))))))
    assert found.cause == cause
    assert found.objects == (ObjectKey("", "Pod", "kubeflow", "a"),)


def test_several_containers_of_a_pod_count_once() -> None:
    status = waiting("ErrImagePull", REFUSED, "acme/a:1")
    status["containerStatuses"] = [{**status["containerStatuses"][0], "name": name} for name in "abc"]
    found = only(list(not_pulled(snapshot(pod("a", status=status)))))
    assert len(found.objects) == 1
    assert [each.count for each in found.evidence] == [1]


def test_older_kubelets_tell_the_cause_in_an_event() -> None:
    mine = pod("a", status=waiting("ImagePullBackOff", 'Back-off pulling image "acme/a:1"', "acme/a:1"))
    said = event(mine, "Failed", f'Failed to pull image "acme/a:1": {REFUSED}')
    assert only(list(not_pulled(snapshot(mine, said)))).cause == "img-dockerhub-private-or-missing"


def test_rate_limits_are_left_to_their_own_check() -> None:
    limited = "429 Too Many Requests - Server message: toomanyrequests: You have reached your pull rate limit"
    assert not list(not_pulled(snapshot(failing("a", limited, "acme/a:1"))))


BIG = "example.com/notebook:1"


def pulling(size: int = 0) -> list[Finding]:
    mine = pod("a", status=waiting("ContainerCreating", "", BIG), nodeName="n")
    begun = {**event(mine, "Pulling", f'Pulling image "{BIG}"', last="2026-01-01T00:03:00Z"), "type": "Normal"}
    there = node(name="m", images=[{"names": [BIG], "sizeBytes": size}]) if size else node()
    return list(still_pulled(snapshot(mine, begun, there)))


def test_a_pull_under_way_is_no_failure() -> None:
    found = only(pulling(size=9_500_000_000))
    assert (found.cause, found.severity) == ("img-pulling", Severity.INFO)
    assert [each.text for each in found.evidence] == [
        "since 2026-01-01T00:03:00Z, for 7 minutes now",
        "8.85Gi on the nodes that have it",
    ]


def test_a_pull_that_ended_is_not_under_way() -> None:
    mine = pod("a", status=waiting("ContainerCreating", "", BIG))
    begun = event(mine, "Pulling", f'Pulling image "{BIG}"')
    ended = event(mine, "Pulled", f'Successfully pulled image "{BIG}" in 2s', last="2026-01-01T00:01:00Z")
    assert not list(still_pulled(snapshot(mine, begun, ended)))


def test_a_pod_that_runs_has_its_images() -> None:
    status = {"phase": "Running", "containerStatuses": [{"name": "main", "image": BIG, "state": {"running": {}}}]}
    mine = pod("a", status=status)
    healthy = snapshot(mine, event(mine, "Pulling", f'Pulling image "{BIG}"'), node())
    assert not [*not_pulled(healthy), *still_pulled(healthy)]


def test_a_kubelet_that_has_not_got_round_to_it_is_no_failure() -> None:
    whole = snapshot(
        *(failing(name, f'Back-off pulling image "{BIG}": ErrImagePull: pull QPS exceeded') for name in "ab")
    )
    assert not list(not_pulled(whole))
    found = only(list(queued(whole)))
    assert (found.cause, found.severity) == ("img-pull-queued", Severity.INFO)
    assert found.title == "2 pods wait until their kubelet pulls more images"
    assert [key.name for key in found.objects] == ["a", "b"]
