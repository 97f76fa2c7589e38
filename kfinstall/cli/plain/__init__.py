"""The guided install as numbered questions, one line for everything: for screen readers, serial lines, TERM=dumb.

The questions, their order and the checks are those of the screens (kfinstall.guide); the install is the unattended one.
"""

from kfinstall.cli.exit_codes import ExitCode
from kfinstall.cli.plain.prompting import Back, confirmed, say
from kfinstall.cli.plain.review import reviewed
from kfinstall.cli.plain.walk import Walk
from kfinstall.engine.state_folder import state_home
from kfinstall.errors import KfinstallError
from kfinstall.guide.checking import checked
from kfinstall.guide.draft import Draft, draft_path, resumed
from kfinstall.guide.steps import step_named, step_of, steps
from kfinstall.words import _

__all__ = ["asked_and_installed"]


def asked_and_installed() -> ExitCode:
    """Ask, review, save, and install if the user says so. Raises Abort when the user leaves: the answers are kept."""
    say(_("Answer with a number or a text. Enter takes what stands in brackets. b: back. ?: explain. q: leave."))
    draft = _begun()
    while True:
        Walk(draft).to_the_end()
        found = checked(draft)
        if found.loaded is None:  # in another step: a secret that was not kept, say
            fault = found.faults[0]
            say(_("Wrong: {path}: {message}").format(path=fault.path, message=fault.message))
            draft.step = step_of(fault.path, draft)
            continue
        try:
            return reviewed(draft, found.loaded)
        except Back as back:
            draft.step = back.step or steps(draft)[-1].name


def _begun() -> Draft:
    try:
        kept = resumed(draft_path(state_home()))
    except KfinstallError as error:
        say(" ".join(str(error).splitlines()))
        return Draft()
    if kept is None:
        return Draft()
    title = step_named(kept.step, kept).title
    say(_("An earlier walk ended at: {step}.").format(step=title))
    return kept if confirmed(_("Go on there?"), default=True) else Draft()
