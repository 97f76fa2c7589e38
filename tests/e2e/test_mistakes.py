"""What a user sees when kfinstall itself is wrong, or when the machine does not let it work."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from kfinstall.cli.install import stoppable
from kfinstall.cli.narration import Lines
from kfinstall.kube.cluster import Cluster
from kfinstall.kube.connection import Connection
from tests.e2e.conftest import Kfinstall
from tests.e2e.release import Release
from tests.patience import eventually

MISTAKEN = """
import sys
from kfinstall.cli import asked
def loaded(_flags):
    raise ZeroDivisionError("division by zero")
asked.loaded = loaded
sys.argv[1:] = ["config", "validate", "-f", "install.yaml"]
from kfinstall.__main__ import main
main()
"""


def test_a_mistake_in_kfinstall_ends_in_words(kfinstall: Kfinstall) -> None:
    done = subprocess.run(
        [sys.executable, "-c", MISTAKEN], env=kfinstall.environment, capture_output=True, text=True, check=False
    )
    [details] = kfinstall.state.glob("kfinstall/crash-*.txt")
    assert (done.returncode, done.stdout) == (1, "")
    assert "kfinstall: This should not have happened: ZeroDivisionError in <string>, line 5." in done.stderr
    assert f"The details are in {details}\n" in done.stderr
    assert "Traceback" not in done.stderr
    assert "ZeroDivisionError: division by zero" in details.read_text()
    assert details.stat().st_mode & 0o077 == 0, "for the user's eyes"


def test_a_mistake_where_nothing_can_be_written(kfinstall: Kfinstall) -> None:
    environment = {**kfinstall.environment, "XDG_STATE_HOME": "/dev/null"}
    done = subprocess.run(
        [sys.executable, "-c", MISTAKEN], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "The details could not be written: " in done.stderr
    assert "Traceback" not in done.stderr


def test_a_state_folder_that_cannot_be(connected: Kfinstall, release: Release) -> None:
    ended = connected("install", "-f", release.install, "--no-wait", XDG_STATE_HOME="/dev/null")
    assert ended.code == 1
    assert "/dev/null/kfinstall/" in ended.err
    assert "$XDG_STATE_HOME" in ended.err


def test_a_cache_that_cannot_be(kfinstall: Kfinstall, release: Release) -> None:
    ended = kfinstall("build", "-f", release.install, XDG_CACHE_HOME="/dev/null")
    assert ended.code == 1
    assert "/dev/null/kfinstall" in ended.err


def test_a_reader_that_has_seen_enough(kfinstall: Kfinstall, release: Release) -> None:
    with kfinstall.start("build", "-f", release.install, "--dump") as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        said = process.stderr.read()
    assert "Traceback" not in said
    assert "BrokenPipe" not in said
    assert process.returncode in {0, 1}


def test_nobody_listens_any_more(kfinstall: Kfinstall, release: Release) -> None:
    """What is told goes nowhere, and what is done goes on."""
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, "w") as deaf:  # noqa: PTH123 - no path
        done = subprocess.run(
            kfinstall.command("build", "-f", release.install), env=kfinstall.environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=deaf, text=True, check=False,
        )  # fmt: skip
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) == release.objects


@pytest.mark.parametrize("option", [["--log-format=json"], ["--log-format", "json"]])
def test_an_error_among_lines_of_json_is_one(kfinstall: Kfinstall, option: list[str]) -> None:
    ended = kfinstall("plan", "-f", "/no/such/file", *option)
    [line] = ended.events
    assert (ended.code, ended.out, line["event"]) == (2, "", "Error")
    assert line["why"] == "/no/such/file: no such file."


def test_ctrl_c_in_the_middle_of_a_line(tmp_path: Path) -> None:
    """A pager that reads no further holds a run up while it tells; it is stopped all the same."""
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(
        "{current-context: c, contexts: [{name: c, context: {cluster: c, user: c}}],"
        " users: [{name: c, user: {token: t}}], clusters: [{name: c, cluster: {server: 'https://127.0.0.1:1'}}]}"
    )
    cluster = Cluster(Connection.open(kubeconfig))
    reader, writer = os.pipe()
    with open(writer, "w") as out:  # noqa: PTH123 - no path
        with stoppable(cluster, Lines(out)) as control:

            def read_on() -> None:
                os.kill(os.getpid(), signal.SIGINT)
                eventually(lambda: control.stopping)
                while os.read(reader, 65536):
                    pass

            pager = threading.Thread(target=read_on, daemon=True)
            threading.Timer(0.2, pager.start).start()
            Lines(out).note("x" * 300_000)
        assert control.stopping
    pager.join()
    os.close(reader)


def test_a_file_that_cannot_be_written(kfinstall: Kfinstall) -> None:
    ended = kfinstall("init", Path("/dev/null/install.yaml"))
    assert (ended.code, "/dev/null/install.yaml cannot be written" in ended.err) == (2, True)


HOMELESS = """
import pwd, sys
def unknown(uid):
    raise KeyError(uid)
pwd.getpwuid = unknown
sys.argv[1:] = ["about"]
from kfinstall.__main__ import main
main()
"""


def test_a_user_of_whom_the_system_knows_nothing(kfinstall: Kfinstall) -> None:
    """As in a container that runs under a number."""
    environment = {name: value for name, value in kfinstall.environment.items() if name != "HOME" and "XDG" not in name}
    done = subprocess.run(
        [sys.executable, "-c", HOMELESS], env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "/.cache/kfinstall" in done.stdout


def test_a_full_disk_is_no_mistake(kfinstall: Kfinstall) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            kfinstall.command("configs"), env=kfinstall.environment, stdout=full, stderr=subprocess.PIPE, text=True,
            check=False,
        )  # fmt: skip
    assert done.returncode == 1
    assert "No space left on device" in done.stderr
    assert "mistake" not in done.stderr


def test_no_standard_input_at_all(kfinstall: Kfinstall) -> None:
    done = subprocess.run(
        ["sh", "-c", 'exec "$@" <&-', "sh", *kfinstall.command("config", "validate", "-f", "-")],
        env=kfinstall.environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "the file is empty" in done.stderr


def test_ctrl_c_in_the_middle_does_not_say_that_nothing_was_done(kfinstall: Kfinstall) -> None:
    stopped = MISTAKEN.replace('ZeroDivisionError("division by zero")', "KeyboardInterrupt")
    done = subprocess.run(
        [sys.executable, "-c", stopped], env=kfinstall.environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 130
    assert done.stderr.strip() == "Interrupted."
