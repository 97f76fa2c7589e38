"""Kubeflow itself: components, versions, profiles, the mesh, notebooks."""

from typing import Any

import pytest

from checks import kubeflow, mesh, notebooks, profiles
from kfinstall.contracts.finding import Finding
from kfinstall.contracts.manifest import Body, ObjectKey
from kfinstall.doctor.examination import examine
from kfinstall.facts.kubeflow.spawned import user_of
from tests.unit.doctor.clusters import ALL_CHECKS, body, pod, snapshot, waiting

CHECKS = (*kubeflow.CHECKS, *profiles.CHECKS, *mesh.CHECKS, *notebooks.CHECKS)
GONE = 'failed to pull image "quay.io/a/b:1": dial tcp: lookup quay.io on 10.0.0.2:53: no such host'


def found(*bodies: Body, version: str = "v1.34.1") -> list[Finding]:
    return [finding for check in CHECKS for finding in check.look(snapshot(*bodies, version=version))]


def workload(name: str, image: str = "", *, ready: int = 1, namespace: str = "kubeflow") -> Body:
    containers = [{"name": "main", "image": image or f"example.com/{name}:1"}]
    spec = {"replicas": 1, "template": {"spec": {"containers": containers}}}
    message = "Deployment does not have minimum availability."
    available = {"type": "Available", "status": str(ready > 0), "message": message}
    status = {"availableReplicas": ready, "conditions": [available]}
    return body("Deployment", name, namespace, group="apps", spec=spec, status=status)


def pipelines(**down: int) -> list[Body]:
    names = ("ml-pipeline", "mysql", "seaweedfs")
    return [workload(name, ready=down.get(name.replace("-", "_"), 1)) for name in names]


def test_a_component_that_is_down_names_its_workloads() -> None:
    [finding] = found(*pipelines(ml_pipeline=0))
    assert finding.title == "Not working: Pipelines (ml-pipeline not available)"
    assert finding.objects == (ObjectKey("apps", "Deployment", "kubeflow", "ml-pipeline"),)
    assert finding.remedy.commands[0] == "kubectl -n kubeflow get pods"


def test_a_component_without_its_database_is_named_with_what_is_missing() -> None:
    [finding] = found(workload("ml-pipeline"), workload("cache-server"), workload("minio"))
    assert finding.title == "Not working: Pipelines (mysql not there)"
    assert finding.remedy.commands == ("kfinstall install",)


def test_a_component_follows_from_the_pod_that_holds_it_back() -> None:
    mysql = workload("mysql", ready=0)
    database = pod("mysql-0", status=waiting("ErrImagePull", GONE, "quay.io/a/b:1"))
    database["metadata"]["ownerReferences"] = [{"uid": mysql["metadata"]["uid"], "controller": True}]
    report = examine(snapshot(workload("ml-pipeline", ready=0), mysql, workload("minio"), database), ALL_CHECKS)
    [root] = [root for root in report.roots if root.finding.cause == "img-dns"]
    assert [finding.cause for finding in root.walk()][1:] == ["kubeflow-component-down"]


def test_a_kubeflow_that_is_too_new_for_the_cluster() -> None:
    api = workload("ml-pipeline", "ghcr.io/kubeflow/kfp-api-server:2.5.0")
    [finding] = found(api, *pipelines()[1:], version="v1.27.3-gke.100")
    assert finding.title == "Kubeflow 1.10 needs Kubernetes 1.29 or later; this is v1.27.3-gke.100"


def test_parts_of_two_releases() -> None:
    api = workload("ml-pipeline", "ghcr.io/kubeflow/kfp-api-server:2.5.0")
    old = workload("ml-pipeline-ui", "gcr.io/ml-pipeline/frontend:2.3.0")
    [finding] = found(api, old, *pipelines()[1:])
    assert finding.cause == "kubeflow-versions-mixed"
    assert "2.3.0: ml-pipeline-ui; 2.5.0: ml-pipeline" in finding.title
    assert finding.remedy.commands == ("kfinstall diff", "kfinstall install")


def profile(owner: str = "alice@example.com") -> Body:
    return body("Profile", "alice", group="kubeflow.org", spec={"owner": {"kind": "User", "name": owner}})


def namespace(owner: str = "alice@example.com", **labels: str) -> Body:
    labels = {"istio-injection": "enabled", **labels}
    return body("Namespace", "alice", annotations={"owner": owner}, labels=labels)


def accounts() -> tuple[Body, Body]:
    return body("ServiceAccount", "default-editor", "alice"), body("ServiceAccount", "default-viewer", "alice")


@pytest.mark.parametrize(
    ("bodies", "words", "command"),
    [
        ([profile()], "its namespace does not exist", "kubectl describe profile alice"),
        ([profile(""), namespace(), *accounts()], "it has no owner", "kubectl edit profile alice"),
        ([profile(), namespace("bob@example.com"), *accounts()], "is not its owner's, alice@example.com",
         "kubectl annotate namespace alice owner=alice@example.com --overwrite"),
        ([profile(), namespace()], "default-editor, default-viewer are missing", "kubectl describe profile alice"),
    ],
)  # fmt: skip
def test_a_profile_that_cannot_be_used(bodies: list[Body], words: str, command: str) -> None:
    [finding] = found(*bodies)
    assert finding.cause == "kubeflow-profile-incomplete"
    assert words in finding.title
    assert command in finding.remedy.commands
    assert finding.needs == {ObjectKey("apps", "Deployment", "kubeflow", "profiles-deployment")}


def istio() -> tuple[Body, Body]:
    hooks = [{"name": "namespace.sidecar-injector.istio.io"}]
    group = "admissionregistration.k8s.io"
    injector = body("MutatingWebhookConfiguration", "istio-sidecar-injector", group=group, webhooks=hooks)
    return workload("istiod", namespace="istio-system"), injector


def running(name: str, *containers: str, **metadata: Any) -> Body:
    status = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
    made = pod(name, "alice", status=status, containers=[{"name": each} for each in ("main", *containers)])
    made["metadata"] |= metadata
    return made


def test_a_pod_outside_of_the_mesh_that_others_are_in() -> None:
    inside, outside = running("a", "istio-proxy"), running("b")
    refusing = running("c", annotations={"sidecar.istio.io/inject": "false"})
    [finding] = found(namespace(), inside, outside, refusing, *istio())
    assert finding.cause == "istio-rbac-denied"
    assert finding.objects == (ObjectKey("", "Pod", "alice", "b"),)
    assert finding.remedy.commands == ("kubectl -n alice rollout restart deployment,statefulset",)


def test_istio_without_its_injector() -> None:
    [finding] = found(namespace(), istio()[0])
    assert (finding.cause, finding.objects) == ("istio-injector-missing", (ObjectKey("", "Namespace", "", "alice"),))


def test_a_profile_outside_of_the_mesh() -> None:
    plain = namespace()
    plain["metadata"]["labels"] = {}
    [finding] = found(profile(), plain, *accounts(), *istio())
    assert finding.remedy.commands[0] == "kubectl label namespace alice istio-injection=enabled --overwrite"


def notebook(**metadata: Any) -> Body:
    made = body("Notebook", "work", "alice", group="kubeflow.org", status={"readyReplicas": 0})
    made["metadata"] |= metadata
    return made


def test_a_notebook_follows_from_its_pod_and_names_its_user() -> None:
    failing = pod("work-0", "alice", status=waiting("ErrImagePull", GONE, "quay.io/a/b:1"))
    report = examine(snapshot(notebook(), failing, profile(), namespace(), *accounts()), ALL_CHECKS)
    [root] = report.roots
    assert root.finding.cause == "img-dns"
    [following] = [finding for finding in root.walk() if finding.cause == "notebook-not-started"]
    assert following.title == "The notebook work of alice@example.com does not start: its pod is not ready"


def test_a_notebook_that_nobody_looks_at_waits_for_its_controller() -> None:
    [finding] = found(notebook())
    assert finding.needs == {ObjectKey("apps", "Deployment", "kubeflow", "notebook-controller-deployment")}


def test_a_notebook_that_was_stopped_is_well() -> None:
    stopped = {"kubeflow-resource-stopped": "2026-01-01T00:00:00Z"}
    assert found(notebook(annotations=stopped), notebook(creationTimestamp="2026-01-01T00:09:30Z")) == []


@pytest.mark.parametrize(
    ("name", "user"),
    [
        ("jupyter-accounts-2egoogle-2ecom-3aalice-40example-2ecom", "alice@example.com"),
        ("jupyter-accounts-2egoogle-2ecom-3USER-40DOMAIN-2eEXT", "USER@DOMAIN.EXT"),
        ("jupyter-alice-40example-2ecom", "alice@example.com"),
        ("jupyter-web-app-deployment-5d4f", ""),
        ("ml-pipeline-1", ""),
    ],
)
def test_whose_notebook_a_pod_is(name: str, user: str) -> None:
    assert user_of(name) == user


def test_the_notebook_of_a_user_behind_iap_is_found() -> None:
    name = "jupyter-accounts-2egoogle-2ecom-3aalice-40example-2ecom"
    failing = pod(name, status=waiting("ErrImagePull", GONE, "quay.io/a/b:1"))
    [root] = examine(snapshot(failing), ALL_CHECKS).roots
    assert [finding.title for finding in root.walk()][1:] == ["The notebook of alice@example.com does not start"]


def test_a_kubeflow_that_works_is_well() -> None:
    images = {"ml-pipeline": "kfp-api-server", "ml-pipeline-ui": "kfp-frontend"}
    parts = [workload(name, f"ghcr.io/kubeflow/{image}:2.5.0") for name, image in images.items()]
    well = [profile(), namespace(), *accounts(), *istio(), running("a", "istio-proxy")]
    assert found(*parts, *pipelines()[1:], *well) == []
