"""The pages of `kfinstall open` are where the releases have them: a Service with that port, a route to that path."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from kfinstall.contracts.manifest import Manifest, ObjectKey
from kfinstall.facts.kubeflow.pages import Place, pages
from tests.golden.test_releases import ARCHIVES, preset, rendered

pytestmark = pytest.mark.skipif(not ARCHIVES.is_dir(), reason=f"the archives of the releases are not in {ARCHIVES}")

CURRENT = {"dashboard", "notebooks", "pipelines", "katib", "tensorboard", "minio"}
SHOWN = {
    "kubeflow-26.03": CURRENT,
    "kubeflow-1.10": CURRENT,
    "kfctl-k8s-istio-1.2": {"dashboard", "notebooks", "pipelines", "katib", "minio", "argo"},
}
"""Release -> the pages that it has; the others belong to the preset starter, or stand beside Kubeflow."""


def release(name: str) -> list[Manifest]:
    return list(rendered(preset(name), Path(os.environ["KFINSTALL_TEST_CACHE"]) / "renders").manifests)


def standing(places: Sequence[Place], manifests: Sequence[Manifest]) -> Iterator[tuple[Place, Manifest]]:
    """The places whose Service is in the release."""
    known = {each.key: each for each in manifests}
    for place in places:
        namespace, _slash, name = place.service.partition("/")
        if found := known.get(ObjectKey("", "Service", namespace, name)):
            yield place, found


def routed(manifests: Sequence[Manifest]) -> set[str]:
    """The beginnings of paths that Kubeflow's gateway sends somewhere."""
    routes = [
        route for each in manifests if each.kind == "VirtualService" for route in each.body["spec"].get("http") or ()
    ]
    return {
        match["uri"]["prefix"] for route in routes for match in route.get("match") or () if "prefix" in match["uri"]
    }


@pytest.mark.parametrize("name", SHOWN)
def test_every_page_is_where_the_release_has_it(name: str) -> None:
    manifests = release(name)
    paths = routed(manifests)
    shown = set()
    for page in pages().values():
        for place, service in standing(page.places, manifests):
            shown.add(page.name)
            if place.port is None:
                assert any(place.path.startswith(each) for each in paths - {"/"}) or place.path == "/", place
            else:
                assert place.port in [each["port"] for each in service.body["spec"]["ports"]], place
    assert shown == SHOWN[name]
