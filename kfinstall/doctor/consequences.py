"""Which finding follows from which: a tree whose roots are what has to be mended."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from kfinstall.contracts.finding import Finding
from kfinstall.contracts.manifest import ObjectKey

Dependencies = Callable[[ObjectKey], Iterable[ObjectKey]]


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """A finding, and those that follow from it."""

    finding: Finding
    children: tuple["Diagnosis", ...] = ()

    def walk(self) -> Iterator[Finding]:
        """The finding and all that follow from it, nearest first."""
        yield self.finding
        for child in self.children:
            yield from child.walk()

    @property
    def objects(self) -> frozenset[ObjectKey]:
        """Everything that does not work because of it."""
        return frozenset(key for finding in self.walk() for key in finding.objects)


def tree(findings: Sequence[Finding], dependencies: Dependencies) -> list[Diagnosis]:
    """The roots, in the order given. A finding hangs under the nearest one whose objects its own objects wait for."""
    parents = _parents(findings, dependencies)
    children: dict[int, list[int]] = {number: [] for number in range(len(findings))}
    for child, parent in parents.items():
        children[parent].append(child)

    def diagnosis(number: int) -> Diagnosis:
        return Diagnosis(findings[number], tuple(diagnosis(child) for child in children[number]))

    return [diagnosis(number) for number in range(len(findings)) if number not in parents]


def _parents(findings: Sequence[Finding], dependencies: Dependencies) -> dict[int, int]:
    blamed: dict[ObjectKey, list[int]] = {}
    for number, finding in enumerate(findings):
        for key in finding.objects:
            blamed.setdefault(key, []).append(number)
    parents: dict[int, int] = {}
    for number, finding in enumerate(findings):
        parent = _nearest(number, finding, blamed, dependencies, parents)
        if parent is not None:
            parents[number] = parent
    return parents


def _nearest(
    number: int,
    finding: Finding,
    blamed: dict[ObjectKey, list[int]],
    dependencies: Dependencies,
    parents: dict[int, int],
) -> int | None:
    """The first finding that is met on the way along what the objects wait for; none that follows from this one."""
    own = set(finding.objects)
    seen = set(own)
    todo = deque([*sorted(finding.needs), *(need for key in finding.objects for need in dependencies(key))])
    while todo:
        key = todo.popleft()
        if key in seen:
            continue
        seen.add(key)
        for candidate in blamed.get(key, ()):
            if candidate != number and not _follows(candidate, number, parents):
                return candidate
        todo.extend(dependencies(key))
    return None


def _follows(finding: int, other: int, parents: dict[int, int]) -> bool:
    """Whether a finding hangs, directly or not, under another one."""
    current: int | None = finding
    while current is not None:
        if current == other:
            return True
        current = parents.get(current)
    return False
