"""A scenario's nodes on a real control plane: what they leave there, and what they must not reach."""

from __future__ import annotations

import ipaddress
from pathlib import Path

from tests.controlplane.api import Api
from tests.controlplane.cluster import Cluster
from tests.controlplane.playing import playing
from tests.patience import eventually

NODES = "/api/v1/nodes"
LEASES = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"


def names(api: Api, path: str) -> set[str]:
    return {each["metadata"]["name"] for each in api.get(path)["items"]}


def test_nodes_come_live_and_go(control_plane: Cluster, tmp_path: Path) -> None:
    with Api(control_plane.kubeconfig()) as api:
        with playing(control_plane.kubeconfig(), "played-1", "played-2"):
            first = api.get(f"{LEASES}/played-1")["spec"]["renewTime"]
            eventually(lambda: api.get(f"{LEASES}/played-1")["spec"]["renewTime"] > first)
            node = api.get(f"{NODES}/played-1")
            ready = next(each for each in node["status"]["conditions"] if each["type"] == "Ready")
            assert (ready["status"], ready["reason"]) == ("True", "KubeletReady")
            address = next(each["address"] for each in node["status"]["addresses"] if each["type"] == "InternalIP")
            assert ipaddress.ip_address(address).is_multicast
        assert not {"played-1", "played-2"} & names(api, NODES)
        assert not {"played-1", "played-2"} & names(api, LEASES)
