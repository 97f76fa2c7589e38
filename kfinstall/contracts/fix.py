"""A change that mends a finding, which the doctor makes only when the user says so."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kfinstall.contracts.manifest import Manifest, ObjectKey


@dataclass(frozen=True, slots=True)
class Patch:
    """A JSON merge patch (RFC 7386) of one object: null takes a field away."""

    key: ObjectKey
    merge: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Login:
    """A pull secret, made of credentials that the user gives when the fix is made.

    registry: as images name it. name: of the Secret, in each of the namespaces.
    """

    registry: str
    name: str
    namespaces: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Fix:
    """title: what is done, in a few words. Nothing else is changed than what is listed here, in this order.

    logins: pull secrets, made first. manifests: applied server-side; a manifest may have only the fields that change.
    deletions: deleted. settings: dotted keys of the Install document and their values, without which the next install
    would undo this; what is a list there gets these entries. risk: one sentence that the user reads before, "" when
    there is none.
    """

    title: str
    manifests: tuple[Manifest, ...] = ()
    patches: tuple[Patch, ...] = ()
    deletions: tuple[ObjectKey, ...] = ()
    risk: str = ""
    logins: tuple[Login, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
