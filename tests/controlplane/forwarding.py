"""A node whose kubelet does one thing: it forwards ports of its pods to a port of this machine.

The API server hands `portforward` on to it, as to any kubelet, over TLS and WebSockets (v4.channel.k8s.io): two
channels for a port, of data and of errors, and the port in the first message of each.
https://github.com/kubernetes/kubernetes/blob/master/staging/src/k8s.io/kubelet/pkg/cri/streaming/portforward/websocket.go
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import socket
import socketserver
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from tests.controlplane.api import Api, Object
from tests.controlplane.certificates import Authority

LOOPBACK = "127.0.0.1"
GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
"""RFC 6455"""

BINARY, CLOSE = 2, 8


@contextlib.contextmanager
def forwarding_node(api: Api, folder: Path, name: str, target: int) -> Iterator[None]:
    """A node of this name; what is forwarded there reaches `target`, a port of this machine."""
    pair = Authority.create(folder, f"{name}-authority").server(name, [LOOPBACK], [name])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate_file, pair.key_file)
    with _Kubelet((LOOPBACK, 0), _Request) as kubelet:
        kubelet.context, kubelet.target = context, target
        threading.Thread(target=kubelet.serve_forever, daemon=True).start()
        api.create("/api/v1/nodes", {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}})
        endpoint = {"kubeletEndpoint": {"Port": kubelet.server_address[1]}}
        addresses = [{"type": "InternalIP", "address": LOOPBACK}]
        api.patch(f"/api/v1/nodes/{name}/status", {"status": {"addresses": addresses, "daemonEndpoints": endpoint}})
        try:
            yield
        finally:
            api.delete(f"/api/v1/nodes/{name}")
            kubelet.shutdown()


def ready_pod(api: Api, namespace: str, name: str, node: str, **labels: str) -> Object:
    """A pod on a node, that is ready; nothing runs."""
    metadata = {"name": name, "namespace": namespace, "labels": labels}
    container = {"name": "main", "image": "example.com/main:1", "ports": [{"containerPort": 8080}]}
    spec = {"nodeName": node, "containers": [container], "automountServiceAccountToken": False}
    path = f"/api/v1/namespaces/{namespace}/pods"
    api.create(path, {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})
    ready = {"type": "Ready", "status": "True"}
    return api.patch(f"{path}/{name}/status", {"status": {"phase": "Running", "conditions": [ready]}})


class _Kubelet(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    context: ssl.SSLContext
    target: int


class _Request(socketserver.BaseRequestHandler):
    server: _Kubelet

    def handle(self) -> None:
        with self.server.context.wrap_socket(self.request, server_side=True) as peer:
            reader = peer.makefile("rb")
            first, *headers = iter(lambda: reader.readline().decode().strip(), "")
            told = {name.lower(): value.strip() for name, _colon, value in (each.partition(":") for each in headers)}
            accept = base64.b64encode(hashlib.sha1((told["sec-websocket-key"] + GUID).encode()).digest()).decode()  # noqa: S324 - RFC 6455
            peer.sendall(
                f"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                f"Sec-WebSocket-Accept: {accept}\r\nSec-WebSocket-Protocol: v4.channel.k8s.io\r\n\r\n".encode()
            )
            port = int(first.split()[1].partition("port=")[2].partition("&")[0]).to_bytes(2, "little")
            peer.sendall(_frame(b"\x00" + port) + _frame(b"\x01" + port))
            self._forward(peer, reader)

    def _forward(self, peer: ssl.SSLSocket, reader: BinaryIO) -> None:
        try:
            target = socket.create_connection((LOOPBACK, self.server.target))
        except OSError as error:
            peer.sendall(_frame(b"\x01" + f"error forwarding port: {error.strerror}".encode()) + _frame(b"", CLOSE))
            return
        with target:
            back = threading.Thread(target=_answers, args=(target, peer), daemon=True)
            back.start()
            for kind, data in _frames(reader):
                if kind == CLOSE:
                    break
                if data[:1] == b"\x00":
                    target.sendall(data[1:])
            back.join(timeout=5)


def _answers(target: socket.socket, peer: ssl.SSLSocket) -> None:
    with contextlib.suppress(OSError):
        while data := target.recv(4096):
            peer.sendall(_frame(b"\x00" + data))
        peer.sendall(_frame(b"", CLOSE))


def _frame(data: bytes, kind: int = BINARY) -> bytes:
    length = bytes([len(data)]) if len(data) < 126 else b"\x7e" + len(data).to_bytes(2, "big")
    return bytes([0x80 | kind]) + length + data


def _frames(reader: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Kind and data of what a client sends: it masks all of it."""
    while head := reader.read(2):
        length = head[1] & 0x7F
        if length == 126:
            length = int.from_bytes(reader.read(2), "big")
        mask = reader.read(4)
        yield head[0] & 0x0F, bytes(each ^ mask[at % 4] for at, each in enumerate(reader.read(length)))
