"""What becomes of workloads: as kube-controller-manager does it, down to conditions and events."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kubernetes.client.exceptions import ApiException

from kfinstall.sandbox.scenario import Scenario
from tests.controlplane.api import Api, Object
from tests.controlplane.server import ControlPlane
from tests.sandbox.both import Both, Side, namespace_on, sides

ROOM = {"cpu": "32", "memory": "64Gi", "ephemeral-storage": "90Gi", "pods": "100"}
SCENARIO: Object = {
    "title": "Three nodes, a storage class, images that cannot be pulled and containers that fail.",
    "nodes": [{"name": "worker", "count": 3, "allocatable": ROOM}],
    "storageClasses": [{"name": "standard", "default": True}],
    "registries": [{"match": "never", "answer": "notFound"}],
    "containers": [{"match": "fails", "exitCode": 3, "after": 0.5}, {"match": "flaky", "exitCode": 1, "times": 2}],
}
DEPLOYMENTS, SETS, DAEMONS = "apps/v1/deployments", "apps/v1/statefulsets", "apps/v1/daemonsets"
REPLICA_SETS, JOBS, CRON_JOBS = "apps/v1/replicasets", "batch/v1/jobs", "batch/v1/cronjobs"
BUDGETS, SLICES = "policy/v1/poddisruptionbudgets", "discovery.k8s.io/v1/endpointslices"
CLAIMS = "persistentvolumeclaims"
SELECTOR = {"matchLabels": {"app": "web"}}


@pytest.fixture(scope="module")
def apis(own_control_plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Api, Api]]:
    if not (own_control_plane.has_scheduler and own_control_plane.has_controller_manager):
        pytest.skip("this control plane has no scheduler or no controller manager")
    folder: Path = tmp_path_factory.mktemp("workloads")
    with sides(Scenario.model_validate(SCENARIO), own_control_plane, folder) as found:
        yield found


@pytest.fixture
def both(apis: tuple[Api, Api]) -> Iterator[Both]:
    with namespace_on(apis) as found:
        yield found


def template(image: str = "example.com/web:1", **spec: Any) -> Object:
    container = {"name": "main", "image": image, "ports": [{"name": "http", "containerPort": 8080}]}
    return {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [container], **spec}}


def deployment(replicas: int = 3, image: str = "example.com/web:1", **spec: Any) -> Object:
    body = {"replicas": replicas, "selector": SELECTOR, "template": template(image), **spec}
    return {"metadata": {"name": "web"}, "spec": body}


def new_image(image: str) -> Object:
    return {"spec": {"template": {"spec": {"containers": [{"name": "main", "image": image}]}}}}


def stateful_set(replicas: int = 2, image: str = "example.com/web:1", **spec: Any) -> Object:
    return deployment(replicas, image, serviceName="web", **spec)


def daemon_set(image: str = "example.com/web:1", **spec: Any) -> Object:
    return {"metadata": {"name": "web"}, "spec": {"selector": SELECTOR, "template": template(image), **spec}}


def job(image: str = "example.com/job:1", restart: str = "Never", **spec: Any) -> Object:
    return {"metadata": {"name": "web"}, "spec": {"template": template(image, restartPolicy=restart), **spec}}


def cron_job(schedule: str = "0 0 1 1 *", **spec: Any) -> Object:
    return {"metadata": {"name": "web"}, "spec": {"schedule": schedule, "jobTemplate": {"spec": job()["spec"]}, **spec}}


TIMES = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
NAMES = re.compile(r"\bweb-[a-z0-9]{6,10}(-[a-z0-9]{5})?\b|\bweb-(?=[a-z0-9]*[0-9bcdfghjklmnpqrstvwxz])[a-z0-9]{5}\b")


def plain(side: Side, value: Any) -> Any:
    """Without times, generated names, uids and what only says how often something was written."""
    text = TIMES.sub("TIME", json.dumps(value, sort_keys=True)).replace(side.namespace, "NAMESPACE")
    return json.loads(NAMES.sub("web-GENERATED", text))


def status(side: Side, collection: str, name: str = "web") -> Any:
    found = plain(side, side.get(collection, name).get("status") or {})
    found.get("conditions", []).sort(key=lambda each: each["type"])
    return found


def told(side: Side, *kinds: str) -> Any:
    """Events about objects of these kinds: reason, message, component, and how often."""
    seen: Counter[str] = Counter()
    for each in side.all("events"):
        if each["involvedObject"]["kind"] in kinds:
            component = each["source"].get("component") or each["reportingComponent"]
            line = f"{each['type']} {each['reason']} {component} {each['message']}"
            seen[plain(side, line)] += each.get("count") or 1
    return dict(seen)


def replica_sets(side: Side) -> Any:
    """By revision: size, annotations of the controller, image."""
    found = {}
    for each in side.all(REPLICA_SETS):
        annotations = {key.rpartition("/")[2]: value for key, value in each["metadata"]["annotations"].items()}
        image = each["spec"]["template"]["spec"]["containers"][0]["image"]
        found[annotations.pop("revision")] = [image, each["spec"]["replicas"], annotations]
    return found


def reason(seen: Any, kind: str = "Progressing") -> str:
    return next((each["reason"] for each in seen.get("conditions", []) if each["type"] == kind), "")


def rolled_out(both: Both, collection: str = DEPLOYMENTS) -> Any:
    def settled(seen: Any) -> bool:
        ready = seen.get("readyReplicas", seen.get("numberReady"))
        wanted = seen.get("replicas", seen.get("desiredNumberScheduled"))
        newest = seen.get("updatedReplicas", seen.get("updatedNumberScheduled"))
        return ready == wanted == newest and reason(seen) in {"", "NewReplicaSetAvailable"}

    return both.agree(lambda side: revisionless(status(side, collection)), settled)


def revisionless(found: Any) -> Any:
    """Names of revisions differ from server to server; whether they are the same does not."""
    if "currentRevision" in found:
        found["same"] = found.pop("currentRevision") == found.pop("updateRevision", None)
    return found


# Deployments


def test_a_deployment_is_rolled_out(both: Both) -> None:
    both.create(DEPLOYMENTS, deployment())
    rolled_out(both)
    both.agree(lambda side: told(side, "Deployment", "ReplicaSet"))
    both.agree(replica_sets)


def test_a_new_template_replaces_the_pods(both: Both) -> None:
    both.create(DEPLOYMENTS, deployment(4, strategy={"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}))
    rolled_out(both)
    both.patch(DEPLOYMENTS, "web", new_image("example.com/web:2"))
    both.agree(replica_sets, lambda seen: len(seen) == 2 and seen["1"][1] == 0)
    rolled_out(both)
    both.agree(replica_sets)
    both.agree(lambda side: told(side, "Deployment"))


def test_a_rollout_that_gets_stuck(both: Both) -> None:
    strategy = {"rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}}
    # the practice cluster's clock is fast, and its ten minutes must not be over while the real one still looks
    both.create(DEPLOYMENTS, deployment(4, strategy=strategy, progressDeadlineSeconds=100_000))
    rolled_out(both)
    both.patch(DEPLOYMENTS, "web", new_image("example.com/never:1"))
    both.agree(lambda side: status(side, DEPLOYMENTS), lambda seen: seen.get("unavailableReplicas") == 2)
    both.agree(replica_sets)


def test_a_rollout_takes_too_long(both: Both) -> None:
    both.create(DEPLOYMENTS, deployment(1, "example.com/never:1", progressDeadlineSeconds=2))
    both.agree(lambda side: status(side, DEPLOYMENTS), lambda seen: reason(seen) == "ProgressDeadlineExceeded")


def test_recreate(both: Both) -> None:
    both.create(DEPLOYMENTS, deployment(2, strategy={"type": "Recreate"}))
    rolled_out(both)
    both.patch(DEPLOYMENTS, "web", new_image("example.com/web:2"))
    both.agree(replica_sets, lambda seen: len(seen) == 2 and seen["2"][1] == 2)
    rolled_out(both)
    both.agree(lambda side: told(side, "Deployment"))


def test_a_paused_deployment_waits(both: Both) -> None:
    both.create(DEPLOYMENTS, deployment(2))
    rolled_out(both)
    both.patch(DEPLOYMENTS, "web", {"spec": {"paused": True}})
    both.agree(lambda side: status(side, DEPLOYMENTS), lambda seen: reason(seen) == "DeploymentPaused")
    both.patch(DEPLOYMENTS, "web", new_image("example.com/web:2"))
    both.agree(replica_sets, lambda seen: len(seen) == 1)
    both.patch(DEPLOYMENTS, "web", {"spec": {"paused": False}})
    rolled_out(both)
    both.agree(replica_sets, lambda seen: len(seen) == 2)


def test_back_to_an_earlier_template(both: Both) -> None:
    both.create(DEPLOYMENTS, deployment(2))
    rolled_out(both)
    for image in ("example.com/web:2", "example.com/web:3", "example.com/web:2"):
        both.patch(DEPLOYMENTS, "web", new_image(image))
        both.agree(replica_sets, lambda seen, image=image: any(each[:2] == [image, 2] for each in seen.values()))  # type: ignore[misc]
        rolled_out(both)
    assert both.agree(replica_sets)["4"][2]["revision-history"] == "2"


def test_history_has_a_limit(both: Both) -> None:
    both.create(DEPLOYMENTS, deployment(1, revisionHistoryLimit=1))
    for number in (2, 3, 4):
        rolled_out(both)
        both.patch(DEPLOYMENTS, "web", new_image(f"example.com/web:{number}"))
        both.agree(replica_sets, lambda seen, number=number: str(number) in seen and seen[str(number)][1] == 1)  # type: ignore[misc]
    rolled_out(both)
    assert sorted(both.agree(replica_sets, lambda seen: len(seen) == 2)) == ["3", "4"]


def test_a_deployment_is_scaled(both: Both) -> None:
    both.create(DEPLOYMENTS, deployment(1))
    rolled_out(both)
    for size in (4, 0, 2):
        both.patch(DEPLOYMENTS, "web", {"spec": {"replicas": size}})
        both.agree(replica_sets, lambda seen, size=size: seen["1"][1] == size)  # type: ignore[misc]
        both.agree(lambda side: status(side, DEPLOYMENTS), lambda seen, size=size: seen.get("readyReplicas", 0) == size)  # type: ignore[misc]
    both.agree(lambda side: told(side, "Deployment"))


def test_pods_have_to_be_ready_for_a_while(both: Both) -> None:
    both.create(DEPLOYMENTS, deployment(1, minReadySeconds=1))
    rolled_out(both)


def test_pods_that_may_not_be_made(both: Both) -> None:
    both.create(DEPLOYMENTS, deployment(1, template=template(serviceAccountName="nobody")))

    def reasons(side: Side) -> list[str]:
        return [each["reason"] for each in status(side, DEPLOYMENTS).get("conditions", [])]

    both.agree(reasons, lambda seen: "FailedCreate" in seen)


# StatefulSets and DaemonSets


def test_a_stateful_set_goes_step_by_step(both: Both) -> None:
    both.create(SETS, stateful_set(3))
    rolled_out(both, SETS)
    both.agree(lambda side: status(side, SETS).get("replicas"), lambda seen: seen == 3)
    both.agree(lambda side: told(side, "StatefulSet"))
    both.agree(lambda side: [each["metadata"]["name"] for each in side.all("pods")])


def test_a_stateful_set_stops_at_a_pod_that_does_not_come_up(both: Both) -> None:
    both.create(SETS, stateful_set(3, "example.com/never:1"))
    both.agree(lambda side: revisionless(status(side, SETS)), lambda seen: seen.get("replicas") == 1)


def test_a_parallel_stateful_set_does_not_wait(both: Both) -> None:
    both.create(SETS, stateful_set(3, "example.com/never:1", podManagementPolicy="Parallel"))
    both.agree(lambda side: revisionless(status(side, SETS)), lambda seen: seen.get("replicas") == 3)


def test_claims_of_a_stateful_set(both: Both) -> None:
    claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    both.create(SETS, stateful_set(2, volumeClaimTemplates=[{"metadata": {"name": "data"}, "spec": claim}]))
    both.agree(lambda side: status(side, SETS).get("readyReplicas"), lambda seen: seen == 2)
    both.agree(lambda side: told(side, "StatefulSet"))
    both.patch(SETS, "web", {"spec": {"replicas": 1}})
    both.agree(lambda side: [each["metadata"]["name"] for each in side.all("pods")], lambda seen: seen == ["web-0"])
    names = both.agree(
        lambda side: [[each["metadata"]["name"], each["metadata"]["labels"]] for each in side.all(CLAIMS)]
    )
    assert [name for name, _labels in names] == ["data-web-0", "data-web-1"]


def test_a_stateful_set_is_updated_from_above_to_its_partition(both: Both) -> None:
    both.create(SETS, stateful_set(3, updateStrategy={"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}))
    both.agree(lambda side: status(side, SETS).get("readyReplicas"), lambda seen: seen == 3)
    both.patch(SETS, "web", new_image("example.com/web:2"))

    def images(side: Side) -> Any:
        return [each["spec"]["containers"][0]["image"][-1] for each in side.all("pods")]

    both.agree(images, lambda seen: seen == ["1", "2", "2"])
    both.agree(
        lambda side: revisionless(status(side, SETS)),
        lambda seen: seen.get("readyReplicas") == 3 and seen.get("updatedReplicas") == 2,
    )
    both.patch(SETS, "web", {"spec": {"updateStrategy": {"rollingUpdate": {"partition": 0}}}})
    both.agree(images, lambda seen: seen == ["2", "2", "2"])
    rolled_out(both, SETS)
    both.agree(lambda side: sorted(each["revision"] for each in side.all("apps/v1/controllerrevisions")))


def test_a_daemon_set_is_on_every_node(both: Both) -> None:
    both.create(DAEMONS, daemon_set())
    rolled_out(both, DAEMONS)
    both.agree(lambda side: status(side, DAEMONS).get("numberReady"), lambda seen: seen == 3)
    both.agree(lambda side: told(side, "DaemonSet"))


def test_a_daemon_set_is_updated_node_by_node(both: Both) -> None:
    both.create(DAEMONS, daemon_set())
    both.agree(lambda side: status(side, DAEMONS), lambda seen: seen.get("numberAvailable") == 3)
    both.patch(DAEMONS, "web", new_image("example.com/never:2"))
    both.agree(lambda side: status(side, DAEMONS), lambda seen: seen.get("updatedNumberScheduled") == 1)
    both.agree(lambda side: sorted(each["revision"] for each in side.all("apps/v1/controllerrevisions")))


def test_a_daemon_set_for_no_node(both: Both) -> None:
    body = daemon_set()
    body["spec"]["template"]["spec"]["nodeSelector"] = {"disk": "tape"}
    both.create(DAEMONS, body)
    both.agree(lambda side: status(side, DAEMONS), lambda seen: seen.get("observedGeneration") == 1)


# Jobs


def ended(both: Both, kind: str = "Complete") -> Any:
    def settled(seen: Any) -> bool:
        return any(each["type"] == kind and each["status"] == "True" for each in seen.get("conditions", []))

    return both.agree(lambda side: status(side, JOBS), settled)


def test_a_job_completes(both: Both) -> None:
    both.create(JOBS, job())
    ended(both)
    both.agree(lambda side: told(side, "Job"))


def test_several_completions_at_once(both: Both) -> None:
    both.create(JOBS, job(completions=5, parallelism=2))
    assert ended(both)["succeeded"] == 5


def test_an_indexed_job(both: Both) -> None:
    both.create(JOBS, job(completions=3, parallelism=3, completionMode="Indexed"))
    assert ended(both)["completedIndexes"] == "0-2"

    def pods(side: Side) -> Any:
        found = [plain(side, each["spec"]) for each in side.all("pods")]
        return sorted([each["hostname"], each["containers"][0].get("env")] for each in found)

    both.agree(pods)


def test_a_job_whose_pods_fail(both: Both) -> None:
    both.create(JOBS, job("example.com/fails:1", backoffLimit=0))
    assert reason(ended(both, "Failed"), "Failed") == "BackoffLimitExceeded"
    both.agree(lambda side: told(side, "Job"))


def test_a_job_whose_container_is_started_again(both: Both) -> None:
    both.create(JOBS, job("example.com/flaky:1", "OnFailure"))
    ended(both)


def test_a_job_whose_container_fails_too_often(both: Both) -> None:
    both.create(JOBS, job("example.com/fails:1", "OnFailure", backoffLimit=1))
    assert reason(ended(both, "Failed"), "Failed") == "BackoffLimitExceeded"


def test_a_job_that_takes_too_long(both: Both) -> None:
    both.create(JOBS, job("example.com/never:1", activeDeadlineSeconds=1))
    assert reason(ended(both, "Failed"), "Failed") == "DeadlineExceeded"


def test_a_suspended_job_is_resumed(both: Both) -> None:
    both.create(JOBS, job(suspend=True))
    both.agree(lambda side: status(side, JOBS), lambda seen: reason(seen, "Suspended") == "JobSuspended")
    both.patch(JOBS, "web", {"spec": {"suspend": False}})
    ended(both)
    both.agree(lambda side: told(side, "Job"))


def test_a_job_that_is_not_kept(both: Both) -> None:
    both.create(JOBS, job(ttlSecondsAfterFinished=0))
    both.agree(lambda side: [len(side.all(JOBS)), bool(told(side, "Job"))], lambda seen: seen == [0, True])


def test_a_cron_job_waits_for_its_time(both: Both) -> None:
    both.create(CRON_JOBS, cron_job(suspend=True))
    both.agree(lambda side: [side.get(CRON_JOBS, "web").get("status"), len(side.all(JOBS))])


# Services and budgets


def test_endpoints_of_a_service(both: Both) -> None:
    both.create(
        "services",
        {
            "metadata": {"name": "web"},
            "spec": {"selector": {"app": "web"}, "ports": [{"name": "web", "port": 80, "targetPort": "http"}]},
        },
    )
    both.create(DEPLOYMENTS, deployment(2))
    rolled_out(both)

    def slices(side: Side) -> Any:
        found = [each for each in side.all(SLICES) if each["metadata"]["labels"]["kubernetes.io/service-name"] == "web"]
        return [
            [
                each["ports"],
                each["addressType"],
                each["metadata"]["labels"],
                [
                    plain(side, [end["conditions"], sorted(end["targetRef"].keys() - {"resourceVersion"})])
                    for end in each["endpoints"] or ()
                ],
            ]
            for each in found
        ]

    both.agree(slices, lambda seen: len(seen) == 1 and len(seen[0][3]) == 2)

    def endpoints(side: Side) -> Any:
        found = side.get("endpoints", "web")
        return [
            found.get("metadata", {}).get("labels"),
            [[len(each.get("addresses", [])), each["ports"]] for each in found.get("subsets", [])],
        ]

    both.agree(endpoints, lambda seen: seen[1] and seen[1][0][0] == 2)


@pytest.mark.parametrize(
    "rule", [{"minAvailable": 2}, {"maxUnavailable": 1}, {"minAvailable": "50%"}, {"maxUnavailable": "10%"}]
)
def test_a_budget_counts(both: Both, rule: Object) -> None:
    both.create(BUDGETS, {"metadata": {"name": "web"}, "spec": {"selector": SELECTOR, **rule}})
    both.create(DEPLOYMENTS, deployment(3))
    rolled_out(both)
    both.agree(lambda side: status(side, BUDGETS), lambda seen: seen.get("currentHealthy") == 3)


def test_a_budget_forbids_evictions(both: Both) -> None:
    both.create(BUDGETS, {"metadata": {"name": "web"}, "spec": {"selector": SELECTOR, "minAvailable": 2}})
    both.create(DEPLOYMENTS, deployment(2))
    rolled_out(both)
    both.agree(lambda side: status(side, BUDGETS), lambda seen: seen.get("currentHealthy") == 2)

    def refusal(side: Side) -> Any:
        pod = side.all("pods")[0]["metadata"]["name"]
        body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": pod}}
        with pytest.raises(ApiException) as caught:
            side.api.create(f"{side.path('pods', pod)}/eviction", body)
        return json.loads(caught.value.body or "")

    both.agree(refusal)
