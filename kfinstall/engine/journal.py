"""The journal of a run, on disk: what was begun and what is done, so that a killed run is no harm.

One JSON object a line, appended and synced before and after every step. A line that was cut off is ignored. Whoever has
it open has it alone: two runs of one install at once would each repair what the other writes.
"""

import fcntl
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

from kfinstall.contracts.manifest import ObjectKey
from kfinstall.contracts.resource import Applied
from kfinstall.errors import KfinstallError
from kfinstall.words import _


class Journal:
    """An open journal, which no other run has. Entries hold names and digests, never the content of an object.

    What cannot be written raises KfinstallError: without its journal a run would not know what it did. So does one
    that another run has open: the kernel frees it when that run ends, however it ends.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with _explaining(path):
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(self._file)
                raise _in_use(path) from None
            self._whole_lines()

    def __enter__(self) -> "Journal":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._file)

    def write(self, entries: Iterable[dict[str, Any]]) -> None:
        """Append entries and return when they are on disk."""
        text = "".join(json.dumps(entry, separators=(",", ":")) + "\n" for entry in entries)
        if text:
            with _explaining(self.path):
                self._append(text.encode())

    def clear(self) -> None:
        """Forget everything: the run came to its end, and the cluster knows the rest."""
        with _explaining(self.path):
            os.ftruncate(self._file, 0)
            os.fsync(self._file)

    def _append(self, text: bytes) -> None:
        while text:
            text = text[os.write(self._file, text) :]
        os.fsync(self._file)

    def _whole_lines(self) -> None:
        """End a line that a killed run left half-written, so that the next entry stands on a line of its own."""
        size = os.fstat(self._file).st_size
        if size and os.pread(self._file, 1, size - 1) != b"\n":
            self._append(b"\n")


@contextmanager
def _explaining(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise KfinstallError(
            _("The journal {path} cannot be used.").format(path=path),
            why=error.strerror or str(error),
            fix=_("Make room or give yourself the right to write there, or let $XDG_STATE_HOME name another folder."),
        ) from error


def _in_use(path: Path) -> KfinstallError:
    return KfinstallError(
        _("Another kfinstall on this machine is at work on this install."),
        why=_("It has the journal {path} open.").format(path=path),
        fix=_("Wait for its end, or stop it with Ctrl-C where it runs; then the same command goes on."),
    )


def entries(path: Path) -> Iterator[dict[str, Any]]:
    """The whole entries of a journal; none when there is no journal."""
    try:
        with _explaining(path):
            text = path.read_text(encoding="utf-8", errors="replace")
    except KfinstallError as error:
        if isinstance(error.__cause__, FileNotFoundError):
            return
        raise
    for line in text.split("\n"):
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if isinstance(entry, dict):
            yield entry


def applied(path: Path) -> dict[ObjectKey, Applied]:
    """What an unfinished run applied, which the inventory in the cluster may not know yet."""
    found: dict[ObjectKey, Applied] = {}
    for entry in entries(path):
        key = _key(entry.get("key"))
        wanted, owned = entry.get("wanted"), entry.get("owned")
        if key and entry.get("done") == "delete":
            found.pop(key, None)
        elif key and entry.get("done") == "apply" and isinstance(wanted, str) and isinstance(owned, str):
            found[key] = Applied(wanted, owned)
    return found


def _key(value: object) -> ObjectKey | None:
    if (
        isinstance(value, list)
        and len(value) == len(ObjectKey._fields)
        and all(isinstance(part, str) for part in value)
    ):
        return ObjectKey(*value)
    return None
