"""KfDef -> objects: fetches the repos, renders the applications side by side, and keeps what it rendered.

    cache/renders/<key>.json   the objects of one application

The key is made of everything that goes in: the content of the repo, the application and its parameters, the
user's patches, the kustomize program. What the key cannot hold, the remote bases that a kustomization turns
out to need, is kept beside the objects and compared. So a second render runs no program at all.
"""

import hashlib
import json
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from kfinstall.contracts.manifest import Body, Manifest, ObjectKey
from kfinstall.errors import FetchError
from kfinstall.kfdef.types import Application, KfDef
from kfinstall.render import application as single
from kfinstall.render.application import Patch, Rendered, Work
from kfinstall.render.closure import Remote
from kfinstall.render.fetch import Fetcher, Tree
from kfinstall.render.kustomize import Kustomize, find
from kfinstall.render.limits import DEFAULT, Limits
from kfinstall.render.objects import cluster_scoped, without_namespace
from kfinstall.render.store import scratch_folder, write
from kfinstall.words import _

FORMAT = 2
"""Counts up when what is rendered changes by a change of this program."""

NAMESPACE_LABELS = {"control-plane": "kubeflow", "katib-metricscollector-injection": "enabled"}
"""What kfctl put on the KfDef's namespace, here where the KfDef has no labels of its own; `control-plane` also
exempts it from KFServing's webhook."""


@dataclass(frozen=True, slots=True)
class RenderEvent:
    """Something to tell. subject: a repo or an application. seconds: that it took; objects: that came out."""

    kind: Literal["fetching", "fetched", "rendering", "rendered"]
    subject: str
    seconds: float = 0.0
    objects: int = 0
    cached: bool = False


@dataclass(frozen=True, slots=True)
class RenderOptions:
    """cache: folder, may be shared by any number of processes. sources: see address.locate.

    patches: application -> the user's patches. workers: applications at a time; 0 takes one per CPU.
    observe: called from any thread, one call at a time.
    """

    cache: Path
    sources: Mapping[str, str] = field(default_factory=dict)
    patches: Mapping[str, Sequence[Patch]] = field(default_factory=dict)
    kustomize_minimum: str = "5.0.0"
    workers: int = 0
    observe: Callable[[RenderEvent], None] = lambda _event: None
    limits: Limits = DEFAULT


@dataclass(frozen=True, slots=True)
class RenderedApplication:
    """seconds: that rendering took now. cached: it was rendered before."""

    name: str
    manifests: tuple[Manifest, ...]
    cached: bool
    seconds: float


@dataclass(frozen=True, slots=True)
class Rendering:
    """All objects of a KfDef, by application in its order.

    namespace: the KfDef's namespace with its labels or kfctl's, where no application has it; else None.
    """

    applications: tuple[RenderedApplication, ...]
    warnings: tuple[str, ...] = ()
    namespace: Manifest | None = None

    @property
    def manifests(self) -> tuple[Manifest, ...]:
        """What to apply: every object once. An object of two applications has the place of the first, and the
        content of the last, as kfctl's applying them one after the other had."""
        found: dict[ObjectKey, Manifest] = {}
        if self.namespace is not None:
            found[self.namespace.key] = self.namespace
        for application in self.applications:
            for manifest in application.manifests:
                found[manifest.key] = manifest
        return tuple(found.values())


def render(kfdef: KfDef, options: RenderOptions) -> Rendering:
    """Raises FetchError, RenderError and ToolMissing; of several failures, that of the first application."""
    return _Renderer(kfdef, options).run()


class _Renderer:
    def __init__(self, kfdef: KfDef, options: RenderOptions) -> None:
        self._kfdef = kfdef
        self._options = options
        self._lock = threading.Lock()
        self._warnings: list[str] = []
        self._fetcher = Fetcher(options.cache, options.sources, options.limits, self._warn)
        self._finding = threading.Lock()
        self._found: Kustomize | None = None

    def run(self) -> Rendering:
        trees = self._fetch()
        workers = self._options.workers or os.cpu_count() or 1
        with ThreadPoolExecutor(workers, thread_name_prefix="render") as pool:
            futures = [
                pool.submit(self._application, application, trees[application.repo])
                for application in self._kfdef.applications
            ]
            try:
                done = [future.result() for future in futures]
            except BaseException:
                pool.shutdown(wait=True, cancel_futures=True)
                raise
        applications = _without_wrong_namespaces(done)
        self._warnings += _different_twins(applications)
        namespace = _namespace(self._kfdef, applications)
        if namespace is not None and not _is_used(self._kfdef.namespace, applications):
            message = _("Nothing goes into the namespace {name}: these manifests name their own namespaces.")
            self._warnings.append(message.format(name=self._kfdef.namespace))
        warnings = (*self._kfdef.warnings, *dict.fromkeys(self._warnings))
        return Rendering(applications, warnings, namespace)

    def _warn(self, message: str) -> None:
        with self._lock:
            self._warnings.append(message)

    def _tell(self, event: RenderEvent) -> None:
        with self._lock:
            self._options.observe(event)

    def _fetch(self) -> dict[str, Tree]:
        trees = {}
        for name in dict.fromkeys(application.repo for application in self._kfdef.applications):
            repo, start = self._kfdef.repo(name), time.monotonic()
            self._tell(RenderEvent("fetching", name))
            trees[name] = self._fetcher.tree(repo.uri, repo.sha256)
            self._tell(RenderEvent("fetched", name, time.monotonic() - start))
        return trees

    def _kustomize(self) -> Kustomize:
        """Found when the first application needs it: plain manifests do without."""
        with self._finding:
            if self._found is None:
                self._found = find(self._options.kustomize_minimum, self._fetcher)
            return self._found

    def _application(self, application: Application, tree: Tree) -> RenderedApplication:
        start = time.monotonic()
        self._tell(RenderEvent("rendering", application.name))
        patches = self._options.patches.get(application.name, ())
        entry = self._options.cache / "renders" / f"{self._key(application, tree, patches)}.json"
        rendered = self._cached(entry)
        cached = rendered is not None
        if rendered is None:
            rendered = self._render(application, tree, patches)
            write(entry, json.dumps(_as_data(rendered), separators=(",", ":")))
        for warning in rendered.warnings:
            self._warn(warning)
        seconds = time.monotonic() - start
        self._tell(RenderEvent("rendered", application.name, seconds, len(rendered.bodies), cached))
        manifests = tuple(Manifest(body, application.name) for body in rendered.bodies)
        return RenderedApplication(application.name, manifests, cached, seconds)

    def _render(self, application: Application, tree: Tree, patches: Sequence[Patch]) -> Rendered:
        with scratch_folder(self._options.cache / "work") as folder:
            work = Work(self._kfdef, application, tree, patches, self._fetcher, folder.resolve())
            return single.render(work, self._kustomize)

    def _key(self, application: Application, tree: Tree, patches: Sequence[Patch]) -> str:
        parts: list[Any] = [
            FORMAT,
            tree.digest,
            [application.name, application.path, application.overlays, dict(application.parameters)],
            [self._kfdef.name, self._kfdef.namespace, self._kfdef.stacks],
            [[patch.patch, dict(patch.target or {})] for patch in patches],
            self._kustomize().identity if single.needs_kustomize(application, tree, patches) else "",
        ]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    def _cached(self, entry: Path) -> Rendered | None:
        """What was rendered before; None where there is nothing, it is damaged, or a remote base changed."""
        try:
            data = json.loads(entry.read_bytes())
            rendered = Rendered(data["objects"], [Remote(*each) for each in data["remotes"]], data["warnings"])
            current = all(self._digest(remote) == remote.digest for remote in rendered.remotes)
        except (OSError, ValueError, KeyError, TypeError, FetchError):
            return None
        return rendered if current else None

    def _digest(self, remote: Remote) -> str:
        if remote.kind == "tree":
            return self._fetcher.tree(remote.address).digest
        return self._fetcher.digest(remote.address)


def _as_data(rendered: Rendered) -> dict[str, Any]:
    return {"remotes": rendered.remotes, "warnings": rendered.warnings, "objects": rendered.bodies}


def _without_wrong_namespaces(applications: Sequence[RenderedApplication]) -> tuple[RenderedApplication, ...]:
    bodies = [manifest.body for application in applications for manifest in application.manifests]
    scoped = cluster_scoped(bodies)

    def repaired(application: RenderedApplication) -> RenderedApplication:
        manifests = tuple(
            Manifest(without_namespace(manifest.body, scoped), application.name) for manifest in application.manifests
        )
        return RenderedApplication(application.name, manifests, application.cached, application.seconds)

    return tuple(repaired(application) for application in applications)


def _different_twins(applications: Sequence[RenderedApplication]) -> list[str]:
    """Objects that two applications have with different content."""
    first: dict[ObjectKey, Manifest] = {}
    warnings = []
    for manifest in (manifest for application in applications for manifest in application.manifests):
        other = first.setdefault(manifest.key, manifest)
        if other.body != manifest.body:
            message = _("{object} is in {first} and, with other content, in {second}; the latter is used.")
            warnings.append(message.format(object=manifest.key, first=other.application, second=manifest.application))
    return warnings


def _is_used(namespace: str, applications: Sequence[RenderedApplication]) -> bool:
    manifests = [manifest for application in applications for manifest in application.manifests]
    return any(each.namespace == namespace or _goes_by_default(each) for each in manifests)


def _goes_by_default(manifest: Manifest) -> bool:
    """Whether it goes into the KfDef's namespace as it names none; told by the kinds that every application has."""
    return not manifest.namespace and manifest.kind in {"ConfigMap", "Deployment", "Service", "ServiceAccount"}


def _namespace(kfdef: KfDef, applications: Sequence[RenderedApplication]) -> Manifest | None:
    key = ObjectKey("", "Namespace", "", kfdef.namespace)
    if any(manifest.key == key for application in applications for manifest in application.manifests):
        return None
    body: Body = {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": kfdef.namespace, "labels": dict(kfdef.labels or NAMESPACE_LABELS)},
    }
    return Manifest(body, "kubeflow-namespace")
