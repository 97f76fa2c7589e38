"""The users that a document names, in a whole Kubeflow."""

import os
from pathlib import Path

import pytest
import yaml

from tests.controlplane.api import Api
from tests.golden.test_releases import ARCHIVES, SOURCES
from tests.patience import AS_LONG
from tests.sandbox.conftest import served
from tests.sandbox.test_starter import Workbench

pytestmark = pytest.mark.skipif(not ARCHIVES.is_dir(), reason=f"the archives of the releases are not in {ARCHIVES}")


def test_profiles_come_up_with_contributors_and_a_second_run_writes_nothing(tmp_path: Path) -> None:
    content = {
        "apiVersion": "kfinstall.io/v1alpha1",
        "kind": "Install",
        "platform": {"type": "existing"},
        "kubeflow": {"preset": "kubeflow-1.10"},
        "sources": {url: str(ARCHIVES / name) for url, name in SOURCES.items()},
        "rbac": {
            "profiles": [
                {"name": "kubeflow-user-example-com", "owner": "ann@example.com"},
                {"name": "team", "owner": "ann@example.com", "contributors": [{"user": "bob@example.com"}]},
            ],
            "notebooks": {"clusterRole": "kubeflow-katib-edit"},
        },
    }
    document = tmp_path / "kubeflow.yaml"
    document.write_text(yaml.safe_dump(content), encoding="utf-8")
    cache = f"{os.environ['KFINSTALL_TEST_CACHE']}/scenarios"
    with served("healthy", tmp_path) as kubeconfig, Api(kubeconfig) as api:
        cluster = Workbench(kubeconfig, tmp_path)
        install = ("install", "-f", str(document), "--yes", "--timeout", AS_LONG)
        # a Profile, two namespaces, a contributor's binding and policy, two bindings of notebooks
        assert "618 created" in cluster.run(*install, XDG_CACHE_HOME=cache)
        assert "618 unchanged" in cluster.run(*install, XDG_CACHE_HOME=cache)
        profile = api.get("/apis/kubeflow.org/v1/profiles/kubeflow-user-example-com")
        assert profile["spec"]["owner"]["name"] == "ann@example.com"
        assert api.get("/api/v1/namespaces/team/serviceaccounts/default-editor")
        binding = api.get(
            "/apis/rbac.authorization.k8s.io/v1/namespaces/team/rolebindings/kfinstall-kubeflow-notebooks"
        )
        assert binding["roleRef"]["name"] == "kubeflow-katib-edit"
