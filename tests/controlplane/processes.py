"""A process of the control plane: its log, its life and its end."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

TAIL = 15
TERMINATION_SECONDS = 5.0
GOGC = "400"
"""Memory for time: with a whole Kubeflow's definitions, an API server spends half of its time on collecting garbage."""


class ControlPlaneFailed(Exception):
    """The control plane could have been there, but did not come up; the message holds the tails of the logs."""


@dataclass
class Process:
    """One running process, which nobody but its owner ends, by its process id."""

    name: str
    log: Path
    popen: subprocess.Popen[bytes]

    @classmethod
    def start(cls, binary: Path, arguments: Sequence[str], folder: Path) -> Process:
        """Starts the binary with its log in the folder, which is also its home.

        It gets none of the caller's environment: no proxy, credential or cloud setting of the person who runs the
        tests may change what they see. Its standard input is the leash: it ends when this process is gone.
        """
        log = folder / f"{binary.name}.log"
        environment = {"HOME": str(folder), "PATH": os.defpath, "KFINSTALL_TEST_LEASH": "1", "GOGC": GOGC}
        with log.open("ab") as output:
            popen = subprocess.Popen(
                [str(binary), *arguments],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=folder,
                env=environment,
                start_new_session=True,  # Ctrl-C at the terminal is for pytest, which then stops this in order
            )
        return cls(binary.name, log, popen)

    def check(self) -> None:
        """Raises when the process has ended, which none does while it is wanted."""
        code = self.popen.poll()
        if code is not None:
            raise ControlPlaneFailed(f"{self.name} ended with exit code {code}\n{self.tail()}")

    def terminate(self) -> None:
        """Asks the process to end, and does not wait for it."""
        if self.popen.poll() is None:
            self.popen.terminate()

    def stop(self) -> None:
        """Ends the process: it is asked, given a moment, then killed."""
        self.terminate()
        try:
            self.popen.wait(TERMINATION_SECONDS)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait()
        if self.popen.stdin is not None:
            self.popen.stdin.close()

    def tail(self) -> str:
        """The last lines of the log."""
        lines = self.log.read_text(errors="replace").splitlines()[-TAIL:]
        return "\n".join([f"== {self.name}", *lines])
