"""What kubelets of the practice cluster make of pods, in the words of kubelet and containerd."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.controlplane.api import Api, Object
from tests.patience import eventually
from tests.sandbox.conftest import served

NAMESPACE = "/api/v1/namespaces/default"
PODS = f"{NAMESPACE}/pods"
SCENARIO: Object = {
    "title": "Images and containers that fail in all ways.",
    "nodes": [{"name": "left", "allocatable": {"cpu": "8", "memory": "16Gi", "pods": "99"}}],
    "storageClasses": [{"name": "standard", "default": True}],
    "registries": [
        {"match": "missing", "answer": "notFound"},
        {"match": "^private[.]example[.]com/", "answer": "unauthorized", "openedBySecret": True},
    ],
    "containers": [
        {"match": "crashes", "exitCode": 1, "after": 1, "log": ["starting", "panic: no database"]},
        {"match": "greedy", "exitCode": 137, "reason": "OOMKilled"},
        {"match": "flaky", "exitCode": 2, "after": 0, "times": 1},
        {"match": "unready", "failing": "readiness"},
        {"match": "hangs", "failing": "liveness"},
        {"match": "slow-start", "failing": "startup"},
        {"match": "as-root", "root": True},
    ],
}


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    folder: Path = tmp_path_factory.mktemp("kubelet")
    path = folder / "scenario.yaml"
    path.write_text(json.dumps(SCENARIO), encoding="utf-8")
    with served(str(path), folder) as kubeconfig, Api(kubeconfig) as opened:
        eventually(lambda: opened.get(f"{NAMESPACE}/serviceaccounts")["items"])
        yield opened


def run(api: Api, name: str, *images: str, inits: tuple[Object, ...] = (), **spec: Any) -> None:
    """A pod with a container for each image: main, second, …"""
    names = ("main", "second", "third")
    more = spec.pop("container", {})
    containers = [{"name": each, "image": image, **more} for each, image in zip(names, images, strict=False)]
    body = {"containers": containers, "initContainers": list(inits), **spec}
    api.create(PODS, {"metadata": {"name": name}, "spec": body})


def status(api: Api, name: str) -> Object:
    found: Object = api.get(f"{PODS}/{name}")["status"]
    return found


def containers(api: Api, name: str, kind: str = "containerStatuses") -> dict[str, Object]:
    return {each["name"]: each for each in status(api, name).get(kind) or ()}


def waiting(api: Api, name: str, reason: str, *, kind: str = "containerStatuses") -> str:
    """The message of a container that waits for a reason, once one does."""

    def look() -> str | None:
        states = (each["state"].get("waiting") or {} for each in containers(api, name, kind).values())
        return next((each.get("message", "-") for each in states if each.get("reason") == reason), None)

    return str(eventually(look))


def told(api: Api, name: str, reason: str) -> Object:
    """The first event of a reason about a pod, once there is one."""
    path = f"{NAMESPACE}/events"

    def look() -> Object | None:
        found = api.get(path, fieldSelector=f"involvedObject.name={name}")["items"]
        return next((each for each in found if each["reason"] == reason), None)

    seen: Object = eventually(look)
    return seen


def condition(api: Api, name: str, kind: str) -> Object:
    return next((each for each in status(api, name).get("conditions") or () if each["type"] == kind), {})


def test_a_pod_comes_up_and_tells_how(api: Api) -> None:
    run(api, "fine", "example.com/fine:1")
    eventually(lambda: condition(api, "fine", "Ready").get("status") == "True")
    main = containers(api, "fine")["main"]
    assert (main["restartCount"], main["ready"], main["started"]) == (0, True, True)
    assert main["imageID"].startswith("example.com/fine@sha256:")
    reasons = ("Pulling", "Pulled", "Created", "Started")
    messages = [told(api, "fine", reason)["message"] for reason in reasons]
    assert messages[0] == 'Pulling image "example.com/fine:1"'
    assert messages[1].startswith('Successfully pulled image "example.com/fine:1" in ')
    assert messages[2:] == ["Container created", "Container started"]
    started = told(api, "fine", "Started")
    assert started["source"] == {"component": "kubelet", "host": "left"}
    assert started["involvedObject"]["fieldPath"] == "spec.containers{main}"


def test_an_image_is_pulled_once(api: Api) -> None:
    for name in ("first", "again"):
        run(api, name, "example.com/once:1")
        eventually(lambda name=name: condition(api, name, "Ready").get("status") == "True")  # type: ignore[misc]
    expected = 'Container image "example.com/once:1" already present on machine and can be accessed by the pod'
    assert told(api, "again", "Pulled")["message"] == expected


def test_a_container_crashes_again_and_again(api: Api) -> None:
    run(api, "crash", "example.com/crashes:1")
    uid = api.get(f"{PODS}/crash")["metadata"]["uid"]
    text = waiting(api, "crash", "CrashLoopBackOff")
    assert text.startswith("back-off ")
    assert text.endswith(f" restarting failed container=main pod=crash_default({uid})")
    main = containers(api, "crash")["main"]
    assert main["restartCount"] >= 1
    assert (main["lastState"]["terminated"]["exitCode"], main["lastState"]["terminated"]["reason"]) == (1, "Error")
    event = told(api, "crash", "BackOff")
    assert event["message"] == f"Back-off restarting failed container main in pod crash_default({uid})"
    eventually(lambda: told(api, "crash", "BackOff")["count"] > 1)
    assert status(api, "crash")["phase"] == "Running"
    with api.open("GET", f"{PODS}/crash/log", {}, None, "application/json") as answer:
        assert answer.data == b"starting\npanic: no database\n"


def test_too_little_memory(api: Api) -> None:
    run(api, "greedy", "example.com/greedy:1")
    eventually(lambda: containers(api, "greedy").get("main", {}).get("lastState", {}).get("terminated"))
    last = containers(api, "greedy")["main"]["lastState"]["terminated"]
    assert (last["exitCode"], last["reason"]) == (137, "OOMKilled")


def test_a_pod_that_is_not_restarted_fails(api: Api) -> None:
    run(api, "once-only", "example.com/crashes:1", restartPolicy="Never")
    eventually(lambda: status(api, "once-only")["phase"] == "Failed")
    assert condition(api, "once-only", "Ready")["reason"] == "PodFailed"


def test_a_pod_is_restarted_until_it_succeeds(api: Api) -> None:
    run(api, "second-try", "example.com/flaky:1", restartPolicy="OnFailure")
    eventually(lambda: status(api, "second-try")["phase"] == "Succeeded")
    assert containers(api, "second-try")["main"]["restartCount"] == 1
    assert condition(api, "second-try", "Ready")["reason"] == "PodCompleted"


@pytest.mark.parametrize(("probe", "image"), [("liveness", "hangs"), ("startup", "slow-start")])
def test_a_probe_has_a_container_restarted(api: Api, probe: str, image: str) -> None:
    run(api, f"by-{probe}", f"example.com/{image}:1")
    expected = f"{probe.capitalize()} probe failed: HTTP probe failed with statuscode: 503"
    assert told(api, f"by-{probe}", "Unhealthy")["message"] == expected
    killing = told(api, f"by-{probe}", "Killing")["message"]
    assert killing == f"Container main failed {probe} probe, will be restarted"
    eventually(lambda: containers(api, f"by-{probe}")["main"]["restartCount"] > 0)


def test_a_container_never_gets_ready(api: Api) -> None:
    run(api, "unready", "example.com/unready:1", "example.com/fine:1")
    told(api, "unready", "Unhealthy")
    eventually(lambda: containers(api, "unready")["second"]["ready"])
    found = condition(api, "unready", "Ready")
    assert (found["reason"], found["message"]) == ("ContainersNotReady", "containers with unready status: [main]")


def test_init_containers_run_one_after_the_other(api: Api) -> None:
    inits = ({"name": "one", "image": "example.com/a:1"}, {"name": "two", "image": "example.com/missing:1"})
    run(api, "inits", "example.com/fine:1", inits=inits)
    waiting(api, "inits", "ImagePullBackOff", kind="initContainerStatuses")
    assert containers(api, "inits", "initContainerStatuses")["one"]["state"]["terminated"]["reason"] == "Completed"
    assert containers(api, "inits")["main"]["state"] == {"waiting": {"reason": "PodInitializing"}}
    found = condition(api, "inits", "Initialized")
    assert (found["reason"], found["message"]) == (
        "ContainersNotInitialized",
        "containers with incomplete status: [two]",
    )


def test_a_failing_init_container_fails_a_pod_that_is_not_restarted(api: Api) -> None:
    inits = ({"name": "one", "image": "example.com/crashes:1"},)
    run(api, "init-fails", "example.com/fine:1", inits=inits, restartPolicy="Never")
    eventually(lambda: status(api, "init-fails")["phase"] == "Failed")


def test_a_sidecar_runs_beside_and_ends_with_the_others(api: Api) -> None:
    inits = ({"name": "proxy", "image": "example.com/proxy:1", "restartPolicy": "Always"},)
    run(api, "sidecar", "example.com/fine:1", inits=inits)
    eventually(lambda: condition(api, "sidecar", "Ready").get("status") == "True")
    assert "running" in containers(api, "sidecar", "initContainerStatuses")["proxy"]["state"]
    run(api, "sidecar-job", "example.com/fine:1", inits=inits, restartPolicy="Never")
    eventually(lambda: status(api, "sidecar-job")["phase"] == "Succeeded")
    assert "terminated" in containers(api, "sidecar-job", "initContainerStatuses")["proxy"]["state"]


def test_images_that_cannot_be(api: Api) -> None:
    run(api, "upper", "Example/Upper:1")
    expected = "invalid reference format: repository name (Example/Upper) must be lowercase"
    assert waiting(api, "upper", "InvalidImageName").endswith(expected)
    run(api, "never", "example.com/local:1", container={"imagePullPolicy": "Never"})
    expected = 'Container image "example.com/local:1" is not present with pull policy of Never'
    assert waiting(api, "never", "ErrImageNeverPull") == expected
    assert told(api, "never", "ErrImageNeverPull")["message"] == expected


def test_a_pull_secret_opens_a_registry(api: Api) -> None:
    run(api, "shut", "private.example.com/a:1")
    assert "401 Unauthorized" in waiting(api, "shut", "ImagePullBackOff")
    config = base64.b64encode(json.dumps({"auths": {"private.example.com": {}}}).encode()).decode()
    secret = {
        "metadata": {"name": "key"},
        "type": "kubernetes.io/dockerconfigjson",
        "data": {".dockerconfigjson": config},
    }
    api.create(f"{NAMESPACE}/secrets", secret)
    run(api, "open", "private.example.com/a:1", imagePullSecrets=[{"name": "key"}])
    eventually(lambda: condition(api, "open", "Ready").get("status") == "True")


def test_what_a_container_needs_is_missing_until_it_is_there(api: Api) -> None:
    variable = {"name": "A", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "a"}}}
    run(api, "needs", "example.com/fine:1", container={"env": [variable]})
    assert waiting(api, "needs", "CreateContainerConfigError") == 'configmap "settings" not found'
    assert told(api, "needs", "Failed")["message"] == 'Error: configmap "settings" not found'
    api.create(f"{NAMESPACE}/configmaps", {"metadata": {"name": "settings"}, "data": {"b": "1"}})
    expected = "couldn't find key a in ConfigMap default/settings"
    eventually(lambda: waiting(api, "needs", "CreateContainerConfigError") == expected)
    api.patch(f"{NAMESPACE}/configmaps/settings", {"data": {"a": "1"}})
    eventually(lambda: condition(api, "needs", "Ready").get("status") == "True")


def test_what_a_volume_needs_is_missing_until_it_is_there(api: Api) -> None:
    volume = {"name": "tls", "secret": {"secretName": "web-tls"}}
    run(api, "mounts", "example.com/fine:1", volumes=[volume])
    expected = 'MountVolume.SetUp failed for volume "tls" : secret "web-tls" not found'
    assert told(api, "mounts", "FailedMount")["message"] == expected
    assert containers(api, "mounts")["main"]["state"] == {"waiting": {"reason": "ContainerCreating"}}
    api.create(f"{NAMESPACE}/secrets", {"metadata": {"name": "web-tls"}, "stringData": {"tls.key": "x"}})
    eventually(lambda: condition(api, "mounts", "Ready").get("status") == "True")


def test_root_is_refused(api: Api) -> None:
    for name, context in (("root", {}), ("zero", {"runAsUser": 0})):
        run(api, name, "example.com/as-root:1", securityContext={"runAsNonRoot": True, **context})
    uid = api.get(f"{PODS}/root")["metadata"]["uid"]
    expected = f'container has runAsNonRoot and image will run as root (pod: "root_default({uid})", container: main)'
    assert waiting(api, "root", "CreateContainerConfigError") == expected
    assert waiting(api, "zero", "CreateContainerConfigError").startswith("container's runAsUser breaks non-root policy")


def test_a_pod_that_is_too_long_at_it(api: Api) -> None:
    run(api, "deadline", "example.com/fine:1", activeDeadlineSeconds=20)
    eventually(lambda: status(api, "deadline").get("reason") == "DeadlineExceeded")
    assert status(api, "deadline")["phase"] == "Failed"


def test_a_deleted_pod_ends_in_order(api: Api) -> None:
    run(api, "leaving", "example.com/fine:1")
    eventually(lambda: status(api, "leaving")["phase"] == "Running")
    api.delete(f"{PODS}/leaving")
    assert told(api, "leaving", "Killing")["message"] == "Stopping container main"
    eventually(lambda: "leaving" not in {each["metadata"]["name"] for each in api.get(PODS)["items"]})


def test_readiness_gates(api: Api) -> None:
    run(api, "gate", "example.com/fine:1", readinessGates=[{"conditionType": "example.com/open"}])
    expected = 'corresponding condition of pod readiness gate "example.com/open" does not exist.'
    eventually(lambda: condition(api, "gate", "Ready").get("message") == expected)
    assert condition(api, "gate", "ContainersReady")["status"] == "True"


def test_a_cron_job_keeps_as_many_jobs_as_it_says(api: Api) -> None:
    path = "/apis/batch/v1/namespaces/default"
    job = {"template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "main", "image": "a:1"}]}}}
    spec = {"schedule": "* * * * *", "successfulJobsHistoryLimit": 1, "jobTemplate": {"spec": job}}
    api.create(f"{path}/cronjobs", {"metadata": {"name": "clock"}, "spec": spec})
    assert told(api, "clock", "SuccessfulDelete")["message"].startswith("Deleted job clock-")
    assert told(api, "clock", "SawCompletedJob")["message"].endswith(", condition: Complete")
    assert api.get(f"{path}/cronjobs/clock")["status"]["lastSuccessfulTime"]
    api.patch(f"{path}/cronjobs/clock", {"spec": {"suspend": True}})


def test_a_pull_secret_that_is_not_there(api: Api) -> None:
    run(api, "forgetful", "example.com/a:1", imagePullSecrets=[{"name": "absent"}])
    eventually(lambda: status(api, "forgetful").get("phase") == "Running")
    told = api.get(f"{NAMESPACE}/events", fieldSelector="reason=FailedToRetrieveImagePullSecret")["items"]
    why = "Unable to retrieve some image pull secrets (absent); attempting to pull the image may not succeed."
    assert [each["message"] for each in told] == [why]
