"""The journal of a run, on disk: what was begun and what is done, so that a killed run is no harm.

One JSON object a line, appended and synced before and after every step. A line that was cut off is ignored.
"""

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

from kfinstall.contracts.manifest import ObjectKey
from kfinstall.contracts.resource import Applied


class Journal:
    """An open journal. Entries hold names and digests, never the content of an object."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._whole_lines()
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

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
            os.write(self._file, text.encode())
            os.fdatasync(self._file)

    def clear(self) -> None:
        """Forget everything: the run came to its end, and the cluster knows the rest."""
        os.ftruncate(self._file, 0)
        os.fdatasync(self._file)

    def _whole_lines(self) -> None:
        """End a line that a killed run left half-written, so that the next entry stands on a line of its own."""
        if self.path.exists():
            text = self.path.read_bytes()
            if text and not text.endswith(b"\n"):
                with self.path.open("ab") as file:
                    file.write(b"\n")


def entries(path: Path) -> Iterator[dict[str, Any]]:
    """The whole entries of a journal; none when there is no journal."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return
    for line in lines:
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if isinstance(entry, dict):
            yield entry


def applied(path: Path) -> dict[ObjectKey, Applied]:
    """What an unfinished run applied, which the inventory in the cluster may not know yet."""
    found = {}
    for entry in entries(path):
        if entry.get("done") == "apply":
            found[ObjectKey(*entry["key"])] = Applied(entry["wanted"], entry["owned"])
    return found
