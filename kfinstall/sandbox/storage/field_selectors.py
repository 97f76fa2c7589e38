"""The fieldSelector parameter of a list, and what it selects."""

import re
from collections.abc import Mapping
from typing import Any

from kfinstall.sandbox.server.status import bad_request
from kfinstall.sandbox.storage.label_selectors import Selects

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
