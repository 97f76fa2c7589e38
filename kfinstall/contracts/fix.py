"""A change that mends a finding, which the doctor makes only when the user says so."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kfinstall.contracts.manifest import Manifest, ObjectKey


@dataclass(frozen=True, slots=True)
class Patch:
    """A JSON merge patch (RFC 7386) of one object: null takes a field away."""

    key: ObjectKey
    merge: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Fix:
    """title: what is done, in a few words. Nothing else is changed than what is listed here, in this order.

    manifests: applied server-side; a manifest may have only the fields that change. deletions: deleted.
    risk: one sentence that the user reads before, "" when there is none.
    """

    title: str
    manifests: tuple[Manifest, ...] = ()
    patches: tuple[Patch, ...] = ()
    deletions: tuple[ObjectKey, ...] = ()
    risk: str = ""
