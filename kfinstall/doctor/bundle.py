"""A bundle: what the doctor read of a cluster, in one file to send to somebody, and to be read again by the doctor."""

import io
import json
import os
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from kfinstall import __version__
from kfinstall.contracts.manifest import ObjectKey
from kfinstall.contracts.resource import GroupKind
from kfinstall.contracts.snapshot import Reply, Right
from kfinstall.doctor.outside import Outside
from kfinstall.doctor.redaction import Redaction
from kfinstall.doctor.snapshot import Collected, Recorded
from kfinstall.facts.kinds import plural

FRAME, OUTSIDE, VERSION = "bundle.json", "outside.json", "version.json"


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of a bundle. objects: how many it lists. redactions: what was taken out of it, by rule."""

    name: str
    objects: int
    redactions: Mapping[str, int]


def write(snapshot: Collected, outside: Outside | Recorded, path: Path) -> list[Entry]:
    """Write a bundle that only its owner may read; what is in it. Raises FileExistsError."""
    entries: list[Entry] = []
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file, tarfile.open(fileobj=file, mode="w:gz") as archive:
        redaction = Redaction()
        for name, document in _documents(snapshot, outside):
            redaction.counts.clear()
            text = json.dumps(redaction.clean(document), indent=1)
            _add(archive, name, text)
            entries.append(Entry(name, len(document.get("items") or ()), dict(redaction.counts)))
        _add(archive, FRAME, json.dumps(_frame(snapshot, entries), indent=1))
    return entries


def _add(archive: tarfile.TarFile, name: str, text: str) -> None:
    content = text.encode()
    member = tarfile.TarInfo(f"kfinstall-bundle/{name}")
    member.size, member.mode = len(content), 0o600
    archive.addfile(member, io.BytesIO(content))


def _documents(snapshot: Collected, outside: Outside | Recorded) -> Iterator[tuple[str, dict[str, Any]]]:
    yield VERSION, {"serverVersion": {"gitVersion": snapshot.version}}
    for kind, bodies in sorted(snapshot.objects.items()):
        name = f"{plural(kind.kind)}.{kind.group}".rstrip(".")
        yield f"{name}.json", {"apiVersion": "v1", "kind": "List", "items": list(bodies)}
    yield (
        OUTSIDE,
        {
            "logs": [
                {**key._asdict(), "container": name, "lines": list(lines)}
                for (key, name), lines in outside.logs.items()
            ],
            "replies": {url: reply and asdict(reply) for url, reply in outside.replies.items()},
            "rights": [{**asdict(right), "allowed": allowed} for right, allowed in outside.rights.items()],
        },
    )


def _frame(snapshot: Collected, entries: list[Entry]) -> dict[str, Any]:
    return {
        "kfinstall": __version__,
        "taken": snapshot.taken,
        "unread": [{**kind._asdict(), "why": why} for kind, why in sorted(snapshot.unread.items())],
        "served": [{**kind._asdict(), "plural": name} for kind, name in sorted(snapshot.served.items())],
        "files": [asdict(entry) for entry in entries],
    }


@dataclass(slots=True)
class Frame:
    """What a bundle says beside its objects. Of unknown origin: what is not as expected is passed over."""

    taken: str
    unread: dict[GroupKind, str]
    served: dict[GroupKind, str]


def frame(document: Mapping[str, Any]) -> Frame:
    """The frame of a bundle, from its JSON."""
    return Frame(
        str(document.get("taken") or ""),
        {_kind(each): str(each.get("why")) for each in _dicts(document.get("unread"))},
        {_kind(each): str(each.get("plural")) for each in _dicts(document.get("served"))},
    )


def recorded(document: Mapping[str, Any]) -> Recorded:
    """The answers from outside that a bundle has, from its JSON."""
    logs = {
        (ObjectKey(*(str(each.get(part) or "") for part in ObjectKey._fields)), str(each.get("container"))): tuple(
            map(str, each.get("lines") or ())
        )
        for each in _dicts(document.get("logs"))
    }
    replies = document.get("replies")
    rights = {
        Right(*(str(each.get(part) or "") for part in ("verb", "group", "resource", "namespace"))): each.get("allowed")
        for each in _dicts(document.get("rights"))
    }
    return Recorded(logs, dict(_replies(replies if isinstance(replies, dict) else {})), rights)


def _replies(replies: Mapping[str, Any]) -> Iterator[tuple[str, Reply | None]]:
    for url, reply in replies.items():
        if isinstance(reply, dict) and isinstance(reply.get("status"), int):
            headers = reply.get("headers")
            texts = {str(name): str(value) for name, value in headers.items()} if isinstance(headers, dict) else {}
            yield url, Reply(reply["status"], texts, str(reply.get("text") or ""))


def _kind(entry: Mapping[str, Any]) -> GroupKind:
    return GroupKind(str(entry.get("group") or ""), str(entry.get("kind")))


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
