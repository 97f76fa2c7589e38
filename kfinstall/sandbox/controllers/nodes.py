"""The nodes of a scenario, and the leases by which their kubelets say that they live."""

from collections.abc import Iterable, Iterator

from kfinstall.contracts.manifest import Body
from kfinstall.sandbox.clock import micro_now, now
from kfinstall.sandbox.controllers.client import PODS, Client
from kfinstall.sandbox.controllers.kubelet import addresses
from kfinstall.sandbox.controllers.manager import Key
from kfinstall.sandbox.scenario import Nodes, Scenario
from kfinstall.sandbox.storage.store import Change, Name
from kfinstall.sandbox.types.kinds import GroupResource
from kfinstall.sandbox.types.kubernetes import kubernetes_data

NODES = GroupResource("", "nodes")
LEASES = GroupResource("coordination.k8s.io", "leases")
LEASE_NAMESPACE = "kube-node-lease"
LEASE_SECONDS, RENEWAL_SECONDS = 40, 10.0
"""pkg/kubelet/apis/config/v1beta1/defaults.go: NodeLeaseDurationSeconds, and a quarter of it."""

CONDITIONS = (
    ("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
    ("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    ("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
    ("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
)


def nodes_of(scenario: Scenario, network: str) -> Iterator[Body]:
    """The Node objects, with their status. network: the first half of their addresses, such as 10.0."""
    address = addresses(network)
    for shape in scenario.nodes:
        for number in range(shape.count):
            name = shape.name if shape.count == 1 else f"{shape.name}-{number + 1}"
            yield _node(name, shape, next(address))


class Leases:
    """Renews the leases of nodes: a cluster takes one that is not renewed for dead."""

    def __init__(self, client: Client, names: Iterable[str]) -> None:
        self._client = client
        self._names = frozenset(names)

    def concerns(self, change: Change) -> Iterable[Key]:
        if change.resource == NODES and change.before is None and change.name.name in self._names:
            yield NODES, change.name

    def reconcile(self, key: Key) -> float | None:
        node = self._client.get(*key)
        if node is None:
            return None
        self._client.patch(LEASES, Name(LEASE_NAMESPACE, key[1].name), {"spec": {"renewTime": micro_now()}})
        return RENEWAL_SECONDS


def register(client: Client, node: Body) -> None:
    """Add a node as its kubelet does; one of an earlier run is taken over.

    Admission taints a new node as not ready; its own taints are set once its status is written.
    """
    name = Name("", node["metadata"]["name"])
    client.ensure(NODES, "", {key: value for key, value in node.items() if key != "status"})
    client.patch(NODES, name, {"status": node["status"]}, subresource="status")
    client.patch(NODES, name, {"metadata": {"labels": node["metadata"]["labels"]}, "spec": {"taints": _taints(node)}})
    client.ensure(LEASES, LEASE_NAMESPACE, _lease(name.name))


def remove(client: Client, name: str) -> None:
    """Take a node away with all that is on it: without its kubelet its pods could not be deleted in order."""
    client.delete(NODES, Name("", name))
    client.delete(LEASES, Name(LEASE_NAMESPACE, name))
    for pod in client.all(PODS):
        if pod["spec"].get("nodeName") == name:
            metadata = pod["metadata"]
            client.delete(PODS, Name(metadata["namespace"], metadata["name"]), gracePeriodSeconds=0)


def _taints(node: Body) -> list[Body] | None:
    return node["spec"].get("taints") or None


def _lease(name: str) -> Body:
    return {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": name, "namespace": LEASE_NAMESPACE},
        "spec": {"holderIdentity": name, "leaseDurationSeconds": LEASE_SECONDS, "renewTime": micro_now()},
    }


def _node(name: str, shape: Nodes, address: str) -> Body:
    labels = {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64"}
    times = {"lastHeartbeatTime": now(), "lastTransitionTime": now()}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": {**labels, **shape.labels}},
        "spec": {"taints": [dict(taint) for taint in shape.taints]} if shape.taints else {},
        "status": {
            "capacity": dict(shape.allocatable),
            "allocatable": dict(shape.allocatable),
            "addresses": [{"type": "InternalIP", "address": address}, {"type": "Hostname", "address": name}],
            "conditions": [
                {"type": kind, "status": status, "reason": reason, "message": text, **times}
                for kind, status, reason, text in CONDITIONS
            ],
            "nodeInfo": _info(name),
        },
    }


def _info(name: str) -> Body:
    return {
        "machineID": name,
        "systemUUID": name,
        "bootID": name,
        "kernelVersion": "6.1.0",
        "osImage": "kfinstall sandbox",
        "containerRuntimeVersion": "containerd://2.1.0",
        "kubeletVersion": kubernetes_data().version["gitVersion"],
        "kubeProxyVersion": "",
        "operatingSystem": "linux",
        "architecture": "amd64",
    }
