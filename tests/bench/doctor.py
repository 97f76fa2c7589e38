"""The doctor on a large cluster: 5,000 pods, 500 nodes, 20,000 events, a fifth of the pods in trouble.

The cluster is the practice cluster's API, in a process of its own and filled directly; kubectl reads the same objects
in the same run. Run with `make bench`.
"""

import multiprocessing
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from kfinstall.contracts.manifest import Body
from kfinstall.sandbox.__main__ import kubeconfig
from kfinstall.sandbox.access.rights import CLUSTER_ADMIN
from kfinstall.sandbox.running import CONTEXT
from kfinstall.sandbox.server.api import Api
from kfinstall.sandbox.server.certificates import make_certificate
from kfinstall.sandbox.server.http import LOOPBACK, Server
from kfinstall.sandbox.server.requests import Answer, Request
from kfinstall.sandbox.storage.store import Name
from tests.controlplane.build import ensure_built

NODES, PODS, EVENTS = 500, 5_000, 20_000
KINDS = "pods,nodes,events"
NAMESPACE = "kubeflow"
MOMENT = "2026-01-01T00:00:00Z"


@dataclass(frozen=True)
class Cost:
    """Of one process. seconds: on the clock. cpu: seconds of its own. memory: MiB at its peak."""

    seconds: float
    cpu: float
    memory: float


def main() -> int:
    """Print the table."""
    kubectl = ensure_built() / "kubectl"
    tree = Path(__file__).parents[2]
    compiled = [
        sys.executable,
        "-m",
        "compileall",
        "-q",
        *(str(tree / name) for name in ("kfinstall", "checks", "platforms")),
    ]
    subprocess.run(compiled, check=True)  # as pip does it when it installs
    with tempfile.TemporaryDirectory() as folder:
        kubeconfig = Path(folder) / "kubeconfig"
        ours, theirs = multiprocessing.Pipe()
        server = multiprocessing.get_context("spawn").Process(target=_serve, args=(Path(folder), theirs))
        server.start()
        try:
            ours.recv()
            sys.stdout.write(f"\n{PODS} pods, {NODES} nodes, {EVENTS} events\n\n")
            read = _measured(ours, kubeconfig, [str(kubectl), "get", KINDS, "-A", "-o", "json"], "kubectl get")
            examined = _measured(ours, kubeconfig, [sys.executable, "-m", "kfinstall", "doctor"], "kfinstall doctor")
            sys.stdout.write(
                f"\nkfinstall doctor takes {examined.seconds / read.seconds:.1f}x the time of kubectl get, "
            )
            sys.stdout.write(f"{examined.memory / read.memory:.1f}x its memory\n")
        finally:
            server.terminate()
            server.join()
    return 0


def _measured(server: Connection, kubeconfig: Path, command: list[str], name: str) -> Cost:
    server.send("count")
    before = server.recv()
    cost = _cost(command, {**os.environ, "KUBECONFIG": str(kubeconfig)})
    server.send("count")
    requests = server.recv() - before
    sys.stdout.write(
        f"{name:20} {cost.seconds:5.1f} s  {cost.cpu:5.1f} s of CPU  {cost.memory:5.0f} MiB  {requests} requests\n"
    )
    return cost


def _cost(command: list[str], environment: dict[str, str]) -> Cost:
    began = time.perf_counter()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _pid, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - began
    return Cost(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def _serve(folder: Path, parent: Connection) -> None:
    """The process of the cluster: filled, then served; tells how many requests it had when it is asked."""
    api = _Counting()
    for body in (*_nodes(), *_pods(), *_events()):
        kind = api.kinds.of_body(body)
        assert kind is not None
        metadata = body["metadata"]
        api.store.put(kind.key, Name(metadata.get("namespace", ""), metadata["name"]), body)
    make_certificate(folder, LOOPBACK)
    authority = (folder / "tls.crt").read_text(encoding="utf-8")
    token = secrets.token_urlsafe(32)
    api.tokens.add(token, CLUSTER_ADMIN.user())
    server = Server(api, folder)
    server.start()
    (folder / "kubeconfig").write_text(kubeconfig(server.url, authority, {CONTEXT: token}), encoding="utf-8")
    parent.send("ready")
    while parent.recv():
        parent.send(api.requests)


class _Counting(Api):
    requests = 0

    def answer(self, request: Request) -> Answer:
        self.requests += 1
        return super().answer(request)


def _nodes() -> Iterator[Body]:
    allocatable = {"cpu": "8", "memory": "32Gi", "ephemeral-storage": "100Gi", "pods": "110"}
    for number in range(NODES):
        conditions = [{"type": "Ready", "status": "True", "reason": "KubeletReady"}]
        yield _body("Node", f"node-{number}", status={"allocatable": allocatable, "capacity": allocatable,
                                                      "conditions": conditions})  # fmt: skip


def _pods() -> Iterator[Body]:
    for number in range(PODS):
        image = f"quay.io/team/app-{number % 200}:1"
        asked = {"cpu": "500m", "memory": "1Gi"}
        env = [{"name": f"VARIABLE_{n}", "value": "x" * 40} for n in range(20)]
        container = {
            "name": "main",
            "image": image,
            "env": env,
            "resources": {"requests": asked, "limits": asked},
        }
        spec = {"containers": [container], "nodeName": f"node-{number % NODES}", "serviceAccountName": "default"}
        body = _body("Pod", f"pod-{number}", NAMESPACE, spec=spec, status=_status(number, image, spec))
        body["metadata"]["labels"] = {"app": f"app-{number % 200}"}  # the pods of a workload have its labels
        yield body


def _status(number: int, image: str, spec: Body) -> Body:
    """Of ten pods one is not pulled, one fits nowhere, eight run."""
    match number % 10:
        case 0:
            message = (
                f'failed to do request: Head "https://quay.io/v2/": dial tcp: lookup quay.io: no such host ({image})'
            )
            state: Body = {"waiting": {"reason": "ErrImagePull", "message": message}}
        case 1:
            del spec["nodeName"]
            message = f"0/{NODES} nodes are available: {NODES} Insufficient memory."
            unscheduled = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}
            return {"phase": "Pending", "conditions": [unscheduled]}
        case _:
            state = {"running": {"startedAt": MOMENT}}
    ready = "running" in state
    statuses = [{"name": "main", "image": image, "ready": ready, "restartCount": 0, "state": state}]
    conditions = [{"type": "Ready", "status": str(ready)}, {"type": "PodScheduled", "status": "True"}]
    return {"phase": "Running" if ready else "Pending", "conditions": conditions, "containerStatuses": statuses}


def _events() -> Iterator[Body]:
    for number in range(EVENTS):
        pod = f"pod-{number % PODS}"
        yield _body(
            "Event", f"{pod}.{number:x}", NAMESPACE,
            involvedObject={"apiVersion": "v1", "kind": "Pod", "namespace": NAMESPACE, "name": pod, "uid": pod},
            reason="FailedScheduling", message=f"0/{NODES} nodes are available: {NODES} Insufficient memory.",
            type="Warning", count=number % 7 + 1, firstTimestamp=MOMENT, lastTimestamp=MOMENT,
            source={"component": "default-scheduler"},
        )  # fmt: skip


def _body(kind: str, name: str, namespace: str = "", **fields: Any) -> Body:
    metadata = {"name": name, "uid": name, "creationTimestamp": MOMENT, "labels": {"app": name, "team": "a"}}
    return {"apiVersion": "v1", "kind": kind, "metadata": metadata | ({"namespace": namespace} if namespace else {}),
            **fields}  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
