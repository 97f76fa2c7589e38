"""Which release serves models by what, and with which names of keys."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from kfinstall.contracts.manifest import Manifest
from kfinstall.model.install import Install
from kfinstall.transform.serving import components, transformed
from tests.golden.test_releases import ARCHIVES, preset, rendered
from tests.unit.transform.small_pipelines import decoded

pytestmark = pytest.mark.skipif(not ARCHIVES.is_dir(), reason=f"the archives of the releases are not in {ARCHIVES}")

OFFERED = {
    "kubeflow-26.03": ["kserve", "tf-serving"],
    "kubeflow-1.10": ["kserve", "tf-serving"],
    "kfctl-k8s-istio-1.2": ["kserve", "seldon", "tf-serving"],
}


def release(name: str) -> list[Manifest]:
    return list(rendered(preset(name), Path(os.environ["KFINSTALL_TEST_CACHE"]) / "renders").manifests)


@pytest.mark.parametrize("name", OFFERED)
def test_what_serves_models_is_found(name: str) -> None:
    assert components(release(name)) == OFFERED[name]


@pytest.mark.parametrize("name", ["kubeflow-26.03", "kubeflow-1.10"])
def test_models_of_s3_are_read_by_an_account_in_the_users_profile(name: str) -> None:
    models = {"type": "s3", "accessKey": "AKIA", "secretKey": "planted"}
    serving = Install.model_validate({"platform": {"type": "existing"}, "serving": {"models": models}}).serving
    before = release(name)
    added = transformed(before, serving)[len(before) :]
    assert [str(each.key) for each in added] == [
        "Namespace/kubeflow-user-example-com",
        "Secret/kubeflow-user-example-com/kfinstall-models",
        "ServiceAccount/kubeflow-user-example-com/kfinstall-models",
    ]
    assert decoded(added[1].body) == {"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "planted"}
