"""What the walk knows of this machine and of the chosen cluster, as it comes in from the background."""

from collections.abc import Callable, Sequence
from typing import Any

from textual.screen import Screen

from kfinstall.errors import KfinstallError
from kfinstall.guide import here
from kfinstall.guide.draft import Draft
from kfinstall.guide.here import Here
from kfinstall.guide.room import Room, room
from kfinstall.model.write import yaml_text
from kfinstall.tui.background import Background


class Known:
    """platforms: the best to choose first. room: of the chosen cluster, None while it is not known.

    awaited: what is being looked for. came: is called when something has come in.
    """

    def __init__(self, screen: Screen[Any], platforms: Sequence[Here], came: Callable[[], None]) -> None:
        self.platforms = platforms or here.plain()
        self.room: Room | None = None
        self.awaited: set[str] = set()
        self._came = came
        self._platforms_look, self._room_look = Background(screen), Background(screen)
        self._room_of = ""

    def look_for_platforms(self) -> None:
        """What of them is on this machine."""
        self.awaited.add("platforms")
        self._platforms_look.run(here.found, self._platforms_found)

    def _platforms_found(self, found: list[Here] | KfinstallError) -> None:
        self.awaited.discard("platforms")
        if isinstance(found, list):
            self.platforms = found
            self._came()

    def look_for_room(self, draft: Draft) -> None:
        """Once for each cluster that is chosen."""
        asked = yaml_text(draft.get(("platform",)))
        if asked != self._room_of:
            self.room, self._room_of = None, asked
            self.awaited.add("room")
            self._room_look.run(lambda: room(draft), self._room_found)

    def _room_found(self, found: Room | KfinstallError | None) -> None:
        self.awaited.discard("room")
        self.room = found if isinstance(found, Room) else None
        self._came()
