"""From what was pasted to one line of plain words.

Log lines wrap a message in JSON, in escaped quotes within quotes, in colours and in columns of kubectl. The wrapping
says nothing about the cause, so it goes; what it wraps stays, in its order.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from kfinstall.facts.classify.redact import redacted

LONGEST = 10_000
"""Characters that are looked at, more of the end than of the beginning: `kubectl describe` has its events last."""

_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-_])")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200b-\u200f\ufeff]")
_NORMAL_EVENT = re.compile(
    r"\bNormal\s+(?:Scheduled|Pulling|Pulled|Created|Started|SuccessfulCreate|SuccessfulAttachVolume|SuccessfulMountVolume"
    r"|AddedInterface|TriggeredScaleUp|Provisioning|ProvisioningSucceeded|LeaderElection|NodeReady|RegisteredNode)\b"
)
_ESCAPE = re.compile(r"\\(u00[0-7][0-9a-fA-F]|x1b|[\"'nrt/\\])")
_ESCAPED = {"n": "\n", "r": " ", "t": " ", "x1b": "\x1b"}
_TYPOGRAPHIC = str.maketrans({"“": '"', "”": '"', "„": '"', "\u2018": "'", "\u2019": "'", "\u00a0": " "})
_DEEPEST_QUOTING = 4


def normalised(message: str) -> str:
    """One line of single-spaced words, without colours, escapes and secrets; at most LONGEST characters.

    Normal events among several lines are left out: what they name would be taken for a part of the failure.
    """
    text = _bounded(message)
    text = _unwrapped(text) if _is_json(text) else "\n".join(map(_unwrapped, text.split("\n")))
    text = _CONTROL.sub(" ", _ANSI.sub("", _unescaped(text))).translate(_TYPOGRAPHIC)
    text = "\n".join(line for line in text.split("\n") if not _NORMAL_EVENT.search(line))
    return redacted(" ".join(text.split()))


def _bounded(message: str) -> str:
    if len(message) <= LONGEST:
        return message
    head = LONGEST * 2 // 5
    return f"{message[:head]} {message[head - LONGEST :]}"


def _is_json(text: str) -> bool:
    text = text.strip()
    return text[:1] in {"{", "["} and text[-1:] in {"}", "]"}


def _unwrapped(text: str) -> str:
    """`key: value` for each value of a JSON text; the text itself where it is no JSON."""
    if not _is_json(text):
        return text
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return text
    if not isinstance(data, dict):
        return text
    try:
        return "\n".join(_leaves("", data))
    except RecursionError:
        return text


def _leaves(key: str, value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _leaves(str(name), item)
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(key, item)
    elif value is not None:
        yield f"{key}: {value}"


def _unescaped(text: str) -> str:
    """Quotes within quotes are escaped once for each level; klog and JSON logs reach three."""
    for _level in range(_DEEPEST_QUOTING):
        before = text
        text = _ESCAPE.sub(_character, text)
        if text == before:
            break
    return text


def _character(escape: re.Match[str]) -> str:
    code = escape[1]
    return chr(int(code[1:], 16)) if code.startswith("u") else _ESCAPED.get(code, code)
