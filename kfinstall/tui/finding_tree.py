"""The doctor's findings as a tree: what has to be mended, what follows from it, and the objects that are concerned."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.text import Text
from textual.widgets.tree import TreeNode

from kfinstall.contracts.finding import Severity
from kfinstall.contracts.manifest import ObjectKey
from kfinstall.tui.keyed_tree import KeyedTree
from kfinstall.words import _, counted

if TYPE_CHECKING:
    from kfinstall.doctor.consequences import Diagnosis
    from kfinstall.doctor.examination import Report

Node = TreeNode["Diagnosis | ObjectKey | None"]

MARKS = {Severity.ERROR: ("✗", "red"), Severity.WARNING: ("!", "yellow"), Severity.INFO: ("i", "dim")}

MOST = 100
"""Objects of one finding that have a line."""

ALL = ""
"""The filter that lets everything through."""


class FindingTree(KeyedTree["Diagnosis | ObjectKey | None"]):
    """Shows a report, as far as it is about an area and a namespace."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - textual's name
        super().__init__(id=id)
        self.auto_expand = False

    def draw(self, report: "Report", area: str = ALL, namespace: str = ALL) -> None:
        """Everything anew; the cursor stays on what it was on."""
        before = self.cursor_node.data if self.cursor_node else None
        areas = areas_of(report)
        self.clear()
        for root in report.roots:
            if any(_passes(each, areas, area, namespace) for each in nodes(root)):
                self._add(self.root, root)
        if report.unexplained and area == ALL:
            self._unexplained(report, namespace)
        self._return_to(before)

    @property
    def chosen(self) -> "Diagnosis | ObjectKey | None":
        node = self._under_cursor
        return node.data if node else None

    @property
    def _under_cursor(self) -> "Node | None":
        """None where the tree is empty: textual keeps the node that the cursor was on."""
        return self.cursor_node if self.root.children else None

    @property
    def finding(self) -> "Diagnosis | None":
        """The finding under the cursor, or the one that the object under it belongs to."""
        node = self._under_cursor
        while node is not None and (node.data is None or isinstance(node.data, ObjectKey)):
            node = node.parent
        return node.data if node and node.data and not isinstance(node.data, ObjectKey) else None

    def _add(self, parent: Node, diagnosis: "Diagnosis") -> None:
        finding = diagnosis.finding
        label = Text.assemble(MARKS[finding.severity], f" {finding.title}")
        node = parent.add(label, data=diagnosis, expand=parent.is_root and bool(diagnosis.children))
        for child in diagnosis.children:
            self._add(node, child)
        for key in finding.objects[:MOST]:
            node.add_leaf(Text(_short(key), style="dim"), data=key)
        if len(finding.objects) > MOST:
            node.add_leaf(Text(_("… and {count} more").format(count=len(finding.objects) - MOST), style="dim"))

    def _unexplained(self, report: "Report", namespace: str) -> None:
        keys = [key for key in report.unexplained if namespace in (ALL, key.namespace)]
        if keys:
            words = counted("{count} pod is not ready, for no reason that was found",
                            "{count} pods are not ready, for no reason that was found", len(keys))  # fmt: skip
            node = self.root.add(f"? {words}")
            for key in keys[:MOST]:
                node.add_leaf(Text(_short(key), style="dim"), data=key)

    def _return_to(self, before: "Diagnosis | ObjectKey | None") -> None:
        wanted = before if isinstance(before, ObjectKey) or before is None else before.finding.title
        for node in self.root.children:
            title = node.data.finding.title if node.data and not isinstance(node.data, ObjectKey) else None
            if title is not None and title == wanted:
                self.call_after_refresh(self.move_cursor, node)
                return
        self.call_after_refresh(self.move_cursor, next(iter(self.root.children), None))


def nodes(root: "Diagnosis") -> Iterable["Diagnosis"]:
    """A finding with all that follow from it."""
    yield root
    for child in root.children:
        yield from nodes(child)


def areas_of(report: "Report") -> dict[int, str]:
    """The area of each finding, by its identity."""
    return {id(finding): answer.check.area for answer in report.checks for finding in answer.findings}


def namespaces_of(report: "Report") -> list[str]:
    """The namespaces that the findings are about."""
    keys = [key for root in report.roots for key in root.objects]
    return sorted({key.namespace for key in (*keys, *report.unexplained) if key.namespace})


def _passes(diagnosis: "Diagnosis", areas: dict[int, str], area: str, namespace: str) -> bool:
    finding = diagnosis.finding
    is_there = namespace == ALL or any(key.namespace == namespace for key in finding.objects)
    return is_there and area in (ALL, areas.get(id(finding)))


def _short(key: ObjectKey) -> str:
    return f"{key.kind} {key.namespace}/{key.name}" if key.namespace else f"{key.kind} {key.name}"
