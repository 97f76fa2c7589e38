"""When Python looks for garbage among all that it holds: never while somebody watches an install.

A full collection stops every thread, for half a second once a release and a client library are in memory, and what
is there by then stays anyway. New objects are looked at as ever; whoever makes many that live for a while, and lets
them go, calls young() then. https://docs.python.org/3/library/gc.html#gc.freeze
"""

import gc

NEVER = 1_000_000
"""Collections of the young before one of everything."""

_USUAL = gc.get_threshold()


def keep() -> None:
    """What is there now stays: it is not looked at any more."""
    gc.freeze()


def hush() -> None:
    """From now on look at new objects only."""
    gc.freeze()
    gc.set_threshold(*_USUAL[:2], NEVER)


def young() -> None:
    """Look at all that came since the last keep(): soon done while that is little."""
    gc.collect()


def usual() -> None:
    """From now on look at what comes as ever."""
    gc.set_threshold(*_USUAL)


def everything() -> None:
    """Look at everything once; not while somebody watches an install."""
    if gc.get_threshold() == _USUAL:
        gc.unfreeze()
        gc.collect()
        gc.freeze()
