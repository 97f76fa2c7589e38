"""Gets repos and documents from wherever they are, checks them, and keeps them by content.

    cache/trees/<sha256>/      an archive, unpacked; the hash is the archive's
    cache/trees/<sha256>.json  what must be in it, so that a damaged copy is noticed
    cache/files/<sha256>       a document
    cache/urls/<hash>.json     a URL's last known hash and ETag; the URL itself may hold a password

Everything appears whole, by os.replace. Without network the last copy of a URL is used, with a warning.
"""

import hashlib
import json
import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

from kfinstall.errors import FetchError
from kfinstall.locks import alone
from kfinstall.render import archive, http
from kfinstall.render.address import Location, locate, shown
from kfinstall.render.limits import DEFAULT, Limits
from kfinstall.render.store import scratch_folder, write
from kfinstall.words import _

_CHUNK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Tree:
    """A repo on this machine. digest: names its content; the same digest is the same content."""

    digest: str
    folder: Path

    def root_for(self, path: str) -> Path:
        """The folder that `path` is relative to.

        Archives of GitHub hold one folder, `manifests-1.10.2`, and paths are relative to that; kfctl took the
        folder away for URLs and forgot it for files. Here it is taken away where more of the path is inside it.
        """
        entries = [entry for entry in self.folder.iterdir() if not entry.name.startswith(".")]
        if len(entries) == 1 and entries[0].is_dir() and not entries[0].is_symlink():
            for part in (PurePosixPath(path), *PurePosixPath(path).parents):
                for root in (entries[0], self.folder):
                    if part.name and (root / part).exists():
                        return root
            return entries[0]
        return self.folder


@dataclass(slots=True)
class Fetcher:
    """cache: folder for what is fetched. sources: mirrors, see kfinstall.render.address.locate.

    warn: called, from any thread, with a sentence for the user.
    """

    cache: Path
    sources: Mapping[str, str] = field(default_factory=dict)
    limits: Limits = DEFAULT
    warn: Callable[[str], None] = lambda _message: None
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _locks: dict[str, threading.Lock] = field(default_factory=dict)
    _done: dict[tuple[str, str, str], Any] = field(default_factory=dict)

    def tree(self, address: str, sha256: str | None = None) -> Tree:
        """The repo at an address: a folder, or a .tar.gz, .tar or .zip archive. Raises FetchError."""
        tree: Tree = self._once("tree", address, sha256, self._tree)
        return tree

    def file(self, address: str, sha256: str | None = None) -> Path:
        """The file at an address, in the cache unless it is local. Raises FetchError."""
        file: Path = self._once("file", address, sha256, self._file)
        return file

    def digest(self, address: str, sha256: str | None = None) -> str:
        """The sha256 of the file at an address. Raises FetchError."""
        return _digest(self.file(address, sha256))

    def missing(self, address: str, sha256: str | None = None) -> str:
        """The URL that a repo has to be downloaded from; "" where it is on this machine already. Raises FetchError."""
        location = locate(address, self.sources)
        current = sha256 or _known(self._note(location)).get("sha256", "")
        held = current and _has(self.cache / "trees", current)
        return "" if location.path or held else location.url

    def _note(self, location: Location) -> Path:
        return self.cache / "urls" / f"{hashlib.sha256(location.url.encode()).hexdigest()}.json"

    def _once(self, kind: str, address: str, sha256: str | None, get: Callable[[str, str | None], Any]) -> Any:
        """Every address is asked for once in the life of a Fetcher, however many threads want it."""
        key = (kind, address, sha256 or "")
        with self._lock:
            lock = self._locks.setdefault("\0".join(key), threading.Lock())
        with lock:
            if key not in self._done:
                try:
                    self._done[key] = get(address, sha256)
                except FetchError as error:
                    self._done[key] = error
            done = self._done[key]
        if isinstance(done, FetchError):
            raise done.with_traceback(None)
        return done

    def _tree(self, address: str, sha256: str | None) -> Tree:
        location = locate(address, self.sources)
        if location.path is None:
            return self._remote_tree(location, sha256)
        if location.path.is_dir():
            if sha256:
                message = _("{path} is a folder: the sha256 of its archive cannot be checked.")
                self.warn(message.format(path=location.path))
            return Tree(_folder_digest(location.path, self.limits), location.path)
        digest = _checked(_digest(_existing(location)), sha256, str(location))
        return self._unpacked(digest, location.path, str(location))

    def _file(self, address: str, sha256: str | None) -> Path:
        location = locate(address, self.sources)
        if location.path is None:
            return self._remote(location, sha256, "files", self.limits.document)[1]
        path = _existing(location)
        if path.stat().st_size > self.limits.document:
            raise _too_large(str(location), self.limits.document)
        _checked(_digest(path), sha256, str(location))
        return path

    def _remote_tree(self, location: Location, sha256: str | None) -> Tree:
        digest, path = self._remote(location, sha256, "trees", self.limits.download)
        return Tree(digest, path) if path.is_dir() else self._unpacked(digest, path, str(location))

    def _unpacked(self, digest: str, source: Path, name: str) -> Tree:
        folder = self.cache / "trees" / digest
        if not _intact(folder):
            with scratch_folder(folder.parent) as scratch, alone(self.cache / "locks" / digest):
                if not _intact(folder):  # another process may have mended it meanwhile, and somebody reads it now
                    archive.unpack(source, scratch / "tree", self.limits, shown=name)
                    write(folder.with_suffix(".json"), json.dumps(_inventory(scratch / "tree")))
                    _move(scratch / "tree", folder)
        return Tree(digest, folder)

    def _remote(self, location: Location, sha256: str | None, kind: str, limit: int) -> tuple[str, Path]:
        """(sha256, path) of what a URL has: in the cache, or else downloaded."""
        shelf = self.cache / kind
        if sha256 and _has(shelf, sha256):
            return sha256, shelf / sha256
        if not sha256 and location.url.lower().startswith("http:"):
            message = _("{url} comes over plain http: anyone on the way can change it. Add its sha256.")
            self.warn(message.format(url=location))
        note = self._note(location)
        known = _known(note)
        current = known.get("sha256", "")
        held = bool(current) and _has(shelf, current)
        with scratch_folder(shelf) as scratch:
            try:
                answer = http.download(
                    location.url,
                    scratch / "body",
                    limit=limit,
                    # whoever has a copy should not wait long for a network that is not there
                    limits=replace(self.limits, retries=1) if held else self.limits,
                    known=_conditions(known) if held else {},
                )
            except http.NoAnswer as error:
                if not held or sha256 not in (None, current):
                    raise
                self._say_stale(location, error)
                return current, shelf / current
            if answer.unchanged:
                _checked(current, sha256, str(location))
                return current, shelf / current
            digest = _checked(_digest(scratch / "body"), sha256, str(location))
            path = self._shelve(scratch / "body", digest, kind, str(location))
        etag, modified = answer.headers.get("etag"), answer.headers.get("last-modified")
        write(note, json.dumps({"sha256": digest, "etag": etag, "modified": modified}))
        return digest, path

    def _shelve(self, body: Path, digest: str, kind: str, name: str) -> Path:
        if kind == "trees":
            return self._unpacked(digest, body, name).folder
        _refuse_page(body, name)
        path = self.cache / kind / digest
        body.replace(path)
        return path

    def _say_stale(self, location: Location, error: FetchError) -> None:
        message = _("{url} does not answer ({why}); the copy that was fetched earlier is used.")
        self.warn(message.format(url=location, why=error.why.rstrip(".")))


def document(
    address: str,
    *,
    cache: Path,
    sha256: str | None = None,
    sources: Mapping[str, str] | None = None,
    limits: Limits = DEFAULT,
    warn: Callable[[str], None] = lambda _message: None,
) -> str:
    """The text of a document at a URL or path. Raises FetchError."""
    path = Fetcher(cache, sources or {}, limits, warn).file(address, sha256)
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        why = _("It is not UTF-8 text.")
        raise FetchError(_("{address} cannot be read.").format(address=shown(address)), why=why) from None


def _existing(location: Location) -> Path:
    path = location.path
    assert path is not None  # noqa: S101 - the caller asked for a local one
    if path.is_file():
        return path
    why = _("It is a folder.") if path.is_dir() else _("There is no such file or folder.")
    raise FetchError(_("{path} cannot be read.").format(path=path), why=why)


def _too_large(name: str, limit: int) -> FetchError:
    why = _("It is larger than {limit} MiB.").format(limit=limit // 1024 // 1024)
    return FetchError(_("{url} is refused.").format(url=name), why=why)


def _checked(digest: str, wanted: str | None, name: str) -> str:
    if wanted and digest != wanted.lower():
        raise FetchError(
            _("{url} is not what it should be.").format(url=name),
            why=_("Its sha256 is {digest}, and {wanted} is asked for.").format(digest=digest, wanted=wanted),
            fix=_("If the new content is right, change the sha256; else the address or a proxy is wrong."),
        )
    return digest


def _refuse_page(body: Path, name: str) -> None:
    with body.open("rb") as file:
        head = file.read(1024)
    if archive.looks_like_page(head):
        why = _("It is a web page: a wrong address, a login page, or a proxy's message.")
        raise FetchError(_("{url} is no YAML document.").format(url=name), why=why)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _folder_digest(folder: Path, limits: Limits) -> str:
    """The hash of names and contents of a folder's files."""
    total = hashlib.sha256(b"folder")
    for count, (name, status) in enumerate(archive.files(folder)):
        if count >= limits.entries:
            what = _("{path} has more than {limit} files.").format(path=folder, limit=limits.entries)
            raise FetchError(what, fix=_("Name the folder with the manifests, not one around it."))
        path = folder / name
        content = os.fsencode(path.readlink()) if path.is_symlink() else _content(path, status)
        total.update(os.fsencode(f"{name}\0{len(content)}\0"))
        total.update(content)
    return total.hexdigest()


def _content(path: Path, status: os.stat_result) -> bytes:
    """A file's hash; of what is no regular file, and of what nobody renders, only the size."""
    if not path.is_file() or status.st_size > DEFAULT.document:
        return str(status.st_size).encode()
    return _digest(path).encode()


def _inventory(folder: Path) -> dict[str, int]:
    return {name: status.st_size for name, status in archive.files(folder)}


def _intact(folder: Path) -> bool:
    """Whether an unpacked archive is complete, by names and sizes (the contents would take ten times as long).

    One that another process takes away meanwhile, to put a whole one there, was not.
    """
    try:
        wanted = json.loads(folder.with_suffix(".json").read_text())
        return bool(folder.is_dir() and wanted == _inventory(folder))
    except (OSError, ValueError):
        return False


def _has(shelf: Path, digest: str) -> bool:
    path = shelf / digest
    if shelf.name == "trees":
        return _intact(path)
    return path.is_file() and _digest(path) == digest


def _known(note: Path) -> dict[str, str]:
    try:
        known = json.loads(note.read_text())
    except (OSError, ValueError):
        return {}
    return {key: value for key, value in known.items() if isinstance(value, str)} if isinstance(known, dict) else {}


def _conditions(known: Mapping[str, str]) -> dict[str, str]:
    pairs = {"if-none-match": known.get("etag"), "if-modified-since": known.get("modified")}
    return {name: value for name, value in pairs.items() if value}


def _move(tree: Path, folder: Path) -> None:
    """Put an unpacked archive where it belongs; the scratch folder around `tree` takes what stood there, if damaged."""
    if folder.exists():
        folder.replace(tree.with_name("damaged"))
    tree.replace(folder)
