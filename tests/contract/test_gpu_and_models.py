"""Device plugins and the claims of models on a real API server: taken as they are, bound, and undone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kfinstall.errors import PlanRefused
from tests.contract import manifests as m
from tests.contract.adapted import Adapted
from tests.contract.test_rights import kubeflow
from tests.contract.test_uninstall import exists
from tests.controlplane.api import Api
from tests.controlplane.server import ControlPlane
from tests.patience import eventually

PLUGIN = "/apis/apps/v1/namespaces/kube-system/daemonsets/{}"
NFS = {"type": "nfs", "server": "files.example.com", "path": "/models"}


@pytest.fixture
def api(fresh_control_plane: ControlPlane) -> Iterator[Api]:
    with Api(fresh_control_plane.kubeconfig()) as opened:
        yield opened


def test_a_plugin_stands_alone_and_goes(fresh_control_plane: ControlPlane, api: Api, tmp_path: Path) -> None:
    label = {"nvidia.com/gpu.present": "true"}
    taints = [{"key": "sku", "value": "gpu", "effect": "NoSchedule"}]
    node = m.named("v1", "Node", "gpu-0", spec={"taints": taints})
    node["metadata"]["labels"] = label
    api.create("/api/v1/nodes", node)
    kubeconfig, state = fresh_control_plane.kubeconfig(), tmp_path / "state"
    for vendor, name in (("nvidia", "nvidia-device-plugin-daemonset"), ("amd", "amdgpu-device-plugin-daemonset")):
        installer = Adapted(kubeconfig, state, vendor, document={"gpu": {"plugin": vendor}})
        installer.install([m.config_map("settings", "default", vendor=vendor)]).succeeded()
        again = installer.install([m.config_map("settings", "default", vendor=vendor)])
        assert again.counts == {"unchanged": 2}
        keys = [each.get("key") for each in api.get(PLUGIN.format(name))["spec"]["template"]["spec"]["tolerations"]]
        assert ("sku" in keys) == (vendor == "nvidia"), "the node has a GPU of NVIDIA's"
        another = Adapted(kubeconfig, state, "another", document={"gpu": {"plugin": vendor}})
        with pytest.raises(PlanRefused, match="the cluster has one"):
            another.manifests([])
        installer.uninstall()
        assert not exists(api, PLUGIN.format(name))


def test_the_folder_of_models_is_bound_in_the_namespace_of_a_profile(
    fresh_control_plane: ControlPlane, api: Api, tmp_path: Path
) -> None:
    document = {
        "rbac": {"profiles": [{"name": "ada", "owner": "ada@example.com"}]},
        "serving": {"component": "kserve", "models": NFS},
    }
    services = m.definition("serving.kserve.io", "inferenceservices", "InferenceService")
    installer = Adapted(fresh_control_plane.kubeconfig(), tmp_path / "state", "kf", document=document)
    installer.install([*kubeflow(), services]).succeeded()
    claim = "/api/v1/namespaces/ada/persistentvolumeclaims/models"
    if fresh_control_plane.has_controller_manager:
        eventually(lambda: api.get(claim)["status"].get("phase") == "Bound")
    assert api.get(claim)["spec"]["volumeName"] == "kfinstall-models-ada"
    assert api.get("/api/v1/namespaces/ada/serviceaccounts/kfinstall-models")
    assert set(installer.install([*kubeflow(), services]).counts) <= {"unchanged", "met"}
