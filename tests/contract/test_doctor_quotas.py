"""The doctor's checks of quotas on what a real API server refuses."""

from typing import Any

import pytest

from checks.quotas import CHECKS, priority_missing, refused
from kfinstall.contracts.manifest import ObjectKey
from kfinstall.doctor.reading import from_cluster
from kfinstall.kube.cluster import Cluster as Handle
from kfinstall.kube.connection import Connection
from tests.controlplane.api import Api
from tests.controlplane.cluster import Cluster
from tests.patience import eventually

KINDS = {kind for check in CHECKS for kind in check.reads | check.also}


def deployment(name: str, **spec: Any) -> dict[str, Any]:
    container = {"name": "main", "image": "example.com/a:1", "resources": {"requests": {"cpu": "2"}}}
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container], **spec}}
    return {"metadata": {"name": name}, "spec": {"selector": {"matchLabels": labels}, "template": template}}


def test_deployments_without_pods(control_plane: Cluster, admin: Api, unique: str) -> None:
    if not control_plane.has_controller_manager:
        pytest.skip("there is no kube-controller-manager")
    admin.create("/api/v1/namespaces", {"metadata": {"name": unique}})
    quotas = f"/api/v1/namespaces/{unique}/resourcequotas"
    admin.create(quotas, {"metadata": {"name": "small"}, "spec": {"hard": {"requests.cpu": "1500m"}}})
    eventually(lambda: "hard" in admin.get(f"{quotas}/small").get("status", {}))
    apps = f"/apis/apps/v1/namespaces/{unique}"
    admin.create(f"{apps}/deployments", deployment("large"))
    admin.create(f"{apps}/deployments", deployment("urgent", priorityClassName=unique))

    def settled() -> bool:
        sets = admin.get(f"{apps}/replicasets")["items"]
        return len(sets) == 2 and all(each["status"].get("conditions") for each in sets)

    eventually(settled)
    snapshot = from_cluster(Handle(Connection.open(control_plane.kubeconfig())), KINDS)
    [quota] = [each for each in refused(snapshot) if each.objects[0].namespace == unique]
    assert quota.objects == (ObjectKey("apps", "Deployment", unique, "large"),)
    assert quota.evidence[0].text == "requests.cpu: 2 asked, 0 of 1.5 used"
    assert f'kubectl -n {unique} patch resourcequota small -p \'{{"spec": {{"hard": {{"requests.cpu": "2"}}}}}}\'' in (
        quota.remedy.commands
    )
    [priority] = [each for each in priority_missing(snapshot) if each.objects[0].namespace == unique]
    assert priority.objects == (ObjectKey("apps", "Deployment", unique, "urgent"),)
    assert f"kubectl create priorityclass {unique} --value=1000" in priority.remedy.commands
