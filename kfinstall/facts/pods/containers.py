"""The containers of a pod, as its status has them."""

from collections.abc import Iterator
from dataclasses import dataclass

from kfinstall.contracts.manifest import Body


@dataclass(frozen=True, slots=True)
class Container:
    """state: waiting, running or terminated, "" when the kubelet has not said. reason, message: of that state.

    exit_code, last_reason, last_message, ended: of this end, or of the last one when it was started again; None and ""
    when it never ended. ready: whether it passes its readiness probe.
    """

    name: str
    image: str
    state: str
    reason: str
    message: str
    restarts: int
    exit_code: int | None
    last_reason: str
    last_message: str
    ended: str
    ready: bool
    init: bool


def containers(pod: Body) -> Iterator[Container]:
    """Init containers first, in their order."""
    status = pod.get("status") or {}
    for field, init in (("initContainerStatuses", True), ("containerStatuses", False)):
        for entry in status.get(field) or ():
            yield _container(entry, init=init)


def waiting(pod: Body) -> Iterator[Container]:
    """Those of them that wait: of most pods none, and a cluster has thousands."""
    status = pod.get("status") or {}
    for field, init in (("initContainerStatuses", True), ("containerStatuses", False)):
        for entry in status.get(field) or ():
            if next(iter(entry.get("state") or {}), "") == "waiting":
                yield _container(entry, init=init)


def _container(entry: Body, *, init: bool) -> Container:
    states = entry.get("state") or {}
    state = next(iter(states), "")
    found = states.get(state) or {}
    ended = (found if state == "terminated" else (entry.get("lastState") or {}).get("terminated")) or {}
    return Container(
        name=str(entry.get("name")),
        image=str(entry.get("image")),
        state=state,
        reason=str(found.get("reason") or ""),
        message=str(found.get("message") or ""),
        restarts=int(entry.get("restartCount") or 0),
        exit_code=ended.get("exitCode"),
        last_reason=str(ended.get("reason") or ""),
        last_message=str(ended.get("message") or ""),
        ended=str(ended.get("finishedAt") or ""),
        ready=bool(entry.get("ready")),
        init=init,
    )
