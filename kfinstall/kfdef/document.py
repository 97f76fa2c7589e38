"""Reads a KfDef document. Every problem of the file is reported at once, each with its place."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from kfinstall.errors import DocumentError, Problem
from kfinstall.kfdef.schema import (
    GROUP,
    AlphaFile,
    AlphaSpec,
    ApplicationSpec,
    File,
    PluginSpec,
    RepoSpec,
    SecretSpec,
)
from kfinstall.kfdef.types import Application, KfDef, Plugin, Repo, Secret
from kfinstall.model.faults import did_you_mean
from kfinstall.model.source import Document, check, problem
from kfinstall.words import _

VERSIONS = ("v1", "v1beta1", "v1alpha1")

NAMESPACE = "kubeflow"
"""kfctl had no default, and then failed; every KfDef that was shipped says this."""

_CLOUD_PLUGINS = {"gcp": "KfGcpPlugin", "aws": "KfAwsPlugin", "minikube": "KfMinikubePlugin"}


def load(document: Document, *, default_name: str) -> KfDef:
    """The KfDef of a document. default_name: kfctl takes that of the folder around the file.

    Raises DocumentError with a Problem for everything that is wrong.
    """
    problems = list(_head(document))
    if problems:
        raise _wrong(document, problems)
    alpha = _version(document.data) == "v1alpha1"
    found, file = check(AlphaFile if alpha else File, document)
    problems = [*found, *_cross_checks(document), *(_ksonnet(document) if alpha else ())]
    if problems or file is None:
        raise _wrong(document, problems)
    return _convert(file, document, default_name)


def _wrong(document: Document, problems: list[Problem]) -> DocumentError:
    ordered = sorted(dict.fromkeys(problems), key=lambda one: (one.place.line, one.place.column))
    return DocumentError(_("{file} is not a valid KfDef.").format(file=document.file), ordered)


def _version(data: Any) -> str:
    return str(data.get("apiVersion", "")).partition("/")[2]


def _head(document: Document) -> Iterator[Problem]:
    """What must be right before anything else in the file means something."""
    data = document.data
    if not isinstance(data, Mapping):
        yield problem(document, [], _("a KfDef is a mapping (key: value)."))
        return
    if data.get("kind") != "KfDef":
        yield problem(document, ["kind"], _('"KfDef" is expected here.'))
    api_version = data.get("apiVersion")
    known = ", ".join(f"{GROUP}/{version}" for version in VERSIONS)
    if not isinstance(api_version, str):
        yield problem(document, ["apiVersion"], _("this is missing; one of {known}.").format(known=known))
        return
    group, _slash, version = api_version.partition("/")
    if group != GROUP:
        message = _('the group "{group}" is not that of a KfDef; one of {known}.')
        yield problem(document, ["apiVersion"], message.format(group=group, known=known))
    elif version not in VERSIONS:
        message = _('the version "{version}" is not known; one of {known}.')
        yield problem(document, ["apiVersion"], message.format(version=version, known=known))


def _cross_checks(document: Document) -> Iterator[Problem]:
    """What no single key shows; on the plain data, so that other problems do not hide these."""
    spec = _mapping(_mapping(document.data).get("spec"))
    repos = [str(_mapping(repo).get("name")) for repo in _items(spec, "repos")]
    yield from _duplicates(document, spec, "repos")
    yield from _duplicates(document, spec, "applications")
    for index, application in enumerate(_items(spec, "applications")):
        if isinstance(application, Mapping):
            yield from _application(document, index, application, repos)
    for index, secret in enumerate(_items(spec, "secrets")):
        source = _mapping(_mapping(secret).get("secretSource"))
        if isinstance(secret, Mapping) and not any(source.get(key) for key in _SOURCES):
            message = _("this secret has no secretSource: give it a literalSource or an envSource.")
            yield problem(document, ["spec", "secrets", index], message)


_SOURCES = ("literalSource", "envSource", "hashedSource")


def _mapping(data: object) -> Mapping[str, Any]:
    return data if isinstance(data, Mapping) else {}


def _items(spec: Mapping[str, Any], key: str) -> list[Any]:
    items = spec.get(key)
    return items if isinstance(items, list) else []


def _duplicates(document: Document, spec: Mapping[str, Any], key: str) -> Iterator[Problem]:
    seen: dict[str, int] = {}
    for index, item in enumerate(_items(spec, key)):
        name = _mapping(item).get("name")
        if not isinstance(name, str):
            continue
        if name in seen:
            first = document.place(["spec", key, seen[name], "name"]).line
            message = _('"{name}" is here twice; the other one is on line {first}.')
            yield problem(document, ["spec", key, index, "name"], message.format(name=name, first=first))
        else:
            seen[name] = index


def _application(document: Document, index: int, application: Mapping[str, Any], repos: list[str]) -> Iterator[Problem]:
    at: list[str | int] = ["spec", "applications", index]
    config = application.get("kustomizeConfig")
    if config is None:
        name = application.get("name", index)
        message = _('the application "{name}" has no kustomizeConfig: it says where its manifests are.')
        yield problem(document, at, message.format(name=name))
        return
    reference = _mapping(_mapping(config).get("repoRef"))
    at = [*at, "kustomizeConfig"]
    repo = reference.get("name")
    if isinstance(repo, str) and repo not in repos:
        message = _('there is no repo "{repo}" in spec.repos.').format(repo=repo)
        yield problem(document, [*at, "repoRef", "name"], message + did_you_mean(repo, repos))
    if _leaves(reference.get("path")):
        yield problem(document, [*at, "repoRef", "path"], _("the path must stay inside the repo."))
    for position, overlay in enumerate(_items(_mapping(config), "overlays")):
        if _leaves(overlay):
            yield problem(document, [*at, "overlays", position], _("an overlay is a name below overlays/."))


def _leaves(path: object) -> bool:
    return isinstance(path, str) and (path.startswith(("/", "\\")) or ".." in path.split("/"))


def _ksonnet(document: Document) -> Iterator[Problem]:
    """kfctl 0.6 could still deploy ksonnet components, for which no tool exists any more."""
    spec = _mapping(_mapping(document.data).get("spec"))
    if spec.get("applications"):
        return
    for key in ("components", "packages", "componentParams"):
        if spec.get(key):
            message = _("these are ksonnet components, which nothing can render any more. ")
            hint = _("Use a preset (kfinstall configs) and name the same parts there.")
            yield problem(document, ["spec", key], message + hint, key=True)
            return
    yield problem(document, ["spec"], _("there are no applications."))


def _convert(file: File, document: Document, default_name: str) -> KfDef:
    spec = file.spec
    plugins = tuple(_plugin(plugin) for plugin in spec.plugins)
    kfdef = KfDef(
        name=file.metadata.name or default_name,
        namespace=file.metadata.namespace or NAMESPACE,
        version=spec.version,
        applications=tuple(_to_application(each) for each in spec.applications),
        repos=tuple(_repo(repo, document) for repo in spec.repos),
        plugins=plugins,
        secrets=tuple(_secret(secret) for secret in spec.secrets),
        labels=file.metadata.labels,
        annotations=file.metadata.annotations,
    )
    return _with_warnings(kfdef, spec)


def _to_application(spec: ApplicationSpec) -> Application:
    config = spec.kustomizeConfig
    assert config is not None  # noqa: S101 - _application reported it
    return Application(
        name=spec.name,
        repo=config.repoRef.name,
        path=config.repoRef.path.strip("/"),
        overlays=tuple(config.overlays),
        # an empty value is "not set" to kfctl
        parameters={each.name: each.value for each in config.parameters if each.value},
    )


def _repo(repo: RepoSpec, document: Document) -> Repo:
    """A relative path is relative to the file that says it, as long as that is a file."""
    path = Path(repo.uri)
    beside = Path(document.file)
    if ":" not in repo.uri and not repo.uri.startswith("~") and not path.is_absolute() and beside.is_file():
        return Repo(repo.name, str(beside.absolute().parent / path), repo.sha256)
    return Repo(repo.name, repo.uri, repo.sha256)


def _plugin(plugin: PluginSpec) -> Plugin:
    """v1alpha1 has no kind, only the platform's name."""
    name = plugin.metadata.name or plugin.name
    return Plugin(plugin.kind or _CLOUD_PLUGINS.get(name, name), name, plugin.spec)


def _secret(secret: SecretSpec) -> Secret:
    source = secret.secretSource
    assert source is not None  # noqa: S101 - _cross_checks reported it
    literal = source.literalSource.value if source.literalSource else None
    return Secret(secret.name, literal, source.envSource.name if source.envSource else "")


def _with_warnings(kfdef: KfDef, spec: Any) -> KfDef:
    warnings = [
        _("The plugin {kind} is not carried out: kfinstall makes no cloud resources for it.").format(kind=plugin.kind)
        for plugin in kfdef.plugins
    ]
    if kfdef.stacks:
        ignored = [each.name for each in kfdef.applications if each.overlays or each.parameters]
        if ignored:
            message = _("Overlays and parameters of {names} have no effect in a KfDef of stacks.")
            warnings.append(message.format(names=", ".join(ignored)))
    if isinstance(spec, AlphaSpec):
        if spec.components or spec.packages or spec.componentParams:
            warnings.append(_("The ksonnet components of this v1alpha1 KfDef are left out."))
        if spec.platform:
            message = _("The platform {platform} of this v1alpha1 KfDef is not carried out.")
            warnings.append(message.format(platform=spec.platform))
    return replace(kfdef, warnings=tuple(warnings))
