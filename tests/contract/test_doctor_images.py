"""The doctor on practice clusters whose registries are blocked or count pulls, and on one without a default class."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from kfinstall.contracts.finding import Finding
from kfinstall.contracts.snapshot import Reply
from kfinstall.doctor.examination import Report, examine
from kfinstall.doctor.reading import from_cluster
from kfinstall.doctor.snapshot import Recorded
from kfinstall.facts.images.allowance import DOCKER_HUB_PREVIEW
from kfinstall.kube.cluster import Cluster
from kfinstall.kube.connection import Connection
from kfinstall.registry import checks
from tests.controlplane.api import Api
from tests.patience import eventually
from tests.sandbox.conftest import served

KNOWN = checks()[0]
KINDS = {kind for check in KNOWN for kind in check.reads | check.also}
PODS = "/api/v1/namespaces/default/pods"
CLAIMS = "/api/v1/namespaces/default/persistentvolumeclaims"
SPENT = Reply(200, {"ratelimit-limit": "100;w=21600", "ratelimit-remaining": "0;w=21600"})


def look(kubeconfig: Path) -> Report:
    snapshot = from_cluster(Cluster(Connection.open(kubeconfig)), KINDS)
    return examine(replace(snapshot, outside=Recorded(replies={DOCKER_HUB_PREVIEW: SPENT})), KNOWN)


def findings(kubeconfig: Path, *causes: str) -> list[Finding]:
    """What is found, once it has all these causes."""

    def found() -> list[Finding] | None:
        seen = [root.finding for root in look(kubeconfig).roots if root.finding.severity == "error"]
        return seen if set(causes) <= {each.cause for each in seen} else None

    result: list[Finding] = eventually(found)
    return result


def pod(name: str, image: str, **spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": name}, "spec": {"containers": [{"name": "main", "image": image}], **spec}}


def made(kubeconfig: Path, *pods: dict[str, Any]) -> None:
    with Api(kubeconfig) as api:
        eventually(lambda: api.get("/api/v1/namespaces/default/serviceaccounts")["items"])
        for each in pods:
            api.create(PODS, {"apiVersion": "v1", "kind": "Pod", **each})


def test_registries_that_are_blocked(tmp_path: Path) -> None:
    with served("gcr-blocked", tmp_path) as kubeconfig:
        made(kubeconfig, pod("a", "gcr.io/istio-release/pilot:1"), pod("b", "quay.io/x/y:1"), pod("c", "mysql:8"))

        with Api(kubeconfig) as api:
            eventually(lambda: api.get(f"{PODS}/c")["status"].get("phase") == "Running")

        def both() -> Finding | None:
            [found] = findings(kubeconfig, "img-dns")
            return found if len(found.objects) == 2 else None

        found = eventually(both)
    assert {key.name for key in found.objects} == {"a", "b"}
    assert "2 images from gcr.io, quay.io" in found.title
    assert "m.daocloud.io/gcr.io/istio-release/pilot:1" in found.remedy.commands[-1]


def test_docker_hub_that_counts(tmp_path: Path) -> None:
    with served("docker-hub-rate-limited", tmp_path) as kubeconfig:
        made(kubeconfig, *(pod(f"p{number}", f"acme/image-{number}:1") for number in range(4)))
        [found] = findings(kubeconfig, "rl-dockerhub-pull")
    assert found.title.startswith("docker.io refuses ")
    assert "100 in 6h, 0 of them left" in found.evidence[1].text
    assert found.remedy.commands[0].startswith("kubectl -n default create secret docker-registry docker-io ")


def test_no_class_is_the_default(tmp_path: Path) -> None:
    volumes = [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    with served("no-default-storageclass", tmp_path) as kubeconfig:
        with Api(kubeconfig) as api:
            api.create(CLAIMS, {"metadata": {"name": "data"}, "spec": spec})
        made(kubeconfig, pod("mysql", "mysql:8", volumes=volumes))
        [found] = findings(kubeconfig, "st-no-default-storageclass")
    assert [key.name for key in found.objects] == ["data"]
    assert found.fix is not None
    assert "kubectl patch storageclass standard " in found.remedy.commands[0]


def test_nothing_is_found_where_everything_works(tmp_path: Path) -> None:
    with served("healthy", tmp_path) as kubeconfig:
        made(kubeconfig, pod("a", "gcr.io/x/y:1"), pod("b", "mysql:8"))
        with Api(kubeconfig) as api:
            eventually(lambda: {each["status"].get("phase") for each in api.get(PODS)["items"]} == {"Running"})
        assert [root.finding for root in look(kubeconfig).roots] == []
