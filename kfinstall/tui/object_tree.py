"""The tree of an install: applications, and under each its objects, with how they stand."""

from rich.text import Text
from textual.widgets import Tree
from textual.widgets.tree import TreeNode

from kfinstall.contracts.manifest import ObjectKey
from kfinstall.engine.telling import in_words
from kfinstall.guide.board import Board, Item, State, Tally
from kfinstall.tui.keyed_tree import KeyedTree
from kfinstall.tui.marks import mark
from kfinstall.words import _

LOUD = frozenset({State.WAITING, State.FAILED})
NAME = 30
"""Columns of an application's name."""


class ObjectTree(KeyedTree[ObjectKey | str]):
    """Shows a board. Applications with trouble open by themselves, unless the user has closed or opened them.

    An object gets its line when its application is opened: most never are.
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - textual's name
        super().__init__(id=id)
        self._applications: dict[str, TreeNode[ObjectKey | str]] = {}
        self._objects: dict[str, dict[ObjectKey, None]] = {}
        self._lines: set[ObjectKey] = set()
        self._stale: dict[ObjectKey, Item] = {}
        self._told: dict[str, Tally] = {}
        self._own: set[str] = set()
        self._opened: set[str] = set()

    def forget(self) -> None:
        """Begin anew, for another run."""
        self.clear()
        self._applications, self._objects, self._told, self._stale = {}, {}, {}, {}
        self._own, self._opened, self._lines = set(), set(), set()

    def draw(self, board: Board) -> None:
        """Take in what has changed since the last call; what is out of sight is drawn when it comes into it."""
        changed = board.changes()
        if changed:
            for tally in board.tallies():
                if self._told.get(tally.name) != tally:
                    self._told[tally.name] = tally
                    self._application(tally)
            for item in changed:
                self._stale[item.key] = item
                self._objects.setdefault(item.application, {})[item.key] = None
            for name, node in self._applications.items():
                if node.is_expanded:
                    self._fill(name)
        if self._stale:
            self._draw_visible()

    def get_label_width(self, node: TreeNode[ObjectKey | str]) -> int:  # noqa: ARG002 - textual's signature
        """Nothing is scrolled sideways, so that not every label has to be measured."""
        return 0

    def _draw_visible(self) -> None:
        top = self.scroll_offset.y
        for line in range(top, top + self.size.height):
            node = self.get_node_at_line(line)
            if node is None:
                return
            item = self._stale.pop(node.data, None) if isinstance(node.data, ObjectKey) else None
            if item:
                node.set_label(_object_label(item))

    @property
    def chosen(self) -> ObjectKey | str | None:
        """The object, or the application, under the cursor."""
        return self.cursor_node.data if self.cursor_node else None

    def on_tree_node_expanded(self, event: Tree.NodeExpanded[ObjectKey | str]) -> None:
        self._note(event.node, opened=True)
        if event.node in self._applications.values():  # and not of a run before
            self._fill(str(event.node.data))
            self._draw_visible()

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

    def _fill(self, application: str) -> None:
        """A line for each of its objects that has none yet."""
        node = self._applications[application]
        for key in self._objects.get(application, {}):
            if key not in self._lines:
                self._lines.add(key)
                node.add_leaf(Text(), data=key)


def _application_label(tally: Tally) -> Text:
    name = Text(tally.name or _("others"))
    name.truncate(NAME, overflow="ellipsis", pad=True)
    failed = Text("  " + _("{count} failed").format(count=tally.failed), style="red") if tally.failed else Text()
    return Text.assemble(mark(tally.state), " ", name, f" {tally.done}/{tally.objects}", failed)


def _object_label(item: Item) -> Text:
    where = f" {item.key.namespace}/" if item.key.namespace else " "
    said = item.why or in_words(item.outcome)
    style = "red" if item.state is State.FAILED else "dim"
    return Text.assemble(
        mark(item.state), " ", item.key.kind, where, (item.key.name, "bold" if item.state in LOUD else ""),
        ("  " + said if said else "", style),
    )  # fmt: skip
