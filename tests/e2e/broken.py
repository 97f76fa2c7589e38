"""What can be wrong with what a user brings: documents, archives, kustomizations, kubeconfigs; each made on disk."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import yaml

from tests.controlplane.certificates import Authority
from tests.e2e.release import Release

Change = Callable[[Any], object]
BOMB_MEGABYTES = 600
"""More than an archive may unpack to."""


@dataclass
class Scene:
    """A release that is about to be broken, a web server beside it, and how the command will be called.

    kubeconfig: leads through what counts; direct: to the API server itself.
    """

    release: Release
    kubeconfig: Path
    direct: Path
    web: Path
    url: str
    arguments: list[str] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)

    def install(self, change: Change) -> None:
        _edit(self.release.install, change)

    def kfdef(self, change: Change) -> None:
        _edit(self.release.kfdef, change)

    def config(self, change: Change) -> None:
        """The kubeconfig, in a copy."""
        copy = self.release.folder / "kubeconfig"
        copy.write_text(self.kubeconfig.read_text())
        _edit(copy, change)
        self.environment["KUBECONFIG"] = str(copy)

    def kustomization(self, change: Change) -> None:
        _edit(self.release.repo / "notebooks" / "base" / "kustomization.yaml", change)

    def manifest(self, text: str) -> None:
        """A file of plain manifests beside the others."""
        (self.release.repo / "base" / "more.yaml").write_text(text)

    def served(self, content: bytes, name: str = "repo.tar.gz", **repo: str) -> None:
        """The repo of the KfDef is what the web server has under this name."""
        (self.web / name).write_bytes(content)
        self.kfdef(lambda data: data["spec"]["repos"][0].update(uri=f"{self.url}/{name}", **repo))


@contextmanager
def web_server(folder: Path) -> Iterator[str]:
    """Serves a folder on loopback; its address."""
    handler = partial(_Quiet, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is that of the base class
        """Nothing is logged."""


def _edit(path: Path, change: Change) -> None:
    data = yaml.safe_load(path.read_text())
    changed = change(data)
    path.write_text(changed if isinstance(changed, str) else yaml.safe_dump(data, sort_keys=False))


def tarball(*members: tarfile.TarInfo | tuple[str, bytes]) -> bytes:
    """A .tar.gz of files and of whatever else an archive can hold."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for member in members:
            if isinstance(member, tarfile.TarInfo):
                archive.addfile(member)
                continue
            info = tarfile.TarInfo(member[0])
            info.size = len(member[1])
            archive.addfile(info, io.BytesIO(member[1]))
    return packed.getvalue()


def link(name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> tarfile.TarInfo:
    """A link in an archive."""
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def zip_bomb() -> bytes:
    """A small archive with a huge file of zeros."""
    info = tarfile.TarInfo("repo/zeros")
    info.size = BOMB_MEGABYTES << 20
    packed = io.BytesIO()
    with gzip.open(packed, "wb", compresslevel=1) as out:
        out.write(info.tobuf())
        for _megabyte in range(BOMB_MEGABYTES):
            out.write(bytes(1 << 20))
    return packed.getvalue()


def alias_bomb() -> str:
    """Ten lines of YAML that come to a billion values."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    return "apiVersion: kfinstall.io/v1alpha1\nkind: Install\n" + "\n".join(lines) + "\n"


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def other_authority(folder: Path) -> bytes:
    """The certificate of an authority that vouched for nobody."""
    return Authority.create(folder, "other").pair.certificate_file.read_bytes()
