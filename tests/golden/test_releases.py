"""The presets on the real archives of their releases: the same objects as the releases' own instructions give."""

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from kfinstall.contracts.manifest import Body, ObjectKey
from kfinstall.kfdef import presets
from kfinstall.kfdef.document import load
from kfinstall.kfdef.types import Application, KfDef
from kfinstall.render.fetch import Fetcher
from kfinstall.render.kustomize import find
from kfinstall.render.objects import objects
from kfinstall.render.renderer import Rendering, RenderOptions, render

ARCHIVES = Path(__file__).parents[2].parent / "shared/real/manifests"

pytestmark = pytest.mark.skipif(not ARCHIVES.is_dir(), reason=f"the archives of the releases are not in {ARCHIVES}")

MANIFESTS = "https://github.com/kubeflow/manifests/archive"
SOURCES = {
    f"{MANIFESTS}/26.03.tar.gz": "manifests-26.03.tar.gz",
    f"{MANIFESTS}/v1.10.2.tar.gz": "manifests-v1.10.2.tar.gz",
    f"{MANIFESTS}/v1.2.0.tar.gz": "manifests-v1.2.0.tar.gz",
    f"{MANIFESTS}/v1.0.2.tar.gz": "manifests-v1.0.2.tar.gz",
    "https://github.com/argoproj/argo-workflows/archive/v3.7.3.tar.gz": "argo-workflows-v3.7.3.tar.gz",
    "https://github.com/kubernetes-sigs/jobset/releases/download/v0.10.1/manifests.yaml": (
        "jobset-v0.10.1-manifests.yaml"
    ),
}


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for all these tests: what they compare is not how often something is rendered."""
    return tmp_path_factory.mktemp("cache")


def preset(name: str) -> KfDef:
    return load(presets.read(name), default_name=name)


def rendered(kfdef: KfDef, cache: Path) -> Rendering:
    minimum = presets.facts(kfdef).kustomize_minimum
    sources = {url: str(ARCHIVES / name) for url, name in SOURCES.items()}
    return render(kfdef, RenderOptions(cache=cache, sources=sources, kustomize_minimum=minimum))


def by_key(rendering: Rendering) -> dict[ObjectKey, Body]:
    return {manifest.key: manifest.body for manifest in rendering.manifests}


def count(rendering: Rendering) -> int:
    return sum(len(application.manifests) for application in rendering.applications)


def key_of(body: Body) -> ObjectKey:
    group, slash, _version = body["apiVersion"].partition("/")
    metadata = body["metadata"]
    return ObjectKey(group if slash else "", body["kind"], metadata.get("namespace", ""), metadata["name"])


CONTROLLER = ObjectKey(
    "metacontroller.k8s.io", "DecoratorController", "kubeflow", "kubeflow-pipelines-profile-controller"
)
"""kustomize puts a namespace on it, because it cannot know that a DecoratorController has none; we drop it."""

PROFILE = ObjectKey("kubeflow.org", "Profile", "", "kubeflow-user-example-com")
"""From 5.8 on kustomize leaves the placeholders in it, $(profile-name) and $(user), of which no user would profit; we
render what older ones render. See Closure: the name that a replacement selects is a regular expression now."""

JOBSETS = ObjectKey("apiextensions.k8s.io", "CustomResourceDefinition", "", "jobsets.jobset.x-k8s.io")
"""jobset publishes an annotation `$(CERTIFICATE_NAMESPACE)/$(CERTIFICATE_NAME)` for cert-manager, not filled in. In
one build of everything kustomize fills in the vars of the PVC viewer, which happen to have these names, and so asks
cert-manager to put the CA of a stranger's certificate there. Rendered by itself it stays as jobset published it."""
INJECT = "cert-manager.io/inject-ca-from"


def test_kubeflow_1_10_is_what_its_example_gives(cache: Path) -> None:
    kfdef = preset("kubeflow-1.10")
    fetcher = Fetcher(cache, {kfdef.repos[0].uri: str(ARCHIVES / "manifests-v1.10.2.tar.gz")})
    tree = fetcher.tree(kfdef.repos[0].uri).root_for("example")
    text = find("5.0.0", fetcher).build(tree / "example", "example", work=tree)
    expected = {key_of(body): body for body in objects(text, "example")}

    rendering = rendered(kfdef, cache)

    assert count(rendering) == len(rendering.manifests) == len(expected) == 611
    assert (rendering.namespace, rendering.warnings) == (None, ())
    controller = expected.pop(CONTROLLER)
    del controller["metadata"]["namespace"]
    profile = expected.pop(PROFILE._replace(name="$(profile-name)"), None)
    if profile:
        profile |= {"metadata": {"name": PROFILE.name}, "spec": {"owner": {"kind": "User", "name": "user@example.com"}}}
        expected[PROFILE] = profile
    assert by_key(rendering) == expected | {CONTROLLER._replace(namespace=""): controller}


def test_kubeflow_26_03_is_what_its_example_gives(cache: Path) -> None:
    kfdef = preset("kubeflow-26.03")
    example = replace(kfdef, applications=(Application("example", "manifests", "example"),))
    expected = by_key(rendered(example, cache))

    rendering = rendered(kfdef, cache)

    assert count(rendering) == len(rendering.manifests) == len(expected) == 675
    assert (rendering.namespace, rendering.warnings) == (None, ())
    assert CONTROLLER._replace(namespace="") in expected
    annotations = expected[JOBSETS]["metadata"]["annotations"]
    assert annotations[INJECT] == "kubeflow/pvcviewer-serving-cert"
    annotations[INJECT] = "$(CERTIFICATE_NAMESPACE)/$(CERTIFICATE_NAME)"
    assert by_key(rendering) == expected


@pytest.mark.parametrize("name", ["kubeflow-1.10", "kubeflow-26.03"])
def test_no_object_is_in_two_applications(name: str, cache: Path) -> None:
    rendering = rendered(preset(name), cache)
    twice = Counter(m.key for application in rendering.applications for m in application.manifests)
    assert [key for key, times in twice.items() if times > 1] == []


LEGACY = {
    # name: (objects, CustomResourceDefinitions, Namespaces without the KfDef's own)
    "kfctl-k8s-istio-1.0": (594, 93, 4),
    "kfctl-istio-dex-1.0": (525, 61, 5),
    "kfctl-k8s-istio-1.2": (565, 65, 6),
    "kfctl-istio-dex-1.2": (575, 66, 7),
}


@pytest.mark.parametrize("name", LEGACY)
def test_a_legacy_release_has_its_objects(name: str, cache: Path) -> None:
    rendering = rendered(preset(name), cache)
    kinds = Counter(m.kind for application in rendering.applications for m in application.manifests)
    total, definitions, namespaces = LEGACY[name]
    assert (count(rendering), kinds["CustomResourceDefinition"], kinds["Namespace"]) == (total, definitions, namespaces)
    assert (rendering.namespace is not None) == name.endswith("1.0"), "1.2 brings its own namespace"


@pytest.mark.parametrize("name", LEGACY)
def test_the_defects_of_the_legacy_releases_are_repaired(name: str, cache: Path) -> None:
    rendering = rendered(preset(name), cache)
    assert "$(namespace)" not in json.dumps([manifest.body for manifest in rendering.manifests])
    without = {"ClusterIssuer", "ClusterRbacConfig", "CompositeController"}
    scoped = [manifest for manifest in rendering.manifests if manifest.kind in without]
    assert scoped
    assert all(not manifest.namespace for manifest in scoped)


@pytest.mark.parametrize("name", ["kfctl-k8s-istio-1.0", "kfctl-istio-dex-1.0"])
def test_parameters_reach_the_legacy_objects(name: str, cache: Path) -> None:
    found = by_key(rendered(replace(preset(name), namespace="elsewhere"), cache))
    assert ObjectKey("apps", "Deployment", "elsewhere", "centraldashboard") in found
    binding = found[ObjectKey("rbac.authorization.k8s.io", "ClusterRoleBinding", "", "centraldashboard")]
    assert [subject["namespace"] for subject in binding["subjects"]] == ["elsewhere"]


@pytest.mark.parametrize("name", presets.names())
def test_nothing_is_rendered_twice(name: str, cache: Path) -> None:
    first = rendered(preset(name), cache)
    second = rendered(preset(name), cache)
    assert all(application.cached for application in second.applications)
    assert second.manifests == first.manifests
