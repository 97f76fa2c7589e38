"""What AKS and ACK change in whole releases, and that they change nothing else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from kfinstall.contracts.manifest import Body, Manifest
from kfinstall.contracts.surroundings import Nowhere, Surroundings
from platforms.ack import Ack, AckOptions
from platforms.aks import Aks
from platforms.aks.options import AksOptions
from tests.golden.test_releases import ARCHIVES, preset, rendered

pytestmark = pytest.mark.skipif(not ARCHIVES.is_dir(), reason=f"the archives of the releases are not in {ARCHIVES}")

NAMES = ["kubeflow-26.03", "kubeflow-1.10"]
DISK_CLASS = "alicloud-disk-topology-alltype"


def release(name: str) -> list[Manifest]:
    # Rendering is tested elsewhere: it is kept from session to session.
    return list(rendered(preset(name), Path(os.environ["KFINSTALL_TEST_CACHE"]) / "renders").manifests)


def differences(before: list[Manifest], after: list[Manifest]) -> list[Body]:
    return [new.body for old, new in zip(before, after, strict=True) if old != new]


@pytest.mark.parametrize("name", NAMES)
def test_aks_lets_istios_injector_see_kubeflow(name: str) -> None:
    options = AksOptions(type="aks", subscription="11111111-2222-3333-4444-555555555555", resource_group="ml")
    released = release(name)
    [changed] = differences(released, Aks().transformed(released, options, Nowhere("kubeflow")))
    assert (changed["kind"], changed["metadata"]["name"]) == ("MutatingWebhookConfiguration", "istio-sidecar-injector")
    assert changed["metadata"]["annotations"]["admissions.enforcer/disabled"] == "true"


@pytest.mark.parametrize("name", NAMES)
def test_ack_gives_claims_and_notebooks_disks_that_exist(name: str) -> None:
    disks = {"metadata": {"name": DISK_CLASS}, "provisioner": "diskplugin.csi.alibabacloud.com"}
    surroundings: Surroundings = Nowhere("kubeflow", storage_classes=[disks])
    released = release(name)
    changed = differences(released, Ack().transformed(released, AckOptions(type="ack"), surroundings))
    claims = [each["spec"] for each in changed if each["kind"] == "PersistentVolumeClaim"]
    [spawner] = [each for each in changed if each["kind"] == "ConfigMap"]
    assert len(changed) == len(claims) + 1
    assert {(each["storageClassName"], each["resources"]["requests"]["storage"]) for each in claims} == {
        (DISK_CLASS, "20Gi")
    }
    assert 'storage: "20Gi"' in spawner["data"]["spawner_ui_config.yaml"]
