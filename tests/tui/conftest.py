"""What screens are tried on: practice clusters, and documents to install there."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from kfinstall.model.load import LoadedInstall, load
from kfinstall.registry import platforms
from tests.sandbox.conftest import Started, scenario

__all__ = ["Started", "document", "scenario"]

Document = Callable[..., LoadedInstall]

INSTALL = """
apiVersion: kfinstall.io/v1alpha1
kind: Install
metadata: {name: workbench}
platform: {type: existing}
kubeflow: {preset: starter}
wait: {timeout: 10m}
"""


@pytest.fixture
def document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Document:
    """Loads the starter for the cluster of a kubeconfig; with changes of the document."""

    def loaded(kubeconfig: Path, *changes: str) -> LoadedInstall:
        monkeypatch.setenv("KUBECONFIG", str(kubeconfig))
        file = tmp_path / "install.yaml"
        file.write_text(INSTALL)
        return load([str(file)], changes, platforms=platforms().options, environ=os.environ)

    return loaded


@pytest.fixture
def waiting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], LoadedInstall]:
    """Loads a document with one Deployment whose claim somebody else has made, in the namespace `late`."""

    def loaded(kubeconfig: Path) -> LoadedInstall:
        monkeypatch.setenv("KUBECONFIG", str(kubeconfig))
        folder = tmp_path / "waiting"
        (folder / "repo" / "app").mkdir(parents=True)
        (folder / "install.yaml").write_text(INSTALL.replace("preset: starter", "file: kfdef.yaml"))
        (folder / "kfdef.yaml").write_text(yaml.safe_dump(KFDEF))
        (folder / "repo" / "app" / "all.yaml").write_text(yaml.safe_dump(DEPLOYMENT))
        return load([str(folder / "install.yaml")], platforms=platforms().options, environ=os.environ)

    return loaded


KFDEF = {
    "apiVersion": "kfdef.apps.kubeflow.org/v1",
    "kind": "KfDef",
    "metadata": {"name": "late", "namespace": "late"},
    "spec": {
        "applications": [{"name": "app", "kustomizeConfig": {"repoRef": {"name": "manifests", "path": "app"}}}],
        "repos": [{"name": "manifests", "uri": "repo"}],
    },
}

DEPLOYMENT = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "store", "namespace": "late"},
    "spec": {
        "selector": {"matchLabels": {"app": "store"}},
        "template": {
            "metadata": {"labels": {"app": "store"}},
            "spec": {
                "containers": [{"name": "store", "image": "registry.example.com/store:1"}],
                "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}],
            },
        },
    },
}

CLAIM = {
    "apiVersion": "v1",
    "kind": "PersistentVolumeClaim",
    "metadata": {"name": "data"},
    "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
}
