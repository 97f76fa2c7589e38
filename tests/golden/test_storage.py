"""`storage` on the real releases: every claim and the notebooks' volume, and nothing else."""

import os
from pathlib import Path

import pytest
import yaml
from pydantic import TypeAdapter

from kfinstall.contracts.surroundings import Nowhere
from kfinstall.model.storage import Storage
from kfinstall.transform.storage import transformed
from tests.golden.test_releases import ARCHIVES, preset, rendered

pytestmark = pytest.mark.skipif(not ARCHIVES.is_dir(), reason=f"the archives of the releases are not in {ARCHIVES}")

NAMES = ["kubeflow-26.03", "kubeflow-1.10", "kfctl-k8s-istio-1.2", "kfctl-k8s-istio-1.0"]
SPAWNER = "spawner_ui_config.yaml"


@pytest.mark.parametrize("name", NAMES)
def test_the_claims_and_the_volume_of_notebooks(name: str) -> None:
    # Rendering is tested elsewhere: it is kept from session to session.
    manifests = rendered(preset(name), Path(os.environ["KFINSTALL_TEST_CACHE"]) / "renders").manifests
    notebooks = {"size": "33Gi", "mountPath": "/home/me"}
    options = TypeAdapter[Storage](Storage).validate_python({"type": "class", "name": "fast", "notebooks": notebooks})
    changed = transformed(manifests, options, "kubeflow", Nowhere("kubeflow"))
    differing = [(old, new) for old, new in zip(manifests, changed, strict=True) if old != new]
    claims = [new for _old, new in differing if new.kind == "PersistentVolumeClaim"]
    assert len(claims) == sum(manifest.kind == "PersistentVolumeClaim" for manifest in manifests) >= 3
    assert {claim.body["spec"]["storageClassName"] for claim in claims} == {"fast"}
    [(old, new)] = [pair for pair in differing if pair[1].kind == "ConfigMap"]
    assert len(differing) == len(claims) + 1
    lines = set(new.body["data"][SPAWNER].splitlines()) - set(old.body["data"][SPAWNER].splitlines())
    assert sorted(line.split(": ")[1] for line in lines) == ['"/home/me"', '"33Gi"', '"fast"']
    assert yaml.safe_load(new.body["data"][SPAWNER])["spawnerFormDefaults"]["workspaceVolume"]
