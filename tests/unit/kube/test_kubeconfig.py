"""A kubeconfig that cannot be used gets a clear error; nothing is sent."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from kfinstall.errors import ClusterError
from kfinstall.kube.connection import Connection

WHOLE: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Config",
    "clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:1"}}],
    "users": [{"name": "u", "user": {"token": "planted-secret"}}],
    "contexts": [
        {"name": "one", "context": {"cluster": "c", "user": "u"}},
        {"name": "two", "context": {"cluster": "c", "user": "u"}},
    ],
    "current-context": "one",
}


def written(folder: Path, content: str) -> Path:
    path = folder / "config"
    path.write_text(content)
    return path


def test_the_current_context_and_a_chosen_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, yaml.safe_dump(WHOLE))
    assert Connection.open(path).target.context == "one"
    assert Connection.open(path, "two").target.context == "two"
    monkeypatch.setenv("KUBECONFIG", str(path))
    assert Connection.open().target.server == "https://127.0.0.1:1"


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "a: [",
        "just text",
        yaml.safe_dump({**WHOLE, "contexts": []}),
        yaml.safe_dump({**WHOLE, "clusters": []}),
        yaml.safe_dump({**WHOLE, "current-context": "nowhere"}),
        yaml.safe_dump({**WHOLE, "users": [{"name": "u", "user": {"client-certificate": "/no/such/file"}}]}),
    ],
)
def test_a_kubeconfig_that_leads_nowhere(tmp_path: Path, content: str) -> None:
    with pytest.raises(ClusterError, match="no usable cluster") as caught:
        Connection.open(written(tmp_path, content))
    assert caught.value.why
    assert "planted-secret" not in str(caught.value)
    assert "kubectl config get-contexts" in caught.value.fix


def test_a_context_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ClusterError, match="Context three cannot be used"):
        Connection.open(written(tmp_path, yaml.safe_dump(WHOLE)), "three")


def test_no_kubeconfig_at_all() -> None:
    with pytest.raises(ClusterError, match="no usable cluster"):
        Connection.open()
