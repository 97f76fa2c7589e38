"""Small repos, archives and KfDefs."""

import io
import json
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from kfinstall.kfdef.types import Application, KfDef, Repo
from kfinstall.render.renderer import Rendering, RenderOptions, render

Files = Mapping[str, str]


def write(folder: Path, files: Files) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def tar_gz(path: Path, files: Files, *, top: str = "", mode: str = "w:gz") -> Path:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for name, text in files.items():
            member = tarfile.TarInfo(top + name)
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    return path


def tar_of(path: Path, *members: tarfile.TarInfo) -> Path:
    """An archive of members without contents: links, devices, names."""
    with tarfile.open(path, "w:gz") as archive:
        for member in members:
            archive.addfile(member, io.BytesIO(b"x" * member.size))
    return path


def member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "", size: int = 0) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.size = kind, link, size
    return info


def zipped(path: Path, files: Files) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return path


def config_map(name: str, data: str = "a: b", namespace: str = "") -> str:
    place = f"  namespace: {namespace}\n" if namespace else ""
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\n{place}data:\n  {data}\n"


def app(path: str, name: str = "", **more: Any) -> Application:
    return Application(name or path.replace("/", "-") or "all", "manifests", path, **more)


def kfdef(repo: Path | str, *applications: Application, namespace: str = "kubeflow") -> KfDef:
    return KfDef("demo", namespace, applications, (Repo("manifests", str(repo)),))


def build(
    repo: Path | str, *applications: Application, cache: Path, namespace: str = "kubeflow", **options: Any
) -> Rendering:
    return render(kfdef(repo, *applications, namespace=namespace), RenderOptions(cache=cache, **options))


def keys(rendering: Rendering) -> list[str]:
    """`Kind/name` of what the applications have."""
    return [
        f"{manifest.kind}/{manifest.name}"
        for application in rendering.applications
        for manifest in application.manifests
    ]


def body(rendering: Rendering, kind: str) -> dict[str, Any]:
    [found] = [manifest.body for manifest in rendering.manifests if manifest.kind == kind]
    return found


def as_json(data: object) -> str:
    return json.dumps(data, sort_keys=True)


Respond = Callable[[str], tuple[int, dict[str, str], bytes]]
