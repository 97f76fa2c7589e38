"""Long-running operations of Azure: followed to their end, by this run of kfinstall or by a later one."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

from azure.core.exceptions import HttpResponseError
from azure.core.polling import LROPoller

from kfinstall.contracts.platform import Progress

LOOK = 10.0
"""Seconds between two looks at the cluster while an operation lasts."""


class Begin(Protocol):
    """Begins an operation, or takes one up again that a continuation token tells."""

    def __call__(self, **token: str) -> LROPoller[Any]: ...


def followed(begin: Begin, memory: Path, look: Callable[[], Progress]) -> Iterator[Progress]:
    """Begin an operation, or take up the one in memory, and follow it. Raises AzureError, Interrupted.

    memory: where the operation's continuation token stands while it lasts. It has the addresses of the operation and
    of the cluster, and no credentials; only the user can read it all the same.
    """
    poller = _taken_up(begin, memory)
    memory.touch(mode=0o600)
    memory.write_text(poller.continuation_token(), encoding="ascii")
    yield look()
    try:
        while not poller.done():
            poller.wait(LOOK)
            yield look()
        poller.result()
    except HttpResponseError as error:
        if error.status_code in {200, 404}:  # it has failed, or nobody knows it any more; others say nothing about it
            memory.unlink()
        raise
    memory.unlink()


def _taken_up(begin: Begin, memory: Path) -> LROPoller[Any]:
    if not memory.is_file():
        return begin()
    try:
        return begin(continuation_token=memory.read_text(encoding="ascii"))
    except ValueError:  # a token that another version of the library wrote
        return begin()
