"""The bodies of requests: JSON, YAML and protocol buffers, bounded, as plain data that JSON can write again."""

import json
import math
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from kfinstall.errors import DocumentError
from kfinstall.sandbox.requests import APPLY, JSON, JSON_PATCH, MERGE, PROTOBUF, STRATEGIC, YAML
from kfinstall.sandbox.status import StatusError, bad_request, unsupported_media_type

DEPTH = 128
"""Levels that a body may nest; objects of Kubernetes have about 30 with their managedFields."""

LARGEST_INTEGER = 19
"""Digits; a longer number is a float to Go, too."""


def parsed(method: str, text: bytes, content: str) -> Any:
    """A request's body; None for none. Raises StatusError 400 or 415."""
    if not text:
        return None
    media = content.partition(";")[0].strip()
    if media in {APPLY, YAML}:
        return _yaml(text)
    if media in {JSON, MERGE, JSON_PATCH, STRATEGIC, "", "text/plain"}:
        return _json(text)
    if method == "PATCH":
        raise StatusError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "UnsupportedMediaType", "415: Unsupported Media Type", {})
    if media == PROTOBUF:
        from kfinstall.sandbox.protobuf import decoded  # noqa: PLC0415 - only who sends it pays for it

        return decoded(text)
    raise unsupported_media_type([JSON, YAML, PROTOBUF])


def _json(text: bytes) -> Any:
    try:
        found = json.loads(text, parse_constant=_refused, parse_float=_float, parse_int=_integer)
        if b"\\ud" in text.lower():
            found = json.loads(_without_surrogates(json.dumps(found, ensure_ascii=False)))
    except (ValueError, RecursionError) as error:
        raise bad_request(f"couldn't get version/kind; json parse error: {error}") from error
    _check_depth(text, found)
    return found


def _yaml(text: bytes) -> Any:
    if text.lstrip()[:1] in {b"{", b"["}:
        try:
            return _json(text)
        except StatusError:
            pass  # flow style
    from kfinstall.model.parse import parse  # noqa: PLC0415 - only who sends YAML pays for it

    try:
        documents = parse(text.decode(), "")
    except (DocumentError, UnicodeDecodeError, RecursionError) as error:
        raise bad_request(f"error decoding YAML: {error}") from error
    return documents[0].data if documents else None


def _refused(constant: str) -> Any:
    raise ValueError(f"invalid character '{constant[0]}' looking for beginning of value")


def _float(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise ValueError(f"cannot unmarshal number {text[:20]} into Go value of type float64")
    return value


def _integer(text: str) -> int | float:
    return int(text) if len(text) <= LARGEST_INTEGER else _float(text)


def _without_surrogates(text: str) -> str:
    """Halves of characters are replaced, as encoding/json does."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _check_depth(text: bytes, found: Any) -> None:
    if text.count(b"{") + text.count(b"[") <= DEPTH:
        return
    level = [found]
    for _depth in range(DEPTH + 1):
        level = [child for value in level for child in _children(value)]
        if not level:
            return
    raise bad_request(f"couldn't get version/kind; json parse error: exceeded max depth of {DEPTH}")


def _children(value: Any) -> Iterator[Any]:
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return (item for item in items if isinstance(item, (dict, list)))
