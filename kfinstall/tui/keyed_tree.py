"""A tree whose arrows open and close, as in a file manager; what does not fit beside it is read elsewhere."""

from typing import ClassVar, TypeVar

from rich.style import Style
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widgets import Tree

Data = TypeVar("Data")


class KeyedTree(Tree[Data]):
    """Its root is not shown."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right", "open", show=False, id="tree.open"),
        Binding("left", "close", show=False, id="tree.close"),
    ]

    _of_picture: tuple[Size, Style] | None = None

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - textual's name
        super().__init__("", id=id)
        self.show_root = False
        self.guide_depth = 2

    def render_lines(self, crop: Region) -> list[Strip]:
        """What is the same for all lines is worked out once: textual asks for it with each, which takes longest."""
        self._of_picture = super().size, super().rich_style
        try:
            return super().render_lines(crop)
        finally:
            self._of_picture = None

    @property
    def size(self) -> Size:
        return self._of_picture[0] if self._of_picture else super().size

    @property
    def rich_style(self) -> Style:
        return self._of_picture[1] if self._of_picture else super().rich_style

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
