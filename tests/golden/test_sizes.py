"""What the presets ask of a cluster, summed from the real releases."""

import os
from pathlib import Path

import pytest

from kfinstall.contracts.platform import Size
from kfinstall.facts.scheduling.sizing import demand
from platforms.minikube.options import MinikubeOptions
from tests.golden.test_releases import preset, pytestmark, rendered

__all__ = ["pytestmark"]

GIB = 1024**3


@pytest.mark.parametrize(
    ("name", "pods", "comfortable"),
    [
        ("kubeflow-26.03", 52, "8 CPUs and 16Gi of memory"),
        ("kubeflow-1.10", 50, "7 CPUs and 16Gi of memory"),
        ("starter", 3, "3 CPUs and 5Gi of memory"),
    ],
)
def test_minikubes_defaults_carry_every_preset(name: str, pods: int, comfortable: str) -> None:
    kept = Path(os.environ["KFINSTALL_TEST_CACHE"]) / "renders"
    wanted = demand(rendered(preset(name), kept).manifests)
    assert (wanted.pods, wanted.comfortable) == (pods, comfortable)
    assert not wanted.tight_in(MinikubeOptions(type="minikube").size)
    assert wanted.too_large_for(Size(2, 2 * GIB)), "minikube's own default"
