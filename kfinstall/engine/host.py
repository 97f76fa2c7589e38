"""This machine, as platforms use it: programs without a shell, a folder of their own, the user's wish to stop."""

import contextlib
import functools
import os
import shutil
import subprocess
import threading
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from kfinstall.contracts.platform import Machine, Ran
from kfinstall.engine.machine import sysctl, this_machine
from kfinstall.engine.state_folder import state_home
from kfinstall.engine.user_kubeconfig import user_kubeconfig
from kfinstall.errors import ProgramFailed, ToolMissing
from kfinstall.facts.classify import redacted
from kfinstall.words import _

LAST_LINES = 15
"""Of what a program printed on standard error, when it failed."""

ENDING = 10.0
"""Seconds that a program gets to end by itself once the user stops."""


def host_of(platform: str) -> "LocalHost":
    """This machine, with a folder for a platform's own files."""
    return LocalHost(state_home() / "platforms" / platform)


class LocalHost:
    """A Host (see contracts). stopped: set when the user wants to stop."""

    def __init__(self, folder: Path, environ: Mapping[str, str] = os.environ) -> None:
        self.environ = environ
        self.stopped = threading.Event()
        self._folder = folder

    @functools.cached_property
    def machine(self) -> Machine:
        return this_machine()

    @property
    def kubeconfig(self) -> Mapping[str, Any]:
        return user_kubeconfig(self.environ)

    def sysctl(self, name: str) -> int | None:
        return sysctl(name)

    @property
    def folder(self) -> Path:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return self._folder

    @property
    def stopping(self) -> bool:
        return self.stopped.is_set()

    def wait(self, seconds: float) -> bool:
        return self.stopped.wait(seconds)

    def find(self, program: str) -> Path | None:
        found = shutil.which(program, path=self.environ.get("PATH"))
        return Path(found) if found else None

    def run(self, arguments: Sequence[str], *, seconds: float = 60.0) -> Ran:
        try:
            done = subprocess.run(  # noqa: S603 - a list of arguments, no shell
                self._command(arguments), stdin=subprocess.DEVNULL, capture_output=True, env=self._plain_words(),
                timeout=seconds, check=False, encoding="utf-8", errors="replace",
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise ProgramFailed(
                _("{program} did not answer within {seconds:.0f} seconds.").format(
                    program=arguments[0], seconds=seconds
                )
            ) from None
        except OSError as error:
            raise _does_not_start(arguments[0], error) from error
        return Ran(done.returncode, done.stdout, done.stderr)

    def lines(self, arguments: Sequence[str], *, errors_too: bool = False) -> Iterator[str]:
        said: deque[str] = deque(maxlen=LAST_LINES)
        try:
            started = subprocess.Popen(  # noqa: S603 - as above
                self._command(arguments), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT if errors_too else subprocess.PIPE,
                env=self._plain_words(), encoding="utf-8", errors="replace",
            )  # fmt: skip
        except OSError as error:
            raise _does_not_start(arguments[0], error) from error
        with started as process:
            listener = threading.Thread(target=said.extend, args=(process.stderr or (),), daemon=True)
            listener.start()
            threading.Thread(target=self._end_when_stopped, args=(process,), daemon=True).start()
            try:
                for line in process.stdout or ():
                    if errors_too:
                        said.append(line)
                    yield line.rstrip("\r\n")
            finally:
                self._ended(process)
            listener.join(ENDING)
        if process.returncode:
            raise ProgramFailed(
                _("{program} failed (exit code {code}).").format(program=arguments[0], code=process.returncode),
                why=redacted("".join(said).strip()),
            )

    def _plain_words(self) -> dict[str, str]:
        """The environment, but programs say what the causes know: minikube, for one, speaks Chinese as well."""
        return {**self.environ, "LC_ALL": "C", "LANGUAGE": ""}

    def _ended(self, process: "subprocess.Popen[str]") -> None:
        """Wait for a program that said all it has to say; end it when nobody listens any more."""
        if not self.stopping:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(ENDING)
        _end(process)

    def _end_when_stopped(self, process: "subprocess.Popen[str]") -> None:
        while process.poll() is None:
            if self.stopped.wait(0.2):
                _end(process)
                return

    def _command(self, arguments: Sequence[str]) -> list[str]:
        found = self.find(arguments[0])
        if found is None:
            raise ToolMissing(_("{program} is not installed, or not on the PATH.").format(program=arguments[0]))
        return [str(found), *arguments[1:]]


def _end(process: "subprocess.Popen[str]") -> None:
    """End a program; one that does not end by itself within ENDING seconds of being asked to is killed."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(ENDING)
        except subprocess.TimeoutExpired:
            process.kill()
    process.wait()


def _does_not_start(program: str, error: OSError) -> ProgramFailed:
    return ProgramFailed(_("{program} does not start.").format(program=program), why=error.strerror or str(error))
