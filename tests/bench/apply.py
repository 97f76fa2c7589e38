"""Applying a whole Kubeflow: kfinstall against the official loop, one pass of kubectl and a naive parallel client.

Every contender gets a fresh control plane and the same objects, in one run on one machine: only the ratios mean
anything elsewhere. Run with `make bench`.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from kubernetes.client import ApiClient
from kubernetes.client.exceptions import ApiException
from kubernetes.config import new_client_from_config
from kubernetes.dynamic import DynamicClient
from kubernetes.dynamic.exceptions import ResourceNotFoundError

from tests.bench.installing import installed
from tests.bench.objects import objects
from tests.bench.startup import startup
from tests.controlplane.build import ensure_built
from tests.controlplane.fixtures import started
from tests.controlplane.server import ControlPlane

PAUSE = 20.0
"""Seconds between two tries of the official loop: https://github.com/kubeflow/manifests#install-with-a-single-command."""

WIDTH = 8
"""Requests that the naive client has under way."""


@dataclass(frozen=True)
class Contender:
    """apply: brings the objects of a file into a cluster; called a second time, it finds them there."""

    name: str
    apply: Callable[[ControlPlane, Path], None]


def main() -> int:
    """Measure everything and print the table."""
    startup()
    binaries = ensure_built()
    with tempfile.TemporaryDirectory() as folder:
        manifests = Path(folder) / "manifests" / "all.yaml"
        manifests.parent.mkdir()
        bodies, source = objects()
        manifests.write_text(yaml.dump_all(bodies, Dumper=yaml.CSafeDumper, sort_keys=False), encoding="utf-8")
        sys.stdout.write(f"\n{len(bodies)} objects of {source}\n\n")
        times = {each.name: _measured(each, binaries, manifests) for each in _contenders(Path(folder))}
    _print(times)
    return 0


def _contenders(folder: Path) -> Iterator[Contender]:
    yield Contender("official loop", _loop)
    yield Contender("kubectl, one pass", _one_pass)
    yield Contender("naive parallel client", _naive)
    yield Contender("kfinstall, nothing cached", lambda cluster, file: _kfinstall(cluster, file, folder / "cold"))
    yield Contender("kfinstall, rendered before", lambda cluster, file: _kfinstall(cluster, file, folder / "cold"))


def _measured(contender: Contender, binaries: Path, manifests: Path) -> tuple[float, float]:
    """Seconds of a fresh install and of applying the same again."""
    with started(binaries) as cluster:
        fresh, again = (_timed(contender, cluster, manifests) for _round in range(2))
    sys.stdout.write(f"{contender.name:28} {fresh:7.1f} s  {again:7.1f} s\n")
    sys.stdout.flush()
    return fresh, again


def _timed(contender: Contender, cluster: ControlPlane, manifests: Path) -> float:
    began = time.perf_counter()
    contender.apply(cluster, manifests)
    return time.perf_counter() - began


def _print(times: dict[str, tuple[float, float]]) -> None:
    """Each contender's time as a multiple of kfinstall's."""
    ours = times["kfinstall, rendered before"]
    sys.stdout.write(f"\n{'as a multiple of the last':28} {'fresh':>9}  {'again':>9}\n")
    for name, (fresh, again) in times.items():
        sys.stdout.write(f"{name:28} {fresh / ours[0]:8.1f}x  {again / ours[1]:8.1f}x\n")


def _kubectl(cluster: ControlPlane, file: Path) -> bool:
    command = [str(cluster.kubectl), "apply", "--server-side", "--force-conflicts", "-f", str(file)]
    environment = {**os.environ, "KUBECONFIG": str(cluster.kubeconfig())}
    return subprocess.run(command, env=environment, capture_output=True, check=False).returncode == 0


def _one_pass(cluster: ControlPlane, file: Path) -> None:
    """The first pass fails for some objects; what counts here is how long it takes."""
    _kubectl(cluster, file)


def _loop(cluster: ControlPlane, file: Path) -> None:
    while not _kubectl(cluster, file):
        time.sleep(PAUSE)


def _kfinstall(cluster: ControlPlane, file: Path, home: Path) -> None:
    installed(cluster.kubeconfig(), cluster.kubectl, file, home)


def _naive(cluster: ControlPlane, file: Path) -> None:
    """All at once with the official client, and again whatever was refused."""
    bodies = [body for body in yaml.load_all(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader) if body]
    client: ApiClient = new_client_from_config(str(cluster.kubeconfig()))
    with ThreadPoolExecutor(WIDTH) as pool:
        while bodies:
            dynamic = DynamicClient(client)  # discovers anew, as the definitions come; not by several threads
            resources = [_resource(dynamic, body) for body in bodies]
            done = list(pool.map(_applied, [dynamic] * len(bodies), resources, bodies))
            bodies = [body for body, fine in zip(bodies, done, strict=True) if not fine]


def _resource(dynamic: DynamicClient, body: dict[str, Any]) -> Any:
    try:
        return dynamic.resources.get(api_version=body["apiVersion"], kind=body["kind"])
    except ResourceNotFoundError:
        return None


def _applied(dynamic: DynamicClient, resource: Any, body: dict[str, Any]) -> bool:
    if resource is None:
        return False
    try:
        dynamic.server_side_apply(
            resource,
            body=body,
            name=body["metadata"]["name"],
            namespace=body["metadata"].get("namespace") or "default",
            field_manager="naive",
            force_conflicts=True,
        )
    except ApiException:
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
