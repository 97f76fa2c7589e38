"""What needs what: a directed graph without cycles, kept so while edges are added."""

from collections.abc import Iterable
from graphlib import TopologicalSorter


class Graph:
    """Nodes are step ids; an edge says that a node needs another one first."""

    def __init__(self, nodes: Iterable[str] = ()) -> None:
        self._needs: dict[str, set[str]] = {node: set() for node in nodes}

    def __contains__(self, node: str) -> bool:
        return node in self._needs

    def add(self, node: str) -> None:
        self._needs.setdefault(node, set())

    def needs(self, node: str) -> frozenset[str]:
        return frozenset(self._needs[node])

    def need(self, node: str, first: str) -> bool:
        """Let node need first; False, and nothing changes, when that would close a cycle."""
        if node == first or self.depends(first, node):
            return False
        self._needs[node].add(first)
        return True

    def depends(self, node: str, other: str) -> bool:
        """Whether node needs other, directly or through others."""
        seen: set[str] = set()
        todo = [node]
        while todo:
            current = todo.pop()
            if current == other:
                return True
            if current not in seen:
                seen.add(current)
                todo.extend(self._needs[current])
        return False

    def sorted(self) -> list[str]:
        """Every node after what it needs; otherwise in the order in which they were added."""
        order: list[str] = []
        sorter = TopologicalSorter(self._needs)
        position = {node: index for index, node in enumerate(self._needs)}
        sorter.prepare()
        while sorter.is_active():
            ready = sorted(sorter.get_ready(), key=position.__getitem__)
            order.extend(ready)
            sorter.done(*ready)
        return order
