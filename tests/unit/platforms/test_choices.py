"""What may stand at a platform's fields, as far as this machine tells it."""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from kfinstall.contracts.platform import Chooses, Machine, Size
from kfinstall.errors import ClusterError
from kfinstall.registry import built_in
from platforms.ack import Ack
from platforms.existing import Existing
from platforms.kind import Kind
from platforms.minikube import Minikube
from platforms.openshift import OpenShift
from platforms.sandbox import Sandbox
from tests.unit.platforms.local import DOCKER, GIB, TestMachine


@pytest.fixture
def here(tmp_path: Path) -> TestMachine:
    return TestMachine(tmp_path)


def offered(platform: Chooses, field: str, host: TestMachine, **answered: Any) -> dict[str, str]:
    return {each.value: each.title for each in platform.choices(field, answered, host)}


def test_contexts_with_the_addresses_that_they_lead_to(here: TestMachine) -> None:
    assert offered(Existing(), "context", here) == {}
    here.write_kubeconfig("work", "home")
    assert offered(Existing(), "context", here) == {"home": "https://127.0.0.1:6443", "work": "https://127.0.0.1:6443"}


def test_contexts_of_the_file_that_is_chosen(here: TestMachine, tmp_path: Path) -> None:
    here.write_kubeconfig("mine")
    other = {"contexts": [{"name": "theirs", "context": {"cluster": "gone"}}], "clusters": None}
    (tmp_path / "other").write_text(yaml.safe_dump(other))
    assert offered(Existing(), "context", here, kubeconfig=str(tmp_path / "other")) == {"theirs": ""}
    with pytest.raises(ClusterError, match="cannot be read"):
        offered(Existing(), "context", here, kubeconfig=str(tmp_path / "none"))


@pytest.mark.parametrize(
    ("platform", "own"),
    [(Ack(), "kubernetes-admin-c0123456789abcdef0123456789abcdef"), (OpenShift(), "z/api-lab-example-com:6443/me")],
)
def test_contexts_of_the_platform_come_first(here: TestMachine, platform: Chooses, own: str) -> None:
    here.write_kubeconfig("another", own)
    assert list(offered(platform, "context", here)) == [own, "another"]


def test_minikubes_profiles_and_the_drivers_that_are_here(here: TestMachine) -> None:
    config = {"CPUs": 2, "Memory": 2048, "DiskSize": 20480, "Driver": "docker", "Nodes": [{}]}
    here.programs.install("minikube", {"small": {"Status": "OK", "Config": config}})
    assert offered(Minikube(), "profile", here) == {
        "small": "OK, 2 CPUs, 2 GiB of memory, 20 GiB of disk, docker",
    }
    assert offered(Minikube(), "driver", here) == {}
    here.programs.install("docker", DOCKER)
    here.programs.touch("virsh")
    assert offered(Minikube(), "driver", here) == {"docker": "containers", "kvm2": "virtual machines"}
    here.machine = Machine("linux", Size(16, 64 * GIB), virtualises=False)
    here.programs.remember("docker", {})
    assert offered(Minikube(), "driver", here) == {
        "docker": "Docker does not answer", "kvm2": "you may not use /dev/kvm",
    }  # fmt: skip


def test_minikubes_drivers_are_those_of_the_system(here: TestMachine) -> None:
    here.programs.touch("virsh")
    here.programs.touch("vfkit")
    here.machine = Machine("darwin", Size(8, 16 * GIB))
    assert offered(Minikube(), "driver", here) == {"vfkit": "virtual machines"}


def test_clusters_of_kind(here: TestMachine) -> None:
    assert offered(Kind(), "cluster", here) == {}
    here.programs.install("kind", {"lab": ""})
    here.write_kubeconfig("kind-lab")
    here.programs.install("docker", {**DOCKER, "containers": {"lab-control-plane": "running"}})
    assert offered(Kind(), "cluster", here) == {"lab": "lab-control-plane"}


def test_scenarios_of_the_practice_cluster(here: TestMachine) -> None:
    scenarios = offered(Sandbox(), "scenario", here)
    assert "healthy" in scenarios
    assert all(scenarios.values())


def choosing() -> Iterator[Chooses]:
    known = built_in()
    for name in known.options:
        platform = known.get(name)
        if isinstance(platform, Chooses):
            yield platform


def test_which_fields_have_lists_is_known_without_asking_anybody(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object, **_more: object) -> None:
        raise AssertionError("a connection was made")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    fields = [field for platform in choosing() for field in platform.chosen]
    assert {"context", "profile", "driver", "cluster", "project", "nodes.machineType", "subscription"} <= set(fields)
