"""The frame of every JSON document that kfinstall prints."""

import json
from typing import Any

API_VERSION = "kfinstall.io/v1alpha1"


def versioned(kind: str, **fields: Any) -> str:
    """The text of a document with apiVersion and kind."""
    return json.dumps({"apiVersion": API_VERSION, "kind": kind, **fields}, indent=2)
