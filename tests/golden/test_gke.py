"""GKE on the real releases: where Istio's CNI plugin goes, what Identity-Aware Proxy changes, and nothing else."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from kfinstall.contracts.manifest import Manifest
from kfinstall.contracts.surroundings import Nowhere
from platforms.gke import Gke
from platforms.gke.options import GkeOptions
from tests.golden.test_releases import ARCHIVES, preset, rendered

pytestmark = pytest.mark.skipif(not ARCHIVES.is_dir(), reason=f"the archives of the releases are not in {ARCHIVES}")

NAMES = ["kubeflow-26.03", "kubeflow-1.10"]
IAP = {"clientId": "1-a.apps.googleusercontent.com", "clientSecret": "planted-secret"}


def changes(name: str, **more: Any) -> tuple[list[Manifest], Sequence[Manifest]]:
    """The objects that are different, and those that are new."""
    released = rendered(preset(name), Path(os.environ["KFINSTALL_TEST_CACHE"]) / "renders").manifests
    options = GkeOptions.model_validate({"type": "gke", "project": "lab-project", "location": "us-central1-a", **more})
    wanted = Gke().transformed(released, options, Nowhere("kubeflow"))
    same = zip(released, wanted, strict=False)
    return [new for old, new in same if old != new], wanted[len(released) :]


@pytest.mark.parametrize("name", NAMES)
def test_istio_cni_goes_where_the_overlay_for_gke_puts_it(name: str) -> None:
    (changed,), added = changes(name)
    assert (str(changed.key), added) == ("DaemonSet.apps/kube-system/istio-cni-node", [])
    paths = {each["name"]: each["hostPath"]["path"] for each in changed.body["spec"]["template"]["spec"]["volumes"]}
    assert paths["cni-bin-dir"] == "/home/kubernetes/bin"
    assert paths["cni-net-dir"] == "/etc/cni/net.d"


@pytest.mark.parametrize("name", NAMES)
def test_identity_aware_proxy_stands_before_the_gateway_of_the_release(name: str) -> None:
    changed, added = changes(name, iap=IAP)
    (gateway,) = (manifest for manifest in changed if manifest.kind == "Service")
    ingress = next(manifest for manifest in added if manifest.kind == "Ingress")
    backend = ingress.body["spec"]["defaultBackend"]["service"]
    assert backend["name"] == gateway.name
    assert backend["port"]["number"] in [port["port"] for port in gateway.body["spec"]["ports"]]
    health = next(manifest for manifest in added if manifest.kind == "BackendConfig").body["spec"]["healthCheck"]
    assert health["port"] in [port["targetPort"] for port in gateway.body["spec"]["ports"]]
