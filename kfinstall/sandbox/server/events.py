"""events.k8s.io/v1: another form of the Events of the core group, over the same objects.

The names of fields are those of kubernetes/pkg/apis/events/v1/conversion.go; Events are kept in the core group's form.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from kfinstall.contracts.manifest import Body
from kfinstall.sandbox.server.render import encoded
from kfinstall.sandbox.server.requests import Answer, Request

GROUP = "events.k8s.io"
API_VERSION = f"{GROUP}/v1"
CORE = "v1"
_PATH = re.compile(r"/apis/events\.k8s\.io/v1((?:/namespaces/[^/]+)?/events(?:/[^/]+)?/?)")

TO_CORE = {
    "regarding": "involvedObject",
    "note": "message",
    "reportingController": "reportingComponent",
    "deprecatedSource": "source",
    "deprecatedFirstTimestamp": "firstTimestamp",
    "deprecatedLastTimestamp": "lastTimestamp",
    "deprecatedCount": "count",
}
FROM_CORE = {core: name for name, core in TO_CORE.items()}


def is_event_form(path: str) -> bool:
    """Whether a request asks for Events in the form of events.k8s.io."""
    return _PATH.fullmatch(path) is not None


def as_core(request: Request) -> Request:
    """The request for the same Events in the core group."""
    path = _PATH.sub(r"/api/v1\1", request.path)
    body = _renamed(request.body, TO_CORE, CORE) if isinstance(request.body, dict) else request.body
    query = dict(request.query)
    if query.get("fieldSelector"):
        query["fieldSelector"] = _selector(query["fieldSelector"])
    return replace(request, path=path, body=body, query=query)


def from_core(answer: Answer) -> Answer:
    """The answer in the form of events.k8s.io."""
    if answer.stream is not None:
        return replace(answer, stream=_watched(answer.stream))
    body = json.loads(answer.body) if isinstance(answer.body, bytes) else answer.body
    return replace(answer, body=_shown(body))


def _selector(text: str) -> str:
    for name, core in TO_CORE.items():
        text = re.sub(rf"(^|,){name}\b", rf"\1{core}", text)
    return text


def _watched(stream: Iterator[bytes]) -> Iterator[bytes]:
    for line in stream:
        if line.strip():
            event = json.loads(line)
            yield encoded({**event, "object": _shown(event["object"])}) + b"\n"
        else:
            yield line


def _shown(body: Any) -> Any:
    match body.get("kind"):
        case "Event":
            return _renamed(body, FROM_CORE, API_VERSION)
        case "EventList":
            items = [_renamed(each, FROM_CORE, "") for each in body["items"]]
            return {**body, "apiVersion": API_VERSION, "items": items}
        case "Status" if (body.get("details") or {}).get("kind") == "events":
            message = str(body.get("message", "")).replace('events "', f'events.{GROUP} "', 1)
            return {**body, "message": message, "details": {**body["details"], "group": GROUP}}
    return body


def _renamed(body: Body, names: Mapping[str, str], api_version: str) -> Body:
    renamed = {names.get(name, name): value for name, value in body.items()}
    return {**renamed, "apiVersion": api_version} if "apiVersion" in body else renamed
