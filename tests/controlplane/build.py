"""Builds the programs of a Go module of the tests, once per machine, into a cache outside the tree.

`python -m tests.controlplane.build` does it ahead of the tests and prints the folder of the binaries.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

COMPONENTS = ("etcd", "kube-apiserver", "kube-scheduler", "kube-controller-manager", "kubectl")
SOURCE = Path(__file__).resolve().parent
VERSION_PACKAGES = ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")


class ControlPlaneUnavailable(Exception):
    """There can be no control plane on this machine; the message is one line that says why."""


def ensure_built(source: Path = SOURCE, programs: Sequence[str] = COMPONENTS) -> Path:
    """The folder with the programs of a module, which are built now if nobody did it before.

    A program that no package of the module is named after is a link to the program that the module is named after.
    """
    go = shutil.which("go")
    if go is None:
        raise ControlPlaneUnavailable(f"no `go` on PATH to build the {source.name} with")
    command = build_command(go)
    folder = cache(source.name) / _fingerprint(source, go, command)
    if not _complete(folder, programs):
        folder.parent.mkdir(parents=True, exist_ok=True)
        with _locked(folder.with_suffix(".lock")):
            if not _complete(folder, programs):
                _build(source, programs, command, folder)
    return folder


def cache(module: str = SOURCE.name) -> Path:
    """Where builds of a module are kept: outside the tree, so that a fresh clone does not build again."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(os.environ.get("KFINSTALL_TEST_CACHE") or home / "kfinstall-tests") / module


def kubernetes_version() -> str:
    """The version of Kubernetes that go.mod asks for, such as `v1.36.3`."""
    found = re.search(r"^\s*k8s\.io/kubernetes (v\d+\.\d+\.\d+)$", (SOURCE / "go.mod").read_text(), re.MULTILINE)
    if found is None:
        raise ControlPlaneUnavailable("tests/controlplane/go.mod requires no version of k8s.io/kubernetes")
    return found[1]


def build_command(go: str) -> list[str]:
    """The command that builds, short of its output.

    Kubernetes learns its version from the linker: without it `/version` says v0.0.0-master, and clients that compare
    versions go astray. Debug information is left out where it arises, in the compiler, which saves time and cache.
    """
    link = ["-s", "-w", *(flag for package in VERSION_PACKAGES for flag in _version_flags(package))]
    return [go, "build", "-trimpath", "-buildvcs=false", "-gcflags=all=-dwarf=false", "-ldflags", " ".join(link)]


def _version_flags(package: str) -> list[str]:
    version = kubernetes_version()
    major, minor, _ = version.removeprefix("v").split(".")
    values = {"gitVersion": version, "gitMajor": major, "gitMinor": minor, "gitTreeState": "clean"}
    return [f"-X {package}.{name}={value}" for name, value in values.items()]


def _fingerprint(source: Path, go: str, command: list[str]) -> str:
    """Everything that the programs are made of: the sources, the versions of the modules, the compiler, the flags."""
    digest = hashlib.sha256()
    for path in sorted([source / "go.mod", source / "go.sum", *source.rglob("*.go")]):
        digest.update(f"{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    digest.update(_run([go, "env", "GOVERSION", "GOOS", "GOARCH"], source, "go env").encode())
    digest.update("\0".join(command[1:]).encode())
    return digest.hexdigest()


def _complete(folder: Path, programs: Sequence[str]) -> bool:
    return all(os.access(folder / name, os.X_OK) for name in programs)


def _build(source: Path, programs: Sequence[str], command: list[str], folder: Path) -> None:
    """Builds beside the folder and moves the result there in one step: a build that is killed leaves no half one."""
    print(f"building the {source.name} of the tests (Kubernetes {kubernetes_version()}), once", file=sys.stderr)
    for abandoned in folder.parent.glob(f"{folder.name}.build-*"):
        shutil.rmtree(abandoned)  # nobody else builds while this process holds the lock
    partial = Path(tempfile.mkdtemp(prefix=f"{folder.name}.build-", dir=folder.parent))
    try:
        _run([*command, "-o", f"{partial}/", "./..."], source, "go build")
        for name in programs:
            if not (partial / name).exists():
                (partial / name).symlink_to(source.name)
        if folder.exists():
            shutil.rmtree(folder)  # incomplete, or it would not be built again
        partial.chmod(0o755)
        partial.replace(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _run(command: list[str], source: Path, what: str) -> str:
    environment = {**os.environ, "CGO_ENABLED": "0", "GOWORK": "off"}
    try:
        done = subprocess.run(
            command, cwd=source, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
    except OSError as error:
        raise ControlPlaneUnavailable(f"{what} did not start: {error}") from error
    if done.returncode != 0:
        raise ControlPlaneUnavailable(f"{what} failed: {_first_complaint(done.stderr)}")
    return done.stdout


def _first_complaint(stderr: str) -> str:
    """The line that says what is wrong: go prints its downloads before it, and what follows from it after it."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    complaints = [line for line in lines if not line.startswith(("go: downloading", "#"))]
    return (complaints or lines or ["no message"])[0]


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """One build at a time: the other workers of a parallel test run wait here and find it done."""
    try:
        import fcntl  # noqa: PLC0415 -- POSIX only, and so are the tests that need it
    except ImportError as error:
        raise ControlPlaneUnavailable("the control plane is built on Linux and macOS only") from error
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    try:
        print(ensure_built())
    except ControlPlaneUnavailable as unavailable:
        sys.exit(str(unavailable))
