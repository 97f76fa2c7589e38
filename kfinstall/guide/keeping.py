"""The Install file and the answers of a walk, changed along with the cluster, so that what was mended stays so."""

import difflib
import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from kfinstall.engine.state_folder import state_home
from kfinstall.errors import UsageError
from kfinstall.guide.draft import Draft, draft_path, kept
from kfinstall.guide.taking_in import take_in
from kfinstall.model.edit import edited
from kfinstall.model.folder import is_web
from kfinstall.model.install import KIND
from kfinstall.words import _


@dataclass(frozen=True, slots=True)
class Change:
    """A file's text before and after."""

    path: Path
    before: str
    after: str

    def diff(self) -> Iterator[str]:
        """As `diff -u` has it."""
        lines = self.before.splitlines(), self.after.splitlines()
        yield from difflib.unified_diff(*lines, str(self.path), str(self.path), lineterm="", n=2)

    def write(self) -> None:
        """Whole or not at all, with its line ends. Raises UsageError where somebody else changed the file meanwhile."""
        target = self.path.resolve()
        if target.read_text(encoding="utf-8") != self.before:
            raise UsageError(_("{path} was changed by somebody else meanwhile.").format(path=self.path))
        ends = "\r\n" if b"\r\n" in target.read_bytes() else "\n"
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", newline=ends, dir=target.parent, prefix=f".{target.name}.", delete=False
        ) as draft:
            draft.write(self.after)
        shutil.copymode(target, draft.name)
        Path(draft.name).replace(target)

    def told(self) -> Iterator[str]:
        """What would be written; nothing where the file says it already."""
        if self.before != self.after:
            yield _("So that the next install keeps it, this file is changed, too:")
            yield from (f"  {line}" for line in self.diff())

    def carried_out(self) -> Iterator[str]:
        """Change the file, and say so. Raises UsageError as write does."""
        if self.before != self.after:
            self.write()
            yield _("✓ changed {path}").format(path=self.path)


@dataclass(frozen=True, slots=True)
class Answers:
    """The answers of the walk that an install came from, and the file that they were saved to, if it can be changed.

    settings: what keeps the fix, by dotted key. secrets: environment variable that these refer to -> its value, which
    stays in this process.
    """

    draft: Draft
    settings: Mapping[str, Any]
    file: Change | None = None
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)

    def told(self) -> Iterator[str]:
        """What would be written."""
        if self.file:
            yield from self.file.told()
        elif self.settings:
            yield _("So that the next install keeps it, your answers are changed, too:")
            yield from _lines(self.settings)

    def carried_out(self) -> Iterator[str]:
        """Change both, and say so. Raises UsageError as Change.write does."""
        if self.file:
            yield from self.file.carried_out()
        if self.settings:
            take_in(self.draft, self.settings)
            self.draft.secrets.update(self.secrets)
            yield _("✓ changed your answers: {keys}").format(keys=", ".join(self.settings))
            if reason := kept(self.draft, draft_path(state_home())):
                yield reason


Kept = Change | Answers
"""What keeps a fix."""


def change(files: Sequence[str], settings: Mapping[str, Any]) -> Change | None:
    """What would keep a fix: of several files the last one on this machine, since it counts.

    None where there is none, it is no Install document, or it is not written so that it can be changed.
    """
    here = [name for name in files if name != "-" and not is_web(name)]
    if not here or not settings:
        return None
    path = Path(here[-1])
    try:
        before = path.read_text(encoding="utf-8")
        data = yaml.safe_load(before)
        if not isinstance(data, dict) or data.get("kind") != KIND:
            return None
        return Change(path, before, edited(before, settings))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, UsageError):
        return None


def shown(kept: Kept | None, settings: Mapping[str, Any]) -> Iterator[str]:
    """What is changed to keep a fix, or the keys to set where there is nothing to change."""
    if kept:
        yield from kept.told()
    elif settings:
        yield _("The next install would undo it. To keep it, set in the Install file:")
        yield from _lines(settings)


def written(kept: Kept | None) -> Iterator[str]:
    """Change it, and say so. Raises UsageError as Change.write does."""
    if kept:
        yield from kept.carried_out()


def _lines(settings: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"  {key}: {json.dumps(value, ensure_ascii=False)}" for key, value in settings.items())
