"""What is said of a run, line by line: the last of it in memory, all of it in a file of the user's own."""

import base64
import os
import threading
import time
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from pydantic import SecretStr

from kfinstall.contracts.manifest import Manifest
from kfinstall.engine.state_folder import state_home
from kfinstall.engine.telling import in_words
from kfinstall.facts.classify import redacted
from kfinstall.model.base import Model

KEPT = 2000
"""Lines in memory."""

FILES = 20
"""Logs that stay; older ones go."""

HIDDEN = "••••"
SHORTEST_SECRET = 6
"""Characters; what is shorter is a word that would be taken out of half of all lines."""


@dataclass(frozen=True, slots=True)
class Line:
    """when: HH:MM:SS. verb: what happened, in a word for in_words; "FAILED" and "CONFLICT" are loud."""

    when: str
    application: str
    verb: str
    text: str

    def __str__(self) -> str:
        return f"{self.when} {self.application or '-':24} {in_words(self.verb, 9)} {self.text}".rstrip()


class RunLog:
    """Lines of a run. path: the file, None where none can be written: a run does not end for that."""

    def __init__(self, install: str) -> None:
        self._lock = threading.Lock()
        self._lines: deque[Line] = deque(maxlen=KEPT)
        self._total = 0
        self._secrets: set[str] = set()
        self.path, self._file = _created(install)

    def hide(self, secrets: Iterable[str]) -> None:
        """Never let these texts, or their base64, appear in a line."""
        for secret in secrets:
            if len(secret) >= SHORTEST_SECRET:
                self._secrets |= {secret, base64.b64encode(secret.encode()).decode()}

    def clean(self, text: str) -> str:
        """The text without what must not be shown."""
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        return redacted(text)

    def add(self, application: str, verb: str, text: str) -> None:
        line = Line(time.strftime("%H:%M:%S"), application, verb, self.clean(text))
        with self._lock:
            self._lines.append(line)
            self._total += 1
            if self._file:
                with suppress(OSError, ValueError):
                    self._file.write(f"{line}\n")

    def close(self) -> None:
        """The run is over; what is said afterwards is no longer written to the file."""
        with self._lock:
            if self._file:
                self._file.close()

    def since(self, number: int) -> tuple[list[Line], int]:
        """The lines after the first `number` ones, as far as they are kept; and how many there have been."""
        with self._lock:
            new = min(self._total - number, len(self._lines))
            return list(self._lines)[len(self._lines) - new :] if new > 0 else [], self._total


def secrets_of(model: Model) -> Iterable[str]:
    """The secret values of a document."""
    for value in dict(model).values():
        yield from _secrets(value)


def secrets_in(manifests: Iterable[Manifest]) -> Iterable[str]:
    """What the Secrets among some objects hold."""
    for manifest in manifests:
        if manifest.kind == "Secret":
            yield from (str(each) for each in (manifest.body.get("stringData") or {}).values())
            for each in (manifest.body.get("data") or {}).values():
                with suppress(ValueError):
                    yield base64.b64decode(str(each)).decode()


def _secrets(value: Any) -> Iterable[str]:
    if isinstance(value, SecretStr):
        yield value.get_secret_value()
    elif isinstance(value, Model):
        yield from secrets_of(value)
    elif isinstance(value, dict):
        for child in value.values():
            yield from _secrets(child)
    elif isinstance(value, list | tuple):
        for child in value:
            yield from _secrets(child)


def _created(install: str) -> tuple[Path | None, TextIO | None]:
    """A new file that only the user can read."""
    folder = state_home() / "logs"
    path = folder / time.strftime(f"{install}-%Y%m%d-%H%M%S-{os.getpid()}.log")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for old in sorted(folder.glob("*.log"), key=lambda each: each.stat().st_mtime)[: 1 - FILES]:
            old.unlink()
        path.touch(mode=0o600)
        return path, path.open("a", encoding="utf-8", buffering=1)
    except OSError:
        return None, None
