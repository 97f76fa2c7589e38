"""A snapshot from files: a bundle, or a folder or a tar.gz of `kubectl get -A -o json` lists.

The files are of unknown origin: nothing is unpacked to the disk, what is not a list of objects is passed over, and what
is larger than a cluster can be is refused.
"""

import json
import tarfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from kfinstall.contracts.manifest import Body
from kfinstall.contracts.resource import GroupKind
from kfinstall.doctor import bundle
from kfinstall.doctor.bundle import Frame
from kfinstall.doctor.snapshot import Collected, Recorded, sound
from kfinstall.errors import UsageError
from kfinstall.facts.objects.kinds import plural
from kfinstall.words import _

LARGEST_FILE = 512 * 1024 * 1024
"""Bytes of one list, unpacked."""

MOST_FILES = 10_000
SUFFIX = ".json"


def from_files(path: Path, kinds: Iterable[GroupKind] = ()) -> Collected:
    """Read a folder or an archive; kinds: those whose list may be there and empty, which only its file's name tells.

    Raises UsageError when nothing in it is a list of objects.
    """
    objects: dict[GroupKind, list[Body]] = defaultdict(list)
    version, names = "", set()
    beside, outside = Frame("", {}, {}), Recorded()
    for name, document in _documents(path):
        names.add(name.removesuffix(SUFFIX))
        match name:
            case bundle.VERSION:
                version = str((document.get("serverVersion") or document).get("gitVersion") or "")
            case bundle.FRAME:
                beside = bundle.frame(document)
            case bundle.OUTSIDE:
                outside = bundle.recorded(document)
            case _:
                for kind, body in _items(document):
                    objects[kind].append(body)
    if not objects:
        raise UsageError(
            _("There is nothing of a cluster in {path}.").format(path=path),
            why=_("A folder or a tar.gz of lists is read: one JSON file for each kind."),
            fix=_("Collect one with: kfinstall bundle; or by hand: kubectl get pods -A -o json > pods.json"),
        )
    for kind in kinds:
        if {plural(kind.kind), f"{plural(kind.kind)}.{kind.group}"} & names:
            objects.setdefault(kind, [])
    found = {kind: list(sound(bodies)) for kind, bodies in objects.items()}
    return Collected(found, version, beside.taken, beside.unread, beside.served, outside, client=beside.client)


def _documents(path: Path) -> Iterator[tuple[str, Body]]:
    """Name and content of every JSON object among the files."""
    for name, text in _folder(path) if path.is_dir() else _archive(path):
        try:
            document = json.loads(text)
        except (ValueError, RecursionError):
            continue
        if isinstance(document, dict):
            yield name, document


def _folder(path: Path) -> Iterator[tuple[str, bytes]]:
    for file in sorted(path.rglob(f"*{SUFFIX}"))[:MOST_FILES]:
        if file.is_file() and file.stat().st_size <= LARGEST_FILE:
            yield file.name, file.read_bytes()


def _archive(path: Path) -> Iterator[tuple[str, bytes]]:
    try:
        with tarfile.open(path) as archive:
            for number, member in enumerate(archive):
                content = archive.extractfile(member) if member.isfile() and member.size <= LARGEST_FILE else None
                if content and member.name.endswith(SUFFIX):
                    yield Path(member.name).name, content.read()
                if number >= MOST_FILES:
                    return
    except (OSError, tarfile.TarError, EOFError) as error:
        raise UsageError(_("{path} cannot be read.").format(path=path), why=str(error)) from error


def _items(document: Body) -> Iterator[tuple[GroupKind, Body]]:
    """The objects of a list with their kinds; items of a typed list (PodList) may leave theirs out."""
    kind, items = str(document.get("kind") or ""), document.get("items")
    if not kind.endswith("List"):
        items = [document]
    default = (str(document.get("apiVersion") or "v1"), kind.removesuffix("List"))
    for item in items if isinstance(items, list) else ():
        if isinstance(item, dict):
            api_version, own = item.get("apiVersion") or default[0], item.get("kind") or default[1]
            yield GroupKind(_group(api_version), str(own)), item


def _group(api_version: Any) -> str:
    group, slash, _version = str(api_version).partition("/")
    return group if slash else ""
