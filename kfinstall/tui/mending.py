"""Before a fix is made: what it would do is shown, a word is asked for, and credentials where it takes any."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from textual.app import App

from kfinstall.contracts.finding import Finding
from kfinstall.contracts.fix import Fix
from kfinstall.tui.asking import Asking
from kfinstall.tui.origin import Origin
from kfinstall.words import _

if TYPE_CHECKING:
    from kfinstall.guide.keeping import Kept
    from kfinstall.model.images import PullSecret


@dataclass(frozen=True, slots=True)
class Agreed:
    """A fix that the user wants. secrets: for its logins. kept: what is changed to keep it."""

    fix: Fix
    secrets: "Sequence[PullSecret]" = ()
    kept: "Kept | None" = None


def ask(app: App[Any], finding: Finding, fix: Fix, origin: Origin, agreed: Callable[[Agreed], None]) -> None:
    """Call `agreed` when the user has said yes."""
    from kfinstall.guide import keeping, logins  # noqa: PLC0415 - once there is something to mend
    from kfinstall.guide.fixes import shown  # noqa: PLC0415 - imports the client library, which is here by now
    from kfinstall.tui.credentials import Credentials  # noqa: PLC0415 - as above

    file = keeping.change([str(origin.file)] if origin.file else [], fix.settings)

    def kept(secrets: "Sequence[PullSecret]" = ()) -> "Kept | None":
        if origin.draft is None:
            return file
        return keeping.Answers(origin.draft, fix.settings, file, logins.variables(secrets))

    def answered(answer: str | None) -> None:
        if answer != "mend":
            return
        missing = logins.missing(fix.logins)
        if missing:
            app.push_screen(Credentials(missing), given)
        else:
            given({})

    def given(found: dict[str, tuple[str, str]] | None) -> None:
        if found is not None:
            secrets = logins.secrets(fix.logins, found)
            agreed(Agreed(fix, secrets, kept(secrets)))

    question = _("{finding}: {fix}").format(finding=finding.title, fix=fix.title)
    answers = {"back": _("Back"), "mend": _("Change it")}
    app.push_screen(Asking(question, list(shown(fix, kept())), answers), answered)
