"""A whole practice cluster: the API with what a new cluster has, and the controllers behind it."""

from collections.abc import Iterator

from kfinstall.contracts.manifest import Body
from kfinstall.sandbox.controllers.authorities import Authorities
from kfinstall.sandbox.controllers.client import Client
from kfinstall.sandbox.controllers.cron_jobs import CronJobs
from kfinstall.sandbox.controllers.daemon_sets import DaemonSets
from kfinstall.sandbox.controllers.deployments import Deployments
from kfinstall.sandbox.controllers.disruption import Disruption
from kfinstall.sandbox.controllers.endpoints import Endpoints
from kfinstall.sandbox.controllers.ephemeral import Ephemeral
from kfinstall.sandbox.controllers.evictions import Evictions
from kfinstall.sandbox.controllers.garbage import Garbage
from kfinstall.sandbox.controllers.jobs import Jobs
from kfinstall.sandbox.controllers.kubelet import Kubelets
from kfinstall.sandbox.controllers.local import Local
from kfinstall.sandbox.controllers.manager import Manager
from kfinstall.sandbox.controllers.namespaces import Namespaces
from kfinstall.sandbox.controllers.nodes import NODES, nodes_of
from kfinstall.sandbox.controllers.operators import Operators
from kfinstall.sandbox.controllers.provisioner import CLASSES, DRIVER, Provisioner, classes_of
from kfinstall.sandbox.controllers.quotas import Quotas
from kfinstall.sandbox.controllers.replica_sets import ReplicaSets
from kfinstall.sandbox.controllers.roles import Roles
from kfinstall.sandbox.controllers.scheduler import Scheduler
from kfinstall.sandbox.controllers.stateful_sets import StatefulSets
from kfinstall.sandbox.controllers.volumes import Volumes
from kfinstall.sandbox.scenario import Scenario
from kfinstall.sandbox.server.api import Api
from kfinstall.sandbox.types.kinds import GroupResource
from kfinstall.sandbox.types.kubernetes import kubernetes_data

NODE_NETWORK = "10.0"
NAMESPACES = ("default", "kube-system", "kube-public", "kube-node-lease")


class SandboxCluster:
    """authority: the API server's CA certificate, which pods would trust. speed: of pulls, starts and pauses."""

    def __init__(self, scenario: Scenario, *, authority: str = "", speed: float = 1.0) -> None:
        self.api = Api()
        self._scenario = scenario
        cluster = Local(self.api)
        manager = Client(cluster, "kube-controller-manager")
        kubelets = Kubelets(Client(cluster, "kubelet"), scenario, speed)
        self.api.log = kubelets.log
        self._manager = Manager(
            manager,
            [
                Namespaces(manager, authority),
                Garbage(manager),
                Roles(manager),
                Quotas(manager, self.api.store),
                Volumes(manager),
                Provisioner(Client(cluster, DRIVER), scenario),
                Ephemeral(manager),
                Deployments(manager, speed),
                ReplicaSets(manager, speed),
                StatefulSets(manager, speed),
                DaemonSets(manager, speed),
                Jobs(manager, speed),
                CronJobs(manager, speed),
                Endpoints(manager),
                Disruption(manager),
                Evictions(manager, speed),
                Operators(Client(cluster, "operators")),
                Authorities(Client(cluster, "operators"), authority),
                Scheduler(Client(cluster, "default-scheduler")),
                kubelets,
            ],
        )

    def start(self) -> None:
        """Furnish the cluster and let it run."""
        client = Client(Local(self.api), "kube-apiserver")
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
        for storage in classes_of(self._scenario):
            yield CLASSES, "", storage
        for node in nodes_of(self._scenario, NODE_NETWORK):
            yield NODES, "", node
