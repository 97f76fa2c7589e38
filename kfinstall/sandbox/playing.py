"""A scenario's nodes and storage on a cluster that has everything else, such as a control plane without kubelets."""

import contextlib
from types import TracebackType
from typing import Self

from kfinstall.sandbox.controllers.client import PODS, Client, name_of
from kfinstall.sandbox.controllers.kubelet import Kubelets
from kfinstall.sandbox.controllers.manager import Manager
from kfinstall.sandbox.controllers.needs import MAPS, SECRETS
from kfinstall.sandbox.controllers.nodes import NODES, Leases, nodes_of, register, remove
from kfinstall.sandbox.controllers.provisioner import CLAIMS, CLASSES, VOLUMES, Provisioner, classes_of
from kfinstall.sandbox.controllers.remote import Remote, Transport
from kfinstall.sandbox.scenario import Scenario

FOLLOWED = (PODS, NODES, MAPS, SECRETS, CLAIMS, VOLUMES, CLASSES)

NODE_NETWORK, POD_NETWORK = "239.254", "239.255"
"""Endpoints may not be on loopback, and an API server that calls a webhook or fetches a log must not send anything to
a machine that happens to have the address. The kernel refuses a connection to a multicast address at once, so what
nobody serves fails as unreachable, without a packet and without a time-out."""


class Playing:
    """Plays a scenario between `with` and its end, when its nodes, classes and volumes are taken away again.

    transport: requests with the rights of an administrator. speed: of pulls, starts and pauses.
    """

    def __init__(self, transport: Transport, scenario: Scenario, *, speed: float = 1.0) -> None:
        self._cluster = Remote(transport, FOLLOWED)
        self._nodes = list(nodes_of(scenario, NODE_NETWORK))
        self._classes = list(classes_of(scenario))
        self._client = Client(self._cluster, "kubelet")
        self._provisioner = Provisioner(self._client.named("sandbox.kfinstall.io"), scenario)
        kubelets = Kubelets(self._client, scenario, speed, POD_NETWORK)
        leases = Leases(self._client, [node["metadata"]["name"] for node in self._nodes])
        self._manager = Manager(self._client, [leases, kubelets, self._provisioner])
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            stack.callback(self._cluster.stop)
            self._cluster.start()
            for node in self._nodes:
                stack.callback(remove, self._client, node["metadata"]["name"])
                register(self._client, node)
            for each in self._classes:
                stack.callback(self._client.delete, CLASSES, name_of(each))
                self._client.ensure(CLASSES, "", each)
            stack.callback(self._provisioner.remove)
            self._manager.start()
            stack.callback(self._manager.stop)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()
