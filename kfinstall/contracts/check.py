"""One question that the doctor asks of a cluster."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from kfinstall.contracts.finding import Finding
from kfinstall.contracts.resource import GroupKind
from kfinstall.contracts.snapshot import Snapshot


class Phase(StrEnum):
    """pre: before an install, on a plan too. post: on what was installed."""

    PRE = "pre"
    POST = "post"


class CouldNotLook(Exception):
    """There is no way to what a check asks. str(): what is missing, for the user."""


@dataclass(frozen=True, slots=True)
class Check:
    """A check; entry points of group `kfinstall.checks` name tuples of them.

    id: `area.question`, stable. title: the question in a few words. reads: the kinds it cannot do without.
    also: kinds that it uses where they exist and may be read. look: finds what is wrong; raises CouldNotLook, and may
    raise anything. asks: hosts on the internet that it may ask. of_client: it is about the machine that asks, and is
    left out where that is not known. concerns: whether it is about this cluster at all; left out of a report where not.
    """

    id: str
    title: str
    reads: frozenset[GroupKind]
    look: Callable[[Snapshot], Iterator[Finding]]
    also: frozenset[GroupKind] = frozenset()
    phases: frozenset[Phase] = frozenset({Phase.POST})
    asks: frozenset[str] = frozenset()
    docs: str = ""
    of_client: bool = False
    concerns: Callable[[Snapshot], bool] | None = None

    @property
    def area(self) -> str:
        return self.id.partition(".")[0]
