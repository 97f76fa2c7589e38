"""Where something comes from: https, http, file: or a path, the user's mirrors, and what may be shown of it."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from kfinstall.errors import FetchError
from kfinstall.words import _

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):")
"""Two letters at least: `C:\\kubeflow` is a path."""


def scheme(address: str) -> str:
    """`https` for an https address, "" for a path."""
    match = _SCHEME.match(address)
    return match[1].lower() if match else ""


def shown(address: str) -> str:
    """An address without what may be secret in it: user, password, query and fragment."""
    if "://" not in address:
        return address
    return re.sub(r"[?#].*", "", re.sub(r"//[^/]*@", "//", address))


def parts(url: str) -> SplitResult:
    """The parts of a URL. Raises FetchError for what is none, such as https://[::1."""
    try:
        return urlsplit(url)
    except ValueError:
        raise FetchError(_("{url} is not an address.").format(url=shown(url))) from None


@dataclass(frozen=True, slots=True)
class Location:
    """What an address means after mirrors: a URL, or a path on this machine; one of the two is set."""

    url: str = ""
    path: Path | None = None

    def __str__(self) -> str:
        return shown(self.url) if self.path is None else str(self.path)


def locate(address: str, sources: Mapping[str, str]) -> Location:
    """Apply the mirrors and tell URLs from paths.

    sources: address or the beginning of addresses (up to a `/`) -> URL, file or folder; the longest that fits
    wins. What follows the beginning is appended; where it begins a repository's address and its mirror is a
    file, or a folder that has nothing of that name, the mirror is the repository itself.
    Raises FetchError for a scheme that is neither http, https nor file.
    """
    begin = max((key for key in sources if key and _begins(address, key)), key=len, default=None)
    if begin is not None:
        return _mirrored(sources[begin], address[len(begin) :], address)
    return _direct(address)


def _begins(address: str, key: str) -> bool:
    rest = address[len(key) :]
    return address.startswith(key) and (not rest or key.endswith("/") or rest[0] in "/?#")


def _mirrored(mirror: str, rest: str, address: str) -> Location:
    if scheme(mirror) in ("http", "https"):
        return _direct(mirror + rest)
    base = _direct(mirror).path
    assert base is not None  # noqa: S101 - not a URL
    below = rest.strip("/")
    if not below or base.is_file():
        return Location(path=base)
    if ".." in below.split("/"):
        raise FetchError(_("{address} leads out of its mirror.").format(address=shown(address)))
    inside = base / below
    if inside.exists() or rest == below:
        return Location(path=inside)
    return Location(path=base if base.is_dir() and not _has_archives(base) else inside)


def _has_archives(folder: Path) -> bool:
    """Whether a folder holds archives, and so is no repository itself."""
    return any(path.name.endswith((".tar.gz", ".tgz", ".tar", ".zip")) for path in folder.iterdir())


def _direct(address: str) -> Location:
    match scheme(address):
        case "http" | "https":
            parts(address)
            return Location(url=address)
        case "file":
            found = parts(address)
            if found.netloc not in ("", "localhost"):
                why = _("A file: address names no other machine than this one.")
                raise FetchError(_("{address} cannot be read.").format(address=address), why=why)
            return Location(path=Path(unquote(found.path)))
        case "":
            return Location(path=Path(os.path.expanduser(address)))  # noqa: PTH111 - keeps "~" of no user
        case other:
            what = _("{address} cannot be fetched: {scheme} is not supported.")
            fix = _("Use https, or a file or folder on this machine.")
            raise FetchError(what.format(address=shown(address), scheme=other), fix=fix)
