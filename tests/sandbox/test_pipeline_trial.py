"""A run of Pipelines through their API: asked of a server on loopback that answers as theirs does."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from kfinstall.engine.attempts import OWNER, Attempts, Tried
from kfinstall.engine.pipeline_run import PipelineRun
from kfinstall.engine.trials import trials
from kfinstall.errors import Interrupted
from kfinstall.kube.cluster import Cluster
from kfinstall.kube.connection import Connection

API = "/apis/v2beta1"
FAILED = {
    "state": "FAILED",
    "run_details": {"task_details": [{"state": "FAILED", "error": {"message": "driver: bucket not found"}}]},
}


@dataclass
class Pipelines:
    """What was asked of the API, and what it says of the run, one after the other. lacks: whether it is an old one."""

    says: list[dict[str, Any]]
    lacks: bool = False
    asked: list[tuple[str, str, Any, str]] = field(default_factory=list)

    def answer(self, method: str, path: str) -> tuple[int, Any]:
        if self.lacks:
            return 404, {"error": "Not Found", "code": 5, "message": "Not Found"}
        if method == "GET":
            return 200, {"run_id": "r1", **(self.says.pop(0) if len(self.says) > 1 else self.says[0])}
        made = {f"{API}/experiments": {"experiment_id": "e1"}, f"{API}/runs": {"run_id": "r1"}}
        return 200, made.get(path, {})


@pytest.fixture
def serve() -> Iterator[Any]:
    """Starts the API."""
    servers = []

    def started(says: list[dict[str, Any]], *, lacks: bool = False) -> tuple[Pipelines, str]:
        pipelines = Pipelines(says, lacks)

        class Handler(BaseHTTPRequestHandler):
            def reply(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers.get("content-length") or 0)) or b"null")
                pipelines.asked.append((self.command, self.path, body, self.headers.get("kubeflow-userid", "")))
                status, answer = pipelines.answer(self.command, self.path)
                content = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_DELETE = reply  # noqa: N815 - names of the library

            def log_message(self, *arguments: object) -> None:
                """Tests have a log of their own."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return pipelines, f"http://127.0.0.1:{server.server_address[1]}"

    yield started
    for server in servers:
        server.shutdown()
        server.server_close()


def tried(address: str, kubeconfig: Path, stopped: threading.Event | None = None, patience: float = 30.0) -> Tried:
    """As `kfinstall test pipeline` does, once the way to the server is there."""
    trial = next(each for each in trials() if each.name == "pipeline").filled(image="example.com/notebook:1")
    cluster = Cluster(Connection.open(kubeconfig, None))
    attempts = Attempts(cluster, {}, stopped or threading.Event(), lambda: "The bucket is not there")
    return attempts.run_pipeline(trial, PipelineRun(address, OWNER), patience)


def test_a_run_is_started_in_the_users_name_and_forgotten(serve: Any, healthy: Path) -> None:
    pipelines, address = serve([{"state": "PENDING"}, {"state": "RUNNING"}, {"state": "SUCCEEDED"}])
    found = tried(address, healthy)
    assert (found.why, found.because) == ("", "")
    assert [(method, path) for method, path, _body, _user in pipelines.asked] == [
        ("POST", f"{API}/experiments"),
        ("POST", f"{API}/runs"),
        *[("GET", f"{API}/runs/r1")] * 3,
        ("DELETE", f"{API}/runs/r1"),
        ("DELETE", f"{API}/experiments/e1"),
    ]
    assert {user for _method, _path, _body, user in pipelines.asked} == {OWNER}
    run = pipelines.asked[1][2]
    assert run["experiment_id"] == "e1"
    container = run["pipeline_spec"]["deploymentSpec"]["executors"]["exec-train"]["container"]
    assert container["image"] == "example.com/notebook:1"
    assert "accuracy" in container["command"][-1]


def test_a_run_that_fails_says_why_and_the_doctor_is_asked(serve: Any, healthy: Path) -> None:
    pipelines, address = serve([FAILED])
    found = tried(address, healthy)
    assert (found.why, found.because) == ("driver: bucket not found", "The bucket is not there")
    assert pipelines.asked[-1][:2] == ("DELETE", f"{API}/experiments/e1")


def test_a_run_that_hangs_is_given_up(serve: Any, healthy: Path) -> None:
    _pipelines, address = serve([{"state": "RUNNING"}])
    assert tried(address, healthy, patience=1.0).why == "It did not come to its end within 1 s."


def test_a_stop_takes_the_run_away(serve: Any, healthy: Path) -> None:
    pipelines, address = serve([{"state": "RUNNING"}])
    stopped = threading.Event()
    stopped.set()
    with pytest.raises(Interrupted):
        tried(address, healthy, stopped)
    assert [each[:2] for each in pipelines.asked[-2:]] == [
        ("DELETE", f"{API}/runs/r1"),
        ("DELETE", f"{API}/experiments/e1"),
    ]


def test_pipelines_without_this_api_say_so(serve: Any, healthy: Path) -> None:
    _pipelines, address = serve([{}], lacks=True)
    assert tried(address, healthy).why == f"The API of Pipelines refuses POST {API}/experiments (404). Not Found"


def test_a_server_that_is_gone_is_told(healthy: Path) -> None:
    assert tried("http://127.0.0.1:9", healthy).why.startswith("The API of Pipelines does not answer.")
