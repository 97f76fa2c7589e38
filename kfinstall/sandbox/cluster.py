"""A whole practice cluster: the API with what a new cluster has, and the controllers behind it."""

from collections.abc import Iterator

from kfinstall.contracts.manifest import Body
from kfinstall.sandbox.api import Api
from kfinstall.sandbox.controllers.client import Client
from kfinstall.sandbox.controllers.endpoints import Endpoints
from kfinstall.sandbox.controllers.garbage import Garbage
from kfinstall.sandbox.controllers.jobs import Jobs
from kfinstall.sandbox.controllers.kubelet import Kubelets
from kfinstall.sandbox.controllers.manager import Manager
from kfinstall.sandbox.controllers.namespaces import Namespaces
from kfinstall.sandbox.controllers.operators import Operators
from kfinstall.sandbox.controllers.roles import Roles
from kfinstall.sandbox.controllers.scheduler import Scheduler
from kfinstall.sandbox.controllers.storage import PROVISIONER, Storage
from kfinstall.sandbox.controllers.workloads import Workloads
from kfinstall.sandbox.kinds import GroupResource
from kfinstall.sandbox.kubernetes import kubernetes_data
from kfinstall.sandbox.scenario import Nodes, Scenario
from kfinstall.sandbox.writing import now

NAMESPACES = ("default", "kube-system", "kube-public", "kube-node-lease")


class SandboxCluster:
    """authority: the API server's CA certificate, which pods would trust. speed: of pulls, starts and pauses."""

    def __init__(self, scenario: Scenario, *, authority: str = "", speed: float = 1.0) -> None:
        self.api = Api()
        self._scenario = scenario
        manager = Client(self.api, "kube-controller-manager")
        self._manager = Manager(
            manager,
            [
                Namespaces(manager, authority),
                Garbage(manager),
                Roles(manager),
                Storage(manager, scenario, self.api.store),
                Workloads(manager),
                Jobs(manager),
                Endpoints(manager),
                Operators(Client(self.api, "operators")),
                Scheduler(Client(self.api, "kube-scheduler")),
                Kubelets(Client(self.api, "kubelet"), scenario, speed),
            ],
        )

    def start(self) -> None:
        """Furnish the cluster and let it run."""
        client = Client(self.api, "kube-apiserver")
        for name in NAMESPACES:
            client.create(
                GroupResource("", "namespaces"),
                "",
                {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}},
            )
        for resource, namespace, body in self._furniture():
            client.create(resource, namespace, body)
        self._manager.start()

    def stop(self) -> None:
        """End the controllers and all watches."""
        self._manager.stop()
        self.api.store.close()

    def _furniture(self) -> Iterator[tuple[GroupResource, str, Body]]:
        for body in kubernetes_data().objects:
            kind = self.api.kinds.of_body(body)
            if kind is not None:
                yield kind.key, "", body
        labels = {"component": "apiserver", "provider": "kubernetes"}
        yield (
            GroupResource("", "services"),
            "default",
            {
                "apiVersion": "v1",
                "kind": "Service",
                "metadata": {"name": "kubernetes", "labels": labels},
                "spec": {"clusterIP": "10.96.0.1", "ports": [{"name": "https", "port": 443, "targetPort": 6443}]},
            },
        )
        yield from self._scenario.user.furniture()
        for storage in self._scenario.storage_classes:
            annotations = {"storageclass.kubernetes.io/is-default-class": str(storage.default).lower()}
            yield (
                GroupResource("storage.k8s.io", "storageclasses"),
                "",
                {
                    "apiVersion": "storage.k8s.io/v1",
                    "kind": "StorageClass",
                    "metadata": {"name": storage.name, "annotations": annotations},
                    "provisioner": PROVISIONER,
                    "volumeBindingMode": storage.binding,
                },
            )
        for shape in self._scenario.nodes:
            for number in range(shape.count):
                name = shape.name if shape.count == 1 else f"{shape.name}-{number + 1}"
                yield GroupResource("", "nodes"), "", _node(name, shape)


def _node(name: str, shape: Nodes) -> Body:
    labels = {
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
        **shape.labels,
    }
    version = kubernetes_data().version["gitVersion"]
    verdicts = (
        ("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
        ("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
        ("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
        ("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
    )
    moment = now()
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": labels},
        "spec": {"taints": [dict(taint) for taint in shape.taints]} if shape.taints else {},
        "status": {
            "capacity": dict(shape.allocatable),
            "allocatable": dict(shape.allocatable),
            "addresses": [{"type": "InternalIP", "address": "10.0.0.1"}, {"type": "Hostname", "address": name}],
            "conditions": [
                {
                    "type": kind,
                    "status": status,
                    "reason": reason,
                    "message": text,
                    "lastHeartbeatTime": moment,
                    "lastTransitionTime": moment,
                }
                for kind, status, reason, text in verdicts
            ],
            "nodeInfo": {
                "machineID": name,
                "systemUUID": name,
                "bootID": name,
                "kernelVersion": "6.1.0",
                "osImage": "kfinstall sandbox",
                "containerRuntimeVersion": "containerd://2.1.0",
                "kubeletVersion": version,
                "kubeProxyVersion": "",
                "operatingSystem": "linux",
                "architecture": "amd64",
            },
        },
    }
