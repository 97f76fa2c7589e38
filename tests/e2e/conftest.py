"""The command line as a process of its own, and what it works with: a release, a name, nodes."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests import forked
from tests.controlplane.api import Api
from tests.controlplane.cluster import Cluster
from tests.controlplane.playing import playing
from tests.e2e.release import Release, write_release


@dataclass(frozen=True)
class Ended:
    """What a user has of a command that came to its end."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one document on standard output."""
        return json.loads(self.out)

    @property
    def events(self) -> list[dict[str, Any]]:
        """Standard error as --log-format=json makes it."""
        return [json.loads(line) for line in self.err.splitlines()]


@dataclass
class Kfinstall:
    """Runs `kfinstall` with a home of its own; all that it ever said is kept for who looks for secrets in it."""

    environment: dict[str, str]
    ended: list[Ended] = field(default_factory=list)

    def __call__(self, *arguments: str | Path, stdin: str = "", **environment: str) -> Ended:
        """Run a command to its end, without a terminal."""
        done = forked.kfinstall(*arguments, stdin=stdin, env={**self.environment, **environment})
        return self.keep(Ended(done.returncode, done.stdout, done.stderr))

    def start(self, *arguments: str | Path) -> subprocess.Popen[str]:
        """Begin a command with a Python of its own, for who wants to interfere."""
        pipe = subprocess.PIPE
        return subprocess.Popen(
            self.command(*arguments),
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=pipe,
            stderr=pipe,
            text=True,
        )

    def command(self, *arguments: str | Path) -> list[str]:
        return [sys.executable, "-m", "kfinstall", *map(str, arguments)]

    def keep(self, ended: Ended) -> Ended:
        self.ended.append(ended)
        assert "Traceback" not in ended.out + ended.err, ended.err
        assert not list(self.state.glob("kfinstall/crash-*")), ended.err
        return ended

    @property
    def state(self) -> Path:
        return Path(self.environment["XDG_STATE_HOME"])


@pytest.fixture
def kfinstall(own_environment: Path) -> Kfinstall:
    """The command line, without a cluster."""
    return Kfinstall(dict(os.environ))


@pytest.fixture
def connected(kfinstall: Kfinstall, control_plane: Cluster) -> Kfinstall:
    """The command line, with the kubeconfig of the tests' cluster."""
    kfinstall.environment["KUBECONFIG"] = str(control_plane.kubeconfig())
    return kfinstall


@pytest.fixture
def admin(control_plane: Cluster) -> Iterator[Api]:
    """Requests as admin."""
    with Api(control_plane.kubeconfig()) as opened:
        yield opened


@pytest.fixture
def name() -> str:
    """A name for an install and all that is its own, which nobody else has in the cluster."""
    return f"e2e-{secrets.token_hex(4)}"


@pytest.fixture
def release(tmp_path: Path, name: str) -> Release:
    """A small release."""
    return write_release(tmp_path / "release", name)


@pytest.fixture
def nodes(control_plane: Cluster) -> Iterator[None]:
    """A node on which every pod runs."""
    if not (control_plane.has_scheduler and control_plane.has_controller_manager):
        pytest.skip("this control plane has no scheduler or no controller manager")
    with playing(control_plane.kubeconfig(), "e2e-1"):
        yield
