"""A change that mends a finding, which the doctor makes only when the user says so."""

from dataclasses import dataclass

from kfinstall.contracts.manifest import Manifest, ObjectKey


@dataclass(frozen=True, slots=True)
class Fix:
    """title: what is done, in a few words. Nothing else is changed than what is listed here.

    manifests: applied server-side; a manifest may have only the fields that change. deletions: deleted.
    settings: values of the Install document (`a.b.c` -> value) without which the next install would undo the fix.
    risk: one sentence, "" when there is none.
    """

    title: str
    manifests: tuple[Manifest, ...] = ()
    deletions: tuple[ObjectKey, ...] = ()
    settings: tuple[tuple[str, str], ...] = ()
    risk: str = ""
