"""A served model is asked through the API server and the node, and has to answer what is right."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from kfinstall.engine.prediction import predicted
from kfinstall.engine.trials import Question
from kfinstall.errors import ClusterError
from kfinstall.kube.cluster import Cluster
from kfinstall.kube.connection import Connection
from tests.contract import manifests as m
from tests.controlplane.api import Api
from tests.controlplane.cluster import Cluster as ControlPlane
from tests.controlplane.forwarding import forwarding_node, ready_pod

Asked = Callable[[int], str]
SUM = Question("model=it", 8080, "/v1/models/it:predict", {"instances": [[1, 2]]}, {"predictions": [3]})


@contextmanager
def model(status: int, answer: object) -> Iterator[int]:
    """The port of a server that answers so."""

    class Model(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert json.loads(self.rfile.read(int(self.headers["content-length"]))) == SUM.body
            self.send_response(status if self.path == SUM.path else 404)
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the inherited signature
            """Not wanted."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Model) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


@contextmanager
def nobody() -> Iterator[int]:
    """A port at which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        yield probe.getsockname()[1]


@pytest.fixture
def asked(control_plane: ControlPlane, admin: Api, unique: str, tmp_path: Path) -> Asked:
    """What is told of a model at a port of this machine."""
    admin.create("/api/v1/namespaces", m.namespace(unique))
    cluster = Cluster(Connection.open(control_plane.kubeconfig()))

    def ask(port: int) -> str:
        with forwarding_node(admin, tmp_path, unique, port):
            ready_pod(admin, unique, "it-1", unique, model="it")
            return predicted(cluster, unique, SUM)

    return ask


def test_a_model_predicts(asked: Asked) -> None:
    with model(200, {"predictions": [3]}) as port:
        assert asked(port) == '{"predictions": [3]}'


def test_a_model_that_predicts_something_else_is_not_right(asked: Asked) -> None:
    with model(200, {"predictions": [4]}) as port, pytest.raises(ClusterError, match="not what it has to") as refused:
        asked(port)
    assert refused.value.why == 'It says {"predictions": [4]}. predictions: [3]'


def test_a_model_that_refuses_says_why(asked: Asked) -> None:
    with (
        model(500, {"error": "no such input"}) as port,
        pytest.raises(ClusterError, match=r"predict \(500\)") as refused,
    ):
        asked(port)
    assert "no such input" in str(refused.value.why)


def test_a_pod_where_nobody_listens(asked: Asked) -> None:
    with nobody() as port, pytest.raises(ClusterError, match="does not answer at port 8080") as refused:
        asked(port)
    assert "error forwarding port" in str(refused.value.why)
