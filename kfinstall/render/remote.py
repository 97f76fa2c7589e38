"""Which entries of a kustomization are somewhere else, and what kfinstall fetches for them.

kustomize takes URLs of files, and addresses of git repositories in a dozen spellings:
https://github.com/kubernetes-sigs/kustomize/blob/master/examples/remoteBuild.md. It runs git for the latter; kfinstall
fetches GitHub's archive of the ref instead: no git, no time-out of 27 seconds, and mirrors work.
"""

import re
from dataclasses import dataclass
from urllib.parse import parse_qs

from kfinstall.render.address import parts

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_SCP = re.compile(r"[\w.-]+@[\w.-]+:")
_GITHUB = re.compile(
    r"(?:(?:https?|ssh|git)://(?:[^/@]+@)?(?:www\.)?github\.com/|[\w.-]+@github\.com:/?|(?:www\.)?github\.com/|gh:)"
    r"(?P<owner>[^/?#]+)/(?P<repo>[^/?#]+)(?P<rest>[^?#]*)",
    re.IGNORECASE,
)
_FILE = re.compile(r"\.(ya?ml|json)$", re.IGNORECASE)
_DOWNLOADS = ("/releases/", "/raw/")


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """One file by https."""

    url: str


@dataclass(frozen=True, slots=True)
class RemoteFolder:
    """A folder in a git repository. repo: its address without path and ref. archive: "" where none is known."""

    repo: str
    path: str
    ref: str
    archive: str = ""


def remote(entry: str) -> RemoteFile | RemoteFolder | None:
    """What an entry names elsewhere; None for a path in the same repo. Raises FetchError for a URL that is none."""
    plain = entry.removeprefix("git::")
    if match := _GITHUB.match(plain):
        if match["rest"].startswith(_DOWNLOADS) and plain.lower().startswith("http"):
            return RemoteFile(plain)
        return _github(match, plain)
    if not (_URL.match(plain) or _SCP.match(plain) or plain != entry):
        return None
    if plain.lower().startswith(("http://", "https://")) and plain == entry and _is_file(plain):
        return RemoteFile(plain)
    return _other(plain)


def _is_file(url: str) -> bool:
    path = parts(url).path
    return bool(_FILE.search(path)) and "//" not in path and ".git/" not in path


def _ref(url: str) -> str:
    query = parse_qs(parts(url).query)
    return (query.get("ref") or query.get("version") or [""])[0]


def _github(match: re.Match[str], url: str) -> RemoteFolder:
    owner, name = match["owner"], match["repo"].removesuffix(".git")
    ref = _ref(url)
    repo = f"https://github.com/{owner}/{name}"
    return RemoteFolder(repo, match["rest"].strip("/"), ref, f"{repo}/archive/{ref or 'HEAD'}.tar.gz")


def _other(url: str) -> RemoteFolder:
    """`//` or `.git` ends the repository's address."""
    before = url.partition("?")[0]
    scheme, _sep, rest = before.rpartition("://")
    repo, separator, path = rest.partition("//")
    if not separator and ".git/" in rest:
        repo, _dot, path = rest.partition(".git/")
        repo += ".git"
    return RemoteFolder(f"{scheme}://{repo}" if scheme else repo, path.strip("/"), _ref(url))
