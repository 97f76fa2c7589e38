"""What an install comes from: the answers of a walk, and the file that they were saved to."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kfinstall.model.load import LoadedInstall

if TYPE_CHECKING:
    from kfinstall.guide.draft import Draft


@dataclass(slots=True)
class Origin:
    """Screens on the way from the review to the result share one. file: None until it was saved. draft: None for an
    install that nobody was asked about."""

    file: Path | None = None
    draft: "Draft | None" = None

    def now(self, loaded: LoadedInstall) -> LoadedInstall:
        """What is to be installed, with what a fix changed in the answers since it was loaded."""
        from kfinstall.guide.checking import checked  # noqa: PLC0415 - needed where something was mended

        return (self.draft and checked(self.draft).loaded) or loaded

    def save(self, loaded: LoadedInstall) -> Path:
        """Write the file into the current folder, under a name that is free. Raises UsageError."""
        from kfinstall.guide import saving  # noqa: PLC0415 - as above

        path = saving.free(Path.cwd())
        saving.write(saving.file_text(self.now(loaded)), path)
        self.file = path
        return path
