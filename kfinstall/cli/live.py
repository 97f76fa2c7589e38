"""The live view of a run on a terminal: it changes in place, and what must not be missed scrolls above it."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live as Screen
from rich.text import Text

from kfinstall.cli.picture import Picture
from kfinstall.contracts import event as events
from kfinstall.contracts.event import Event, RunFinished
from kfinstall.contracts.platform import Progress
from kfinstall.engine.telling import line_of, progress_line
from kfinstall.render.renderer import RenderEvent
from kfinstall.words import _, counted

PER_SECOND = 8
"""How often the picture is drawn."""


class Live:
    """Tells a run as a picture of its applications."""

    def __init__(self, color: str) -> None:
        self._console = Console(
            stderr=True, no_color=True if color == "never" else None, force_terminal=True if color == "always" else None
        )

    @contextmanager
    def rendering(self) -> Iterator[Callable[[RenderEvent], None]]:
        rendered: list[RenderEvent] = []
        with self._console.status(_("Fetching …")) as status:

            def observe(event: RenderEvent) -> None:
                if event.kind == "fetching":
                    status.update(_("Fetching {name} …").format(name=event.subject))
                elif event.kind == "rendered":
                    rendered.append(event)
                    status.update(_rendered(rendered))

            yield observe
        self.note(_rendered(rendered))

    def note(self, message: str) -> None:
        self._console.print(message, highlight=False, markup=False)

    def progress(self, stream: Iterable[Progress]) -> None:
        with self._console.status("…") as status:
            for each in stream:
                status.update(Text(progress_line(each)))

    def tell(self, stream: Iterable[Event]) -> RunFinished:
        last: RunFinished | None = None
        picture = Picture(self._console)
        with Screen(console=self._console, refresh_per_second=PER_SECOND, get_renderable=picture.draw) as screen:
            for event in stream:
                picture.take(event)
                loud = _loud(event)
                if loud:
                    screen.console.print(loud)
                last = event if isinstance(event, RunFinished) else last
        assert last is not None  # noqa: S101 - every run ends with one
        return last


def _rendered(done: list[RenderEvent]) -> str:
    applications = counted("{count} application", "{count} applications", len(done))
    objects = counted("{count} object", "{count} objects", sum(event.objects for event in done))
    return _("Rendered {applications}, {objects}").format(applications=applications, objects=objects)


def _loud(event: Event) -> Text | None:
    """What stays to be read after the picture has moved on."""
    line = line_of(event)
    if line is None or not isinstance(event, events.StepFailed | events.ConflictFound | events.Notice):
        return None
    return Text(line[2]) if isinstance(event, events.Notice) else Text(f"✗ {line[2]}", style="red")
