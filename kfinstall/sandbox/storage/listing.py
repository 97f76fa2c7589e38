"""Lists and watches: selectors, pages, the three forms, bookmarks, 410 Gone."""

import base64
import binascii
import json
import math
import time
from collections.abc import Callable, Hashable, Iterator, Mapping
from functools import partial
from http import HTTPStatus
from typing import NamedTuple

from kfinstall.contracts.manifest import Body
from kfinstall.sandbox.server import go_json
from kfinstall.sandbox.server.options import EXACT, check_listing
from kfinstall.sandbox.server.render import META, asked_form, at_version, encoded, metadata_only, table
from kfinstall.sandbox.server.requests import Answer, Request
from kfinstall.sandbox.server.status import StatusError, bad_request, expired, method_not_allowed
from kfinstall.sandbox.storage.field_selectors import field_selector
from kfinstall.sandbox.storage.label_selectors import Selects, label_selector
from kfinstall.sandbox.storage.store import Change, Name, Store
from kfinstall.sandbox.types.kinds import Kind, Version

BOOKMARK_SECONDS = 50.0
"""Between bookmarks of a quiet watch; a real API server sends one about every minute."""

LONGEST_WATCH = 1800.0
"""Seconds of a watch that names no timeoutSeconds (--min-request-timeout)."""


BEFORE_ITS_END = 2.0
"""Seconds before its deadline that a watch gets its last bookmark (apiserver/pkg/storage/cacher/cache_watcher.go)."""

LIST_TOO_OLD = "The resourceVersion for the provided list is too old."
PAGE_TOO_OLD = (
    "The provided continue parameter is too old to display a consistent list result. You can start a new list without "
    "the continue parameter, or use the continue token in this response to retrieve the remainder of the results. "
    "Continuing with the provided token results in an inconsistent list - objects that were created, modified, or "
    "deleted between the time the first chunk was returned and now may show up in the list."
)
INCONSISTENT = -1
"""The version in the token of a list that goes on with what is there now."""

Entry = tuple[Name, Body]


class Show(NamedTuple):
    """How a follower gets its objects. form: equal for all who get the same."""

    form: Hashable
    render: Callable[[Body], Body]


class Listing:
    """The reading half of the API."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def answer(self, request: Request, kind: Kind, version: Version, namespace: str, name: str = "") -> Answer:
        """A list, or a watch when the query asks for one. name: of the only object to watch, or ""."""
        if "list" not in kind.verbs:
            raise method_not_allowed()
        check_listing(request)
        selects = _selector(request, kind, version, name)
        if request.flag("watch"):
            stream = self._watch(request, kind, version, namespace, selects)
            return Answer(HTTPStatus.OK, stream=stream)
        return self._list(request, kind, version, namespace, selects)

    def selected(self, request: Request, kind: Kind, version: Version, namespace: str) -> list[Body]:
        selects = _selector(request, kind, version, "")
        with self._store.lock:
            return [body for body in self._store.all(kind.key, namespace) if selects(body)]

    def _list(self, request: Request, kind: Kind, version: Version, namespace: str, selects: Selects) -> Answer:
        limit, after, at = request.number("limit"), Name("", ""), self._store.version
        if request.query.get("continue"):
            at, after = _decoded_continue(request.query["continue"])
        elif (version_asked := _asked_version(request)) and request.query.get("resourceVersionMatch") == EXACT:
            at = version_asked
        if at == INCONSISTENT:
            at = self._store.version
        elif self._store.is_forgotten(at) and request.query.get("continue"):
            raise expired(PAGE_TOO_OLD, _encoded_continue(INCONSISTENT, after))
        elif self._store.is_forgotten(at):
            raise expired(LIST_TOO_OLD)
        names, bodies = self._store.at(kind.key, namespace, at, after)
        metadata: Body = {"resourceVersion": str(at)}
        found, rest = _page(names, bodies, selects, limit)
        if rest:
            metadata["continue"] = _encoded_continue(at, found[-1][0])
            if not request.query.get("labelSelector") and not request.query.get("fieldSelector"):
                metadata["remainingItemCount"] = rest
        return self._shown(found, request, kind, version, metadata)

    def of(self, bodies: list[Body], request: Request, kind: Kind, version: Version) -> Answer:
        """A list of these objects."""
        entries = [(Name(body["metadata"].get("namespace", ""), body["metadata"]["name"]), body) for body in bodies]
        return self._shown(entries, request, kind, version, {"resourceVersion": str(self._store.version)})

    def _shown(self, entries: list[Entry], request: Request, kind: Kind, version: Version, metadata: Body) -> Answer:
        form = asked_form(request.accept)
        bodies = (at_version(body, kind, version.name) for _name, body in entries)
        if form == "Table":
            include = request.query.get("includeObject") or "Metadata"
            return Answer(HTTPStatus.OK, table(list(bodies), kind, version, metadata, include))
        if form == "PartialObjectMetadataList":
            items = [metadata_only(body) for body in bodies] or None
            head: Body = {"kind": "PartialObjectMetadataList", "apiVersion": META, "metadata": metadata}
            return Answer(HTTPStatus.OK, {**head, "items": items})
        if kind.custom:  # unstructured lists say so when there is no next page
            metadata = {"continue": "", **metadata}
        head = {"kind": kind.list_kind, "apiVersion": kind.api_version(version.name), "metadata": metadata}
        return Answer(HTTPStatus.OK, b'%s,"items":[%s]}\n' % (encoded(head)[:-1], self._items(entries, kind, version)))

    def _items(self, entries: list[Entry], kind: Kind, version: Version) -> bytes:
        """Encoded, which is kept for those in the version that is stored."""
        encode = encoded if kind.custom else _untyped
        if version.name != kind.storage:
            return b",".join(encode(at_version(body, kind, version.name)) for _name, body in entries)
        return b",".join(self._store.encoded(kind.key, name, body, encode) for name, body in entries)

    # Watches

    def _watch(
        self, request: Request, kind: Kind, version: Version, namespace: str, selects: Selects
    ) -> Iterator[bytes]:
        asked = request.query.get("resourceVersion") or ""
        since = _asked_version(request)
        request.number("timeoutSeconds")  # a wrong one is refused before the stream begins
        if since and self._store.is_forgotten(since):
            error = expired(f"too old resource version: {since} ({self._store.version})")
            return iter([_line("ERROR", error.body())])
        show = _shower(request, kind, version)
        return self._events(
            request,
            kind,
            namespace,
            selects,
            show,
            since,
            initial=asked in {"", "0"} or request.flag("sendInitialEvents"),
        )

    def _events(
        self,
        request: Request,
        kind: Kind,
        namespace: str,
        selects: Selects,
        show: Show,
        since: int,
        *,
        initial: bool,
    ) -> Iterator[bytes]:
        with self._store.lock:
            standing = [body for body in self._store.all(kind.key, namespace) if selects(body)] if initial else []
            since = self._store.version if initial else since
        for body in standing:
            yield _line("ADDED", show.render(body))
        bookmarks = request.flag("allowWatchBookmarks")
        if request.flag("sendInitialEvents") and bookmarks:
            yield self._bookmark(kind, show, since, ended=True)
        patience = request.number("timeoutSeconds") or LONGEST_WATCH
        deadline = time.monotonic() + patience
        due = _next_bookmark(deadline)
        for changes in self._store.follow(since, min(1.0, patience)):
            for change in changes:
                if change.resource == kind.key and namespace in {"", change.name.namespace}:
                    event = _event(change, selects)
                    if event:
                        yield self._told(change, event, show)
                since = change.version
            moment = time.monotonic()
            if moment > deadline:
                return
            if bookmarks and moment > due:
                due = _next_bookmark(deadline)
                yield self._bookmark(kind, show, since, ended=False)
            elif not changes:
                yield b""  # lets the transport notice that nobody listens any more

    def _told(self, change: Change, event: tuple[str, Body], show: Show) -> bytes:
        """The line of an event, which is encoded once for all who asked for the same form."""
        kind, body = event
        form = kind, show.form
        with self._store.lock:
            if form not in change.lines:
                change.lines[form] = _line(kind, show.render(body))
            return change.lines[form]

    def _bookmark(self, kind: Kind, show: Show, since: int, *, ended: bool) -> bytes:
        metadata: Body = {"resourceVersion": str(since), "creationTimestamp": None}
        if ended:
            metadata["annotations"] = {"k8s.io/initial-events-end": "true"}
        body: Body = {"kind": kind.kind, "apiVersion": kind.api_version(kind.storage), "metadata": metadata}
        return _line("BOOKMARK", show.render(body))


def _next_bookmark(deadline: float) -> float:
    moment = time.monotonic()
    last = deadline - BEFORE_ITS_END
    return min(moment + BOOKMARK_SECONDS, last if last > moment else math.inf)


def _asked_version(request: Request) -> int:
    """The resourceVersion parameter; 0 for none. Raises StatusError: 400 for a list, 500 for a watch."""
    text = request.query.get("resourceVersion") or "0"
    if text.isdecimal():
        return int(text)
    why = f'resourceVersion: Invalid value: "{text}": strconv.ParseUint: parsing "{text}": invalid syntax'
    if request.flag("watch"):
        raise StatusError(HTTPStatus.INTERNAL_SERVER_ERROR, "", why)
    raise bad_request(f"invalid resource version: {why}")


def _page(names: list[Name], bodies: Mapping[Name, Body], selects: Selects, limit: int) -> tuple[list[Entry], int]:
    """The first selected ones, as many as the limit says, and how many are left to look at. limit: 0 for all."""
    found: list[Entry] = []
    for place, name in enumerate(names, 1):
        if selects(bodies[name]):
            found.append((name, bodies[name]))
            if len(found) == limit:
                return found, len(names) - place
    return found, 0


def _untyped(body: Body) -> bytes:
    """Items of a built-in list carry no type of their own."""
    return encoded({name: value for name, value in body.items() if name not in {"apiVersion", "kind"}})


def _selector(request: Request, kind: Kind, version: Version, name: str) -> Selects:
    labels = label_selector(request.query.get("labelSelector", ""))
    fields_text = request.query.get("fieldSelector", "")
    selectable: frozenset[str] = frozenset()
    if kind.definition:
        served = next(each for each in kind.definition["spec"]["versions"] if each["name"] == version.name)
        selectable = frozenset(each["jsonPath"].lstrip(".") for each in served.get("selectableFields") or ())
    fields = field_selector(fields_text, kind.plural, selectable)
    return lambda body: (not name or body["metadata"]["name"] == name) and labels(body) and fields(body)


def _shower(request: Request, kind: Kind, version: Version) -> Show:
    form, include = asked_form(request.accept), request.query.get("includeObject") or "Metadata"
    if form == "Table":
        return Show((form, version.name, include), partial(_row, kind=kind, version=version, include=include))
    if form in {"PartialObjectMetadata", "PartialObjectMetadataList"}:
        return Show("metadata", metadata_only)
    return Show(version.name, partial(at_version, kind=kind, version=version.name))


def _row(body: Body, kind: Kind, version: Version, include: str) -> Body:
    metadata = {"resourceVersion": body["metadata"]["resourceVersion"]}
    return table([at_version(body, kind, version.name)], kind, version, metadata, include)


def _event(change: Change, selects: Selects) -> tuple[str, Body] | None:
    """What a follower with a selector sees of a change."""
    before = change.before is not None and selects(change.before)
    after = change.after is not None and selects(change.after)
    if after:
        return ("MODIFIED" if before else "ADDED"), change.last
    if before and change.before is not None:
        version = change.last["metadata"]["resourceVersion"]
        return "DELETED", {**change.before, "metadata": {**change.before["metadata"], "resourceVersion": version}}
    return None


def _line(kind: str, body: Body) -> bytes:
    return encoded({"type": kind, "object": body}) + b"\n"


def _encoded_continue(version: int, name: Name) -> str:
    """As k8s.io/apiserver/pkg/storage/continue.go: the end of `start` says that the list goes on after it."""
    token = {"v": META, "rv": version, "start": f"{'/'.join(filter(None, name))}\0"}
    return base64.urlsafe_b64encode(json.dumps(token, separators=(",", ":")).encode()).decode().rstrip("=")


def _decoded_continue(token: str) -> tuple[int, Name]:
    """The version of the list and the last name on the page. Raises StatusError 400."""
    try:
        text = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except (ValueError, binascii.Error):
        raise _not_valid("illegal base64 data") from None
    if fault := go_json.fault(text):
        raise _not_valid(fault)
    found = json.loads(text)
    if not isinstance(found, dict) or found.get("v") != META:
        raise _not_valid("server does not recognize this encoded version")
    version, start = found.get("rv"), found.get("start")
    if not isinstance(version, int) or version == 0:
        raise _not_valid(f"incorrect encoded start resourceVersion (version {META})")
    if not isinstance(start, str) or not start:
        raise _not_valid(f"encoded start key empty (version {META})")
    namespace, _, name = start.removesuffix("\0").rpartition("/")
    return version, Name(namespace, name)


def _not_valid(why: str) -> StatusError:
    return bad_request(f"invalid continue token: continue key is not valid: {why}")
