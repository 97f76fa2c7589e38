"""Why an install waits: the doctor's findings, put to the objects that are waited for."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from kfinstall.contracts.check import Phase
from kfinstall.contracts.finding import Finding, Severity
from kfinstall.contracts.fix import Fix
from kfinstall.contracts.manifest import ObjectKey
from kfinstall.contracts.snapshot import Snapshot
from kfinstall.doctor.consequences import Diagnosis
from kfinstall.doctor.looking import Look, at_cluster, checks_of
from kfinstall.facts.objects.dependencies import dependencies
from kfinstall.kube.cluster import Cluster


@dataclass(frozen=True, slots=True)
class Cause:
    """A finding that has to be mended, and which of the objects that are waited for it holds back."""

    root: Diagnosis
    holds: tuple[ObjectKey, ...]

    @property
    def finding(self) -> Finding:
        return self.root.finding

    @property
    def fix(self) -> Fix | None:
        """What mends it, or one of those that follow from it, safely."""
        return next((each.fix for each in self.root.walk() if each.fix), None)


def look(cluster: Cluster) -> Look:
    """What the doctor sees now, without asking anybody but the API server. Raises ClusterError."""
    return at_cluster(cluster, [check for check in checks_of(Phase.POST) if not check.asks])


def causes(seen: Look, waited: Iterable[ObjectKey]) -> list[Cause]:
    """What holds back the objects that are waited for, that which holds back most first."""
    roots = [root for root in seen.report.roots if root.finding.severity is not Severity.INFO]
    held: dict[int, list[ObjectKey]] = {}
    for key in waited:
        number = _blamed(key, roots, seen.snapshot)
        if number is not None:
            held.setdefault(number, []).append(key)
    found = [Cause(roots[number], tuple(keys)) for number, keys in held.items()]
    return sorted(found, key=lambda cause: -len(cause.holds))


def _blamed(key: ObjectKey, roots: Sequence[Diagnosis], snapshot: Snapshot) -> int | None:
    """The root that is about something on the way along what an object waits for; the nearest."""
    blames = [root.objects for root in roots]
    for each in _along(key, snapshot):
        for number, objects in enumerate(blames):
            if each in objects:
                return number
    return None


def _along(key: ObjectKey, snapshot: Snapshot) -> Iterator[ObjectKey]:
    """An object and what it waits for, nearest first."""
    seen: set[ObjectKey] = set()
    todo = deque([key])
    while todo:
        each = todo.popleft()
        if each in seen:
            continue
        seen.add(each)
        yield each
        try:
            todo.extend(dependencies(each, snapshot))
        except (AttributeError, KeyError, TypeError, ValueError):  # an object too odd to say
            continue
