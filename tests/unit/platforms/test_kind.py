"""kind, as a user has it: a cluster made, gone on with, started again, deleted."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
import yaml

from kfinstall.contracts.finding import Severity
from kfinstall.contracts.platform import ClusterAccess, ClusterPhase, Size
from kfinstall.engine.clusters import OwnCluster
from kfinstall.errors import Interrupted, ProgramFailed
from kfinstall.model.install import Install
from platforms.kind import Kind, KindOptions
from tests.unit.platforms.local import DOCKER, GIB, LIMITS, WORKSTATION, TestMachine

PLATFORM = Kind()
NODE = "kubeflow-control-plane"


@pytest.fixture
def machine(tmp_path: Path) -> TestMachine:
    made = TestMachine(tmp_path)
    made.programs.install("kind")
    made.programs.install("docker", {**DOCKER, "containers": {NODE: "running"}})
    return made


def options(**given: Any) -> KindOptions:
    return KindOptions.model_validate({"type": "kind", **given})


def configuration(machine: TestMachine) -> Any:
    """What kind was given."""
    return yaml.safe_load(machine.programs.state("kind")["kubeflow"])


def test_a_cluster_is_made_and_deleted(machine: TestMachine) -> None:
    wanted = options()
    assert PLATFORM.status(wanted, machine).phase is ClusterPhase.ABSENT
    steps = list(PLATFORM.create(wanted, machine))
    assert [(each.step, each.done) for each in steps] == [
        ("Ensuring node image (kindest/node:v1.34.0)", 0.0),
        ("Preparing nodes", 1 / 8),
        ("Writing configuration", 2 / 8),
        ("Starting control-plane", 3 / 8),
    ]
    assert configuration(machine)["nodes"] == [{"role": "control-plane"}]
    assert PLATFORM.status(wanted, machine).phase is ClusterPhase.RUNNING
    assert PLATFORM.access(wanted, machine) == ClusterAccess(context="kind-kubeflow")
    [known] = PLATFORM.detect(machine).clusters
    assert (known.context, known.delete) == ("kind-kubeflow", "kind delete cluster --name kubeflow")
    list(PLATFORM.delete(wanted, machine))
    assert PLATFORM.status(wanted, machine).phase is ClusterPhase.ABSENT


def test_nodes_ports_mounts_and_mirrors(machine: TestMachine, tmp_path: Path) -> None:
    wanted = options(
        image="kindest/node:v1.34.0", workers=1, registryHosts=str(tmp_path),
        mounts=[{"hostPath": str(tmp_path), "containerPath": "/data"}],
        ports=[{"containerPort": 31080, "hostPort": 8080}],
    )  # fmt: skip
    list(PLATFORM.create(wanted, machine))
    made = configuration(machine)
    mounts = [
        {"hostPath": str(tmp_path), "containerPath": "/data", "readOnly": False},
        {"hostPath": str(tmp_path), "containerPath": "/etc/containerd/certs.d", "readOnly": True},
    ]
    ports = [{"containerPort": 31080, "hostPort": 8080, "listenAddress": "127.0.0.1"}]
    common = {"image": "kindest/node:v1.34.0", "extraMounts": mounts}
    assert made["nodes"] == [
        {"role": "control-plane", **common, "extraPortMappings": ports},
        {"role": "worker", **common},
    ]
    assert 'config_path = "/etc/containerd/certs.d"' in made["containerdConfigPatches"][0]


def test_kinds_reason_is_passed_on(machine: TestMachine) -> None:
    machine.programs.fail("kind", "ports")
    with pytest.raises(ProgramFailed) as failed:
        list(PLATFORM.create(options(), machine))
    assert failed.value.what == (
        'kind failed: failed to create cluster: command "docker run" failed with error: exit status 125'
    )
    assert "Bind for 127.0.0.1:8080 failed: port is already allocated" in failed.value.why


def test_a_half_made_cluster_is_made_anew(machine: TestMachine) -> None:
    machine.programs.fail("kind", "hang")
    cluster = OwnCluster("kind", PLATFORM, options(), machine)
    with pytest.raises(Interrupted):
        machine.stop_at("Ensuring node image (kindest/node:v1.34.0)", cluster.create())
    machine.stopped = threading.Event()
    machine.programs.fail("kind", "")
    machine.programs.remember("kind", {"kubeflow": "half"})
    assert cluster.status().phase is ClusterPhase.CREATING
    list(cluster.create())
    assert configuration(machine)["kind"] == "Cluster"
    assert cluster.status().phase is ClusterPhase.RUNNING


def test_a_cluster_of_somebody_else_is_never_deleted(machine: TestMachine) -> None:
    machine.programs.remember("kind", {"kubeflow": "theirs"})
    assert PLATFORM.status(options(), machine).phase is ClusterPhase.BROKEN, "the kubeconfig has no context for it"
    list(PLATFORM.create(options(), machine))
    assert PLATFORM.status(options(), machine).phase is ClusterPhase.RUNNING
    assert machine.programs.state("kind") == {"kubeflow": "theirs"}


def test_stopped_nodes_are_started(machine: TestMachine) -> None:
    list(PLATFORM.create(options(), machine))
    list(PLATFORM.stop(options(), machine))
    assert machine.programs.state("docker")["containers"] == {NODE: "exited"}
    assert PLATFORM.status(options(), machine).phase is ClusterPhase.STOPPED
    assert [each.step for each in PLATFORM.create(options(), machine)] == [
        "Starting the nodes",
        "Waiting for the API server",
    ]
    assert machine.programs.state("docker")["containers"] == {NODE: "running"}


def test_what_stands_in_the_way(tmp_path: Path) -> None:
    machine = TestMachine(tmp_path, WORKSTATION, dict.fromkeys(LIMITS, 128))
    wanted = options(mounts=[{"hostPath": "/no/such/folder", "containerPath": "/data"}])
    found = list(PLATFORM.preflight(wanted, machine))
    assert [each.title for each in found if each.severity is Severity.ERROR] == [
        "kind is not installed.",
        "Docker is not installed.",
        "/no/such/folder is to be mounted into the nodes, and is no folder.",
    ]
    assert [each.cause for each in found if each.severity is Severity.WARNING] == ["inotify-limit"]
    assert [(tool.name, tool.version) for tool in PLATFORM.detect(machine).tools] == [("kind", ""), ("docker", "")]


def test_its_size_is_that_of_docker(machine: TestMachine) -> None:
    offer = PLATFORM.offer(options(workers=2), machine)
    assert (offer.summary, offer.size) == ("kind cluster kubeflow (nodes: 3)", Size(16, 64 * GIB))


def test_a_cluster_that_somebody_made_after_a_failure_stays(machine: TestMachine) -> None:
    machine.programs.fail("kind", "ports")
    with pytest.raises(ProgramFailed):
        list(PLATFORM.create(options(), machine))
    machine.programs.remember("kind", {"kubeflow": "theirs"})
    assert PLATFORM.status(options(), machine).phase is ClusterPhase.BROKEN
    machine.write_kubeconfig("kind-kubeflow")
    assert PLATFORM.status(options(), machine).phase is ClusterPhase.RUNNING


def test_ways_in_that_kind_does_not_bring_are_explained() -> None:
    def told(access: str, **more: Any) -> list[str]:
        wanted = options(**more)
        section = {"type": access, "allowPlainHttp": True, **({"port": 31080} if access == "node-port" else {})}
        return list(PLATFORM.notices(wanted, Install.model_validate({"platform": wanted, "access": section})))

    [balancer] = told("load-balancer")
    assert "the address comes only while cloud-provider-kind" in balancer
    [nodes] = told("node-port")
    assert "kfinstall open forwards" in nodes
    assert told("node-port", ports=[{"containerPort": 31080, "hostPort": 8080}]) == []
