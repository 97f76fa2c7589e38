"""Label and field selectors of a list, and what they select."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from kfinstall.contracts.manifest import Body
from kfinstall.sandbox.status import bad_request

Selects = Callable[[Body], bool]
_SET = re.compile(r"^\s*([A-Za-z0-9._/-]+)\s+(in|notin)\s*\(([^)]*)\)\s*$")
_PAIR = re.compile(r"^\s*([A-Za-z0-9._/-]+)\s*(==|=|!=)\s*([A-Za-z0-9._-]*)\s*$")
_NUMBER = re.compile(r"^\s*([A-Za-z0-9._/-]+)\s*(>|<)\s*(-?[0-9]+)\s*$")
_EXISTS = re.compile(r"^\s*(!?)\s*([A-Za-z0-9._/-]+)\s*$")

Labels = Mapping[str, str]


def label_selector(text: str) -> Selects:
    """What a labelSelector parameter selects. Raises StatusError 400 when it is none."""
    rules = [_label_rule(part) for part in _split(text)]

    def selects(body: Body) -> bool:
        labels: Labels = body["metadata"].get("labels") or {}
        return all(rule(labels) for rule in rules)

    return selects


def _split(text: str) -> list[str]:
    """At the commas that are not between parentheses. Raises StatusError 400 where nothing is between two."""
    parts = re.split(r",(?![^(]*\))", text) if text.strip() else []
    if any(not part.strip() for part in parts[:-1]):
        raise bad_request("found ',', expected: identifier after ','")
    return [part for part in parts if part.strip()]


def _label_rule(part: str) -> Callable[[Labels], bool]:
    if found := _SET.match(part):
        key, wanted, names = found[1], found[2] == "in", {name.strip() for name in found[3].split(",")}
        return lambda labels: (labels[key] in names) == wanted if key in labels else not wanted
    if found := _PAIR.match(part):
        name, equal, value = found[1], found[2] != "!=", found[3]
        return lambda labels: (labels.get(name) == value) == equal
    if found := _NUMBER.match(part):
        name, more, bound = found[1], found[2] == ">", int(found[3])
        return lambda labels: _integer(labels.get(name), bound, more=more)
    if found := _EXISTS.match(part):
        name, wanted = found[2], not found[1]
        return lambda labels: (name in labels) == wanted
    raise bad_request(f"unable to parse requirement: {part.strip()!r} is not a label selector")


def _integer(value: str | None, bound: int, *, more: bool) -> bool:
    try:
        number = int(value or "")
    except ValueError:
        return False
    return number > bound if more else number < bound


FIELDS: Mapping[str, frozenset[str]] = {
    "pods": frozenset(
        {
            "spec.nodeName",
            "spec.restartPolicy",
            "spec.schedulerName",
            "spec.serviceAccountName",
            "spec.hostNetwork",
            "status.phase",
            "status.podIP",
            "status.nominatedNodeName",
        }
    ),
    "events": frozenset(
        {
            "involvedObject.kind",
            "involvedObject.namespace",
            "involvedObject.name",
            "involvedObject.uid",
            "involvedObject.apiVersion",
            "involvedObject.resourceVersion",
            "involvedObject.fieldPath",
            "reason",
            "reportingComponent",
            "source",
            "type",
        }
    ),
    "nodes": frozenset({"spec.unschedulable"}),
    "namespaces": frozenset({"status.phase"}),
    "secrets": frozenset({"type"}),
    "jobs": frozenset({"status.successful"}),
    "replicasets": frozenset({"status.replicas"}),
    "services": frozenset({"spec.clusterIP", "spec.type"}),
}
"""Fields that can be selected by, besides metadata.name and metadata.namespace (pkg/apis/*/v1/conversion.go)."""


NAMED = frozenset({"metadata.name", "metadata.namespace"})


def field_selector(text: str, plural: str, selectable: frozenset[str] = frozenset()) -> Selects:
    """What a fieldSelector parameter selects. Raises StatusError 400 for a field that cannot be selected by."""
    known = FIELDS.get(plural, frozenset()) | selectable | NAMED
    rules = []
    for part in text.split(","):
        if not part.strip():
            continue
        found = re.match(r"^([^=!]+)(==|=|!=)(.*)$", part)
        if not found:
            raise bad_request(f"invalid selector: '{part}'; can't understand '{part}'")
        if found[1] not in known:
            raise bad_request(_unsupported(found[1], plain=len(known) == len(NAMED)))
        rules.append((found[1].split("."), found[2] != "!=", found[3]))
    return lambda body: all((_at(body, path) == value) == equal for path, equal, value in rules)


def _unsupported(field: str, *, plain: bool) -> str:
    """plain: for kinds that know no fields but names."""
    if plain:
        return f'"{field}" is not a known field selector: only "metadata.name", "metadata.namespace"'
    return f"field label not supported: {field}"


def _at(body: Any, path: list[str]) -> str:
    for name in path:
        body = body.get(name) if isinstance(body, dict) else None
    if isinstance(body, bool):
        return str(body).lower()
    return "" if body is None else str(body)
