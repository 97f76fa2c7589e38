"""5,000 pods on 500 nodes in a practice cluster, beside a real API server that holds the same pods.

The practice cluster's own scheduler and kubelets bring the pods up; the real server gets copies of them. All in one
run on one machine: only the ratios mean anything elsewhere. Run with `make bench`.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import urllib3
import yaml

from tests.bench.installing import installed
from tests.bench.objects import objects
from tests.controlplane.api import Api
from tests.controlplane.build import ensure_built
from tests.controlplane.server import ControlPlane

NODES, DEPLOYMENTS, REPLICAS = 500, 50, 100
PODS, WIDTH, WATCHERS, CHANGES, PAGE = DEPLOYMENTS * REPLICAS, 8, 10, 100, 500
PATIENCE = 900.0
"""Seconds until every pod has to run."""

SCENARIO = f"""\
title: Many nodes.
nodes:
  - name: node
    count: {NODES}
    allocatable: {{cpu: "8", memory: 32Gi, ephemeral-storage: 100Gi, pods: "110"}}
storageClasses:
  - {{name: standard, default: true}}
"""
META = "g=meta.k8s.io;v=v1"
FORMS = {
    "list, JSON": "application/json",
    "list, Table": f"application/json;as=Table;{META}",
    "list, metadata only": f"application/json;as=PartialObjectMetadataList;{META}",
}
ALL, HERE = "/api/v1/pods", "/api/v1/namespaces/bench/pods"
Times = dict[str, float]


def main() -> int:
    """Measure both and print the table."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        process = stack.enter_context(_sandbox(folder))
        sandbox = stack.enter_context(Api(folder / "kubeconfig"))
        began = time.perf_counter()
        pods = _running(sandbox)
        took, busy = time.perf_counter() - began, _busy(process.pid)
        sys.stdout.write(f"{PODS} pods on {NODES} nodes run after {took:.0f} s, {busy:.0f} s of them on a processor\n")
        ours = _measured(sandbox)
        busy = _busy(process.pid)
        ours |= _installs(folder / "kubeconfig", folder)
        sys.stdout.write(
            f"the two installs took {_busy(process.pid) - busy:.0f} s of the practice cluster's processor\n"
        )
        sys.stdout.write(f"practice cluster: {_peak(process.pid):.0f} MiB at most\n\n")
        plane = stack.enter_context(ControlPlane(ensure_built(), scheduler=False, controller_manager=False))
        real = stack.enter_context(Api(plane.kubeconfig()))
        _copy(real, pods)
        _print(ours, _measured(real) | _installs(plane.kubeconfig(), folder))
    return 0


@contextmanager
def _sandbox(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The process of a practice cluster, once it answers."""
    scenario = folder / "many.yaml"
    scenario.write_text(SCENARIO, encoding="utf-8")
    command = [sys.executable, "-m", "kfinstall.sandbox", "--scenario", str(scenario), "--speed", "1000"]
    with subprocess.Popen([*command, "--folder", str(folder)]) as process:
        try:
            while not (folder / "running.json").exists():
                time.sleep(0.1)
            yield process
        finally:
            process.terminate()


def _running(api: Api) -> list[dict[str, Any]]:
    """The pods of many Deployments, when all of them run."""
    api.create("/api/v1/namespaces", {"metadata": {"name": "bench"}})
    for number in range(DEPLOYMENTS):
        api.create("/apis/apps/v1/namespaces/bench/deployments", _deployment(f"web-{number}"))
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        pods: list[dict[str, Any]] = api.get(HERE, fieldSelector="status.phase=Running")["items"]
        if len(pods) == PODS:
            return pods
        time.sleep(5)
    raise TimeoutError(f"{len(pods)} of {PODS} pods run after {PATIENCE:.0f} s")


def _deployment(name: str) -> dict[str, Any]:
    container = {
        "name": "main",
        "image": "example.com/web:1",
        "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}},
        "env": [{"name": f"NAME_{n}", "value": "value"} for n in range(5)],
    }
    template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [container]}}
    spec = {"replicas": REPLICAS, "selector": {"matchLabels": {"app": name}}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": spec}


def _copy(api: Api, pods: list[dict[str, Any]]) -> None:
    api.create("/api/v1/namespaces", {"metadata": {"name": "bench"}})

    def copied(pod: dict[str, Any]) -> None:
        metadata = {key: pod["metadata"][key] for key in ("name", "namespace", "labels")}
        api.create(HERE, {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": pod["spec"]})
        status = {"status": pod["status"]}
        api.patch(f"{HERE}/{metadata['name']}/status", status)

    with ThreadPoolExecutor(WIDTH) as pool:
        list(pool.map(copied, pods))


def _measured(api: Api) -> Times:
    times = {name: _best(partial(_listed, api, accept)) for name, accept in FORMS.items()}
    times[f"list, pages of {PAGE}"] = _best(lambda: _paged(api))
    times["list by label"] = _best(lambda: _listed(api, "application/json", labelSelector="app=web-7"))
    times["list one"] = _best(lambda: _listed(api, "application/json", limit="1"))
    times[f"{CHANGES} changes to {WATCHERS} watchers"] = _fan_out(api)
    return times


def _best(act: Callable[[], object]) -> float:
    found = []
    for _round in range(3):
        began = time.perf_counter()
        act()
        found.append(time.perf_counter() - began)
    return min(found)


def _listed(api: Api, accept: str, **query: str) -> Any:
    headers = {"Accept": accept}
    api._client.update_params_for_auth(headers, [], ["BearerToken"], ALL, "GET", None)
    pool: urllib3.PoolManager = api._client.rest_client.pool_manager
    return json.loads(pool.request("GET", f"{api._client.configuration.host}{ALL}", fields=query, headers=headers).data)


def _paged(api: Api) -> None:
    token = ""
    while True:
        metadata = _listed(api, "application/json", limit=str(PAGE), **{"continue": token})["metadata"]
        token = metadata.get("continue", "")
        if not token:
            return


def _fan_out(api: Api) -> float:
    """Seconds until every watcher has seen every change."""
    names = [item["metadata"]["name"] for item in api.get(HERE, limit=str(CHANGES))["items"]]
    version = api.get(HERE, limit="1")["metadata"]["resourceVersion"]
    with ThreadPoolExecutor(WATCHERS + WIDTH) as pool:
        watchers = [pool.submit(_seen, api, version, set(names)) for _ in range(WATCHERS)]
        began = time.perf_counter()
        list(pool.map(lambda name: api.patch(f"{HERE}/{name}", {"metadata": {"labels": {"seen": version}}}), names))
        for watcher in watchers:
            watcher.result()
    return time.perf_counter() - began


def _seen(api: Api, version: str, names: set[str]) -> None:
    rest = b""
    with api.watch(HERE, resourceVersion=version) as response:
        while names:
            *lines, rest = (rest + response.read1()).split(b"\n")
            for line in lines:
                metadata = json.loads(line)["object"]["metadata"]
                if metadata.get("labels", {}).get("seen") == version:
                    names = names - {metadata["name"]}


def _installs(kubeconfig: Path, folder: Path) -> Times:
    """Seconds of an install of a whole Kubeflow beside the pods, and of the same install again."""
    file = folder / "manifests" / "all.yaml"
    if not file.exists():
        file.parent.mkdir()
        bodies, source = objects()
        file.write_text(yaml.dump_all(bodies, Dumper=yaml.CSafeDumper, sort_keys=False), encoding="utf-8")
        sys.stdout.write(f"{len(bodies)} objects of {source}\n")
    kubectl, times = ensure_built() / "kubectl", {}
    for name in ("install beside them", "the same again"):
        began = time.perf_counter()
        installed(kubeconfig, kubectl, file, folder / "home")
        times[name] = time.perf_counter() - began
    return times


def _busy(process: int) -> float:
    """Seconds of processor time that a process has used."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")


def _peak(process: int) -> float:
    """MiB of memory that a process had at most."""
    status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))) / 1024


def _print(ours: Times, real: Times) -> None:
    sys.stdout.write(f"{'':34} {'practice':>9} {'kube-apiserver':>15} {'ratio':>7}\n")
    for name, seconds in ours.items():
        sys.stdout.write(f"{name:34} {seconds:7.3f} s {real[name]:13.3f} s {seconds / real[name]:6.1f}x\n")


if __name__ == "__main__":
    sys.exit(main())
