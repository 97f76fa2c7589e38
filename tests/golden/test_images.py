"""Images of real releases: none is left outside the map, digests and tags stay, and nothing else changes."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kfinstall.contracts.manifest import Manifest
from kfinstall.contracts.surroundings import Nowhere
from kfinstall.errors import PlanRefused
from kfinstall.facts.images.image_places import users
from kfinstall.model.images import Images
from kfinstall.transform.images import transformed
from tests.golden.test_releases import ARCHIVES, preset, rendered

pytestmark = pytest.mark.skipif(not ARCHIVES.is_dir(), reason=f"the archives of the releases are not in {ARCHIVES}")

RELEASES = {
    # name: images
    "kubeflow-1.10": 96,
    "kubeflow-26.03": 105,
    "kfctl-istio-dex-1.2": 107,
    "kfctl-k8s-istio-1.2": 106,
}
MIRROR = "registry.example.com/kf"

OUTSIDE = re.compile(
    r"(?<![\w./:$-])(?:"
    r"(?:[\w-]+\.)*(?:docker\.io|gcr\.io|quay\.io|registry\.k8s\.io|nvcr\.io|mcr\.microsoft\.com)/[\w./-]+"
    r"|[\w.-]+(?:/[\w.-]+)+(?::v?\d[\w.-]*|@sha256:[0-9a-f]+)"
    r"|[a-z][\w.-]*:\d+\.\d[\w.-]*)"
)
"""What looks like an image, wherever it stands: in a registry that releases use, or anywhere with a version."""

NOT_PULLED = re.compile(
    r"ConfigMap/values\.data\.(merged|original)-values"  # what istioctl was told when it made the manifests
    r"|ConfigMap/inferenceservice-config\.data\._example"  # documentation
)
PROMETHEUS = "docker.io/prom"
"""A hub in the values of Istio 1.3, which installs no Prometheus here."""

IMAGE_PATHS = re.compile(r"\.(image|value|args\[\d+\]|data\.[\w.-]+|spec\.image)$")


def released(name: str) -> list[Manifest]:
    """Rendering is tested elsewhere: it is kept from session to session."""
    return list(rendered(preset(name), Path(os.environ["KFINSTALL_TEST_CACHE"]) / "renders").manifests)


def leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for at, inner in enumerate(value):
            yield from leaves(inner, f"{path}[{at}]")
    else:
        yield path, value


def all_leaves(manifests: list[Manifest]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for manifest in manifests:
        start = f"{manifest.kind}/{manifest.name}"
        found |= {f"{manifest.namespace}:{path}": leaf for path, leaf in leaves(manifest.body, start)}
    return found


def words(text: str) -> list[str]:
    return re.split(r"([\s\"',]+)", text)


@pytest.mark.parametrize("name", RELEASES)
def test_every_image_is_in_the_map_and_nothing_else_changes(name: str) -> None:
    manifests = released(name)
    images = users(manifests)
    assert len(images) == RELEASES[name]

    after = transformed(manifests, Images(registry=MIRROR), Nowhere("kubeflow"))

    assert {image for image in users(after) if not image.startswith(f"{MIRROR}/")} == set()
    old, new = all_leaves(manifests), all_leaves(after)
    assert list(old) == list(new), "no path comes or goes"
    changed = [path for path in old if old[path] != new[path]]
    assert [path for path in changed if not IMAGE_PATHS.search(path)] == []
    for path in changed:
        for before, now in zip(words(old[path]), words(new[path]), strict=True):
            assert now == before or _is_mapped(before, now), path
    left = {path: found for path, leaf in new.items() if (found := _outside(path, leaf))}
    assert left == {}


def _is_mapped(before: str, now: str) -> bool:
    """Whether the old word, image or hub, stands at the end of the new one, with its tag and digest."""
    flag, _mirror, rest = now.partition(f"{MIRROR}/")
    return before.startswith(flag) and rest.endswith(before.removeprefix(flag).removeprefix("docker.io/"))


def _outside(path: str, leaf: Any) -> list[str]:
    place = path.partition(":")[2]
    if not isinstance(leaf, str) or place.startswith("CustomResourceDefinition/") or NOT_PULLED.match(place):
        return []
    return [found for found in OUTSIDE.findall(leaf) if not found.startswith(MIRROR) and found != PROMETHEUS]


LACKING = {
    "kubeflow-1.10": {
        "docker.io/seldonio/mlserver:1.5.0",
        "ghcr.io/kserve/models-web-app:v0.14.0",
        "ghcr.io/metacontroller/metacontroller:v4.11.22",
        "quay.io/oauth2-proxy/oauth2-proxy:v7.7.1",
    },
    "kfctl-istio-dex-1.2": {"seldonio/mlserver:0.1.0"},
}


@pytest.mark.parametrize("name", LACKING)
def test_what_the_public_mirror_lacks_stays_where_it_is(name: str) -> None:
    manifests = released(name)
    after = transformed(manifests, Images(mirror="daocloud"), Nowhere("kubeflow"))
    assert {image for image in users(after) if not image.startswith("m.daocloud.io/")} == LACKING[name]


def test_a_flat_layout_is_refused_only_where_names_would_meet() -> None:
    manifests = released("kubeflow-1.10")
    after = transformed(manifests, Images(registry=MIRROR, layout="flat"), Nowhere("kubeflow"))
    assert {image.count("/") for image in users(after)} == {2}
    twin = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}}
    twin["spec"] = {"containers": [{"name": "a", "image": "quay.io/other/dex:v2.41.1"}]}
    with pytest.raises(PlanRefused):
        transformed([*manifests, Manifest(twin, "a")], Images(registry=MIRROR, layout="flat"), Nowhere("kubeflow"))
