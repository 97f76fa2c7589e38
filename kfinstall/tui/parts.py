"""The parts of the release: which are on, what they take together, and whether the cluster has room for that."""

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Static

from kfinstall.guide import components
from kfinstall.guide.draft import Draft
from kfinstall.guide.room import Room
from kfinstall.tui.component_tree import ComponentTree
from kfinstall.words import _, joined


class Parts(Vertical):
    """Switches parts in the draft, and what needs them or what they need along with them."""

    class Changed(Message):
        """A part was switched."""

    def __init__(self, draft: Draft, room: Room | None) -> None:
        super().__init__()
        self.draft, self.room = draft, room

    def compose(self) -> ComposeResult:
        yield ComponentTree(components.components(self.draft))
        yield Static(self._total(), id="total", markup=False)

    def fit(self, room: Room | None) -> None:
        """Say whether there is room, now that more is known of the cluster."""
        self.room = room
        self.query_one("#total", Static).update(self._total())

    @on(ComponentTree.Switched)
    def _switched(self, event: ComponentTree.Switched) -> None:
        event.stop()
        also = components.switch(self.draft, event.component.name, on=not event.component.on)
        self.query_one(ComponentTree).fill(components.components(self.draft))
        self.query_one("#total", Static).update(self._total(also))
        self.post_message(self.Changed())

    def _total(self, also: Sequence[str] = ()) -> str:
        wanted = components.total(self.draft)
        lines = [_("With it: {names}").format(names=joined(also))] if also else []
        lines.append(_("Together: {needs}").format(needs=wanted.told or _("nothing")))
        if self.room is not None and self.room.told:
            fits = _("✗ too little for all of it") if self.room.lacks(wanted) else _("✓ enough")
            lines.append(_("Free in the cluster: {room} {fits}").format(room=self.room.told, fits=fits))
        return "\n".join(lines)
