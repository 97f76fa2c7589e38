"""What becomes of a mistake in kfinstall itself: a short message, and a file with what its makers need."""

import errno
import os
import time
import traceback
from pathlib import Path

from kfinstall import __version__
from kfinstall.engine.state_folder import state_folder
from kfinstall.errors import KfinstallError
from kfinstall.words import _

OF_THE_SYSTEM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EMFILE, errno.ENFILE})
"""Errors of the system that name no file, as writing to an open one does not: a full disk, a quota, too many files."""


def foreseen(error: OSError) -> KfinstallError:
    """A file or folder that cannot be used is no mistake of kfinstall's."""
    return KfinstallError(
        _("{file} cannot be used.").format(file=error.filename or _("A file")),
        why=error.strerror or type(error).__name__,
        fix=_("Check that it exists, whom it belongs to, and whether the disk is full."),
    )


def unforeseen(error: Exception) -> KfinstallError:
    """The traceback goes into a file of the user's own, and its place into the message."""
    where = traceback.extract_tb(error.__traceback__)[-1]
    what = _("This should not have happened: {error} in {file}, line {line}.").format(
        error=type(error).__name__, file=Path(where.filename).name, line=where.lineno
    )
    try:
        file = _written("".join(traceback.format_exception(error)))
    except (OSError, KfinstallError) as trouble:
        return KfinstallError(what, why=_("The details could not be written: {why}").format(why=trouble))
    return KfinstallError(
        what,
        why=_("It is a mistake in kfinstall. The details are in {file}").format(file=file),
        fix=_("Report it with that file, after a look through it, and with what this prints: kfinstall about"),
    )


def _written(text: str) -> Path:
    folder = state_folder("").parent
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / time.strftime(f"crash-%Y%m%d-%H%M%S-{os.getpid()}.txt")
    path.touch(mode=0o600, exist_ok=False)
    path.write_text(f"kfinstall {__version__}\n{text}", encoding="utf-8")
    return path
