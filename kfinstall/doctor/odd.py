"""Which object a check broke on: one that is not as its kind says, such as a pod that asks for "much" memory."""

from collections.abc import Iterator
from types import FrameType, TracebackType

from kfinstall.contracts.manifest import ObjectKey
from kfinstall.doctor.snapshot import Collected
from kfinstall.facts.objects.owners import key_of


def suspects(error: BaseException, snapshot: Collected) -> Iterator[ObjectKey]:
    """The objects that the check had in hand, the last one that it took up first; each once."""
    bodies = {id(body): key_of(kind, body) for kind, listed in snapshot.objects.items() for body in listed}
    seen: set[ObjectKey] = set()
    for frame in reversed(list(_frames(error.__traceback__))):
        for value in frame.f_locals.values():
            key = bodies.get(id(value))
            if key is not None and key not in seen and key not in snapshot.odd:
                seen.add(key)
                yield key


def _frames(trace: TracebackType | None) -> Iterator[FrameType]:
    while trace is not None:
        yield trace.tb_frame
        trace = trace.tb_next
