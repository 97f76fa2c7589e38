"""Folders of strangers: what a path inside one means, and that it stays inside."""

import os
import posixpath
from dataclasses import dataclass
from pathlib import Path

from kfinstall.errors import RenderError
from kfinstall.words import _

KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")


@dataclass(frozen=True, slots=True)
class Root:
    """A repo's folder, beyond which no path leads. key: names its copy in a work folder. shown: for messages."""

    key: str
    folder: Path
    shown: str

    def join(self, here: str, entry: str) -> str:
        """The path of an entry that stands in the folder `here`; both relative to the root, "" is the root.

        Raises RenderError where it leads out, by name or through a link.
        """
        path = posixpath.normpath(posixpath.join(here, entry))
        path = "" if path == "." else path
        if entry.startswith(("/", "~")) or path == ".." or path.startswith("../") or "\0" in entry:
            raise self._leaves(here, entry)
        real, root = os.path.realpath(self.folder / path), os.path.realpath(self.folder)
        if real != root and not real.startswith(root + os.sep):
            raise self._leaves(here, entry)
        return path

    def _leaves(self, here: str, entry: str) -> RenderError:
        return RenderError(
            _("{place} is refused.").format(place=self.place(here)),
            why=_("It names {entry!r}, which is outside its repo.").format(entry=entry),
        )

    def place(self, path: str) -> str:
        """A path as messages show it."""
        return f"{self.shown}:{path or '.'}"

    def text(self, path: str) -> str:
        """The text of a file. Raises RenderError where it is none."""
        try:
            return (self.folder / path).read_text(encoding="utf-8-sig")
        except UnicodeDecodeError:
            why = _("It is not UTF-8 text.")
            raise RenderError(_("{place} cannot be used.").format(place=self.place(path)), why=why) from None

    def is_file(self, path: str) -> bool:
        return (self.folder / path).is_file()

    def is_dir(self, path: str) -> bool:
        return (self.folder / path).is_dir()

    def kustomization(self, path: str) -> str:
        """The kustomization file of a folder, relative to the root; "" where there is none.

        Raises RenderError where there are two: kustomize does not choose either.
        """
        found = [name for name in KUSTOMIZATIONS if self.is_file(posixpath.join(path, name))]
        if len(found) > 1:
            why = _("It has more than one kustomization: {names}.").format(names=", ".join(found))
            raise RenderError(_("{place} cannot be built.").format(place=self.place(path)), why=why)
        return self.join(path, found[0]) if found else ""
