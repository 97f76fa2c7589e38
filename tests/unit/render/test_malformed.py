"""Whatever stands under whichever key of a kustomization: an error that explains it, or objects; never a crash."""

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest

from kfinstall.errors import KfinstallError
from kfinstall.render.closure import Closure
from kfinstall.render.fetch import Fetcher
from kfinstall.render.folders import Root
from kfinstall.render.kustomization import _KEYS
from kfinstall.render.overlays import Settings, merge

from .making import write

JUNK: list[Any] = [
    5, "text", True, [], {}, [5], ["text"], [[]], [{}], [None], {"a": 1}, {"path": 5}, [{"path": 5}], [{"path": []}],
    [{"files": 5}], [{"files": [5, {}]}], [{"envs": {}, "env": []}], [{"name": []}], [{"name": {}}],
    ["apiVersion: builtin\nkind: 5\npaths: 5\nreplacements: {}\nfiles: 5"], ["a: [\n"], ["{a: b"], ["- 5\n- 6"],
    ["apiVersion: builtin\nkind: X\nreplacements: [5, {path: []}]\npaths: [{}]\nmetadata: 5"],
]  # fmt: skip


@pytest.mark.parametrize("key", _KEYS)
def test_junk_under_a_key(tmp_path: Path, key: str) -> None:
    base = {"app/base/kustomization.yaml": "resources: [a.yaml]", "app/base/a.yaml": ""}
    repo = Root("repo", write(tmp_path / "repo", base), "manifests")
    overlay = tmp_path / "repo/app/overlays/x/kustomization.yaml"
    overlay.parent.mkdir(parents=True)
    for number, junk in enumerate(JUNK):
        for data in ({key: junk}, {"bases": ["../../base"], key: junk}):
            overlay.write_text(json.dumps(data))
            closure = Closure(tmp_path / f"work{number}", Fetcher(tmp_path / "cache"))
            with contextlib.suppress(KfinstallError):
                closure.take(repo, "app/overlays/x")
            with contextlib.suppress(KfinstallError):
                merged = merge(repo, "app", ("x",), Settings("demo", "kubeflow", {})).kustomization
                Closure(tmp_path / f"merged{number}", Fetcher(tmp_path / "cache")).take(repo, "app", merged)
