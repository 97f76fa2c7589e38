"""This machine as platforms use it: programs that end, fail, hang and are stopped; the kubeconfig; the kernel."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from kfinstall.engine.host import LocalHost
from kfinstall.engine.machine import sysctl, this_machine
from kfinstall.errors import ProgramFailed, ToolMissing


@pytest.fixture
def host(tmp_path: Path) -> LocalHost:
    return LocalHost(tmp_path / "own", {"PATH": os.environ["PATH"], "HOME": str(tmp_path)})


def test_lines_come_while_the_program_runs(host: LocalHost, tmp_path: Path) -> None:
    told = host.lines(["sh", "-c", f'echo first; while [ ! -e "{tmp_path}/go" ]; do sleep 0.05; done; echo second'])
    assert next(told) == "first"
    (tmp_path / "go").touch()
    assert list(told) == ["second"]


def test_a_failure_tells_the_end_of_what_was_said(host: LocalHost) -> None:
    program = ["sh", "-c", "echo out; seq 100 >&2; exit 3"]
    with pytest.raises(ProgramFailed, match=r"exit code 3") as failed:
        list(host.lines(program))
    assert failed.value.why.splitlines() == [str(number) for number in range(86, 101)]
    both = host.lines(["sh", "-c", "echo out; echo err >&2; exit 1"], errors_too=True)
    assert [next(both), next(both)] == ["out", "err"]
    with pytest.raises(ProgramFailed) as failed:
        list(both)
    assert failed.value.why == "out\nerr"


def test_who_stops_ends_the_program(host: LocalHost) -> None:
    told = host.lines(["sh", "-c", "echo $$; exec sleep 600"])
    process = int(next(told))
    host.stopped.set()
    with pytest.raises(ProgramFailed):
        list(told)
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


def test_programs_that_are_missing_or_hang(host: LocalHost) -> None:
    with pytest.raises(ToolMissing, match="no-such-program is not installed"):
        host.run(["no-such-program"])
    with pytest.raises(ProgramFailed, match="sleep did not answer within 0 seconds"):
        host.run(["sleep", "600"], seconds=0.1)


def test_a_program_that_will_not_stop_is_ended(host: LocalHost, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kfinstall.engine.host.ENDING", 0.3)
    told = host.lines(["sh", "-c", "trap '' TERM; echo $$; while :; do sleep 0.05; done"])
    process = int(next(told))
    host.stopped.set()
    with pytest.raises(ProgramFailed):
        list(told)
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


def test_a_file_that_is_no_program(host: LocalHost, tmp_path: Path) -> None:
    (tmp_path / "minikube").write_text("\0")
    (tmp_path / "minikube").chmod(0o755)
    broken = LocalHost(tmp_path / "own", {"PATH": str(tmp_path)})
    for act in (broken.run, lambda arguments: list(broken.lines(arguments))):
        with pytest.raises(ProgramFailed, match="minikube does not start") as failed:
            act(["minikube"])
        assert "format" in failed.value.why


def test_all_files_of_kubeconfig_are_one(tmp_path: Path) -> None:
    first, second, broken = tmp_path / "a", tmp_path / "b", tmp_path / "c"
    first.write_text("current-context: one\ncontexts:\n- {name: one, context: {cluster: x}}\n", encoding="utf-8")
    second.write_text(
        "current-context: two\ncontexts:\n- {name: one, context: {cluster: y}}\n- {name: two}\n", encoding="utf-8"
    )
    broken.write_text("{", encoding="utf-8")
    files = os.pathsep.join(map(str, (first, tmp_path / "gone", broken, second)))
    found = LocalHost(tmp_path, {"KUBECONFIG": files}).kubeconfig
    assert found["current-context"] == "one"
    assert found["contexts"] == [{"name": "one", "context": {"cluster": "x"}}, {"name": "two"}]
    assert LocalHost(tmp_path, {"HOME": str(tmp_path)}).kubeconfig == {}
    broken.write_text("clusters: 5\nusers: {a: b}\n", encoding="utf-8")
    assert LocalHost(tmp_path, {"KUBECONFIG": str(broken)}).kubeconfig == {"clusters": [], "users": []}


def test_what_the_kernel_tells(tmp_path: Path) -> None:
    (tmp_path / "sys" / "fs" / "inotify").mkdir(parents=True)
    (tmp_path / "sys" / "fs" / "inotify" / "max_user_watches").write_text("65536\n", encoding="ascii")
    (tmp_path / "cpuinfo").write_text("processor\t: 0\nflags\t\t: fpu sse2 avx\n\nflags\t\t: fpu\n", encoding="utf-8")
    assert sysctl("fs.inotify.max_user_watches", tmp_path) == 65536
    assert sysctl("fs.inotify.max_user_instances", tmp_path) is None
    machine = this_machine(tmp_path, tmp_path / "no-kvm")
    assert machine.cpu_flags == {"fpu", "sse2", "avx"}
    assert machine.size.cpus == os.cpu_count()
    assert not machine.virtualises
