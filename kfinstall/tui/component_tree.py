"""The parts of a release as a tree: what is on, what each takes, and the workloads that take it."""

from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Tree
from textual.widgets.tree import TreeNode

from kfinstall.guide.components import Component
from kfinstall.words import _

NAME = 26
"""Columns for a part's name."""


class ComponentTree(Tree[Component]):
    """Says when a part is to be switched; what that means for others is for who listens."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space,enter", "switch", _("Switch"), id="components.switch"),
        Binding("right", "open", _("Show its pods"), id="components.open"),
        Binding("left", "close", show=False, id="components.close"),
    ]

    class Switched(Message):
        """A part is to be switched."""

        def __init__(self, component: Component) -> None:
            super().__init__()
            self.component = component

    def __init__(self, components: Sequence[Component]) -> None:
        super().__init__("", id="components")
        self.show_root = False
        self.guide_depth = 2
        self._components = components

    def on_mount(self) -> None:
        for component in self._components:
            node = self.root.add(_label(component), component, allow_expand=bool(component.needs.workloads))
            for workload in component.needs.workloads:
                pods = f" ×{workload.pods}" if workload.pods != 1 else ""  # noqa: RUF001 - a multiplication
                node.add_leaf(Text.assemble(workload.name, pods, (f"  {workload.told}", "dim")), component)
        self.root.expand()
        self.move_cursor(self.root.children[0] if self.root.children else None)

    def fill(self, components: Sequence[Component]) -> None:
        """Show the parts as they are now."""
        now = {each.name: each for each in components}
        for node in self.root.children:
            if node.data is not None:
                node.data = now[node.data.name]
                node.set_label(_label(node.data))

    def action_switch(self) -> None:
        if (node := self.cursor_node) is not None and node.data is not None:
            self.post_message(self.Switched(_top(node).data or node.data))

    def action_open(self) -> None:
        if self.cursor_node is not None:
            self.cursor_node.expand()

    def action_close(self) -> None:
        if self.cursor_node is not None:
            top = _top(self.cursor_node)
            self.move_cursor(top)
            top.collapse()


def _top(node: TreeNode[Component]) -> TreeNode[Component]:
    parent = node.parent
    return node if parent is None or parent.is_root else parent


def _label(component: Component) -> Text:
    mark = "[x]" if component.on else "[ ]"
    style = "" if component.on else "dim"
    arrow = "" if component.needs.workloads else "  "  # what can be opened has one
    return Text.assemble((f"{arrow}{mark} {component.name:{NAME}}", style), (component.needs.told, "dim"), no_wrap=True)
