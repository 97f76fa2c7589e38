"""What a cluster gets of a release: the document's wishes, the platform's, and where all images come from."""

from collections.abc import Sequence
from importlib.metadata import EntryPoint
from typing import Literal

import pytest

from kfinstall.contracts.manifest import Manifest
from kfinstall.contracts.surroundings import Nowhere, Surroundings
from kfinstall.engine import adaptation
from kfinstall.facts.images.image_places import users
from kfinstall.model.images import Images
from kfinstall.model.install import Install
from kfinstall.registry import PLATFORMS, Platforms
from platforms.existing import Existing, KubeconfigOptions

PULLED = Images.model_validate(
    {
        "registry": "registry.example.com/kubeflow",
        "pullSecrets": [{"name": "login", "registry": "registry.example.com", "username": "me", "password": "planted"}],
    }
)


class HelpingOptions(KubeconfigOptions):
    type: Literal["helping"]


class Helping(Existing):
    """A platform that brings a pod of its own."""

    name = "helping"
    options = HelpingOptions  # type: ignore[assignment]

    def transformed(
        self, manifests: Sequence[Manifest], options: HelpingOptions, surroundings: Surroundings
    ) -> list[Manifest]:
        return [*manifests, pod("helper", "docker.io/helping/helper:1")]


@pytest.fixture(autouse=True)
def helping(monkeypatch: pytest.MonkeyPatch) -> None:
    found = Platforms([EntryPoint("helping", f"{__name__}:Helping", PLATFORMS)])
    monkeypatch.setattr(adaptation, "platforms", lambda: found)


def pod(name: str, image: str) -> Manifest:
    spec = {"containers": [{"name": "main", "image": image}]}
    return Manifest(
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "ml"}, "spec": spec}, ""
    )


def adapted(images: Images) -> list[Manifest]:
    install = Install(platform=HelpingOptions(type="helping"), images=images)
    return adaptation.adapted([pod("released", "quay.io/released/app:2")], install, Nowhere("ml"))


def test_what_a_platform_adds_is_pulled_from_where_the_document_says() -> None:
    assert set(users(adapted(PULLED))) == {
        "registry.example.com/kubeflow/quay.io/released/app:2",
        "registry.example.com/kubeflow/docker.io/helping/helper:1",
    }


def test_what_a_platform_adds_is_pulled_with_the_documents_login() -> None:
    pods = [each.body for each in adapted(PULLED) if each.kind == "Pod"]
    assert [each["spec"].get("imagePullSecrets") for each in pods] == [[{"name": "login"}]] * 2


def test_without_a_word_on_images_they_come_from_where_they_were_published() -> None:
    assert set(users(adapted(Images()))) == {"quay.io/released/app:2", "docker.io/helping/helper:1"}
