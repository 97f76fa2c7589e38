"""What screens are tried on: practice clusters, and documents to install there."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

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
wait: {timeout: 60s}
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
