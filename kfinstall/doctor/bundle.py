"""A bundle: what the doctor read of a cluster, in one file to send to somebody, and to be read again by the doctor."""

import io
import json
import os
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from kfinstall import __version__
from kfinstall.contracts.client import Client, Way
from kfinstall.contracts.manifest import ObjectKey
from kfinstall.contracts.platform import Tool
from kfinstall.contracts.resource import GroupKind
from kfinstall.contracts.snapshot import Reply, Right
from kfinstall.doctor.outside import Outside
from kfinstall.doctor.redaction import Redaction
from kfinstall.doctor.snapshot import Collected, Recorded
from kfinstall.facts.objects.kinds import plural

WAY = ("context", "cluster", "user", "server", "expires", "login", "login_get")
"""What a bundle tells of the way to the cluster, beside that it led there."""

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
        client = redaction.clean(_client(snapshot.client)) if snapshot.client else None
        _add(archive, FRAME, json.dumps(_frame(snapshot, entries, client), indent=1))
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


def _frame(snapshot: Collected, entries: list[Entry], client: Any) -> dict[str, Any]:
    return {
        "kfinstall": __version__,
        "taken": snapshot.taken,
        "unread": [{**kind._asdict(), "why": why} for kind, why in sorted(snapshot.unread.items())],
        "client": client,
        "served": [{**kind._asdict(), "plural": name} for kind, name in sorted(snapshot.served.items())],
        "files": [asdict(entry) for entry in entries],
    }


def _client(client: Client) -> dict[str, Any]:
    """Without the names of a person's folders, and without findings, which are about a file that is not here."""
    home = str(Path.home())
    way = replace(client.way, files=[file.replace(home, "~") for file in client.way.files])
    return asdict(replace(client, way=way, obstacles=(), unasked=""))


@dataclass(slots=True)
class Frame:
    """What a bundle says beside its objects. Of unknown origin: what is not as expected is passed over."""

    taken: str
    unread: dict[GroupKind, str]
    served: dict[GroupKind, str]
    client: Client | None = None


def frame(document: Mapping[str, Any]) -> Frame:
    """The frame of a bundle, from its JSON."""
    return Frame(
        str(document.get("taken") or ""),
        {_kind(each): str(each.get("why")) for each in _dicts(document.get("unread"))},
        {_kind(each): str(each.get("plural")) for each in _dicts(document.get("served"))},
        _of_client(document.get("client")),
    )


def _of_client(data: Any) -> Client | None:
    """The machine that made the bundle, which reached the cluster; None where the bundle does not say."""
    if not isinstance(data, dict):
        return None
    return Client(
        _way(data.get("way")),
        taken=str(data.get("taken") or ""),
        kubectl=str(data.get("kubectl") or ""),
        platform=str(data.get("platform") or ""),
        tools=[_tool(each) for each in _dicts(data.get("tools"))],
    )


def _way(data: Any) -> Way:
    told: dict[str, Any] = {name: str(data.get(name) or "") for name in WAY} if isinstance(data, dict) else {}
    return Way(**told)


def _tool(data: Mapping[str, Any]) -> Tool:
    name, version, get = (str(data.get(part) or "") for part in ("name", "version", "get"))
    return Tool(name, version, get, needed=data.get("needed") is True)


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
