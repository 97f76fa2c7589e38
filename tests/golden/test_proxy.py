"""The proxy on the real releases: exactly what calls out gets it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from kfinstall.contracts.manifest import Manifest
from kfinstall.contracts.surroundings import Nowhere
from kfinstall.model.proxy import Proxy
from kfinstall.transform.proxy import HANDED_ON, outward, transformed
from tests.golden.test_releases import ARCHIVES, preset, rendered

pytestmark = pytest.mark.skipif(not ARCHIVES.is_dir(), reason=f"the archives of the releases are not in {ARCHIVES}")

PROXY = Proxy.model_validate({"https": "http://proxy.example.com:3128"})
GONE = {"kubeflow-26.03": {"kubeflow/minio"}, "kubeflow-1.10": set()}
"""What only the other release has."""


def release(name: str) -> list[Manifest]:
    return list(rendered(preset(name), Path(os.environ["KFINSTALL_TEST_CACHE"]) / "renders").manifests)


@pytest.mark.parametrize("name", GONE)
def test_all_that_call_out_are_there_and_get_it(name: str) -> None:
    before = release(name)
    after = transformed(before, PROXY, Nowhere("kubeflow"))
    told = [new for old, new in zip(before, after, strict=True) if old != new]
    changed = {f"{each.namespace}/{each.name}" for each in told if (each.kind, each.name) not in HANDED_ON}
    assert {(each.kind, each.name) for each in told} >= set(HANDED_ON)
    of_kubeflow = {each for each in outward() if not each.startswith("workbench/")}
    assert changed == of_kubeflow - GONE[name]


@pytest.mark.parametrize("name", GONE)
def test_every_service_is_reached_without_it(name: str) -> None:
    after = transformed(release(name), PROXY, Nowhere("kubeflow"))
    [server] = [each for each in after if (each.kind, each.name) == ("Deployment", "ml-pipeline")]
    [container] = server.body["spec"]["template"]["spec"]["containers"]
    direct = next(each["value"] for each in container["env"] if each["name"] == "NO_PROXY").split(",")
    services = {(each.namespace, each.name) for each in after if each.kind == "Service"}
    assert {f".{namespace}" for namespace, _name in services} <= set(direct)
    assert {service for namespace, service in services if namespace == "kubeflow"} <= set(direct)
