"""From an Install document to the objects that it means: which KfDef, with which choices, rendered."""

import os
from collections.abc import Callable
from dataclasses import dataclass

from kfinstall.engine.adaptation import settled
from kfinstall.engine.compatibility import Compatibility
from kfinstall.engine.planner import Wishes
from kfinstall.engine.state_folder import cache_folder
from kfinstall.errors import about
from kfinstall.kfdef import document as kfdefs
from kfinstall.kfdef import presets
from kfinstall.kfdef.selection import select
from kfinstall.kfdef.types import KfDef
from kfinstall.model.install import Install, Kubeflow
from kfinstall.model.load import LoadedInstall
from kfinstall.model.source import Document, parse
from kfinstall.model.text import read_text, refusal
from kfinstall.render import application as render_patch
from kfinstall.render import fetch
from kfinstall.render.renderer import RenderEvent, Rendering, RenderOptions, render
from kfinstall.words import _

NO_NAMESPACE = "default"
"""Where namespaced objects go that name no namespace, when the KfDef names none either; kubectl does the same."""


@dataclass(frozen=True, slots=True)
class Release:
    """The KfDef of an install, with the user's choices carried out, and what is known about it.

    warnings: what a user should know of the documents. document: all files as one, with the place of each value.
    """

    install: Install
    kfdef: KfDef
    facts: presets.Preset
    warnings: tuple[str, ...] = ()
    document: Document | None = None


def resolve(loaded: LoadedInstall) -> Release:
    """Find the KfDef that a document means. Raises DocumentError, UsageError, FetchError; no cluster is asked."""
    wanted = loaded.install.kubeflow
    warnings = list(loaded.warnings)
    kfdef = kfdefs.load(_document(loaded, warnings.append), default_name=loaded.install.metadata.name)
    with about("kubeflow.components"):
        chosen = select(
            kfdef,
            namespace=wanted.namespace,
            components=wanted.components,
            provided=wanted.provided,
            parameters=wanted.parameters,
            usage_reporting=wanted.usage_reporting,
            patched=wanted.patches.keys(),
        )
    facts = presets.facts(chosen, wanted.preset or "")
    install = settled(loaded.install, os.environ)
    return Release(install, chosen, facts, (*warnings, *chosen.warnings), loaded.document)


def rendered(release: Release, observe: Callable[[RenderEvent], None] = lambda _event: None) -> Rendering:
    """Fetch and build the objects. Raises FetchError, RenderError, ToolMissing."""
    options = RenderOptions(
        cache=cache_folder(),
        sources=release.install.sources,
        patches=_patches(release.install.kubeflow),
        kustomize_minimum=release.facts.kustomize_minimum,
        observe=observe,
    )
    return render(release.kfdef, options)


def missing(release: Release) -> list[str]:
    """The URLs that the release's repos have to be downloaded from, each once. Raises FetchError."""
    fetcher = fetch.Fetcher(cache_folder(), release.install.sources)
    repos = [release.kfdef.repo(name) for name in dict.fromkeys(each.repo for each in release.kfdef.applications)]
    return list(dict.fromkeys(url for repo in repos if (url := fetcher.missing(repo.uri, repo.sha256))))


def wishes(release: Release, *, prune: bool = False, any_version: bool = False) -> Wishes:
    """What the document asks for beside its objects. any_version: go on outside the release's hard bounds."""
    install, facts = release.install, release.facts
    low, _dash, high = facts.kubernetes_validated.partition("-")
    return Wishes(
        install=install.metadata.name,
        namespace=release.kfdef.namespace or NO_NAMESPACE,
        skip_kinds=frozenset(install.apply.skip_kinds),
        force_conflicts=install.apply.force_conflicts,
        wait=install.wait.enabled,
        prune=prune,
        compatibility=Compatibility(
            release=facts.title or release.kfdef.name,
            minimum=facts.kubernetes_minimum,
            maximum=facts.kubernetes_maximum or "",
            validated=(low, high or low),
            anyway=any_version,
        ),
    )


def _patches(wanted: Kubeflow) -> dict[str, list[render_patch.Patch]]:
    """The patches, with the content of those that are files. Raises DocumentError for a file that is not there."""
    return {
        application: [
            render_patch.Patch(
                patch.patch if patch.patch is not None else read_text(patch.path or ""),
                patch.target.model_dump(by_alias=True, exclude_none=True) if patch.target else None,
            )
            for patch in patches
        ]
        for application, patches in wanted.patches.items()
    }


def _document(loaded: LoadedInstall, warn: Callable[[str], None]) -> Document:
    wanted = loaded.install.kubeflow
    if loaded.kfdef_document is not None:
        return loaded.kfdef_document
    if wanted.preset:
        return presets.read(wanted.preset)
    return _fetched(loaded.install, wanted, warn)


def _fetched(install: Install, wanted: Kubeflow, warn: Callable[[str], None]) -> Document:
    address = wanted.url or str(wanted.file)
    text = fetch.document(
        address, cache=cache_folder(os.environ), sha256=wanted.sha256, sources=install.sources, warn=warn
    )
    [document, *more] = parse(text, address)
    if more:
        raise refusal(more[0].place(()), _("a second document begins here. One file holds one document."))
    return document
