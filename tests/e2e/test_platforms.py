"""Clusters that are made before an install, with a minikube that stands in and the cluster of the tests behind it."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
from pathlib import Path

import pytest

from tests.controlplane.cluster import Cluster
from tests.e2e.conftest import Ended, Kfinstall
from tests.e2e.release import Release
from tests.e2e.terminal import Terminal
from tests.unit.platforms.local import DOCKER
from tests.unit.platforms.stand_ins import StandIns


@pytest.fixture
def programs(tmp_path: Path, kfinstall: Kfinstall) -> StandIns:
    """minikube and Docker, as far as kfinstall can tell."""
    made = StandIns(tmp_path / "bin")
    made.folder.mkdir()
    made.install("minikube")
    made.install("docker", DOCKER)
    kfinstall.environment["PATH"] = f"{made.folder}{os.pathsep}{os.environ['PATH']}"
    return made


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The workbench, on minikube."""
    written = tmp_path / "minikube.yaml"
    written.write_text(
        "apiVersion: kfinstall.io/v1alpha1\nkind: Install\nplatform: {type: minikube, cpus: 4, memory: 8g}\n"
        "kubeflow: {preset: starter}\n",
        encoding="utf-8",
    )
    return written


def interrupted(kfinstall: Kfinstall, at: str, *arguments: str | Path) -> Ended:
    """Run a command, with Ctrl-C when it says something."""
    with kfinstall.start(*arguments) as running:
        assert running.stderr is not None
        seen = ""
        for line in running.stderr:
            seen += line
            if at in line:
                running.send_signal(signal.SIGINT)
        return kfinstall.keep(Ended(running.wait(), "", seen))


def test_what_is_here(kfinstall: Kfinstall, programs: StandIns, file: Path) -> None:
    assert kfinstall("platforms", "create", "-f", file, "--yes").code == 0
    listed = kfinstall("platforms")
    assert listed.code == 0
    assert "  minikube v1.37.0\n" in listed.out
    assert "  kubeflow: runs (OK, v1.34.0, 4 CPUs, 8 GiB of memory, 100 GiB of disk, docker)\n" in listed.out
    assert "  kind is missing: https://kind.sigs.k8s.io" in listed.out
    [minikube] = [each for each in kfinstall("platforms", "-o", "json").json["items"] if each["type"] == "minikube"]
    assert minikube["clusters"][0]["status"]["phase"] == "running"


def test_a_cluster_comes_and_goes_by_the_users_word(kfinstall: Kfinstall, programs: StandIns, file: Path) -> None:
    absent = kfinstall("platforms", "status", "-f", file)
    assert (absent.code, absent.out) == (3, "minikube: there is no such cluster yet\n")
    refused = kfinstall("platforms", "create", "-f", file)
    assert refused.code == 2
    assert "It will be: minikube profile kubeflow (4 CPUs, 8 GiB of memory, 100 GiB of disk)" in refused.err
    assert "Say --yes." in refused.err
    assert programs.calls("minikube", "start") == []
    made = kfinstall("platforms", "create", "-f", file, "--yes")
    assert made.code == 0, made.err
    assert "42% Creating Container: Creating docker container" in made.err
    assert kfinstall("platforms", "status", "-f", file).code == 0
    stopped = kfinstall("platforms", "stop", "-f", file)
    assert (stopped.code, stopped.err.splitlines()[-1]) == (
        0,
        "minikube: stopped (Stopped, v1.34.0, 4 CPUs, 8 GiB of memory, 100 GiB of disk, docker)",
    )
    assert kfinstall("platforms", "create", "-f", file, "--yes").code == 0
    assert kfinstall("platforms", "status", "-f", file).code == 0
    assert kfinstall("platforms", "delete", "-f", file).code == 2
    deleted = kfinstall("platforms", "delete", "-f", file, "--yes", "--log-format=json")
    assert deleted.code == 0
    assert {"event": "Progress", "step": "Done"}.items() <= deleted.events[-2].items()
    assert kfinstall("platforms", "status", "-f", file).code == 3


def test_stopped_in_the_middle_it_goes_on(kfinstall: Kfinstall, programs: StandIns, file: Path) -> None:
    programs.fail("minikube", "hang")
    stopped = interrupted(kfinstall, "Creating Container", "platforms", "create", "-f", file, "--yes")
    assert stopped.code == 130
    assert f"Go on with: kfinstall platforms create -f {file} --yes" in stopped.err
    half = kfinstall("platforms", "status", "-f", file)
    assert (half.code, half.out) == (3, "minikube: half made (half made)\n")
    programs.fail("minikube", "")
    assert kfinstall("platforms", "create", "-f", file, "--yes").code == 0
    assert kfinstall("platforms", "status", "-f", file).code == 0


def test_what_minikube_says_is_said(kfinstall: Kfinstall, programs: StandIns, file: Path) -> None:
    programs.fail("minikube", "memory")
    failed = kfinstall("install", "-f", file, "--yes")
    assert failed.code == 1
    assert "docker only has 1991MiB available, less than the required 16384MiB" in failed.err
    assert "→ Give Docker more memory." in failed.err


def test_a_platform_is_enough_to_install_on(kfinstall: Kfinstall, programs: StandIns) -> None:
    small = ("--platform", "minikube", "--set", "kubeflow.preset=starter", "--set", "platform.cpus=4")
    planned = kfinstall("plan", *small)
    assert planned.code == 2
    assert f"Make or start it with: kfinstall install {shlex.join(small)}\n" in planned.err
    programs.fail("minikube", "memory")
    failed = kfinstall("install", *small, "--yes")
    assert failed.code == 1
    assert "→ Give Docker more memory." in failed.err
    assert "--cpus=4" in programs.calls("minikube", "start")[0]
    unknown = kfinstall("install", "--platform", "minikub", "--yes")
    assert (unknown.code, 'Did you mean "minikube"?' in unknown.err) == (2, True)


def test_a_first_file_has_what_its_platform_cannot_do_without(kfinstall: Kfinstall, tmp_path: Path) -> None:
    file = tmp_path / "gke.yaml"
    refused = kfinstall("init", file, "--platform", "gke")
    assert refused.code == 2
    assert "platform.project: this is missing." in refused.err
    assert "kfinstall init --set KEY=VALUE" in refused.err
    given = ("--set", "platform.project=lab-project", "--set", "platform.location=us-central1-a")
    written = kfinstall("init", file, "--platform", "gke", *given)
    assert written.code == 0, written.err
    assert f"Next: kfinstall install -f {file}" in written.err
    assert "  project: lab-project\n" in file.read_text()
    assert kfinstall("config", "validate", "-f", file).code == 0


def test_a_cluster_too_small_is_never_made(kfinstall: Kfinstall, programs: StandIns, file: Path) -> None:
    floor = kfinstall("install", "-f", file, "--set", "platform.memory=2g", "--yes")
    assert floor.code == 2
    assert "platform.memory: 2g is too little: Kubernetes itself takes 1 GiB" in floor.err
    programs.remember("docker", {"info": {**DOCKER["info"], "NCPU": 2}})
    refused = kfinstall("install", "-f", file, "--yes")
    assert refused.code == 3
    assert f"{file}:3:34: platform.cpus is 4, and there are 2." in refused.err
    assert programs.calls("minikube", "start") == []


def test_a_cluster_that_is_too_small_is_made_anew_by_the_users_word(
    kfinstall: Kfinstall, programs: StandIns, control_plane: Cluster, file: Path
) -> None:
    """The cluster behind minikube has no node at all, so nothing of the plan fits."""
    kfinstall.environment["STAND_IN_CLUSTER"] = str(control_plane.kubeconfig())
    small = ("--set", "platform.cpus=2", "--set", "platform.memory=4g")
    assert kfinstall("platforms", "create", "-f", file, *small, "--yes").code == 0
    told = kfinstall("doctor", "-f", file, "--only", "plan", "--fix", "--yes")
    assert told.code == 3
    assert "It becomes larger by being made anew: add --recreate." in told.err
    assert programs.calls("minikube", "delete") == []
    anew = kfinstall("doctor", "-f", file, "--only", "plan", "--fix", "--recreate", "--yes")
    assert "EVERYTHING IN IT IS LOST" in anew.err
    assert "now: OK, v1.34.0, 2 CPUs, 4 GiB of memory" in anew.err
    assert "then: minikube profile kubeflow (4 CPUs, 8 GiB of memory" in anew.err
    assert anew.code == 0
    assert len(programs.calls("minikube", "delete")) == 1
    assert programs.state("minikube")["kubeflow"]["Config"]["CPUs"] == 4


def test_only_makers_of_clusters_make_clusters(kfinstall: Kfinstall, file: Path) -> None:
    refused = kfinstall("platforms", "create", "-f", file, "--set", "platform={type: existing}", "--yes")
    assert refused.code == 2
    assert "kfinstall makes no clusters of the platform existing." in refused.err


@pytest.mark.parametrize(
    ("platform", "begun", "done", "context", "deletion"),
    [
        ("minikube", "start", "100% Done: Done!", "kubeflow", "minikube delete -p kubeflow"),
        ("kind", "create", "38% Starting control-plane", "kind-kubeflow", "kind delete cluster --name kubeflow"),
    ],
)
def test_from_no_cluster_to_an_install_and_back(
    kfinstall: Kfinstall, programs: StandIns, control_plane: Cluster, release: Release, name: str,
    platform: str, begun: str, done: str, context: str, deletion: str,
) -> None:  # fmt: skip
    programs.install("kind")
    kfinstall.environment["STAND_IN_CLUSTER"] = str(control_plane.kubeconfig())
    asked = ("-f", release.install, "--platform", platform)
    planned = kfinstall("plan", *asked)
    assert planned.code == 2
    assert "Make or start it with: kfinstall platforms create" in planned.err
    installed = kfinstall("install", *asked, "--no-wait", "--yes")
    assert installed.code == 0, installed.err
    assert done in installed.err
    assert f"Context: {context} (" in installed.err
    assert f"{release.objects} created" in installed.err
    again = kfinstall("install", *asked, "--no-wait")
    assert again.code == 0
    assert len(programs.calls(platform, begun)) == 1
    assert kfinstall("status", *asked).code == 3, "no node runs the pods"
    looked = kfinstall("uninstall", *asked, "--dry-run")
    assert f"delete  Namespace/{name}\n" in looked.out
    removed = kfinstall("uninstall", *asked, "--yes")
    assert removed.code == 0
    assert f"The cluster stays. To delete it too: {deletion}" in removed.err
    assert list(programs.state(platform)) == ["kubeflow"]


def test_what_is_on_a_cluster_that_does_not_run_is_not_asked(
    kfinstall: Kfinstall, programs: StandIns, file: Path
) -> None:
    for command in ("status", "uninstall", "open"):
        refused = kfinstall(command, "-f", file)
        assert refused.code == 2, command
        assert "minikube: there is no such cluster yet" in refused.err
        assert f"Make or start it with: kfinstall platforms create -f {file}\n" in refused.err
    assert programs.calls("minikube", "start") == []


@pytest.mark.skipif(shutil.which("tmux") is None, reason="no tmux to be the terminal")
def test_the_question_at_a_terminal(kfinstall: Kfinstall, programs: StandIns, file: Path, tmp_path: Path) -> None:
    needed = ("HOME", "KUBECONFIG", "XDG_STATE_HOME", "XDG_CACHE_HOME", "PATH", "KFINSTALL_KUSTOMIZE")
    given = [f"{key}={kfinstall.environment[key]}" for key in needed if key in kfinstall.environment]
    command = shlex.join(["env", "LANG=C.UTF-8", *given, *kfinstall.command("platforms", "create", "-f", file)])
    terminal = Terminal(tmp_path, 100, 30, f"bash --norc -c {shlex.quote(command + '; read -r _')}")
    try:
        terminal.until(lambda text: "Make this cluster? [y/N]" in text, "question")
        assert programs.calls("minikube", "start") == []
        terminal.keys("y", "Enter")
        terminal.until(lambda text: "minikube: runs" in text, "end")
    finally:
        terminal.close()
