"""The Install file, changed along with the cluster, so that the next install keeps what was mended."""

import difflib
import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from kfinstall.errors import UsageError
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


def shown(kept: Change | None, settings: Mapping[str, Any]) -> Iterator[str]:
    """The change of the file, or the keys to set where there is no file to change."""
    if kept and kept.before != kept.after:
        yield _("So that the next install keeps it, this file is changed, too:")
        yield from (f"  {line}" for line in kept.diff())
    elif kept is None and settings:
        yield _("The next install would undo it. To keep it, set in the Install file:")
        yield from (f"  {key}: {json.dumps(value, ensure_ascii=False)}" for key, value in settings.items())


def written(kept: Change | None) -> Iterator[str]:
    """Change the file, and say so. Raises UsageError as Change.write does."""
    if kept and kept.before != kept.after:
        kept.write()
        yield _("✓ changed {path}").format(path=kept.path)
