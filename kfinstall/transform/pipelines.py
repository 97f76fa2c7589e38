"""Where Pipelines are told of their store, in the releases that kfinstall can tell so."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import yaml

from kfinstall.contracts.manifest import Manifest
from kfinstall.errors import PlanRefused
from kfinstall.transform.environment import Variable, with_variables
from kfinstall.words import _

SERVER, WEB_SERVER = "ml-pipeline", "ml-pipeline-ui"
SETTINGS = "pipeline-install-config"
ARGO = "workflow-controller-configmap"
REPOSITORY = "artifactRepository"

MINIO = frozenset({"minio", "minio-service", "minio-pvc", "ml-pipeline-minio"})
SEAWEEDFS = frozenset({"seaweedfs", "seaweedfs-service", "seaweedfs-pvc", "ml-pipeline-seaweedfs"})
"""The names of what belongs to the release's own store: up to Kubeflow 1.10, and after."""


def version(manifests: Sequence[Manifest]) -> tuple[int, int]:
    """Of Pipelines, for example (2, 16). Raises PlanRefused where there are none, or older ones than 2."""
    found = next((each for each in manifests if each.kind == "ConfigMap" and each.name == SETTINGS), None)
    said = str((found.body.get("data") or {}).get("appVersion", "")) if found else ""
    major, _dot, rest = said.partition(".")
    minor = rest.partition(".")[0]
    if not (major.isdigit() and minor.isdigit() and int(major) >= 2):
        raise PlanRefused(
            _("objectStore names a store elsewhere, and the Pipelines of this release cannot be told of it."),
            why=_("kfinstall knows how Pipelines from 2.5 on are told; this release has {version}.").format(
                version=said or _("none that say which they are")
            ),
            fix=_("Take a current release (kubeflow.preset: kubeflow-26.03), or leave objectStore out."),
        )
    return int(major), int(minor)


def without(manifests: Sequence[Manifest], names: frozenset[str]) -> list[Manifest]:
    """The manifests without what has one of these names in the namespace of Pipelines."""
    namespace = next((each.namespace for each in manifests if each.key[1::2] == ("Deployment", SERVER)), "")
    return [each for each in manifests if each.namespace != namespace or each.name not in names]


def with_settings(manifests: Sequence[Manifest], values: Mapping[str, str]) -> list[Manifest]:
    """With these in ConfigMap pipeline-install-config."""

    def change(each: Manifest) -> Manifest:
        return Manifest({**each.body, "data": {**each.body["data"], **values}}, each.application)

    return _where(manifests, "ConfigMap", SETTINGS, change)


def with_environment(manifests: Sequence[Manifest], name: str, variables: Mapping[str, Variable]) -> list[Manifest]:
    """With these variables in the Deployment of this name."""
    return _where(manifests, "Deployment", name, lambda each: with_variables(each, variables))


def with_repository(manifests: Sequence[Manifest], store: Mapping[str, object]) -> list[Manifest]:
    """With another store for the logs that Argo keeps; where in it they are stays.

    https://argo-workflows.readthedocs.io/en/latest/configure-artifact-repository/
    """

    def change(each: Manifest) -> Manifest:
        found: dict[str, Any] = yaml.safe_load(each.body["data"][REPOSITORY])
        kept = {name: value for name, value in found["s3"].items() if name == "keyFormat"}
        text = yaml.safe_dump({**found, "s3": {**kept, **store}}, sort_keys=False)
        return Manifest({**each.body, "data": {**each.body["data"], REPOSITORY: text}}, each.application)

    return _where(manifests, "ConfigMap", ARGO, change)


def _where(
    manifests: Sequence[Manifest], kind: str, name: str, change: Callable[[Manifest], Manifest]
) -> list[Manifest]:
    """Changed where it is; a release that lacks it has had parts left out."""
    return [change(each) if (each.kind, each.name) == (kind, name) else each for each in manifests]
