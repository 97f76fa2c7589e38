"""One answer into the draft, whatever kind of question it is to."""

import re

from kfinstall.guide.draft import Draft
from kfinstall.guide.preferring import take_over
from kfinstall.guide.questions import Kind, Path, Question, from_text, to_text
from kfinstall.model.install import SOURCES

_LOGIN = re.compile(r"://[^/\s:@]*:[^/\s@]+@")


def answer(draft: Draft, question: Question, text: str) -> None:
    """Answer a question with what somebody typed or chose; "" takes the answer back.

    Nothing is refused here: what is wrong is said by kfinstall.guide.checking, and the answer stays to be corrected.
    """
    text = text.encode("utf-8", "replace").decode()  # what a terminal sends in another encoding cannot be in a file
    take_over(draft, question, text)
    if question.kind is Kind.SECRET:
        draft.put_secret(question.path, text)
    elif question.kind is Kind.SECTION:
        draft.switch(question.path, on=text == "true")
    elif question.members:
        draft.choose(question, text)
    else:
        _put(draft, question, from_text(question, text))


def answered(draft: Draft, question: Question) -> str:
    """The answer as its user typed it; "" for none."""
    if question.kind is Kind.SECRET:
        return draft.secret(question.path)
    if question.kind is Kind.SECTION:
        return to_text(draft.get(question.path) is not None)
    return to_text(draft.get(question.path))


def in_force(draft: Draft, question: Question) -> str:
    """The answer, or the default where there is none."""
    return answered(draft, question) or to_text(question.default)


def _put(draft: Draft, question: Question, value: object) -> None:
    parent, key = question.path[:-1], question.path[-1]
    if parent == ("kubeflow",) and key in SOURCES:
        _choose_source(draft, str(key), value)
    # an answer that is the default is no answer: the file then says only what its user wants to be otherwise
    elif question.kind is Kind.YES_NO and value == question.default and not question.recommended:
        draft.put(question.path, None)
    else:
        draft.put(question.path, value)
    _hide_logins(draft, question.path)


def _hide_logins(draft: Draft, path: Path) -> None:
    """An address with a password in it is a secret, whatever the question asks for."""
    held = draft.get(path)
    places = [(*path, at) for at in range(len(held))] if isinstance(held, list) else [path]
    for each in places:
        text = draft.get(each)
        if isinstance(text, str) and _LOGIN.search(text):
            draft.put_secret(each, text)


def _choose_source(draft: Draft, key: str, value: object) -> None:
    """A document has one source of its KfDef, and components are those of that release."""
    before = _source(draft)
    if value is not None:
        for source in SOURCES:
            draft.put(("kubeflow", source), None)
    draft.put(("kubeflow", key), value)
    after = _source(draft)
    if before != after:
        draft.park(("kubeflow", "components"), before, after)


def _source(draft: Draft) -> str:
    return next((f"{each}:{found}" for each in SOURCES if (found := draft.get(("kubeflow", each)))), "preset:")
