"""The draft against the very loader of unattended installs; what it finds, by the question that it is about."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from kfinstall.errors import DocumentError, Problem
from kfinstall.guide.draft import Draft
from kfinstall.guide.questions import Path
from kfinstall.model.document import path_text
from kfinstall.model.load import LoadedInstall, load
from kfinstall.registry import platforms
from kfinstall.words import _

NAME: Final = "install.yaml"
"""What messages call the draft's text: the name that its file gets as a rule."""


@dataclass(frozen=True, slots=True)
class Fault:
    """path: as path_text gives it. message: one sentence, or two."""

    path: str
    message: str


@dataclass(frozen=True, slots=True)
class Checked:
    """loaded: None where there are faults."""

    loaded: LoadedInstall | None
    faults: Sequence[Fault] = ()

    def of(self, path: Path) -> str:
        """What is wrong with the answer at a path; "" for nothing."""
        return next((fault.message for fault in self.faults if fault.path == path_text(path)), "")


def checked(draft: Draft, environ: Mapping[str, str] = os.environ) -> Checked:
    """Load the draft as `install -f` would load its file."""
    text = draft.text
    try:
        found = load(
            [NAME], platforms=platforms().options, environ={**environ, **draft.secrets}, read=lambda _name: text
        )
    except DocumentError as error:
        lost = draft.lost(environ)
        faults = [Fault(each.path, _told(each, lost)) for each in error.problems]
        return Checked(None, faults or [Fault("", error.what)])
    return Checked(found)


def _told(problem: Problem, lost: Mapping[str, str]) -> str:
    """What is wrong, for somebody who answers questions: a secret of an earlier walk is to be typed again."""
    if problem.path not in lost:
        return problem.message
    return _("secrets are not kept: type it again (or set {name} before kfinstall starts).").format(
        name=lost[problem.path]
    )
