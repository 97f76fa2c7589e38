"""One question in lines: asked until its answer will do."""

from collections.abc import Sequence

from kfinstall.cli.plain.prompting import EXPLAIN, prompted, say
from kfinstall.contracts.platform import Choice
from kfinstall.engine.state_folder import state_home
from kfinstall.errors import KfinstallError
from kfinstall.guide.answering import answer, answered, in_force
from kfinstall.guide.checking import checked
from kfinstall.guide.draft import Draft, draft_path, kept
from kfinstall.guide.lists import lister
from kfinstall.guide.questions import Kind, Question
from kfinstall.model.document import path_text
from kfinstall.words import _


def ask(draft: Draft, question: Question) -> None:
    """Put the answer into the draft. Raises Back, and Abort when the user leaves."""
    choices: Sequence[Choice] = question.choices
    _list(choices)
    while True:
        text = prompted(_titled(question), _bracketed(draft, question), hidden=question.kind is Kind.SECRET)
        if text == EXPLAIN:
            choices = _explain(draft, question) or choices
        elif question.kind is Kind.ENTRIES:
            if text.lower() in ("y", _("y")):
                draft.add(question.path)
            return
        elif _takes(draft, question, _meant(question, text, choices)):
            return


def _takes(draft: Draft, question: Question, text: str | None) -> bool:
    """Put the answer into the draft; False, with the reason said, where it will not do."""
    if text is not None:
        answer(draft, question, text)
    reason = checked(draft).of(question.path)
    if reason:
        say(_("Wrong: {message}").format(message=reason))
    kept(draft, draft_path(state_home()))  # the review says so where it cannot be
    return not reason


def _titled(question: Question) -> str:
    title = ": ".join([*question.group, question.title])
    if question.kind is Kind.ENTRIES:
        return _("{title}: add one (y)").format(title=title)
    if question.kind in (Kind.YES_NO, Kind.SECTION):
        return _("{title} (y or n)").format(title=title)
    return _("{title} (?: list)").format(title=title) if question.listed else title


def _bracketed(draft: Draft, question: Question) -> str:
    """What Enter alone takes."""
    if question.kind in (Kind.YES_NO, Kind.SECTION):
        return _("yes") if in_force(draft, question) == "true" else _("no")
    if question.kind is Kind.ENTRIES:
        held = draft.get(question.path)
        return _("no, {count} so far").format(count=len(held) if isinstance(held, list) else 0)
    if question.kind is Kind.SECRET:
        return "****" if answered(draft, question) else ""
    return in_force(draft, question)


def _explain(draft: Draft, question: Question) -> Sequence[Choice]:
    """Say what the question means, and list what may be answered."""
    say(question.meaning)
    if question.standing:
        say(question.standing)
    say(_("In the file: {key}").format(key=path_text(question.path)))
    if not question.listed:
        return ()
    try:
        found = lister(question, draft)()
    except KfinstallError as error:
        say(" ".join(str(error).splitlines()))
        return ()
    _list(found)
    return found


def _list(choices: Sequence[Choice]) -> None:
    for number, each in enumerate(choices, start=1):
        told = [each.title if each.title != each.value else "", each.text]
        say(f"{number}. " + ": ".join(filter(None, [each.value, *told])))


def _meant(question: Question, text: str, choices: Sequence[Choice]) -> str | None:
    """The answer that a text means; None for what holds already."""
    if not text:
        return None
    if question.kind in (Kind.YES_NO, Kind.SECTION):
        return {"y": "true", "n": "false", _("yes"): "true", _("no"): "false"}.get(text.lower(), text)
    words = text.split(",") if question.kind is Kind.LIST else [text]
    return ",".join(_named(each.strip(), choices) for each in words)


def _named(text: str, choices: Sequence[Choice]) -> str:
    """A text, or the choice whose number it is."""
    return choices[int(text) - 1].value if text.isdecimal() and 0 < int(text) <= len(choices) else text
