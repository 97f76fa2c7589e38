"""metadata.managedFields: who set which field, and the conflicts of server-side apply.

After k8s.io/apimachinery/pkg/util/managedfields and structured-merge-diff/merge/update.go. Versions of an API are taken
to name the same fields, as those of every kind that the sandbox serves do.
"""

from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any, NamedTuple

from kfinstall.contracts.manifest import Body
from kfinstall.sandbox.fields import last_applied
from kfinstall.sandbox.fields.fieldset import (
    Difference,
    DuplicateItems,
    Fields,
    Path,
    compare,
    decoded,
    element_of,
    encoded,
    fields_of,
    is_leaf,
    merge,
    spelled,
    with_named_parents,
    without,
)
from kfinstall.sandbox.server.status import Cause, StatusError
from kfinstall.sandbox.types.schema import Schema

STRIPPED: frozenset[Path] = frozenset(
    {
        ("f:apiVersion",),
        ("f:kind",),
        ("f:metadata",),
        *(
            ("f:metadata", f"f:{name}")
            for name in (
                "name",
                "namespace",
                "creationTimestamp",
                "selfLink",
                "uid",
                "clusterName",
                "generation",
                "managedFields",
                "resourceVersion",
            )
        ),
    }
)
"""Fields that nobody owns (managedfields/internal/stripmeta.go)."""


class Manager(NamedTuple):
    """What makes two entries the same one; version is "" for an Apply."""

    name: str
    operation: str
    version: str
    subresource: str

    def __str__(self) -> str:
        text = f'"{self.name}"'
        if self.subresource:
            text += f' with subresource "{self.subresource}"'
        return f"{text} using {self.version}" if self.operation == "Update" else text


@dataclass(slots=True)
class Owned:
    """fields of one manager; version: the apiVersion that it used; time: of its last change (RFC 3339)."""

    fields: Fields
    version: str
    time: str


Managers = dict[Manager, Owned]


@dataclass(frozen=True, slots=True)
class Writer:
    """Who writes, through which version and subresource, and when.

    ignored: top-level fields that a write here does not set, such as "status" on the main resource.
    """

    name: str
    version: str
    subresource: str
    now: str
    ignored: frozenset[str] = frozenset()

    def counts(self, path: Path) -> bool:
        return (
            path not in STRIPPED and path[0][2:] not in self.ignored and path[:2] != ("f:metadata", "f:managedFields")
        )


def read(body: Body) -> Managers:
    found: Managers = {}
    for entry in body.get("metadata", {}).get("managedFields") or ():
        operation, version = entry.get("operation", "Update"), entry.get("apiVersion", "")
        key = Manager(
            entry.get("manager", ""), operation, version if operation == "Update" else "", entry.get("subresource", "")
        )
        found[key] = Owned(decoded(entry.get("fieldsV1") or {}), version, entry.get("time", ""))
    return found


def write(body: Body, managers: Managers) -> Body:
    """The object with these managers, in the order of structuredmerge's sortEncodedManagedFields."""
    entries = []
    for key, owned in sorted(managers.items(), key=lambda each: (each[0].operation, each[1].time, *each[0])):
        entry = {
            "manager": key.name,
            "operation": key.operation,
            "apiVersion": owned.version,
            "time": owned.time,
            "fieldsType": "FieldsV1",
            "fieldsV1": encoded(owned.fields),
        }
        if key.subresource:
            entry["subresource"] = key.subresource
        entries.append({name: value for name, value in entry.items() if name != "time" or value})
    metadata = {key: value for key, value in body["metadata"].items() if key != "managedFields"}
    return {**body, "metadata": {**metadata, "managedFields": entries} if entries else metadata}


MOST_UPDATERS = 10
"""Entries of updates that an object keeps; older ones are merged into one of ANCIENT."""

ANCIENT, BEFORE_APPLY = "ancient-changes", "before-first-apply"


def updated(live: Body, wanted: Body, schema: Schema, writer: Writer, managers: Managers) -> Managers:
    """The managers after a create, a replacement or a patch of any kind but apply.

    An object whose managers are unknown stays so until somebody applies it (internal/skipnonapplied.go).
    """
    if not managers and live.get("metadata", {}).get("uid"):
        return {}
    return _capped(_updated(live, wanted, schema, writer, managers))


def _updated(live: Body, wanted: Body, schema: Schema, writer: Writer, managers: Managers) -> Managers:
    difference = compare(live, wanted, schema)
    difference.keep(writer.counts)
    changed = _taken(managers, difference, keep=None)
    me = Manager(writer.name, "Update", writer.version, writer.subresource)
    before = changed.get(me)
    mine = ((before.fields if before else set()) - difference.removed) | difference.modified | difference.added
    _put(changed, me, mine, writer, managers.get(me))
    return changed


def _capped(managers: Managers) -> Managers:
    """With the oldest updates of each version in one entry when there are too many (internal/capmanagers.go)."""
    updaters = sorted((key for key in managers if key.operation == "Update"), key=lambda key: (managers[key].time, key))
    surplus = len(updaters) - MOST_UPDATERS
    oldest: dict[str, Manager] = {}
    for key in updaters:
        if surplus <= 0:
            break
        first = oldest.setdefault(key.version, key)
        if first == key:
            continue
        bucket = Manager(ANCIENT, "Update", key.version, "")
        fields = managers.pop(first if first in managers else bucket).fields | managers[key].fields
        owned = managers.pop(key)
        managers[bucket] = Owned(fields, owned.version, owned.time)
        surplus -= 1
    return managers


def _put(
    managers: Managers, me: Manager, fields: Fields, writer: Writer, before: Owned | None, *, changed: bool = True
) -> None:
    if not fields:
        managers.pop(me, None)
    elif before is None or before.fields != fields or before.version != writer.version:
        # An apply that changes nothing but ownership does not count as a change.
        time = writer.now if changed else before.time if before else ""
        managers[me] = Owned(fields, writer.version, time)
    else:
        managers[me] = before


def _taken(managers: Managers, difference: Difference, keep: Manager | None) -> Managers:
    """Without what others have lost: fields that got another value or are gone."""
    lost = difference.added | difference.modified | difference.removed
    left: Managers = {}
    for key, owned in managers.items():
        if key == keep or not (owned.fields & lost):
            left[key] = owned
        elif fields := owned.fields - lost:
            left[key] = Owned(fields, owned.version, owned.time)
    return left


def applied(
    live: Body, wanted: Body, schema: Schema, writer: Writer, managers: Managers, *, force: bool
) -> tuple[Body, Managers]:
    """The object after a server-side apply, and its managers. Raises StatusError for a conflict."""
    if not managers and live.get("metadata", {}).get("uid"):
        nothing = {"apiVersion": live["apiVersion"], "kind": live["kind"]}
        managers = _updated(nothing, live, schema, replace(writer, name=BEFORE_APPLY), {})
    me = Manager(writer.name, "Apply", "", writer.subresource)
    mine = {path for path in fields_of(wanted, schema) if writer.counts(path)}
    before = managers.get(me)
    others = {key: owned for key, owned in managers.items() if key != me}
    merged = merge(live, wanted, schema)
    if before:
        kept = with_named_parents(set().union(mine, *(owned.fields for owned in others.values())))
        merged = without(merged, schema, with_named_parents(before.fields) - kept - STRIPPED)
    difference = compare(live, merged, schema)
    difference.keep(writer.counts)
    kubectl = writer.name == last_applied.KUBECTL
    if not force:
        _refuse_conflicts(others, difference, last_applied.taken_over(live, schema) if kubectl else set())
    left = _taken(others, difference, keep=me)
    changed = bool(difference.added or difference.modified or difference.removed)
    _put(left, me, mine, writer, before, changed=changed or not managers)
    return (last_applied.synced(merged, wanted) if kubectl else merged), left


def _refuse_conflicts(others: Managers, difference: Difference, taken_over: Fields) -> None:
    changed = (difference.modified | difference.added) - taken_over
    found = [(key, path) for key, owned in others.items() for path in owned.fields & changed]
    if not found:
        return
    found.sort(key=lambda each: (str(each[0]), each[1]))
    causes = [Cause("FieldManagerConflict", spelled(path), f"conflict with {key}") for key, path in found]
    details = {"causes": [{"reason": each.reason, "message": each.message, "field": each.field} for each in causes]}
    raise StatusError(HTTPStatus.CONFLICT, "Conflict", _conflict_message(found), details)


def _conflict_message(found: list[tuple[Manager, Path]]) -> str:
    if len(found) == 1:
        key, path = found[0]
        return f"Apply failed with 1 conflict: conflict with {key}: {spelled(path)}"
    by_manager: dict[str, list[str]] = {}
    for key, path in found:
        by_manager.setdefault(str(key), []).append(f"- {spelled(path)}")
    parts = [line for key, lines in sorted(by_manager.items()) for line in (f"conflicts with {key}:", *lines)]
    return f"Apply failed with {len(found)} conflicts: " + "\n".join(parts)


def refuse_duplicates(value: Any, schema: Schema, path: Path = ()) -> None:
    """Raises DuplicateItems when an applied list names an item twice."""
    schema = schema.resolved(value)
    if is_leaf(schema, value):
        return
    if isinstance(value, dict):
        for name, child in value.items():
            known = schema.field(name)
            if known is not None and isinstance(child, (dict, list)):
                refuse_duplicates(child, known, (*path, f"f:{name}"))
        return
    elements: set[str] = set()
    for item in value:
        element = element_of(item, schema)
        if element in elements:
            what = spelled((element,)).strip("[]")
            raise DuplicateItems(f"{spelled(path)}: duplicate entries for key [{what}]")
        elements.add(element)
        if isinstance(item, (dict, list)):
            refuse_duplicates(item, schema.items, (*path, element))
