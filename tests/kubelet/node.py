"""A node: a kubelet, containerd and a registry, in a process and a mount namespace of their own.

The kubelet is the first process of its namespace. When it ends, the kernel ends all others in it, those of the
containers too, and what they mounted goes with the last of them. It ends, at the latest, when whoever started it does:
see leash() in main.go.
"""

from __future__ import annotations

import contextlib
import json
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.controlplane.folder import StateFolder
from tests.controlplane.processes import Process
from tests.controlplane.server import ControlPlane, free_ports
from tests.kubelet.images import Repository
from tests.kubelet.programs import SEARCHED
from tests.kubelet.registries import LOOPBACK, Registries

NAME = "localhost"
"""The API server asks a kubelet for logs at the name of its node."""
PAUSE = "registry.k8s.io/pause:3.10"
UNRESOLVED = "registry.invalid"
"""Asked without the proxy, so the node itself looks for a name that cannot exist (RFC 2606)."""
STARTUP_SECONDS = 60.0
POLL_SECONDS = 0.05

# The settings of the kernel that a kubelet changes are copies, which only it sees.
SCRIPT = """\
#!/bin/sh -e
export PATH={path}
if [ "$1" != inside ]; then
    unshare --mount --pid --fork --kill-child --mount-proc "$0" inside || true
    find /sys/fs/cgroup -depth -type d -path '*/{cgroup}*' -exec rmdir {{}} +
    exit
fi
if [ -e /sys/fs/cgroup/cgroup.controllers ]; then roots=/sys/fs/cgroup; else roots=/sys/fs/cgroup/*; fi
for root in $roots; do mkdir -p $root/{cgroup}; done
mount -t tmpfs run /run
mount -t tmpfs log /var/log
for setting in vm/overcommit_memory vm/panic_on_oom kernel/panic kernel/panic_on_oops kernel/keys/root_maxkeys \\
    kernel/keys/root_maxbytes
do
    copy=/run/$(basename $setting)
    cat /proc/sys/$setting > $copy
    mount --bind $copy /proc/sys/$setting
done
docker-registry serve registry.yaml < /dev/null > registry.log 2>&1 &
HTTPS_PROXY={proxy} NO_PROXY={unresolved} SSL_CERT_FILE={authority} \\
    containerd --config containerd.toml < /dev/null > containerd.log 2>&1 &
until [ -S /run/containerd/containerd.sock ]; do sleep 0.05; done
exec {kubelet} --config=kubelet.yaml --kubeconfig={kubeconfig} --hostname-override={name} \\
    --root-dir=$PWD/kubelet --cert-dir=$PWD/kubelet/pki
"""

# There is no network for pods: they use the node's. Without a configuration of one, however, no node gets ready.
CONTAINERD = """\
version = 2
root = "{folder}/containerd"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{pause}"
  restrict_oom_score_adj = true
  containerd.snapshotter = "native"
  cni.conf_dir = "{folder}/network"
"""
NETWORK = {"cniVersion": "1.0.0", "name": "none", "plugins": [{"type": "none"}]}


@dataclass(frozen=True)
class Node:
    """A node that runs, and the registries that it pulls from."""

    process: Process
    registries: Registries
    program: Path

    def publish(self, image: str, architecture: str = "amd64") -> None:
        """Have an image of the workload, under its full name, in its registry."""
        repository, _, tag = image.partition("/")[2].rpartition(":")
        Repository(self.registries.port, repository).push(tag, self.program, architecture)

    def logs(self) -> str:
        """The tail of each process's log."""
        return self.process.tail()


@contextlib.contextmanager
def joined(control_plane: ControlPlane, binaries: Path) -> Iterator[Node]:
    """A node of the control plane, meanwhile. binaries: the folder of kubelet and workload."""
    state = StateFolder.create()
    try:
        registry_port, kubelet_port = free_ports(2)
        registries = Registries(registry_port, state.path)
        _configure(state.path, registry_port, kubelet_port, control_plane.ca_file)
        script = _script(state.path, registries, binaries / "kubelet", control_plane.kubeconfig())
        with registries.serving(), _running(script) as process:
            _wait_until(lambda: _listens(registry_port), process)
            node = Node(process, registries, binaries / "workload")
            node.publish(PAUSE)
            yield node
    finally:
        state.remove()


@contextlib.contextmanager
def _running(script: Path) -> Iterator[Process]:
    process = Process.start(script, [], script.parent)
    try:
        yield process
    finally:
        assert process.popen.stdin
        process.popen.stdin.close()  # the leash
        process.popen.wait()


def _script(folder: Path, registries: Registries, kubelet: Path, kubeconfig: Path) -> Path:
    path = folder / "node"
    text = SCRIPT.format(
        path=SEARCHED,
        cgroup=folder.name,
        proxy=registries.url,
        unresolved=UNRESOLVED,
        authority=registries.authority,
        kubelet=kubelet,
        kubeconfig=kubeconfig,
        name=NAME,
    )
    path.write_text(text)
    path.chmod(0o700)
    return path


def _configure(folder: Path, registry_port: int, kubelet_port: int, authority: Path) -> None:
    registry = {
        "version": "0.1",
        "storage": {"inmemory": {}},
        "http": {"addr": f"{LOOPBACK}:{registry_port}", "secret": folder.name},
        "log": {"level": "warn", "accesslog": {"disabled": True}},
    }
    (folder / "registry.yaml").write_text(yaml.safe_dump(registry))
    (folder / "containerd.toml").write_text(CONTAINERD.format(folder=folder, pause=PAUSE))
    (folder / "kubelet.yaml").write_text(yaml.safe_dump(_kubelet(folder, kubelet_port, authority)))
    (folder / "network").mkdir()
    (folder / "network" / "none.conflist").write_text(json.dumps(NETWORK))


def _kubelet(folder: Path, port: int, authority: Path) -> dict[str, Any]:
    """A kubelet that only the API server may ask, that never evicts, and whose pods are in a cgroup of its own."""
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": LOOPBACK,
        "port": port,
        "healthzPort": 0,
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": False},
            "x509": {"clientCAFile": str(authority)},
        },
        "authorization": {"mode": "AlwaysAllow"},
        "containerRuntimeEndpoint": "unix:///run/containerd/containerd.sock",
        "podLogsDir": str(folder / "pods"),
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{folder.name}",
        "failCgroupV1": False,
        "failSwapOn": False,
        "localStorageCapacityIsolation": False,
        "evictionHard": {"memory.available": "0%"},
        "makeIPTablesUtilChains": False,
        "oomScoreAdj": 0,
        "registryPullQPS": 0,
        "serializeImagePulls": False,
    }


def _wait_until(condition: Callable[[], bool], process: Process) -> None:
    deadline = time.monotonic() + STARTUP_SECONDS
    while not condition():
        process.check()
        if time.monotonic() > deadline:
            raise TimeoutError(f"the node did not come up in {STARTUP_SECONDS:.0f} s\n{process.tail()}")
        time.sleep(POLL_SECONDS)


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection((LOOPBACK, port), timeout=1):
        return True
    return False
