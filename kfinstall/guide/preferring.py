"""What the chosen platform would answer, in the sections of the document that say nothing."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from kfinstall.contracts.platform import Prefers
from kfinstall.guide.draft import Draft
from kfinstall.guide.questions import Question, to_text
from kfinstall.model.install import Install
from kfinstall.registry import platforms


def preferences(draft: Draft) -> Mapping[str, dict[str, Any]]:
    """Section of the document -> what its platform would have there, as the document says it.

    Empty where no platform is chosen, where it prefers nothing, and while its own options are not answered.
    """
    held = draft.get(("platform",))
    name = held.get("type") if isinstance(held, Mapping) else None
    if not isinstance(name, str) or name not in platforms().options:
        return {}
    platform = platforms().get(name)
    if not isinstance(platform, Prefers):
        return {}
    try:
        preferred = platform.preferred(platform.options.model_validate(held))
    except ValidationError:
        return {}
    keys = {name: info.alias or name for name, info in Install.model_fields.items()}
    return {
        keys[field]: section.model_dump(mode="json", by_alias=True, exclude_unset=True)
        for field, section in preferred.items()
    }


def recommending(question: Question, preferred: Mapping[str, Any], draft: Draft) -> Question:
    """The question, with the answer that its platform would give. preferred: to its section of the document.

    A section in which nothing is said is the platform's to fill in, so that answer is then what holds without one.
    """
    value: Any = preferred
    for part in question.path[1:]:
        value = value.get(part) if isinstance(value, Mapping) else None
    if value is None:
        return question
    default = question.default if draft.get(question.path[:1]) else value
    return replace(question, recommended=to_text(value), default=default, minor=False)


def take_over(draft: Draft, question: Question, text: str) -> None:
    """Put what the platform prefers into the question's section, before the first answer there: with that answer the
    section is said, and the platform fills in nothing any more. text: the answer.

    Another member of the section's own union is no answer within what is preferred.
    """
    section = question.path[:1]
    preferred = preferences(draft).get(str(section[0])) if text and not draft.get(section) else None
    if preferred and (not question.members or len(question.path) > 2 or text == question.recommended):
        draft.put(section, preferred)
