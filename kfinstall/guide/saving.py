"""What remains of a walk: the file, the variables that it needs, and the command that does the same again."""

import os
import re
import shlex
import tempfile
from itertools import count
from pathlib import Path

from kfinstall.errors import UsageError
from kfinstall.guide.checking import NAME
from kfinstall.guide.draft import Draft
from kfinstall.model.load import LoadedInstall
from kfinstall.model.write import commented
from kfinstall.words import _


def file_text(loaded: LoadedInstall) -> str:
    """The file: commented, every answer in it, every secret as its reference."""
    return commented(loaded.install, document=loaded.document)


def variables(draft: Draft) -> list[str]:
    """The environment variables that the file takes its secrets from, in its order."""
    return list(dict.fromkeys(re.findall(r"\$\{([A-Za-z_][A-Za-z0-9_]*)", draft.text)))


def command(file: str | Path) -> str:
    """The command line that installs the same, unattended."""
    return shlex.join(["kfinstall", "install", "-f", str(file), "--yes"])


def exports(draft: Draft) -> list[str]:
    """How the secrets get into the environment, without being written into a shell's history."""
    return [f"read -rs {name} && export {name}" for name in variables(draft)]


def free(folder: Path) -> Path:
    """A name for the file that no other file in the folder has."""
    names = (folder / (NAME if number == 1 else f"install-{number}.yaml") for number in count(1))
    return next(path for path in names if not path.exists())


def write(text: str, path: Path, *, over: bool = False) -> None:
    """Write the file, whole or not at all, readable by its user only.

    over: one that is there may be written over. Raises UsageError.
    """
    if path.exists() and not over:
        raise UsageError(_("{path} is there already.").format(path=path), fix=_("Choose another name."))
    try:
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".kfinstall-")
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        Path(name).replace(path)
    except OSError as error:
        raise UsageError(_("{path} cannot be written.").format(path=path), why=error.strerror or "") from error
