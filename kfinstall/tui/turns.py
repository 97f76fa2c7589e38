"""Whose turn it is to run: the thread that draws comes first.

Python lets one thread run at a time, and has no priorities: among a dozen threads that send requests a picture would
take a dozen times as long. What there is is the time for which a thread that waits lets another one run on
(https://docs.python.org/3/library/sys.html#sys.setswitchinterval). It is short while the thread that draws waits for
something to do, so that it gets its turn at once, and as long as a picture takes while it draws.
"""

import asyncio
import selectors
import sys

SOON = 0.001
"""Seconds after which whatever else runs makes room."""

PICTURE = 0.05
"""Seconds that the thread that draws has to itself; threads that only compute wait so long for each other then, too."""


class _DrawingFirst(selectors.DefaultSelector):
    """select() is where an event loop waits; between two calls it works."""

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        sys.setswitchinterval(SOON)
        try:
            return super().select(timeout)
        finally:
            sys.setswitchinterval(PICTURE)


def loop() -> asyncio.AbstractEventLoop:
    """An event loop whose thread comes before all others."""
    return asyncio.SelectorEventLoop(_DrawingFirst())
