"""What keeps a pod from being ready, in the words of Kubernetes."""

from collections.abc import Mapping
from typing import Any

from kfinstall.contracts.manifest import Body

LONGEST = 4000
"""Characters of a message that are kept: enough for the whole chain of errors of a runtime, whose last link tells."""


def trouble(pod: Body) -> str:
    """One line, or "" when nothing is wrong with the pod."""
    status = pod.get("status") or {}
    for condition in status.get("conditions") or ():
        if condition.get("type") == "PodScheduled" and condition.get("status") == "False":
            return _short(str(condition.get("message") or condition.get("reason") or ""))
    containers = [*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())]
    for container in containers:
        found = _container_trouble(container)
        if found:
            return _short(found)
    return ""


def _container_trouble(container: Mapping[str, Any]) -> str:
    state = container.get("state") or {}
    waiting = state.get("waiting")
    if waiting and waiting.get("reason") not in {"ContainerCreating", "PodInitializing"}:
        return f"{container.get('name')}: {waiting.get('reason')}: {waiting.get('message', '')}".rstrip(": ")
    ended = state.get("terminated")
    if ended and ended.get("exitCode"):
        # not in the user's language: the rest of these messages is not, and the classifier reads them all
        return f"{container.get('name')}: ended with exit code {ended['exitCode']} ({ended.get('reason', 'Error')})"
    return ""


def _short(message: str) -> str:
    message = " ".join(message.split())
    return message if len(message) <= LONGEST else message[: LONGEST - 1] + "…"
