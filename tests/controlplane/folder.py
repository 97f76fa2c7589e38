"""The folder of a running control plane: in memory where the machine has room for it, and never left behind."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO

MEMORY = Path("/dev/shm")  # noqa: S108 -- a folder with a random name is made in it
ROOM = 2 * 1024**3  # the logs and the database of etcd stay well below it; the 64 MiB of a container do not suffice
PREFIX = "kfinstall-controlplane-"


@dataclass
class StateFolder:
    """A private folder that is locked while its owner lives, so that the next run can clear what a killed one left."""

    path: Path
    lock: IO[str]

    @classmethod
    def create(cls) -> StateFolder:
        """A new folder, after a sweep of abandoned ones."""
        parent = _parent()
        _sweep(parent)
        path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
        lock = (path / "lock.new").open("w")
        fcntl.flock(lock, fcntl.LOCK_EX)
        (path / "lock.new").replace(path / "lock")  # whoever sees the lock finds it held
        return cls(path, lock)

    def remove(self) -> None:
        """Removes the folder and everything in it."""
        shutil.rmtree(self.path, ignore_errors=True)
        self.lock.close()


def _parent() -> Path:
    """Memory is used for speed only: etcd writes every change to its log and its database."""
    try:
        if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free >= ROOM:
            return MEMORY
    except OSError:
        pass  # not Linux
    return Path(tempfile.gettempdir())


def _sweep(parent: Path) -> None:
    """Removes the folders whose owner is gone: one that is killed cannot, and memory is scarce."""
    for lock in parent.glob(f"{PREFIX}*/lock"):
        try:
            with lock.open() as held:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(lock.parent, ignore_errors=True)
        except OSError:
            continue  # it is in use, belongs to somebody else, or has just gone
