"""Renders one application: its manifests as they are, or through kustomize in a work folder."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kfinstall.contracts.manifest import Body
from kfinstall.errors import RenderError
from kfinstall.kfdef.types import Application, KfDef
from kfinstall.model.faults import did_you_mean
from kfinstall.render.closure import REPO, Closure, Remote
from kfinstall.render.fetch import Fetcher, Tree
from kfinstall.render.folders import Root
from kfinstall.render.kustomize import Kustomize
from kfinstall.render.objects import leftovers, objects, substitute
from kfinstall.render.overlays import Merged, Settings, merge
from kfinstall.words import _

_MANIFESTS = (".yaml", ".yml", ".json")


@dataclass(frozen=True, slots=True)
class Patch:
    """A kustomize patch of the user's: https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/patches/.

    patch: a strategic merge patch or a JSON 6902 patch, as text. target: selects objects, as kustomize has it.
    """

    patch: str
    target: Mapping[str, str] | None = None


@dataclass(slots=True)
class Rendered:
    """The objects of an application. remotes: the remote bases and files that went in."""

    bodies: list[Body]
    remotes: list[Remote] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Work:
    """What rendering one application needs. folder: empty, for it alone."""

    kfdef: KfDef
    application: Application
    tree: Tree
    patches: Sequence[Patch]
    fetcher: Fetcher
    folder: Path

    @property
    def name(self) -> str:
        return self.application.name

    def refused(self, why: str, fix: str = "") -> RenderError:
        what = _("The application {name} cannot be rendered.").format(name=self.name)
        return RenderError(what, why=why, fix=fix)


def needs_kustomize(application: Application, tree: Tree, patches: Sequence[Patch]) -> bool:
    """Whether an application is more than manifests that are taken as they are. Raises RenderError."""
    root = _root(application, tree)
    path = root.join("", application.path)
    return bool(patches or root.kustomization(path) or root.kustomization(f"{path}/base".lstrip("/")))


def _root(application: Application, tree: Tree) -> Root:
    return Root(REPO, tree.root_for(application.path), application.repo)


def render(work: Work, kustomize: Callable[[], Kustomize]) -> Rendered:
    """kustomize: finds it; asked only where needs_kustomize. Raises RenderError, FetchError, ToolMissing."""
    root = _root(work.application, work.tree)
    path = root.join("", work.application.path)
    if root.is_file(path):
        return _plain(work, root, [path], kustomize)
    if not root.is_dir(path):
        raise _no_such_path(work, root, path)
    if not work.kfdef.stacks and root.kustomization(f"{path}/base".lstrip("/")):
        return _overlays(work, root, path, kustomize)
    if root.kustomization(path):
        return _build(work, root, path, None, kustomize)
    manifests = [root.join(path, each.name) for each in sorted((root.folder / path).iterdir()) if _is_manifest(each)]
    if not manifests:
        raise work.refused(_("{place} has neither a kustomization nor manifests.").format(place=root.place(path)))
    return _plain(work, root, manifests, kustomize)


def _is_manifest(path: Path) -> bool:
    return path.suffix.lower() in _MANIFESTS and path.is_file()


def _no_such_path(work: Work, root: Root, path: str) -> RenderError:
    parent = path.rpartition("/")[0]
    while parent and not root.is_dir(parent):
        parent = parent.rpartition("/")[0]
    inside = sorted(each.name for each in (root.folder / parent).iterdir() if not each.name.startswith("."))
    missing = path.removeprefix(parent).strip("/").partition("/")[0]
    why = _("The repo {repo} has no {path}.").format(repo=work.application.repo, path=path)
    hint = did_you_mean(missing, inside)
    return work.refused(
        why + hint,
        _("{place} has: {names}.").format(place=parent or work.application.repo, names=", ".join(inside[:30])),
    )


def _overlays(work: Work, root: Root, path: str, kustomize: Callable[[], Kustomize]) -> Rendered:
    application = work.application
    settings = Settings(work.kfdef.name, work.kfdef.namespace, application.parameters)
    merged = merge(root, path, application.overlays, settings)
    rendered = _build(work, root, path, merged, kustomize)
    if merged.unused:
        message = _("The parameters {keys} of {name} have no effect: none of its params.env files has them.")
        rendered.warnings.append(message.format(keys=", ".join(merged.unused), name=work.name))
    return rendered


def _build(work: Work, root: Root, path: str, merged: Merged | None, kustomize: Callable[[], Kustomize]) -> Rendered:
    closure = Closure(work.folder, work.fetcher, merged.edits if merged else {})
    target = closure.take(root, path, merged.kustomization if merged else None)
    if work.patches:
        target = _patched(work, [f"../{target.relative_to(work.folder).as_posix()}"])
    text = kustomize().build(target, work.name, work=work.folder)
    bodies = substitute(objects(text, _output_of(work)), closure.variables)
    if left := leftovers(bodies, closure.variables):
        raise work.refused(_("A var was not replaced: {places}.").format(places=", ".join(left[:5])))
    warnings = [*closure.warnings, *(_ignored(work) if merged is None and not work.kfdef.stacks else ())]
    return Rendered(bodies, closure.remotes, warnings)


def _output_of(work: Work) -> str:
    return _("The output of kustomize for {name}").format(name=work.name)


def _ignored(work: Work) -> list[str]:
    """What a kustomization that is built as it is does not take: kfctl ignored it without a word."""
    application = work.application
    ignored = [*application.overlays, *application.parameters]
    if not ignored:
        return []
    message = _("The overlays and parameters of {name} ({keys}) have no effect: its manifests are used as they are.")
    return [message.format(name=work.name, keys=", ".join(ignored))]


def _plain(work: Work, root: Root, files: Sequence[str], kustomize: Callable[[], Kustomize]) -> Rendered:
    """Manifests without a kustomization, as `kubectl apply -f` takes them."""
    if work.patches:
        closure = Closure(work.folder, work.fetcher)
        for file in files:
            closure.copy(root, file)
        target = _patched(work, [f"../{REPO}/{file}" for file in files])
        text = kustomize().build(target, work.name, work=work.folder)
        return Rendered(objects(text, _output_of(work)), warnings=_ignored(work))
    bodies: list[Body] = []
    for file in files:
        bodies += objects(root.text(file), root.place(file))
    return Rendered(bodies, warnings=_ignored(work))


def _patched(work: Work, resources: Sequence[str]) -> Path:
    """A kustomization around what was rendered so far, with the user's patches."""
    folder = work.folder / "patched"
    folder.mkdir()
    patches: list[dict[str, Any]] = [
        {"patch": each.patch} | ({"target": dict(each.target)} if each.target else {}) for each in work.patches
    ]
    data = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": list(resources),
        "patches": patches,
    }
    (folder / "kustomization.yaml").write_text(json.dumps(data), encoding="utf-8")
    return folder
