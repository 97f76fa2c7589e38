"""How long a test waits for what must happen: far longer than it takes.

Machines are slow at times, and other tests run beside.
"""

import time
from collections.abc import Callable
from typing import Any

PATIENCE = 180.0
"""Seconds. Nothing is measured by it, and whoever sees what it waits for goes on at once."""

AS_LONG = f"{PATIENCE - 10:.0f}s"
"""As an option of a command, which then says itself that it gave up."""


def eventually(look: Callable[[], Any], seconds: float = PATIENCE) -> Any:
    """What `look` returns, once it returns something true."""
    deadline = time.monotonic() + seconds
    while not (seen := look()):
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {look}"
        time.sleep(0.03)
    return seen
