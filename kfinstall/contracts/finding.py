"""What the doctor found: what is wrong with which objects, why, and what mends it."""

from dataclasses import dataclass, field
from enum import StrEnum

from kfinstall.contracts.explanation import Remedy
from kfinstall.contracts.fix import Fix
from kfinstall.contracts.manifest import ObjectKey


class Severity(StrEnum):
    """error: something does not work. warning: it will not, or not always. info: good to know."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Evidence:
    """Something that was seen. object: where, None for the cluster as a whole. count: how often."""

    text: str
    object: ObjectKey | None = None
    count: int = 1


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong.

    cause: id in the catalogue (configs/causes), or of the check's own. title: one line, about this very case.
    objects: what does not work because of it; a finding about objects that need one of these follows from this one.
    needs: objects that would end it if they stood and were ready, which nothing in the snapshot shows.
    option: the key of the Install document that the user would change, as platform.location; "" for none.
    """

    cause: str
    severity: Severity
    title: str
    objects: tuple[ObjectKey, ...]
    remedy: Remedy
    evidence: tuple[Evidence, ...] = ()
    needs: frozenset[ObjectKey] = frozenset()
    docs: str = ""
    fix: Fix | None = field(default=None, compare=False)
    option: str = ""
