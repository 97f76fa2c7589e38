"""What minikube prints with -o json: one CloudEvent a line (minikube's pkg/minikube/out/register).

All values are texts. Lines that are no JSON are what drivers print.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from kfinstall.contracts.platform import Host, Progress
from kfinstall.errors import ProgramFailed
from kfinstall.words import _

TYPE = "io.k8s.sigs.minikube."
DONE = "Done"


def progress(host: Host, *arguments: str) -> Iterator[Progress]:
    """Run minikube, and tell its steps. Raises ProgramFailed with minikube's own advice, ToolMissing."""
    last: Mapping[str, str] = {}
    finished = False
    try:
        for kind, data in _events(host.lines(["minikube", *arguments, "-o", "json"])):
            finished = finished or data.get("name") == DONE
            if kind == "error":
                last = data
            else:
                yield _progress(kind, data)
    except ProgramFailed as error:
        raise _failed(last, error) from error
    if not finished and not host.stopping:
        raise _failed(last, ProgramFailed(_("minikube ended before it was done.")))


def _events(lines: Iterator[str]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for line in lines:
        try:
            event = json.loads(line)
            kind, data = event["type"].removeprefix(TYPE), event["data"]
        except (ValueError, TypeError, KeyError, AttributeError):
            continue
        if isinstance(data, dict):
            yield kind, data


def _progress(kind: str, data: Mapping[str, str]) -> Progress:
    done = _part(data)
    if kind.startswith("download"):
        artifact = data.get("artifact", "")
        return Progress(_("Downloading"), f"{artifact} {_percent(data.get('progress', ''))}".strip(), done)
    if kind == "warning":
        return Progress(_("Warning"), data.get("message", "").strip(), done)
    return Progress(data.get("name", ""), data.get("message", "").strip(), done)


def _part(data: Mapping[str, str]) -> float | None:
    """Steps are skipped by driver, so it jumps; a step that minikube does not number has no part."""
    try:
        return min(int(data["currentstep"]) / int(data["totalsteps"]), 1.0)
    except (KeyError, ValueError, ZeroDivisionError):
        return None


def _percent(part: str) -> str:
    try:
        return f"{float(part):.0%}"
    except ValueError:
        return ""


def _failed(event: Mapping[str, str], error: ProgramFailed) -> ProgramFailed:
    """minikube's own words where it has some, else the end of what it printed."""
    if not event:
        return error
    name = event.get("name", "")
    return ProgramFailed(
        _("minikube failed: {message}").format(message=event.get("message", "").strip()),
        why=" ".join(filter(None, [name, event.get("issues", "").replace(",", " ")])),
        fix=event.get("advice", "").strip(),
        docs=event.get("url", ""),
    )
