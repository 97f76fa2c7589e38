"""Unpacks .tar.gz, .tar and .zip archives of strangers into a folder, whole or not at all.

A member that would land outside the folder, a link that leads out of it, a device and whatever is over the
limits refuse the archive. Nothing is written through a link: links are made last, and checked when all stand.
Owners, times and modes are not taken over: every file is 0644, which also drops setuid.
"""

import gzip
import os
import shutil
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import IO, Protocol

from kfinstall.errors import FetchError
from kfinstall.render.limits import Limits
from kfinstall.words import _

_CHUNK = 1024 * 1024
_SNIFFED = 1024


class _Refused(Exception):
    """Why the archive is not unpacked; becomes a FetchError that names the archive."""


@dataclass(slots=True)
class _Target:
    """The folder that is being filled, and what has been taken in so far."""

    folder: Path
    limits: Limits
    entries: int = 0
    written: int = 0
    links: dict[PurePosixPath, str] = field(default_factory=dict)

    def entry(self, name: str) -> PurePosixPath:
        """A member's path inside the folder. Raises _Refused where it leads out, or there are too many."""
        self.entries += 1
        if self.entries > self.limits.entries:
            raise _Refused(_("it has more than {limit} entries.").format(limit=self.limits.entries))
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or "\0" in name or PureWindowsPath(name).drive:
            raise _Refused(_("its member {name!r} leads out of the folder.").format(name=name))
        return path

    def mkdir(self, path: PurePosixPath) -> None:
        (self.folder / path).mkdir(parents=True, exist_ok=True)

    def write(self, path: PurePosixPath, source: IO[bytes]) -> None:
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as file:
            while chunk := source.read(_CHUNK):
                self.written += len(chunk)
                if self.written > self.limits.unpacked:
                    raise _Refused(_too_big(self.limits))
                file.write(chunk)

    def finish(self) -> None:
        """Make the links, then look where each really leads."""
        for path, destination in self.links.items():
            link = self.folder / path
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(destination)
        root = os.path.realpath(self.folder)
        for path, destination in self.links.items():
            end = os.path.realpath(self.folder / path)
            if PurePosixPath(destination).is_absolute() or (end != root and not end.startswith(root + os.sep)):
                message = _("its link {name!r} leads out of the folder, to {target!r}.")
                raise _Refused(message.format(name=str(path), target=destination))


def _too_big(limits: Limits) -> str:
    message = _("unpacked it has more than {limit} MiB.")
    return message.format(limit=limits.unpacked // 1024 // 1024)


class _Readable(Protocol):
    def read(self, size: int = ..., /) -> bytes: ...


class _Counted:
    """A decompressed stream that ends with _Refused at the limit: tar headers count as well as contents."""

    def __init__(self, source: _Readable, limits: Limits) -> None:
        self._source = source
        self._limits = limits
        self._left = limits.unpacked + 64 * _CHUNK

    def read(self, size: int = -1) -> bytes:
        content = self._source.read(size)
        self._left -= len(content)
        if self._left < 0:
            raise _Refused(_too_big(self._limits))
        return content


def unpack(archive: Path, folder: Path, limits: Limits, *, shown: str) -> None:
    """Fill the (new) folder with an archive's files.

    shown: what to call the archive in messages. Raises FetchError; the folder is gone then.
    """
    target = _Target(folder, limits)
    folder.mkdir(parents=True)
    try:
        _fill(target, archive)
        target.finish()
    except BaseException as error:
        shutil.rmtree(folder, ignore_errors=True)
        if (why := _why(error)) is None:
            raise
        raise FetchError(_("{archive} cannot be used.").format(archive=shown), why=why) from None


def _fill(target: _Target, archive: Path) -> None:
    match _kind(archive):
        case "gzip":
            with gzip.open(archive) as plain:
                _untar(plain, target)
        case "tar":
            with archive.open("rb") as plain:
                _untar(plain, target)
        case "zip":
            _unzip(archive, target)
        case _:
            raise _Refused(_describe(archive))


def _why(error: BaseException) -> str | None:
    """What to tell the user about an exception; None for those that are not about the archive."""
    match error:
        case _Refused():
            return str(error)
        case EOFError() | zlib.error() | tarfile.ReadError() | gzip.BadGzipFile():
            return _("it is damaged or cut off; fetch it again.")
        case zipfile.BadZipFile():
            return _("it is a damaged or cut off .zip; fetch it again.")
        case tarfile.TarError() | RuntimeError() | NotImplementedError() | UnicodeError():
            return _("it cannot be unpacked: {reason}.").format(reason=str(error) or type(error).__name__)
        case OSError():
            return _("it cannot be unpacked: {reason}.").format(reason=error.strerror or str(error))
        case _:
            return None


def _kind(archive: Path) -> str:
    with archive.open("rb") as file:
        head = file.read(_SNIFFED)
    if head.startswith(b"\x1f\x8b"):
        return "gzip"
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return "zip"
    return "tar" if head[257:262] == b"ustar" else ""


def looks_like_page(head: bytes) -> bool:
    """Whether the first bytes of a file are those of a web page."""
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:64].lower()
    return start.startswith((b"<!doctype html", b"<html", b"<head", b"<body"))


def _describe(archive: Path) -> str:
    with archive.open("rb") as file:
        head = file.read(_SNIFFED)
    if looks_like_page(head):
        return _(
            "it is a web page and not an archive: a wrong address, a login page, or a proxy's message. "
            "On GitHub the address of an archive ends like /archive/v1.10.2.tar.gz."
        )
    if not head:
        return _("it is empty.")
    return _("it is not a .tar.gz, .tar or .zip archive.")


def _untar(plain: _Readable, target: _Target) -> None:
    counted = _Counted(plain, target.limits)
    with tarfile.open(fileobj=counted, mode="r|") as tar:  # type: ignore[call-overload]
        for member in tar:
            _tar_member(tar, member, target)


def _tar_member(tar: tarfile.TarFile, member: tarfile.TarInfo, target: _Target) -> None:
    path = target.entry(member.name)
    try:
        # the standard library's own opinion comes on top: https://peps.python.org/pep-0706/
        tarfile.data_filter(member, str(target.folder))
    except tarfile.FilterError as error:
        message = _("its member {name!r} is refused: {reason}.")
        raise _Refused(message.format(name=member.name, reason=error)) from None
    if member.isdir():
        target.mkdir(path)
    elif member.isreg():
        source = tar.extractfile(member)
        assert source is not None  # noqa: S101 - a regular file has contents
        target.write(path, source)
    elif member.issym():
        target.links[path] = member.linkname
    elif member.islnk():
        _hard_link(path, target.entry(member.linkname), target)
    else:
        raise _Refused(_("its member {name!r} is a device or a pipe.").format(name=member.name))


def _hard_link(path: PurePosixPath, original: PurePosixPath, target: _Target) -> None:
    """A second name for a file that came earlier in the archive: a copy, so that it counts."""
    source = target.folder / original
    if original in target.links or not source.is_file():
        message = _("its link {name!r} leads to {target!r}, which is no earlier member.")
        raise _Refused(message.format(name=str(path), target=str(original)))
    with source.open("rb") as file:
        target.write(path, file)


def _unzip(archive: Path, target: _Target) -> None:
    with zipfile.ZipFile(archive) as opened:
        for member in opened.infolist():
            _zip_member(opened, member, target)


def _zip_member(opened: zipfile.ZipFile, member: zipfile.ZipInfo, target: _Target) -> None:
    path = target.entry(member.filename)
    mode = stat.S_IFMT(member.external_attr >> 16)
    if member.is_dir():
        target.mkdir(path)
    elif mode == stat.S_IFLNK:
        with opened.open(member) as source:
            target.links[path] = source.read(4096).decode()
    elif mode in (0, stat.S_IFREG):
        with opened.open(member) as source:
            target.write(path, source)
    else:
        raise _Refused(_("its member {name!r} is a device or a pipe.").format(name=member.filename))


def files(folder: Path) -> Iterator[tuple[str, os.stat_result]]:
    """Every file below a folder as (path with /, stat), sorted; links are files, `.git` is left out."""
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name != ".git")
        relative = os.path.relpath(parent, folder).replace(os.sep, "/")
        prefix = "" if relative == "." else relative + "/"
        links = [name for name in folders if Path(parent, name).is_symlink()]
        for name in sorted([*names, *links]):
            yield prefix + name, Path(parent, name).lstat()
