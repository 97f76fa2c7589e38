"""What pydantic finds wrong, in the words of a person who writes YAML.

A value is repeated only where it cannot be a secret: not for secret types, and not under a key that sounds
like one.
"""

import difflib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kfinstall.model.document import Path
from kfinstall.words import _, joined

_SECRET_KEY = re.compile(
    r"pass(word|wd|phrase)?$|secret|token|credential|(private|api|access|client|encryption)[-_]?key|auth$|bearer",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"'([^']*)'")
_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Fault:
    """One error of pydantic: its type, the value it is about and its context.

    path: of the value. written: the value as the file has it if it is unquoted there. keys: what the mapping
    around it allows. hidden: the value is a secret, or may be one.
    """

    kind: str
    value: object
    context: Mapping[str, Any]
    path: Path
    written: str = ""
    keys: Sequence[str] = ()
    hidden: bool = False


def secret(path: Path) -> bool:
    """Whether a value at this path may be one that nobody should read."""
    return any(isinstance(part, str) and _SECRET_KEY.search(part) for part in path)


def did_you_mean(word: str, choices: Iterable[str]) -> str:
    """` Did you mean "x"?`, or nothing where no choice is near."""
    lowered = {choice.lower(): choice for choice in choices}
    near = difflib.get_close_matches(word.lower(), lowered, n=1)
    return " " + _('Did you mean "{choice}"?').format(choice=lowered[near[0]]) if near else ""


def one_of(word: str, choices: Sequence[str]) -> str:
    """What to take for a word that is none of the choices: the nearest, else all while they are few."""
    near = did_you_mean(word, choices)
    if near or not 0 < len(choices) <= 20:
        return near
    return " " + _("Known here: {choices}.").format(choices=joined(choices))


def words(fault: Fault) -> str:
    """The sentence for a fault."""
    if fault.kind in ("value_error", "assertion_error"):
        return str(fault.context.get("error", "")) or _("this value is not possible here.")
    speak = _SENTENCES.get(fault.kind)
    if speak is not None:
        return speak(fault)
    family = fault.kind.partition("_")[0]
    if fault.kind.endswith(("_type", "_parsing", "_from_float", "_attributes_type")) and _wanted(family):
        return _wrong_type(fault)
    return _("this value is not possible here.")


def _wrong_type(fault: Fault) -> str:
    family = fault.kind.partition("_")[0]
    wanted = _wanted(family)
    if family == "string" and fault.written and isinstance(fault.value, bool | int | float):
        return _must_be_quoted(fault)
    return _("{wanted} is expected here, not {found}.").format(wanted=wanted, found=_found(fault))


def _must_be_quoted(fault: Fault) -> str:
    """YAML reads `no` as false and `1.30` as 1.3: https://yaml.org/type/bool.html, https://yaml.org/type/float.html."""
    if fault.hidden:
        return _("a text is expected here, and without quotes YAML reads a number or true/false. Quote it.")
    value = str(fault.value).lower()
    if isinstance(fault.value, bool):
        meaning = value
    else:
        meaning = _("a number") if value == fault.written else _("the number {value}").format(value=value)
    sentence = _('a text is expected here, and YAML reads {written} as {meaning}. Quote it: "{written}".')
    return sentence.format(written=fault.written, meaning=meaning)


def _found(fault: Fault) -> str:
    value = fault.value
    if isinstance(value, dict | list):
        return _("a mapping") if isinstance(value, dict) else _("a list")
    if value is None:
        return _("an empty value")
    if fault.hidden:
        return _("this value")
    if isinstance(value, str):
        return _('the text "{value}"').format(value=shown(value))
    written = fault.written or str(value).lower()
    return written if isinstance(value, bool) else _("the number {value}").format(value=written)


def shown(text: str) -> str:
    """A value as a message repeats it: on one line, and not for long."""
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else line[:_SHOWN] + "..."


def _unknown_key(fault: Fault) -> str:
    return _("unknown key.") + one_of(str(fault.path[-1]), fault.keys)


def _not_a_choice(fault: Fault) -> str:
    choices = _QUOTED.findall(str(fault.context.get("expected") or fault.context.get("expected_tags") or ""))
    value = fault.context.get("tag", fault.value)
    if not isinstance(value, str) or fault.hidden:
        return _("one of these is expected here: {choices}.").format(choices=joined(choices))
    return _('"{value}" is not known.').format(value=shown(value)) + one_of(value, choices)


def _no_tag(fault: Fault) -> str:
    key = str(fault.context.get("discriminator", "")).strip("'")
    return _('the key "{key}" is missing; it says which kind this is.').format(key=key)


def _wanted(family: str) -> str:
    """What a type of pydantic's is to a person, by the first word of the error's type; "" for others."""
    names = {
        "string": _("a text"),
        "int": _("a whole number"),
        "float": _("a number"),
        "decimal": _("a number"),
        "bool": _("true or false"),
        "path": _("a path"),
        **dict.fromkeys(("dict", "mapping", "model", "dataclass"), _("a mapping (key: value)")),
        **dict.fromkeys(("list", "tuple", "set", "frozen", "iterable"), _("a list")),
    }
    return names.get(family, "")


_SENTENCES: dict[str, Callable[[Fault], str]] = {
    "missing": lambda _fault: _("this is missing."),
    "extra_forbidden": _unknown_key,
    "literal_error": _not_a_choice,
    "enum": _not_a_choice,
    "union_tag_invalid": _not_a_choice,
    "union_tag_not_found": _no_tag,
    "none_required": lambda _fault: _("nothing may stand here."),
    "finite_number": lambda _fault: _("infinity and NaN are not possible here."),
    "greater_than": lambda fault: _("must be greater than {gt}.").format(**fault.context),
    "greater_than_equal": lambda fault: _("must be at least {ge}.").format(**fault.context),
    "less_than": lambda fault: _("must be less than {lt}.").format(**fault.context),
    "less_than_equal": lambda fault: _("must be at most {le}.").format(**fault.context),
    "string_too_short": lambda fault: _("must have at least {min_length} characters.").format(**fault.context),
    "string_too_long": lambda fault: _("must have at most {max_length} characters.").format(**fault.context),
    "too_short": lambda fault: _("must have at least {min_length} entries.").format(**fault.context),
    "too_long": lambda fault: _("must have at most {max_length} entries.").format(**fault.context),
    "string_pattern_mismatch": lambda fault: _("must match the pattern {pattern}.").format(**fault.context),
}
