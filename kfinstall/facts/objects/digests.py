"""Digests that tell whether an object still stands as it was applied.

Two of them are compared: of what was wanted then, and of the fields that the field manager `kfinstall` owned
after the apply. When somebody else changes an owned field, the API server takes it out of that set
(https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management), so an unchanged set means
that every field still has the value that was applied; defaults and normalisation do not disturb it.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

FIELD_MANAGER = "kfinstall"


def wanted(body: Mapping[str, Any]) -> str:
    """Digest of an object as it is to be applied."""
    return _digest(body)


def owned(managed_fields: Iterable[Mapping[str, Any]]) -> str:
    """Digest of what kfinstall's last apply still owns, from metadata.managedFields; "" when it owns nothing."""
    for entry in managed_fields:
        if is_ours(entry):
            return _digest(entry.get("fieldsV1") or {})
    return ""


def is_ours(entry: Mapping[str, Any]) -> bool:
    """Whether an entry of managedFields is that of kfinstall's applies."""
    return entry.get("manager") == FIELD_MANAGER and entry.get("operation") == "Apply" and not entry.get("subresource")


def _digest(value: Mapping[str, Any]) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:20]
