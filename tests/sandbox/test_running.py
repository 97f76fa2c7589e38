"""The practice cluster as a process: never two of a user's, and none that nobody can find."""

import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from kfinstall.errors import UsageError
from kfinstall.sandbox.running import Running, running, start, stop
from tests.patience import eventually


def has_ended(pid: int) -> bool:
    return os.waitpid(pid, os.WNOHANG)[0] == pid


def test_of_those_who_start_one_at_once_one_does(tmp_path: Path) -> None:
    def attempt(_number: int) -> Running | UsageError:
        try:
            return start("healthy", 10.0, tmp_path)
        except UsageError as error:
            return error

    with ThreadPoolExecutor(3) as pool:
        found = list(pool.map(attempt, range(3)))
    [one] = [each for each in found if isinstance(each, Running)]
    assert running(tmp_path) == one
    assert all("runs already" in str(each) for each in found if each is not one)
    assert stop(tmp_path)
    eventually(lambda: has_ended(one.pid))


def test_one_whose_folder_is_gone_ends(tmp_path: Path) -> None:
    home = tmp_path / "home"
    found = start("healthy", 10.0, home)
    shutil.rmtree(home)
    eventually(lambda: has_ended(found.pid))
