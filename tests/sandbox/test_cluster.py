"""What stands behind the practice cluster's API: workloads come up, or fail as the scenario says."""

import pytest

from tests.controlplane.api import Api, Object
from tests.patience import eventually
from tests.sandbox.conftest import Started

PODS = "/api/v1/namespaces/default/pods"
DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"
CLAIMS = "/api/v1/namespaces/default/persistentvolumeclaims"
PULL_FAILED = {"ErrImagePull", "ImagePullBackOff"}


def pod(name: str, image: str = "example.com/a:1", **requests: str) -> Object:
    container = {"name": "main", "image": image, "resources": {"requests": requests, "limits": requests}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": {"containers": [container]}}


def made(api: Api, body: Object) -> None:
    """Create a pod, once its namespace has its ServiceAccount."""
    eventually(lambda: api.get("/api/v1/namespaces/default/serviceaccounts")["items"])
    api.create(PODS, body)


def unschedulable(api: Api, name: str) -> str:
    def look() -> str:
        conditions = api.get(f"{PODS}/{name}")["status"].get("conditions") or ()
        return next((each.get("message", "") for each in conditions if each["type"] == "PodScheduled"), "")

    return str(eventually(look))


def waiting(api: Api, name: str) -> Object:
    def look() -> Object | None:
        statuses = api.get(f"{PODS}/{name}")["status"].get("containerStatuses") or ()
        found = (each["state"].get("waiting") or {} for each in statuses)
        return next((each for each in found if each.get("reason") in PULL_FAILED), None)

    seen: Object = eventually(look)
    return seen


def test_a_deployment_rolls_out_and_goes_with_its_pods(scenario: Started) -> None:
    api = scenario("healthy")
    labels = {"app": "web"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "main", "image": "a:1"}]}}
    spec = {"replicas": 2, "selector": {"matchLabels": labels}, "template": template}
    api.create(DEPLOYMENTS, {"metadata": {"name": "web"}, "spec": spec})
    eventually(lambda: api.get(f"{DEPLOYMENTS}/web")["status"].get("availableReplicas") == 2)
    first = {each["metadata"]["name"] for each in api.get(PODS)["items"]}
    change = {"spec": {"template": {"spec": {"containers": [{"name": "main", "image": "a:2"}]}}}}
    api.patch(f"{DEPLOYMENTS}/web", change)
    eventually(
        lambda: (
            len(api.get(PODS)["items"]) == 2
            and not first & {each["metadata"]["name"] for each in api.get(PODS)["items"]}
        )
    )
    api.delete(f"{DEPLOYMENTS}/web", propagationPolicy="Foreground")
    eventually(lambda: not api.get(PODS)["items"] and not api.get(DEPLOYMENTS)["items"])


def test_a_laptop_is_too_small(scenario: Started) -> None:
    api = scenario("laptop-too-small")
    made(api, pod("big", cpu="4", memory="8Gi"))
    assert unschedulable(api, "big") == (
        "0/1 nodes are available: 1 Insufficient cpu, 1 Insufficient memory. no new claims to deallocate, "
        "preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling."
    )


def test_the_third_gpu_is_waited_for(scenario: Started) -> None:
    api = scenario("gpu-exhausted")
    for number in range(3):
        body = pod(f"trainer-{number}", **{"nvidia.com/gpu": "1"})
        body["spec"]["tolerations"] = [{"key": "nvidia.com/gpu", "operator": "Exists"}]
        made(api, body)
    eventually(lambda: sum(each["status"]["phase"] == "Running" for each in api.get(PODS)["items"]) == 2)
    assert "3 Insufficient nvidia.com/gpu" in unschedulable(api, "trainer-2")


def test_a_claim_without_a_class_waits_for_ever(scenario: Started) -> None:
    api = scenario("no-default-storageclass")
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    api.create(CLAIMS, {"metadata": {"name": "data"}, "spec": spec})
    body = pod("consumer")
    body["spec"]["volumes"] = [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]
    made(api, body)
    expected = "0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found"
    assert unschedulable(api, "consumer") == expected
    assert api.get(f"{CLAIMS}/data")["status"]["phase"] == "Pending"


@pytest.mark.parametrize(
    ("name", "image", "words"),
    [
        ("gcr-blocked", "gcr.io/ml-pipeline/api-server:1.8.5", "i/o timeout"),
        ("docker-hub-rate-limited", "nginx:1", "429 Too Many Requests - Server message: toomanyrequests"),
    ],
)
def test_an_image_cannot_be_pulled(scenario: Started, name: str, image: str, words: str) -> None:
    api = scenario(name)
    for number in range(4):  # the first is within the limit of Docker Hub
        made(api, pod(f"p-{number}", f"{image}{number}"))
    failed = [each["metadata"]["name"] for each in api.get(PODS)["items"]]
    troubled = eventually(lambda: [each for each in failed if _is_failing(api, each)])
    assert words in waiting(api, troubled[0])["message"]


def _is_failing(api: Api, name: str) -> bool:
    statuses = api.get(f"{PODS}/{name}")["status"].get("containerStatuses") or ()
    return any((each["state"].get("waiting") or {}).get("reason") in PULL_FAILED for each in statuses)


def test_a_namespace_ends_with_what_is_in_it(scenario: Started) -> None:
    api = scenario("healthy")
    api.create("/api/v1/namespaces", {"metadata": {"name": "short"}})
    api.create("/api/v1/namespaces/short/configmaps", {"metadata": {"name": "a"}})
    api.delete("/api/v1/namespaces/short")
    eventually(lambda: "short" not in {each["metadata"]["name"] for each in api.get("/api/v1/namespaces")["items"]})


def test_a_defined_kind_is_served_pruned_and_gone_with_its_definition(scenario: Started) -> None:
    api = scenario("healthy")
    schema = {
        "type": "object",
        "properties": {"spec": {"type": "object", "properties": {"n": {"type": "integer", "default": 3}}}},
    }
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    spec = {
        "group": "example.com",
        "scope": "Cluster",
        "names": {"plural": "things", "kind": "Thing"},
        "versions": [version],
    }
    definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    api.create(definitions, {"metadata": {"name": "things.example.com"}, "spec": spec})
    thing = api.create(
        "/apis/example.com/v1/things",
        {"apiVersion": "example.com/v1", "kind": "Thing", "metadata": {"name": "a"}, "spec": {"x": 1}},
    )
    assert thing["spec"] == {"n": 3}
    api.delete(f"{definitions}/things.example.com")
    eventually(lambda: not api.get(definitions)["items"])
