"""The sandbox as a process of its own: started in the background, found again by the next command, stopped."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from kfinstall.errors import ClusterError, UsageError
from kfinstall.locks import alone
from kfinstall.sandbox import scenario as scenarios
from kfinstall.sandbox.scenario import Scenario
from kfinstall.words import _

STARTUP_SECONDS = 30.0
STOP_SECONDS = 10.0
POLL_SECONDS = 0.05
CONTEXT = "kfinstall-sandbox"
ADMIN_CONTEXT = f"{CONTEXT}-admin"
"""Beside the one of the scenario's user, who may be restricted."""


@dataclass(frozen=True, slots=True)
class Running:
    """A sandbox that answers. pid: its process. started: seconds since the epoch."""

    pid: int
    url: str
    scenario: str
    speed: float
    started: float


def folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Where the sandbox of this user keeps its kubeconfig, its keys and its log."""
    base = environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(base) / "kfinstall" / "sandbox"


def kubeconfig_path() -> Path:
    return folder() / "kubeconfig"


def running(home: Path | None = None) -> Running | None:
    """The sandbox that runs, of this user or of a folder; None when none does."""
    try:
        found = Running(**json.loads(((home or folder()) / "running.json").read_text(encoding="utf-8")))
        os.kill(found.pid, 0)
    except (OSError, ValueError, TypeError):
        return None
    return found if _is_ours(found.pid) else None


def _is_ours(pid: int) -> bool:
    """A number that was given to another process since is not ours."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return not Path("/proc/self").exists()
    return b"kfinstall.sandbox" in command


def start(scenario: str = scenarios.DEFAULT, speed: float = 1.0, home: Path | None = None) -> Running:
    """Start a sandbox in the background and wait until it answers. Raises UsageError when one runs already.

    home: a folder for one beside that of the user.
    """
    home = home or folder()
    with _starting(home):
        found = running(home)
        if found:
            raise UsageError(
                _("A sandbox runs already, with scenario {scenario}.").format(scenario=found.scenario),
                fix=_("Stop it first: kfinstall sandbox stop"),
            )
        return _start(scenario, speed, home)


def _starting(home: Path) -> AbstractContextManager[None]:
    """Two that look at once must not both start one: nobody would know of the other."""
    return alone(home / "lock")


def _start(scenario: str, speed: float, home: Path) -> Running:
    scenarios.load(scenario)
    (home / "running.json").unlink(missing_ok=True)
    command = [
        sys.executable,
        "-m",
        "kfinstall.sandbox",
        "--scenario",
        scenario,
        "--speed",
        str(speed),
        "--folder",
        str(home),
    ]
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 - our own module
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
    deadline = time.monotonic() + STARTUP_SECONDS
    while time.monotonic() < deadline:
        found = running(home)
        if found and found.pid == process.pid:
            process.returncode = 0  # it goes on without us
            return found
        if process.poll() is not None:
            break
        time.sleep(POLL_SECONDS)
    last = (home / "log").read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:]
    raise ClusterError(
        _("The sandbox did not start."), why="".join(last), fix=_("Its log: {path}").format(path=home / "log")
    )


def stop(home: Path | None = None) -> bool:
    """Stop the sandbox that runs, and forget its cluster; False when none runs."""
    found = running(home)
    if not found:
        return False
    os.kill(found.pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while running(home) and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
    if running(home):
        os.kill(found.pid, signal.SIGKILL)
    return True


def ensure(scenario: str | None, speed: float) -> Path:
    """The kubeconfig of the sandbox that runs, or of one that is started now; UsageError for another scenario."""
    with _starting(folder()):
        found = running() or _start(scenario or scenarios.DEFAULT, speed, folder())
    if scenario not in {None, found.scenario}:
        raise UsageError(
            _("A sandbox runs with scenario {running}, and the document wants {wanted}.").format(
                running=found.scenario, wanted=scenario
            ),
            fix=_("Stop it first: kfinstall sandbox stop"),
        )
    return kubeconfig_path()


@contextmanager
def throwaway(scenario: Scenario, speed: float) -> Iterator[Path]:
    """The kubeconfig of a sandbox of its own, which ends with the block. Raises ClusterError when it does not start."""
    with tempfile.TemporaryDirectory(prefix="kfinstall-sandbox-") as name:
        home = Path(name)
        file = home / "scenario.yaml"
        file.write_text(scenarios.text(scenario), encoding="utf-8")
        start(str(file), speed, home)
        try:
            yield home / "kubeconfig"
        finally:
            stop(home)


def described(found: Running) -> str:
    return json.dumps(asdict(found))
