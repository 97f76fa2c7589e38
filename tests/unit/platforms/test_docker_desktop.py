"""Docker Desktop: found or not switched on, and a kubeconfig that leads to the wrong port."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from kfinstall.contracts.platform import ClusterAccess, ClusterPhase, Size
from kfinstall.errors import ClusterError
from platforms import docker_desktop
from platforms.docker_desktop import DockerDesktop, DockerDesktopOptions
from tests.unit.platforms.local import GIB, TestMachine

PLATFORM = DockerDesktop()
OPTIONS = DockerDesktopOptions(type="docker-desktop")
ENGINE = {"info": {"ServerVersion": "28.3.0", "OperatingSystem": "Docker Desktop", "NCPU": 8, "MemTotal": 16 * GIB}}


@pytest.fixture
def machine(tmp_path: Path) -> TestMachine:
    made = TestMachine(tmp_path)
    made.programs.install("docker", ENGINE)
    return made


@pytest.fixture
def ports(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[int, int]]:
    """Two ports of this machine in the place of 6443 and 8443: the first is open, nobody listens on the second."""
    with socket.create_server(("127.0.0.1", 0)) as listening, socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: nobody else gets it, and it refuses
        pair = (listening.getsockname()[1], taken.getsockname()[1])
        monkeypatch.setattr(docker_desktop, "PORTS", pair)
        yield pair


@pytest.mark.parametrize("context", ["docker-desktop", "docker-for-desktop"])
def test_its_context_of_today_and_of_old(machine: TestMachine, context: str) -> None:
    machine.write_kubeconfig("other", context, server="https://127.0.0.1:1234")
    assert PLATFORM.access(OPTIONS, machine) == ClusterAccess(context=context)
    [known] = PLATFORM.detect(machine).clusters
    assert (known.context, known.status.phase, known.delete) == (context, ClusterPhase.RUNNING, "")


def test_the_port_that_answers_is_taken(machine: TestMachine, ports: tuple[int, int]) -> None:
    open_port, closed = ports
    machine.write_kubeconfig("docker-desktop", "work", server=f"https://127.0.0.1:{closed}")
    before = machine.kubeconfig_path.read_bytes()
    access = PLATFORM.access(OPTIONS, machine)
    assert access.kubeconfig is not None
    mended = yaml.safe_load(access.kubeconfig.read_text(encoding="utf-8"))
    assert mended["clusters"][0]["cluster"]["server"] == f"https://127.0.0.1:{open_port}"
    assert [each["name"] for each in mended["users"]] == ["docker-desktop"], "no credentials of other clusters"
    assert access.kubeconfig.stat().st_mode & 0o777 == 0o600
    assert machine.kubeconfig_path.read_bytes() == before


def test_a_port_that_answers_stays(machine: TestMachine, ports: tuple[int, int]) -> None:
    machine.write_kubeconfig("docker-desktop", server=f"https://127.0.0.1:{ports[0]}")
    assert PLATFORM.access(OPTIONS, machine) == ClusterAccess(context="docker-desktop")


def test_not_running_not_switched_on_not_ready(machine: TestMachine) -> None:
    with pytest.raises(ClusterError, match="not switched on in Docker Desktop") as off:
        PLATFORM.access(OPTIONS, machine)
    assert "Settings → Kubernetes → Enable Kubernetes" in off.value.fix
    settings = machine.programs.folder.parent / ".docker" / "desktop" / "settings-store.json"
    settings.parent.mkdir(parents=True)
    settings.write_text(json.dumps({"KubernetesEnabled": True, "DiskSizeMiB": 65536}), encoding="utf-8")
    with pytest.raises(ClusterError, match="has Kubernetes switched on, and the kubeconfig has no context"):
        PLATFORM.access(OPTIONS, machine)
    assert PLATFORM.offer(OPTIONS, machine).size == Size(8, 16 * GIB, 64 * GIB)
    machine.programs.remember("docker", {})
    with pytest.raises(ClusterError, match="Docker Desktop does not run"):
        PLATFORM.access(OPTIONS, machine)
