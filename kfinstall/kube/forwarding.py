"""A port of this machine that leads to a Service, through the API server: what `kubectl port-forward` does.

https://kubernetes.io/docs/reference/generated/kubernetes-api/v1.34/#portforward-pod-v1-core; over WebSockets, as the
kubelet has had it from the beginning (v4.channel.k8s.io).
"""

import contextlib
import socket
import socketserver
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from kubernetes.stream.ws_client import PortForward

from kfinstall.contracts.manifest import Body
from kfinstall.errors import ClusterError, UsageError
from kfinstall.facts.objects.conditions import holds
from kfinstall.facts.pods.pod_trouble import trouble
from kfinstall.kube.cluster import Cluster
from kfinstall.words import _

LOOPBACK = "127.0.0.1"
CHUNK = 65536


@dataclass(frozen=True, slots=True)
class Reached:
    """A pod, and one connection to a port of it."""

    pod: str
    port: int
    tunnel: PortForward

    @property
    def stream(self) -> socket.socket:
        found: socket.socket = self.tunnel.socket(self.port)
        return found

    @property
    def refusal(self) -> str:
        """What the kubelet says when nothing listens there; "" when it says nothing."""
        return self.tunnel.error(self.port) or ""


class Forwarding:
    """Listens on this machine only, from `with` on. port: 0 for any that is free.

    A pod is chosen anew for each connection, so that one that went and came again is found by the next connection.
    failed: told why a connection did not come about.
    """

    def __init__(
        self, cluster: Cluster, service: str, service_port: int, port: int, failed: Callable[[ClusterError], None]
    ) -> None:
        self._cluster = cluster
        self._namespace, _slash, self._name = service.partition("/")
        self._service_port = service_port
        self._failed = failed
        try:
            self._server = _Listener((LOOPBACK, port), self._carry)
        except OSError as error:
            raise UsageError(
                _("Port {port} of this machine cannot be used.").format(port=port),
                why=error.strerror or "",
                fix=_("Choose another one with --port."),
            ) from error

    @property
    def port(self) -> int:
        """Of this machine."""
        return int(self._server.server_address[1])

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def reach(self) -> Reached:
        """A way to a ready pod. Raises ClusterError."""
        pods = f"/api/v1/namespaces/{self._namespace}/pods"
        service = self._cluster.connection.get(f"/api/v1/namespaces/{self._namespace}/services/{self._name}")
        selector = ",".join(f"{key}={value}" for key, value in (service["spec"].get("selector") or {}).items())
        found = list(self._cluster.items(pods, selector=selector)) if selector else []
        pod = next((each for each in found if _is_ready(each)), None)
        if pod is None:
            raise ClusterError(
                _("No pod of the Service {name} is ready.").format(name=f"{self._namespace}/{self._name}"),
                why="; ".join(f"{each['metadata']['name']}: {trouble(each)}" for each in found if trouble(each)),
                fix=_("See what is wrong with: kfinstall doctor"),
            )
        port = _port_of(pod, service, self._service_port)
        name = pod["metadata"]["name"]
        return Reached(name, port, self._cluster.connection.tunnel(f"{pods}/{name}/portforward", port))

    def _carry(self, local: socket.socket) -> None:
        try:
            reached = self.reach()
        except ClusterError as error:
            self._failed(error)
            return
        with contextlib.closing(reached.stream) as remote:
            back = threading.Thread(target=_copy, args=(remote, local), daemon=True)
            back.start()
            _copy(local, remote)
            back.join()
        if reached.refusal:
            message = _("Pod {pod} does not answer at port {port}.").format(pod=reached.pod, port=reached.port)
            self._failed(ClusterError(message, why=reached.refusal))


class _Listener(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, address: tuple[str, int], carry: Callable[[socket.socket], None]) -> None:
        self.carry = carry
        super().__init__(address, _Accepted)


class _Accepted(socketserver.BaseRequestHandler):
    server: _Listener

    def handle(self) -> None:
        self.server.carry(self.request)


def _copy(source: socket.socket, sink: socket.socket) -> None:
    """Until one of the two has enough; then neither is read any more."""
    with contextlib.suppress(OSError):
        while data := source.recv(CHUNK):
            sink.sendall(data)
    for each in (source, sink):
        with contextlib.suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)


def _is_ready(pod: Body) -> bool:
    return holds(pod, "Ready") is True and not pod["metadata"].get("deletionTimestamp")


def _port_of(pod: Body, service: Body, wanted: int) -> int:
    """The pod's port behind a Service's: a number, or the name of one of its containers' ports."""
    ports = service["spec"].get("ports") or ()
    entry: Mapping[str, Any] = next((each for each in ports if each["port"] == wanted), {})
    target = entry.get("targetPort", wanted)
    if isinstance(target, int):
        return target
    return next((number for name, number in _named_ports(pod) if name == target), wanted)


def _named_ports(pod: Body) -> Iterator[tuple[str, int]]:
    for container in pod["spec"]["containers"]:
        for port in container.get("ports") or ():
            yield port.get("name", ""), port["containerPort"]
