"""Commands of kfinstall as processes that need not import it: each is forked from one that has, and did nothing else.

A command has its own arguments, environment, folder and standard streams, begins at kfinstall's first line, and ends as
a Python of its own ends. Only the imports are saved, a second of each of the hundreds of commands in the tests; for
what Python's own start reads from the environment there is a server for each value. That kfinstall starts without this
is seen where `subprocess` starts it: tests/e2e/test_startup.py, the wheel, the demo, whatever is interrupted.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import pkgutil
import runpy
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from functools import cache
from pathlib import Path
from typing import Any

from tests.patience import PATIENCE

PRELOADED = ("kfinstall.cli", "kfinstall.doctor", "kfinstall.engine", "kfinstall.kube", "platforms", "checks")
"""Packages that a server imports with all their modules, and what these import."""

STARTS = ("PYTHON", "LC_", "LANG", "TZ")
"""How variables begin that are read once: by Python, and by kfinstall before it makes its texts."""

Done = subprocess.CompletedProcess[str]


def kfinstall(
    *arguments: str | Path, env: Mapping[str, str] | None = None, stdin: str = "", timeout: float = PATIENCE
) -> Done:
    """Run a command to its end, without a terminal. env: the test's own unless it is given; timeout: seconds.

    Raises subprocess.TimeoutExpired, once the command is killed.
    """
    command = [sys.executable, "-m", "kfinstall", *map(str, arguments)]
    environment = dict(os.environ if env is None else env)
    if any(argument.startswith("--lang") for argument in command):  # chosen before the imports
        return subprocess.run(
            command, env=environment, input=stdin, capture_output=True, text=True, timeout=timeout, check=False
        )
    starts = {name: value for name, value in environment.items() if name.startswith(STARTS)}
    return _server(json.dumps(starts, sort_keys=True)).run(command, environment, stdin, timeout)


@cache
def _server(starts: str) -> Server:
    return Server(json.loads(starts))


class Server:
    """A process that has imported kfinstall; it ends with the one that started it. starts: see STARTS."""

    def __init__(self, starts: Mapping[str, str]) -> None:
        other = {name: value for name, value in os.environ.items() if not name.startswith(STARTS)}
        self._control, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.forked"],
                cwd=Path(__file__).parents[1], env={**other, **starts}, stdin=theirs.fileno(),
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,  # none of them can be sought in
            )  # fmt: skip

    def run(self, command: Sequence[str], env: Mapping[str, str], stdin: str, timeout: float) -> Done:
        """As subprocess.run."""
        with ExitStack() as opened:
            asked, theirs = map(opened.enter_context, socket.socketpair())
            given = opened.enter_context(tempfile.TemporaryFile())
            given.write(stdin.encode())
            given.seek(0)
            (out, to_out), (err, to_err) = os.pipe(), os.pipe()
            for each in (out, err):
                opened.callback(os.close, each)
            sent = [theirs.fileno(), given.fileno(), to_out, to_err]
            socket.send_fds(self._control, [b"."], sent)
            for each in (to_out, to_err):
                os.close(each)
            theirs.close()
            request = {"arguments": command[3:], "env": dict(env), "folder": str(Path.cwd())}
            asked.sendall(json.dumps(request).encode())
            asked.shutdown(socket.SHUT_WR)
            answer = opened.enter_context(asked.makefile("r"))
            process = int(answer.readline() or self._failed())
            try:
                texts = _until_closed((out, err), time.monotonic() + timeout)
            except TimeoutError:
                os.kill(process, signal.SIGKILL)
                raise subprocess.TimeoutExpired(command, timeout) from None
            return subprocess.CompletedProcess(command, int(answer.readline()), *texts)

    def _failed(self) -> str:
        raise AssertionError(self._process.communicate()[0])


def _until_closed(pipes: Sequence[int], deadline: float) -> list[str]:
    """What is written into pipes until nobody has them open any more."""
    found = dict.fromkeys(pipes, b"")
    with selectors.DefaultSelector() as selector:
        for pipe in pipes:
            selector.register(pipe, selectors.EVENT_READ)
        while selector.get_map():
            if time.monotonic() > deadline:
                raise TimeoutError
            for key, _events in selector.select(deadline - time.monotonic()):
                read = os.read(key.fd, 65536)
                found[key.fd] += read
                if not read:
                    selector.unregister(key.fd)
    return [found[pipe].decode() for pipe in pipes]


# The server


def serve() -> None:
    """Fork a process for each command that is asked for, until nobody is there to ask."""
    for package in PRELOADED:
        found = importlib.import_module(package)
        for module in pkgutil.walk_packages(found.__path__, f"{package}."):
            importlib.import_module(module.name)
    assert threading.active_count() == 1, "a thread would not be in what is forked"
    gc.collect()
    gc.freeze()  # so that what commands have in common stays so
    control = socket.socket(fileno=os.dup(0))
    while True:
        _said, descriptors, _flags, _address = socket.recv_fds(control, 1, 4)
        if not descriptors:
            return
        if os.fork() == 0:
            control.close()
            _command(*descriptors)
            return
        for each in descriptors:
            os.close(each)
        with suppress(ChildProcessError):  # there is none, or the rest still run
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass


def _command(connection: int, *streams: int) -> None:
    """Be a command, and its parent, who says to whoever asked how it ended."""
    with socket.socket(fileno=connection) as asked:
        request: dict[str, Any] = json.load(asked.makefile("rb"))
        process = os.fork()
        if process:
            for stream in streams:
                os.close(stream)
            asked.sendall(f"{process}\n".encode())
            code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
            asked.sendall(f"{code}\n".encode())
            os._exit(0)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["env"])
    sys.path[0] = request["folder"]
    sys.argv[1:] = request["arguments"]
    runpy.run_module("kfinstall", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    serve()
