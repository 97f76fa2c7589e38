"""minikube, as a user has it: a profile made, started, gone on with, made anew; what stands in the way."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kfinstall.contracts.finding import Severity
from kfinstall.contracts.platform import ClusterAccess, ClusterPhase, Progress, Size
from kfinstall.engine.clusters import OwnCluster
from kfinstall.errors import DocumentError, Interrupted, PlanRefused, ProgramFailed
from kfinstall.facts.scheduling.sizing import demand
from kfinstall.model.install import Install
from kfinstall.model.load import load
from kfinstall.registry import platforms
from platforms.minikube import Minikube
from platforms.minikube.options import MinikubeOptions
from tests.unit.platforms.local import DOCKER, GIB, LIMITS, WORKSTATION, TestMachine

PLATFORM = Minikube()
SMALL = {"CPUs": 2, "Memory": 2048, "DiskSize": 20000, "Driver": "docker", "Nodes": [{}]}


@pytest.fixture
def machine(tmp_path: Path) -> TestMachine:
    made = TestMachine(tmp_path)
    made.programs.install("minikube")
    made.programs.install("docker", DOCKER)
    return made


def options(**given: Any) -> MinikubeOptions:
    return MinikubeOptions(type="minikube", **given)


def titles(machine: TestMachine, severity: Severity, **given: Any) -> list[str]:
    return [each.title for each in PLATFORM.preflight(options(**given), machine) if each.severity is severity]


def test_a_profile_that_is_too_small_can_be_made_anew_larger(machine: TestMachine) -> None:
    small = options(cpus=4, memory="8g")
    assert PLATFORM.enlarged(small, Size(8, 16 * GIB), machine) == {}
    list(PLATFORM.create(small, machine))
    larger = PLATFORM.enlarged(small, Size(8, 16 * GIB + 1), machine)
    assert larger == {"cpus": 8, "memory": "17g", "recreate": True}
    assert PLATFORM.enlarged(small, Size(4, 8 * GIB), machine) == {}
    asked = small.model_copy(update=larger)
    assert PLATFORM.status(asked, machine).phase is ClusterPhase.OUTGROWN


def test_a_profile_is_made_and_deleted(machine: TestMachine) -> None:
    wanted = options()
    assert PLATFORM.status(wanted, machine).phase is ClusterPhase.ABSENT
    assert titles(machine, Severity.ERROR) == []
    steps = list(PLATFORM.create(wanted, machine))
    assert steps[0] == Progress("Initial Minikube Setup", "minikube v1.37.0 on Debian 12", 0.0)
    assert Progress("Downloading", "preload 50%", 2 / 19) in steps
    assert steps[-1] == Progress("Done", "Done!", 1.0)
    found = PLATFORM.status(wanted, machine)
    assert (found.phase, found.detail) == (
        ClusterPhase.RUNNING, "OK, v1.34.0, 8 CPUs, 16 GiB of memory, 100 GiB of disk, docker"
    )  # fmt: skip
    assert PLATFORM.access(wanted, machine) == ClusterAccess(context="kubeflow")
    [known] = PLATFORM.detect(machine).clusters
    assert (known.name, known.context, known.delete) == ("kubeflow", "kubeflow", "minikube delete -p kubeflow")
    assert list(PLATFORM.delete(wanted, machine))[-1].step == "Done"
    assert PLATFORM.status(wanted, machine).phase is ClusterPhase.ABSENT


def test_every_option_reaches_minikube(machine: TestMachine) -> None:
    wanted = options(
        profile="lab", driver="docker", kubernetes_version="v1.34.0", nodes=2, cpus=4, memory="12g", gpus="all",
        image_mirror_country="cn", image_repository="registry.example.com/k8s", binary_mirror="https://bin.example.com",
        registry_mirrors=("https://hub.example.com", "https://hub2.example.com"),
    )  # fmt: skip
    list(PLATFORM.create(wanted, machine))
    [start] = machine.programs.calls("minikube", "start")
    assert start == [
        "start", "-p", "lab", "--container-runtime=docker", "--nodes=2", "--cpus=4", "--memory=12g", "--driver=docker",
        "--kubernetes-version=v1.34.0", "--gpus=all", "--image-mirror-country=cn",
        "--image-repository=registry.example.com/k8s", "--binary-mirror=https://bin.example.com",
        "--registry-mirror=https://hub.example.com", "--registry-mirror=https://hub2.example.com",
        "--wait=all", "--wait-timeout=10m", "--interactive=false", "-o", "json",
    ]  # fmt: skip
    list(PLATFORM.create(options(profile="vm", driver="kvm2"), machine))
    assert "--disk-size=100g" in machine.programs.calls("minikube", "start")[-1]


def test_minikubes_own_advice_is_passed_on(machine: TestMachine) -> None:
    machine.programs.fail("minikube", "memory")
    with pytest.raises(ProgramFailed) as failed:
        list(PLATFORM.create(options(), machine))
    assert failed.value.what.endswith("docker only has 1991MiB available, less than the required 16384MiB")
    assert failed.value.why == "RSRC_INSUFFICIENT_CONTAINER_MEMORY https://example.com/1 https://example.com/2"
    assert (failed.value.fix, failed.value.docs) == ("Give Docker more memory.", "https://example.com/memory")


def test_an_end_without_done_is_a_failure(machine: TestMachine) -> None:
    machine.programs.fail("minikube", "silence")
    with pytest.raises(ProgramFailed, match="ended before it was done"):
        list(PLATFORM.create(options(), machine))


def test_what_was_interrupted_goes_on(machine: TestMachine) -> None:
    machine.programs.fail("minikube", "hang")
    cluster = OwnCluster("minikube", PLATFORM, options(), machine)
    with pytest.raises(Interrupted):
        machine.stop_at("Creating Container", cluster.create())
    assert cluster.status().phase is ClusterPhase.CREATING
    machine.stopped = threading.Event()
    machine.programs.fail("minikube", "")
    assert list(cluster.create())[-1].step == "Done"
    assert cluster.status().phase is ClusterPhase.RUNNING


def test_a_profile_keeps_its_size_unless_it_may_be_made_anew(machine: TestMachine) -> None:
    machine.programs.remember("minikube", {"kubeflow": {"Status": "OK", "Config": SMALL}})
    assert PLATFORM.status(options(), machine).phase is ClusterPhase.RUNNING
    assert PLATFORM.offer(options(), machine).size == Size(2, 2 * GIB, 20000 * 1024**2)
    [warning] = titles(machine, Severity.WARNING)
    assert warning.startswith("Profile kubeflow stays as it was made (2 CPUs, 2 GiB of memory")
    anew = options(recreate=True)
    assert titles(machine, Severity.WARNING, recreate=True) == []
    assert PLATFORM.status(anew, machine).phase is ClusterPhase.OUTGROWN
    assert PLATFORM.offer(anew, machine).size.cpus == 8
    list(PLATFORM.create(anew, machine))
    assert machine.programs.state("minikube")["kubeflow"]["Config"]["CPUs"] == 8
    assert PLATFORM.status(anew, machine).phase is ClusterPhase.RUNNING, "made anew once, and not at each install"


@pytest.mark.parametrize(
    ("state", "phase"),
    [("Running", "running"), ("Stopped", "stopped"), ("Paused", "stopped"), ("Starting", "creating"),
     ("half", "creating"), ("InsufficientStorage", "broken")],
)  # fmt: skip
def test_minikubes_words_for_a_state(machine: TestMachine, state: str, phase: str) -> None:
    machine.programs.remember("minikube", {"kubeflow": {"Status": state, "Config": SMALL}})
    assert PLATFORM.status(options(), machine).phase == phase


def test_what_stands_in_the_way(tmp_path: Path) -> None:
    machine = TestMachine(tmp_path, replace(WORKSTATION, size=Size(4, 8 * GIB), virtualises=False))
    assert titles(machine, Severity.ERROR, driver="docker") == [
        "minikube is not installed.",
        "Docker is not installed.",
        "platform.cpus is 8, and there are 4.",
        "1 times platform.memory is 16 GiB, and there are 8 GiB in all.",
    ]
    machine.programs.install("docker")
    assert "Docker does not answer." in titles(machine, Severity.ERROR, driver="docker")
    [*_others, kvm] = titles(machine, Severity.ERROR, driver="kvm2")
    assert kvm.startswith("You may not use this machine's virtualisation")
    assert any("Illegal instruction" in each for each in titles(machine, Severity.WARNING, driver="kvm2"))


def test_warnings_of_this_machine(tmp_path: Path) -> None:
    machine = TestMachine(tmp_path, replace(WORKSTATION, cpu_flags=frozenset({"sse2"})), dict.fromkeys(LIMITS, 128))
    found = {each.cause: each for each in PLATFORM.preflight(options(), machine) if each.severity is Severity.WARNING}
    assert set(found) == {"inotify-limit", "no-avx"}
    assert "sudo sysctl -w fs.inotify.max_user_instances=2280" in found["inotify-limit"].remedy.text
    mac = TestMachine(tmp_path / "own", replace(WORKSTATION, system="darwin", cpu_flags=frozenset()), {})
    assert titles(mac, Severity.WARNING) == []
    assert "minikube gives GPUs to its nodes on Linux only." in titles(mac, Severity.ERROR, gpus="all")


def test_docker_has_less_than_the_machine(machine: TestMachine) -> None:
    machine.programs.remember("docker", {"info": {**DOCKER["info"], "NCPU": 4, "MemTotal": 8 * GIB}})
    assert titles(machine, Severity.ERROR, cpus=4, memory="6g") == []
    assert titles(machine, Severity.ERROR, cpus=6, memory="6g") == ["platform.cpus is 6, and there are 4."]


def test_too_small_for_what_is_installed(machine: TestMachine) -> None:
    cluster = OwnCluster("minikube", PLATFORM, options(cpus=2, memory="4g"), machine)
    wanted = replace(demand([]), pods=52, cpu=demand([]).cpu + 3, memory=demand([]).memory + 7 * GIB)
    with pytest.raises(PlanRefused) as refused:
        cluster.checked(wanted)
    assert "52 pods request 3 CPUs and 7Gi of memory; Kubernetes itself takes 0.85 CPUs and 1Gi" in refused.value.why
    assert "8 CPUs and 16Gi of memory leave room for work" in refused.value.fix
    [tight] = replace(cluster, options=options(cpus=4, memory="10g")).checked(wanted)
    assert "leaves little room" in tight
    assert replace(cluster, options=options()).checked(wanted) == []


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("memory: 2g", "platform.memory: 2g is too little: Kubernetes itself takes 1 GiB, and the pods of the whole"),
        ("cpus: 1", "platform.cpus: 1 is too few"),
        ("disk: 10g", "platform.disk: 10g is too little"),
        ("memory: lots", "platform.memory: a size such as 16g or 16384m is expected here."),
        ("gpus: all\n  driver: kvm2", "gpus need driver: docker and containerRuntime: docker."),
        ("driver: dokcer", 'Did you mean "docker"?'),
    ],
)
def test_wrong_options_have_a_place(tmp_path: Path, given: str, said: str) -> None:
    file = tmp_path / "install.yaml"
    file.write_text(
        f"apiVersion: kfinstall.io/v1alpha1\nkind: Install\nplatform:\n  type: minikube\n  {given}\n", encoding="utf-8"
    )
    with pytest.raises(DocumentError) as wrong:
        load([str(file)], platforms=platforms().options, environ={})
    assert said in str(wrong.value)
    assert f"{file}:" in str(wrong.value)


def told(access: str, **more: Any) -> list[str]:
    """What is said before an install with this way in."""
    wanted = options(**more)
    document = {"platform": wanted, "access": {"type": access, "allowPlainHttp": True}}
    return list(PLATFORM.notices(wanted, Install.model_validate(document)))


def test_ways_in_that_minikube_does_not_bring_are_explained() -> None:
    [nodes] = told("node-port")
    assert "On macOS and Windows nobody reaches the containers" in nodes
    assert told("node-port", driver="kvm2") == []
    [balancer] = told("load-balancer", profile="lab")
    assert balancer.endswith("minikube tunnel -p lab")
    assert PLATFORM.notices(options(), Install(platform=options())) == []
