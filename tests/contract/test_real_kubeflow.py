"""Whole releases of Kubeflow on a real API server: accepted in one run, left alone by the second, and taken away."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import pytest

from kfinstall.contracts.manifest import Manifest
from tests.contract import manifests as m
from tests.contract.installer import Installer
from tests.contract.manifests import Object
from tests.contract.proxy import Proxy
from tests.contract.test_uninstall import exists, standing
from tests.controlplane.api import Api
from tests.controlplane.server import ControlPlane
from tests.golden.test_releases import ARCHIVES, preset, rendered
from tests.patience import eventually

pytestmark = pytest.mark.skipif(not ARCHIVES.is_dir(), reason=f"the archives of the releases are not in {ARCHIVES}")

WEBHOOKS = frozenset({"MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"})
"""Left out: no pod serves them here."""


@dataclasses.dataclass
class Releases(Installer):
    """Installs manifests that are rendered already."""

    rendered: tuple[Manifest, ...] = ()

    def manifests(self, _objects: object) -> list[Manifest]:
        return list(self.rendered)


def strangers() -> list[tuple[str, Object]]:
    """What somebody else has, in a namespace that the releases make and in one that stood before."""
    return [
        ("/api/v1/namespaces", m.namespace("istio-system", theirs="yes")),
        ("/api/v1/namespaces/istio-system/configmaps", m.config_map("theirs", "istio-system", a="1")),
    ]


@pytest.mark.parametrize(("name", "count"), [("kubeflow-1.10", 586), ("kubeflow-26.03", 647)])
def test_a_whole_release(fresh_control_plane: ControlPlane, tmp_path: Path, name: str, count: int) -> None:
    # Rendering is tested elsewhere: it is kept from session to session.
    wanted = rendered(preset(name), Path(os.environ["KFINSTALL_TEST_CACHE"]) / "renders").manifests
    with Api(fresh_control_plane.kubeconfig()) as admin, Proxy(fresh_control_plane.kubeconfig(), tmp_path) as proxy:
        for collection, body in strangers():
            admin.create(collection, body)
        before = standing(admin)
        installer = Releases(proxy.kubeconfig, tmp_path / "state", "kubeflow", rendered=wanted)
        installed = installer.install([], timeout=300.0, skip_kinds=WEBHOOKS).succeeded()
        assert len(installed.plan.applies) == count
        proxy.requests.clear()
        again = installer.install([], timeout=300.0, skip_kinds=WEBHOOKS).succeeded()
        assert proxy.writes == []
        assert not again.plan.changes

        admin.create("/api/v1/namespaces/kubeflow/secrets", m.secret("late", "kubeflow"))
        removed = installer.uninstall(timeout=300.0).succeeded()
        kept = {str(key) for key in removed.plan.kept}
        assert "Namespace/kubeflow" in kept
        assert {key for key in kept if not key.startswith(("PersistentVolumeClaim/", "Namespace/"))} == set()
        assert exists(admin, "/api/v1/namespaces/kubeflow/secrets/late")
        eventually(lambda: not exists(admin, "/api/v1/namespaces/kfinstall-system"))
        after = standing(admin)
        left = after - before
        expected = {entry for entry in left if " kubeflow/" in entry or " /kubeflow " in entry}
        assert left == expected
        kinds = {entry.split(" ")[1] for entry in expected}
        assert kinds <= {"namespaces", "persistentvolumeclaims", "secrets", "configmaps", "serviceaccounts"}
        assert before <= after
