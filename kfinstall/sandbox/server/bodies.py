"""The bodies of requests: JSON, YAML and protocol buffers, bounded, as plain data that JSON can write again."""

import json
import math
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, NamedTuple

from kfinstall.contracts.manifest import Body
from kfinstall.errors import DocumentError
from kfinstall.sandbox.server import go_json
from kfinstall.sandbox.server.requests import APPLY, JSON, JSON_PATCH, MERGE, PROTOBUF, STRATEGIC, YAML, Request
from kfinstall.sandbox.server.status import StatusError, bad_request, unsupported_media_type

DEPTH = 128
"""Levels that a body may nest; objects of Kubernetes have about 30 with their managedFields."""

LARGEST_INTEGER = 19
"""Digits; a longer number is a float to Go, too."""


SHOWN = 30
"""Bytes of a body that a refusal repeats."""

TYPE_META = r'struct { APIVersion string "json:\"apiVersion,omitempty\""; Kind string "json:\"kind,omitempty\"" }'
PARSING = "couldn't get version/kind; json parse error: "


class Parsed(NamedTuple):
    """A request's body; None for none. doubled: the paths of fields that it has twice."""

    body: Any = None
    doubled: tuple[str, ...] = ()


class Unreadable(StatusError):
    """A body that is no JSON. why: in the words of encoding/json."""

    def __init__(self, why: str, text: bytes) -> None:
        super().__init__(HTTPStatus.BAD_REQUEST, "BadRequest", f"{PARSING}{why}")
        self.why = why
        self.text = text


def parsed(method: str, text: bytes, content: str) -> Parsed:
    """Raises StatusError 400 or 415."""
    if not text:
        return Parsed()
    media = content.partition(";")[0].strip()
    if media in {APPLY, YAML}:
        return Parsed(_yaml(text))
    if media in {JSON, MERGE, JSON_PATCH, STRATEGIC, "", "text/plain"}:
        return _json(text)
    if method == "PATCH":
        raise StatusError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "UnsupportedMediaType", "415: Unsupported Media Type", {})
    if media == PROTOBUF:
        from kfinstall.sandbox.server.protobuf import decoded  # noqa: PLC0415 - only who sends it pays for it

        return Parsed(decoded(text))
    raise unsupported_media_type([JSON, YAML, PROTOBUF])


def object_of(request: Request, kind: str) -> Body:
    """The body, which has to be an object. kind: of which kind. Raises StatusError 400."""
    if isinstance(request.body, dict):
        return request.body
    why = f"json: cannot unmarshal {go_json.KINDS[type(request.body)]} into Go value of type"
    if request.method == "PATCH":
        yaml = "error unmarshaling JSON: while decoding JSON: "
        applied = request.content.partition(";")[0] == APPLY
        what = f"decoding YAML: {yaml}" if applied else "decoding patch: "
        raise bad_request(f"error {what}{why} map[string]interface {{}}")
    if request.body is None:
        raise unrecognized(kind, go_json.END, b"")
    raise unrecognized(kind, f"{why} {TYPE_META}", json.dumps(request.body, separators=(",", ":")).encode())


def unrecognized(kind: str, why: str, text: bytes) -> StatusError:
    """For a body that nobody can tell the type of (apimachinery/pkg/runtime/serializer, runtime.NewNotRegistered…)."""
    cut = " ..." if len(text) > SHOWN else ""
    shown = text[:SHOWN].decode(errors="replace") if text.startswith(b"{") else text[:SHOWN].hex()
    end = f"({shown + cut if text else '<empty>'})"
    return bad_request(f"the object provided is unrecognized (must be of type {kind}): {PARSING}{why} {end}")


def _json(text: bytes) -> Parsed:
    doubled = False

    def made(pairs: list[tuple[str, Any]]) -> Body:
        nonlocal doubled
        found = dict(pairs)
        if len(found) == len(pairs):
            return found
        doubled = True
        return _merged(pairs)

    try:
        found = _loaded(text, made)
        if b"\\ud" in text.lower():
            found = json.loads(_without_surrogates(json.dumps(found, ensure_ascii=False)))
    except (ValueError, RecursionError) as error:
        raise Unreadable(go_json.fault(text) or str(error), text) from error
    _check_depth(text, found)
    return Parsed(found, tuple(_doubled(_loaded(text, _Pairs))) if doubled else ())


def _loaded(text: bytes, made: Any) -> Any:
    return json.loads(text, parse_constant=_refused, parse_float=_float, parse_int=_integer, object_pairs_hook=made)


def _merged(pairs: list[tuple[str, Any]]) -> Body:
    """Go decodes the later value of a field into the earlier one."""
    found: Body = {}
    for name, value in pairs:
        before = found.get(name)
        both = isinstance(before, dict) and isinstance(value, dict)
        found[name] = {**before, **value} if both else value  # type: ignore[dict-item]
    return found


class _Pairs(list[tuple[str, Any]]):
    """An object with all its fields."""


def _doubled(value: Any, path: str = "") -> Iterator[str]:
    if not isinstance(value, _Pairs):
        for n, item in enumerate(value if isinstance(value, list) else ()):
            yield from _doubled(item, f"{path}[{n}]")
        return
    seen: set[str] = set()
    for name, child in value:
        here = f"{path}.{name}" if path else name
        if name in seen:
            yield here
        seen.add(name)
        yield from _doubled(child, here)


def _yaml(text: bytes) -> Any:
    if text.lstrip()[:1] in {b"{", b"["}:
        try:
            return _json(text).body
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
