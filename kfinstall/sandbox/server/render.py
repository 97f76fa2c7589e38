"""The forms that a client can ask for: the object, its metadata only, a table for kubectl get."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from kfinstall.contracts.manifest import Body
from kfinstall.sandbox.server.requests import JSON, PROTOBUF, YAML
from kfinstall.sandbox.server.status import bad_request
from kfinstall.sandbox.tables.rows import row_of
from kfinstall.sandbox.types.kinds import Kind, Version

Render = Callable[[Body], Body]
ACCEPTED = frozenset({JSON, YAML, PROTOBUF, "application/*", "*/*"})
META = "meta.k8s.io/v1"


def accepts_json(accept: str) -> bool:
    """Whether an Accept header takes a form that objects have; who also takes another gets JSON."""
    return any(choice.partition(";")[0].strip() in ACCEPTED for choice in accept.split(","))


def asked_form(accept: str) -> str:
    """ "", "Table", "PartialObjectMetadata" or "PartialObjectMetadataList": the first known one."""
    for choice in accept.split(","):
        options = dict(part.strip().partition("=")[::2] for part in choice.split(";")[1:])
        media = choice.partition(";")[0].strip()
        if media not in {"application/json", "*/*", "application/*"}:
            continue
        form = options.get("as", "")
        if not form:
            return ""
        if options.get("g", "meta.k8s.io") == "meta.k8s.io" and options.get("v") == "v1":
            return form
    return ""


def at_version(body: Body, kind: Kind, version: str) -> Body:
    """An object as another version of its kind shows it: as CRDs without conversion webhooks do."""
    api_version = kind.api_version(version)
    return body if body["apiVersion"] == api_version else {**body, "apiVersion": api_version}


def metadata_only(body: Body) -> Body:
    return {"kind": "PartialObjectMetadata", "apiVersion": META, "metadata": body["metadata"]}


def table(bodies: list[Body], kind: Kind, version: Version, metadata: Mapping[str, Any], include: str) -> Body:
    """A Table; include: "None", "Metadata" or "Object", what each row carries of its object.

    Raises StatusError 400 for another one.
    """
    if include not in {"None", "Metadata", "Object"}:
        why = f"includeObject: Invalid value: \"{include}\": must be 'Metadata', 'Object', 'None', or empty"
        raise bad_request(f"Unable to convert to Table as requested: {why}")
    rows = []
    for body in bodies:
        row: Body = {**row_of(body, kind, version), "object": None}
        if include != "None":
            row["object"] = body if include == "Object" else metadata_only(body)
        rows.append(row)
    columns = [{key: column[key] for key in _COLUMN} for column in version.columns]
    return {"kind": "Table", "apiVersion": META, "metadata": metadata, "columnDefinitions": columns, "rows": rows}


_COLUMN = ("name", "type", "format", "description", "priority")


def encoded(body: Body) -> bytes:
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()
