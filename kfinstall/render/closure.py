"""Copies what one application needs into a work folder, and nothing else, for kustomize to build there.

Starting at the application, every kustomization that is reachable is read, checked and written again; the
files that it names are copied beside it at the same paths. On the way

- remote bases are fetched and named by their local copies,
- paths that leave their repo, helm charts and plugins are refused: kustomize runs without its load restrictor
  (released manifests need that) and would otherwise read any file of this machine into the objects,
- list indexes are taken out of varReference paths, on which kustomize 5 fails;
- a placeholder `$(x)` as the name that a replacement selects, which kustomize 5.8 no longer finds.
"""

import json
import os
import posixpath
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple

from kfinstall.errors import FetchError, RenderError
from kfinstall.render.address import locate, shown
from kfinstall.render.fetch import Fetcher
from kfinstall.render.folders import Root
from kfinstall.render.kubernetes_yaml import NotKubernetesYaml, read
from kfinstall.render.kustomization import Kustomization, one_spelling, read_kustomization
from kfinstall.render.remote import RemoteFile, RemoteFolder, remote
from kfinstall.words import _

DEEPEST = 50
"""Kustomizations inside each other; real ones have about 10."""

_HELM = ("helmCharts", "helmChartInflationGenerator", "helmGlobals")
_FUNCTIONS = ("config.kubernetes.io/function", "config.k8s.io/function")


class Remote(NamedTuple):
    """Something that was fetched for a kustomization. kind: what Fetcher calls it."""

    kind: Literal["tree", "file"]
    address: str
    digest: str


@dataclass(slots=True)
class Closure:
    """work: the folder to fill. edits: path in the first root -> text to write instead of the file.

    variables: what `vars` declare, of all kustomizations. remotes: what was fetched.
    """

    work: Path
    fetcher: Fetcher
    edits: Mapping[str, str] = field(default_factory=dict)
    variables: list[dict[str, Any]] = field(default_factory=list)
    remotes: list[Remote] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    _seen: set[tuple[str, str]] = field(default_factory=set)
    _open: list[tuple[str, str]] = field(default_factory=list)

    def take(self, root: Root, path: str, generated: Kustomization | None = None) -> Path:
        """Copy the kustomization in the folder `path` and all that it needs; the copy's folder is returned.

        generated: use this one instead of the folder's own. Raises RenderError, FetchError.
        """
        here = (root.key, path)
        target = self.work / root.key / path
        if here in self._open:
            chain = " -> ".join(each for _key, each in [*self._open[self._open.index(here) :], here])
            what = _("{place} cannot be built.").format(place=root.place(path))
            raise RenderError(what, why=_("It builds on itself: {chain}.").format(chain=chain))
        if here in self._seen:
            return target
        if len(self._open) >= DEEPEST:
            what = _("{place} cannot be built.").format(place=root.place(path))
            raise RenderError(what, why=_("More than {n} kustomizations inside each other.").format(n=DEEPEST))
        self._open.append(here)
        data = generated or self._read(root, path)
        target.mkdir(parents=True, exist_ok=True)
        _write(target / "kustomization.yaml", self._resolved(data, root, path))
        self._open.pop()
        self._seen.add(here)
        return target

    def _read(self, root: Root, path: str) -> Kustomization:
        file = root.kustomization(path)
        if not file:
            why = _("It is a folder without a kustomization.yaml.")
            raise RenderError(_("{place} cannot be built.").format(place=root.place(path)), why=why)
        return read_kustomization(root, file)

    def _resolved(self, data: Kustomization, root: Root, here: str) -> Kustomization:
        """The kustomization with local paths only; everything that it names is copied on the way."""
        place = _Place(self, root, here)
        for key in _HELM:
            if data.get(key):
                raise place.refused(_("it asks for helm ({key}), which kfinstall does not run.").format(key=key))
        result = dict(data)
        for keys, local in place.meanings():
            result |= {key: [local(entry) for entry in data[key]] for key in keys if key in data}
        if "openapi" in data:
            result["openapi"] = place.with_path(data["openapi"])
        self.variables += [each for each in data.get("vars", []) if isinstance(each, dict)]
        return result

    def folder(self, found: RemoteFolder, entry: str) -> Path:
        """The copy of a remote base. Raises FetchError."""
        address = found.archive or found.repo
        if not found.archive and locate(address, self.fetcher.sources).path is None:
            what = _("{url} cannot be fetched.").format(url=shown(entry))
            why = _("It is a git repository, and kfinstall can only fetch archives of those on GitHub.")
            fix = _("Under `sources`, map {repo} to a folder or an archive.").format(repo=shown(found.repo))
            raise FetchError(what, why=why, fix=fix)
        if not found.ref:
            message = _("The remote base {url} names no ref: it may change from one day to the next.")
            self.warnings.append(message.format(url=shown(entry)))
        tree = self.fetcher.tree(address)
        self.remotes.append(Remote("tree", address, tree.digest))
        root = Root(f"remote-{tree.digest[:16]}", tree.root_for(found.path), shown(found.repo))
        path = root.join("", found.path)
        if not root.is_dir(path):
            why = _("It has no folder {path}.").format(path=found.path)
            raise RenderError(_("{url} cannot be used.").format(url=shown(entry)), why=why)
        return self.take(root, path)

    def download(self, url: str) -> Path:
        """The copy of a remote file. Raises FetchError."""
        source = self.fetcher.file(url)
        digest = self.fetcher.digest(url)
        self.remotes.append(Remote("file", url, digest))
        name = posixpath.basename(url.partition("?")[0].rstrip("/")) or "file.yaml"
        target = self.work / f"remote-{digest[:16]}" / name
        _copy(source, target)
        return target

    def copy(self, root: Root, path: str) -> None:
        """Copy one file, as edited."""
        target = self.work / root.key / path
        if root.key == REPO and path in self.edits:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(self.edits[path], encoding="utf-8")
        elif not target.exists():
            _copy(root.folder / path, target)

    def place_configuration(self, root: Root, path: str, data: object) -> None:
        target = self.work / root.key / path
        target.parent.mkdir(parents=True, exist_ok=True)
        _write(target, data)


REPO = "repo"
"""The key of the root that the application itself is in."""


@dataclass(frozen=True, slots=True)
class _Place:
    """The folder of one kustomization: what its entries mean."""

    closure: Closure
    root: Root
    here: str

    def refused(self, why: str) -> RenderError:
        return RenderError(_("{place} is refused.").format(place=self.root.place(self.here)), why=why)

    def meanings(self) -> Sequence[tuple[Sequence[str], Callable[[Any], Any]]]:
        """Keys, and what to do with each entry under them: copy what it names, and say how it is named then."""
        return (
            (("resources", "bases", "components"), self.folder_or_file),
            (("crds",), self.file),
            (("patchesStrategicMerge",), self._file_or_text),
            (("patches", "patchesJson6902"), self.with_path),
            (("replacements",), self.replacement),
            (("configMapGenerator", "secretGenerator"), self.generator),
            (("configurations",), self.configuration),
            (("generators", "transformers", "validators"), self.plugins),
        )

    def _file_or_text(self, entry: str) -> str:
        return entry if _is_text(entry) else self.file(entry)

    def _from_here(self, target: Path) -> str:
        return os.path.relpath(target, self.closure.work / self.root.key / self.here).replace(os.sep, "/")

    def _local(self, entry: str) -> str | None:
        """The path of an entry that is in this repo; None for one that is elsewhere."""
        if "://" in entry:
            return None
        if remote(entry) is not None:
            # kustomize looks for a file first, and so `github.com-sa.yaml` is one
            path = posixpath.normpath(posixpath.join(self.here, entry))
            if not os.path.lexists(self.root.folder / path):
                return None
        return self.root.join(self.here, entry)

    def folder_or_file(self, entry: str) -> str:
        path = self._local(entry)
        if path is None:
            found = remote(entry)
            if isinstance(found, RemoteFolder):
                return self._from_here(self.closure.folder(found, entry))
            return self._remote_file(entry)
        if self.root.is_dir(path):
            self.closure.take(self.root, path)
            return entry
        return self._copied(path, entry)

    def file(self, entry: str) -> str:
        path = self._local(entry)
        return self._remote_file(entry) if path is None else self._copied(path, entry)

    def _remote_file(self, entry: str) -> str:
        found = remote(entry)
        if not isinstance(found, RemoteFile):
            raise self.refused(_("it names {entry!r}, which is not a file by https.").format(entry=shown(entry)))
        return self._from_here(self.closure.download(found.url))

    def _copied(self, path: str, entry: str) -> str:
        if not self.root.is_file(path):
            why = _("It names {entry!r}, which is not there.").format(entry=entry)
            raise RenderError(_("{place} cannot be built.").format(place=self.root.place(self.here)), why=why)
        self.closure.copy(self.root, path)
        return entry

    def with_path(self, entry: Mapping[str, Any]) -> dict[str, Any]:
        if isinstance(entry.get("path"), str) and entry["path"]:
            return {**entry, "path": self.file(entry["path"])}
        return dict(entry)

    def replacement(self, entry: Mapping[str, Any]) -> dict[str, Any]:
        """Select by kind what is selected by the placeholder in its name.

        From 5.8 on kustomize takes the name as a regular expression, in which `$(x)` matches nothing; the profile of
        Kubeflow 1.10 then keeps the placeholder, without an error.
        """
        result = self.with_path(entry)
        if _items(result, "targets"):
            result["targets"] = [_without_placeholder(target) for target in _items(result, "targets")]
        return result

    def generator(self, entry: Mapping[str, Any]) -> dict[str, Any]:
        """A ConfigMap's or Secret's sources: `env`, `envs`, and `files` as `path` or `key=path`."""
        result = dict(entry)
        if isinstance(entry.get("env"), str):
            result["env"] = self.file(entry["env"])
        if isinstance(entry.get("envs"), list):
            result["envs"] = [self.file(str(each)) for each in entry["envs"]]
        if isinstance(entry.get("files"), list):
            result["files"] = [self._source(str(each)) for each in entry["files"]]
        return result

    def _source(self, source: str) -> str:
        key, _separator, path = source.partition("=") if "://" not in source.partition("=")[0] else ("", "", source)
        if not path:
            key, path = "", source
        name = key or posixpath.basename(path)
        return f"{name}={self.file(path)}"

    def configuration(self, entry: str) -> str:
        """A file of transformer configuration, without list indexes in its varReference paths.

        `spec/template/spec/containers/0/env/0/value` worked in kustomize 3; kustomize 5 walks lists by itself.
        """
        path = self._local(entry)
        if path is None:
            return self._remote_file(entry)
        self._copied(path, entry)
        documents = self._parsed(self.root.text(path), entry)
        if len(documents) == 1 and isinstance(documents[0], dict) and documents[0].get("varReference"):
            data = documents[0]
            data["varReference"] = [_without_indexes(each) for each in data["varReference"]]
            self.closure.place_configuration(self.root, path, data)
        return entry

    def plugins(self, entry: str) -> str:
        """Refuse everything but kustomize's built-in transformers, and what those would read from outside."""
        if _is_text(entry):
            documents = self._parsed(entry, "a transformer")
        else:
            path = self._local(entry)
            if path is None or not self.root.is_file(path):
                message = _("it takes transformers from {entry!r}; kfinstall takes them from files only.")
                raise self.refused(message.format(entry=shown(entry)))
            self._copied(path, entry)
            documents = self._parsed(self.root.text(path), entry)
        for document in documents:
            if isinstance(document, dict):
                try:
                    self._plugin(document)
                except ValueError as error:
                    raise self.refused(str(error)) from None
        return entry

    def _plugin(self, document: Mapping[str, Any]) -> None:
        """Raises ValueError for a key in two spellings."""
        plain = one_spelling(document, {key.lower(): key for key in (*document, "kind", "apiVersion", "metadata")})
        kind, api_version = str(plain.get("kind")), str(plain.get("apiVersion"))
        annotations = json.dumps(plain.get("metadata"), default=str)
        if api_version != "builtin" or "Helm" in kind or any(name in annotations for name in _FUNCTIONS):
            message = _("it asks for the plugin {kind} ({version}), and kfinstall runs none.")
            raise self.refused(message.format(kind=kind, version=api_version))
        inner = one_spelling(document)
        self.with_path(inner)
        self.generator(inner)
        for path in _items(inner, "paths"):
            self.file(str(path))
        for each in _items(inner, "replacements"):
            if isinstance(each, dict):
                self.with_path(one_spelling(each))

    def _parsed(self, text: str, name: str) -> list[Any]:
        try:
            return [document for document in read(text) if document is not None]
        except NotKubernetesYaml as error:
            why = _("Line {line}: {reason}.").format(line=error.line, reason=error)
            raise RenderError(_("{place} cannot be used.").format(place=self.root.place(name)), why=why) from None


def _items(data: Mapping[str, Any], key: str) -> Sequence[Any]:
    items = data.get(key)
    return items if isinstance(items, list) else []


def _is_text(entry: str) -> bool:
    """Whether an entry is YAML itself, and not the name of a file with it."""
    return "\n" in entry or entry.lstrip().startswith("{")


def _without_indexes(reference: Any) -> Any:
    if not isinstance(reference, dict) or not isinstance(reference.get("path"), str):
        return reference
    parts = [part for part in reference["path"].split("/") if not part.isdigit()]
    return {**reference, "path": "/".join(parts)}


def _without_placeholder(target: Any) -> Any:
    select = target.get("select") if isinstance(target, dict) else None
    if not isinstance(select, dict) or "$(" not in str(select.get("name", "")):
        return target
    return {**target, "select": {key: value for key, value in select.items() if key != "name"}}


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def _write(target: Path, data: object) -> None:
    """JSON is YAML, and is written a hundred times faster."""
    target.write_text(json.dumps(data, indent=1), encoding="utf-8")
