"""A tree whose arrows open and close, as in a file manager; what does not fit beside it is read elsewhere."""

from typing import ClassVar, TypeVar

from textual.binding import Binding, BindingType
from textual.widgets import Tree

Data = TypeVar("Data")


class KeyedTree(Tree[Data]):
    """Its root is not shown."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right", "open", show=False, id="tree.open"),
        Binding("left", "close", show=False, id="tree.close"),
    ]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - textual's name
        super().__init__("", id=id)
        self.show_root = False
        self.guide_depth = 2

    def action_open(self) -> None:
        """Open the node, or go to its first child."""
        node = self.cursor_node
        if node and node.allow_expand and not node.is_expanded:
            node.expand()
        elif node and node.children:
            self.move_cursor(node.children[0])

    def action_close(self) -> None:
        """Close the node, or go to what it is in."""
        node = self.cursor_node
        if node and node.is_expanded and node.children:
            node.collapse()
        elif node and node.parent and not node.parent.is_root:
            self.move_cursor(node.parent)
