"""The tree of an install: applications, and under each its objects, with how they stand."""

from rich.text import Text
from textual.widgets import Tree
from textual.widgets.tree import TreeNode

from kfinstall.contracts.manifest import ObjectKey
from kfinstall.guide.board import Board, Item, State, Tally
from kfinstall.tui.keyed_tree import KeyedTree
from kfinstall.tui.marks import mark
from kfinstall.words import _

LOUD = frozenset({State.WAITING, State.FAILED})
NAME = 30
"""Columns of an application's name."""


class ObjectTree(KeyedTree[ObjectKey | str]):
    """Shows a board. Applications with trouble open by themselves, unless the user has closed or opened them."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - textual's name
        super().__init__(id=id)
        self._applications: dict[str, TreeNode[ObjectKey | str]] = {}
        self._objects: dict[ObjectKey, TreeNode[ObjectKey | str]] = {}
        self._told: dict[str, Tally] = {}
        self._own: set[str] = set()
        self._opened: set[str] = set()

    def forget(self) -> None:
        """Begin anew, for another run."""
        self.clear()
        self._applications, self._objects, self._told = {}, {}, {}
        self._own, self._opened = set(), set()

    def draw(self, board: Board) -> None:
        """Take in what has changed since the last call."""
        changed = board.changes()
        if not changed:
            return
        tallies = {tally.name: tally for tally in board.tallies()}
        for name, tally in tallies.items():
            if self._told.get(name) != tally:
                self._told[name] = tally
                self._application(tally)
        for item in changed:
            self._object(item)

    @property
    def chosen(self) -> ObjectKey | str | None:
        """The object, or the application, under the cursor."""
        return self.cursor_node.data if self.cursor_node else None

    def on_tree_node_expanded(self, event: Tree.NodeExpanded[ObjectKey | str]) -> None:
        self._note(event.node, opened=True)

    def on_tree_node_collapsed(self, event: Tree.NodeCollapsed[ObjectKey | str]) -> None:
        self._note(event.node, opened=False)

    def _note(self, node: TreeNode[ObjectKey | str], *, opened: bool) -> None:
        """What the user opened or closed stays so."""
        name = str(node.data)
        if (name in self._opened) is not opened:
            self._own.add(name)

    def _application(self, tally: Tally) -> None:
        label = _application_label(tally)
        node = self._applications.get(tally.name)
        if node is None:
            node = self._applications[tally.name] = self.root.add(label, data=tally.name)
        else:
            node.set_label(label)
        self._open(node, tally)

    def _open(self, node: TreeNode[ObjectKey | str], tally: Tally) -> None:
        if tally.name in self._own:
            return
        wanted = tally.state in LOUD
        if wanted and not node.is_expanded:
            self._opened.add(tally.name)
            node.expand()
        elif tally.state is State.DONE and node.is_expanded:
            self._opened.discard(tally.name)
            node.collapse()

    def _object(self, item: Item) -> None:
        label = _object_label(item)
        node = self._objects.get(item.key)
        if node is None:
            self._objects[item.key] = self._applications[item.application].add_leaf(label, data=item.key)
        else:
            node.set_label(label)


def _application_label(tally: Tally) -> Text:
    name = Text(tally.name or _("others"))
    name.truncate(NAME, overflow="ellipsis", pad=True)
    failed = Text("  " + _("{count} failed").format(count=tally.failed), style="red") if tally.failed else Text()
    return Text.assemble(mark(tally.state), " ", name, f" {tally.done}/{tally.objects}", failed)


def _object_label(item: Item) -> Text:
    where = f" {item.key.namespace}/" if item.key.namespace else " "
    said = item.why or item.outcome
    style = "red" if item.state is State.FAILED else "dim"
    return Text.assemble(
        mark(item.state), " ", item.key.kind, where, (item.key.name, "bold" if item.state in LOUD else ""),
        ("  " + said if said else "", style),
    )  # fmt: skip
