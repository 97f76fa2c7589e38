"""YAML text as a stream of events, with the scalars of the core schema and syntax errors in plain words.

Events, not composed nodes: PyYAML's composer is recursive, so a page of `[` ends the process; it does not
tell a quoted key from a plain one; and it expands nothing, so a bomb of aliases goes off later.
"""

import re
from collections.abc import Iterator

import yaml

from kfinstall.errors import Place
from kfinstall.model.document import Scalar
from kfinstall.model.text import LIMIT, refusal, too_large
from kfinstall.words import _

_LOADER: type[yaml.SafeLoader] | type[yaml.CSafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What YAML 1.2 section 5.1 does not let into a stream."""

_HTML = re.compile(r"\s*<(!doctype|html|head|body|\?xml)", re.IGNORECASE)

_NULL = re.compile(r"|~|null|Null|NULL")
_TRUE = re.compile(r"true|True|TRUE|yes|Yes|YES|on|On|ON")
_FALSE = re.compile(r"false|False|FALSE|no|No|NO|off|Off|OFF")
_INT = re.compile(r"[-+]?(0|[1-9][0-9]*)|0x[0-9a-fA-F]+|0o[0-7]+|0[0-7]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")

_DIGITS = 100
"""More digits than any number of ours has; int() of a long text is slow, and refused beyond 4300."""


def events(text: str, file: str) -> Iterator[yaml.Event]:
    """The events of a YAML stream. Raises DocumentError for what is not YAML."""
    _refuse_other_texts(text, file)
    try:
        yield from yaml.parse(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        mark = _mark(error, text)
        place = Place(file, mark.line + 1, mark.column + 1) if mark else Place(file)
        raise refusal(place, _syntax_words(error, text, place)) from None
    except yaml.YAMLError:
        raise refusal(Place(file), _("this is not YAML.")) from None


def scalar(text: str) -> Scalar:
    """What an unquoted scalar means.

    YAML's core schema plus the booleans and octals of YAML 1.1, because kubectl reads them so. Dates and
    base 60 numbers stay text, as in kubectl.
    """
    for pattern, value in ((_NULL, None), (_TRUE, True), (_FALSE, False)):
        if pattern.fullmatch(text):
            return value
    if len(text) > _DIGITS:
        return text
    if _INT.fullmatch(text):
        return _integer(text)
    if _FLOAT.fullmatch(text):
        return float(
            text.replace(".inf", "inf")
            .replace(".Inf", "inf")
            .replace(".INF", "inf")
            .replace(".n", "n")
            .replace(".N", "N")
        )
    return text


def _integer(text: str) -> int:
    if text.startswith(("0x", "0o")):
        return int(text, 0)
    return int(text, 8) if re.fullmatch("0[0-7]+", text) else int(text)


def _refuse_other_texts(text: str, file: str) -> None:
    if len(text) > LIMIT:
        raise refusal(Place(file), too_large())
    found = _UNPRINTABLE.search(text.removeprefix("\ufeff"))
    if found:
        start = found.start() + text.startswith("\ufeff")
        line_start = text.rfind("\n", 0, start) + 1
        place = Place(file, text.count("\n", 0, start) + 1, start - line_start + 1)
        code = f"U+{ord(found[0]):04X}"
        message = _("the character {code} is not allowed in YAML; this may be a binary file.").format(code=code)
        raise refusal(place, message)
    if _HTML.match(text.removeprefix("\ufeff")):
        message = _("this is a web page (HTML or XML), not YAML. For a file on GitHub use its raw address.")
        raise refusal(Place(file, 1, 1), message)


def _mark(error: yaml.MarkedYAMLError, text: str) -> yaml.Mark | None:
    """Where the mistake is. What is never closed is found at the end of the text, and was made where it begins."""
    mark = error.problem_mark
    if mark and error.context_mark and mark.line >= text.rstrip().count("\n") + 1:
        return error.context_mark
    return mark or error.context_mark


def _syntax_words(error: yaml.MarkedYAMLError, text: str, place: Place) -> str:
    """libyaml's and PyYAML's texts for one mistake differ, and neither says what to do."""
    lines = text.splitlines()
    line = lines[place.line - 1] if 0 < place.line <= len(lines) else ""
    if "\t" in line[: max(place.column, len(line) - len(line.lstrip()))]:
        return _("a tab is used here; YAML is indented with spaces only.")
    said = f"{error.context or ''} {error.problem or ''}"
    for fragment, words in _said_and_meant():
        if fragment in said:
            return words
    return _("this is not YAML ({reason}).").format(reason=(error.problem or error.context or "").strip())


def _said_and_meant() -> list[tuple[str, str]]:
    """A part of what libyaml or PyYAML says, and the same in plain words; the first that fits counts."""
    return [
        (
            "mapping values are not allowed",
            _('a ": " is not expected here. Quote the value if it belongs to it, or check the indentation.'),
        ),
        ("quoted scalar", _("a quote is opened and never closed.")),
        ("flow sequence", _('a "," or the closing "]" is missing.')),
        ("flow mapping", _('a "," or the closing "}" is missing.')),
        ("block mapping", _('the indentation does not fit the lines above, or a ":" is missing.')),
        ("block collection", _('the indentation does not fit the list above, or a "-" is missing.')),
        ("block sequence", _('the indentation does not fit the list above, or a "-" is missing.')),
        ("could not find expected ':'", _('a ":" is missing after this key.')),
        ("simple key", _('a ":" is missing after this key.')),
        ("cannot start any token", _("no value can begin with this character. Quote the value.")),
        (
            "undefined tag handle",
            _('tags ("!...") are not used here. Quote the value if it begins with "!".'),
        ),
        ("block scalar", _('after "|" or ">" the text begins on the next line.')),
        ("alphabetic or numeric character", _('"&" and "*" begin an anchor or an alias. Quote the value.')),
        ("nesting depth", _("far too many levels inside each other.")),
        ("<document start>", _("the text goes on after the document's end. Check the indentation.")),
    ]
