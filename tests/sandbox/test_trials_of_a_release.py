"""`kfinstall test` on a whole Kubeflow in the practice cluster: what is tried fits the definitions of the releases."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml

from tests.forked import kfinstall
from tests.golden.test_releases import ARCHIVES, SOURCES
from tests.sandbox.conftest import served
from tests.sandbox.test_trials import run

pytestmark = pytest.mark.skipif(not ARCHIVES.is_dir(), reason=f"the archives of the releases are not in {ARCHIVES}")

TRIED = {
    "kubeflow-1.10": ("notebook", "pytorchjob", "tfjob", "workflow", "serving"),
    "kubeflow-26.03": ("notebook", "trainjob", "workflow", "serving"),
}


@pytest.mark.parametrize("preset", TRIED)
def test_what_a_release_has_is_tried(preset: str, tmp_path: Path) -> None:
    content = {
        "apiVersion": "kfinstall.io/v1alpha1",
        "kind": "Install",
        "platform": {"type": "existing"},
        "kubeflow": {"preset": preset},
        "sources": {url: str(ARCHIVES / name) for url, name in SOURCES.items()},
    }
    document = tmp_path / "kubeflow.yaml"
    document.write_text(yaml.safe_dump(content), encoding="utf-8")
    environ = {
        **os.environ,
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "XDG_CACHE_HOME": f"{os.environ['KFINSTALL_TEST_CACHE']}/scenarios",
    }
    with served("healthy", tmp_path) as kubeconfig:
        environ["KUBECONFIG"] = str(kubeconfig)
        # with nothing in the cache, rendering takes most of it
        done = kfinstall("install", "-f", document, "--yes", env=environ, timeout=600)
        assert done.returncode == 0, done.stdout + done.stderr
        # the API of Pipelines is not played: nothing answers in the pods of the practice cluster
        found = run(kubeconfig, tmp_path, *TRIED[preset])
    assert {name: each["why"] for name, each in found.items()} == dict.fromkeys(TRIED[preset], "")
