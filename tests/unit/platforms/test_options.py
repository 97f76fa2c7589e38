"""Every option of every platform: a word for people, a place in the schema, a --set that reaches it."""

import json
import socket
from collections.abc import Iterator
from types import UnionType
from typing import Any, Union, get_args, get_origin

import pytest
from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from kfinstall.model.load import load
from kfinstall.model.schema import schema
from kfinstall.registry import built_in

SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"
IDENTITY = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/ml/providers/Microsoft.ManagedIdentity"
KEY = json.dumps({"type": "service_account"})

NEEDED: dict[str, dict[str, Any]] = {
    "gke": {"project": "lab-project", "location": "us-central1-a"},
    "aks": {"subscription": SUBSCRIPTION, "resourceGroup": "ml", "location": "eastus"},
}
"""Platform -> the options without which it is nothing."""

GIVEN: dict[str, Any] = {
    "ack.diskClass": "essd",
    "ack.fileClass": "nas",
    "aks.createResourceGroup": True,
    "aks.gpu.count": 2,
    "aks.gpu.maxCount": 3,
    "aks.gpu.vmSize": "Standard_NC8as_T4_v3",
    "aks.identity": f"{IDENTITY}/userAssignedIdentities/me",
    "aks.kubernetesVersion": "1.34",
    "aks.location": "westeurope",
    "aks.login": "devicecode",
    "aks.name": "lab",
    "aks.nodes.count": 3,
    "aks.nodes.diskSize": 256,
    "aks.nodes.maxCount": 4,
    "aks.nodes.vmSize": "Standard_D16s_v5",
    "aks.resourceGroup": "other",
    "aks.subscription": SUBSCRIPTION.replace("1", "9"),
    "aks.tier": "Standard",
    "gke.cluster": "lab",
    "gke.gpu.autoscaling.maximum": 4,
    "gke.gpu.autoscaling.minimum": 1,
    "gke.gpu.count": 2,
    "gke.gpu.diskGigabytes": 200,
    "gke.gpu.diskType": "pd-ssd",
    "gke.gpu.driver": "latest",
    "gke.gpu.gpus": 2,
    "gke.gpu.machineType": "g2-standard-16",
    "gke.gpu.type": "nvidia-l4-vws",
    "gke.iap.address": "lab-ip",
    "gke.iap.clientId": "2-b.apps.googleusercontent.com",
    "gke.iap.clientSecret": "planted",
    "gke.iap.host": "kubeflow.example.com",
    "gke.location": "europe-west4-a",
    "gke.network": "lab",
    "gke.nodes.autoscaling.maximum": 4,
    "gke.nodes.autoscaling.minimum": 1,
    "gke.nodes.count": 3,
    "gke.nodes.diskGigabytes": 200,
    "gke.nodes.diskType": "pd-ssd",
    "gke.nodes.machineType": "n2-standard-8",
    "gke.pipelinesKey": KEY,
    "gke.private.controlPlaneRange": "172.16.9.0/28",
    "gke.project": "other-project",
    "gke.releaseChannel": "stable",
    "gke.serviceAccount": "nodes@lab-project.iam.gserviceaccount.com",
    "gke.subnetwork": "lab",
    "gke.version": "1.34",
    "kind.cluster": "lab",
    "kind.image": "kindest/node:v1.34.0",
    "kind.mounts": [{"hostPath": "/data", "containerPath": "/data", "readOnly": True}],
    "kind.ports": [{"containerPort": 31080, "hostPort": 8080, "listenAddress": "127.0.0.2"}],
    "kind.registryHosts": "/etc/certs.d",
    "kind.workers": 2,
    "minikube.binaryMirror": "https://mirror.example.com",
    "minikube.containerRuntime": "containerd",
    "minikube.cpus": 6,
    "minikube.disk": "60g",
    "minikube.driver": "kvm2",
    "minikube.gpus": "all",
    "minikube.imageMirrorCountry": "cn",
    "minikube.imageRepository": "registry.example.com/k8s",
    "minikube.kubernetesVersion": "v1.34.0",
    "minikube.memory": "12g",
    "minikube.nodes": 2,
    "minikube.profile": "lab",
    "minikube.registryMirrors": ["https://mirror.example.com"],
    "openshift.widestScc": "anyuid",
    "sandbox.scenario": "gcr-blocked",
    "sandbox.speed": 100.0,
}  # fmt: skip
"""Platform and option -> something else than its default; switches, kubeconfigs and contexts are given below."""

AROUND: dict[str, dict[str, Any]] = {
    "gke.nodes.autoscaling.maximum": {"gke.nodes.autoscaling.minimum": 1},
    "gke.nodes.autoscaling.minimum": {"gke.nodes.autoscaling.maximum": 4},
    "gke.gpu.autoscaling.maximum": {"gke.gpu.autoscaling.minimum": 1},
    "gke.gpu.autoscaling.minimum": {"gke.gpu.autoscaling.maximum": 4},
    "gke.iap": {"gke.iap.clientId": "1-a.apps.googleusercontent.com", "gke.iap.clientSecret": "planted"},
}
"""Option, or what it is part of -> what has to stand beside it."""


def leaves(model: type[BaseModel], path: tuple[str, ...] = ()) -> Iterator[tuple[str, FieldInfo]]:
    """Every option of a model that is no model itself, by its dotted key."""
    for name, field in model.model_fields.items():
        key = (*path, field.alias or name)
        inner = _model(field.annotation)
        if inner:
            yield from leaves(inner, key)
        elif name != "type" or path:
            yield ".".join(key), field


def _model(annotation: Any) -> type[BaseModel] | None:
    """The model that stands there by itself, and not in a list of them."""
    alternatives = get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)
    for each in alternatives:
        if isinstance(each, type) and issubclass(each, BaseModel):
            return each
    return None


def options() -> list[str]:
    """platform.option of every platform that comes with kfinstall."""
    return [f"{name}.{key}" for name, model in built_in().options.items() for key, _field in leaves(model)]


def value(option: str, field: FieldInfo) -> Any:
    """Something that may stand there, other than the default."""
    key = option.rpartition(".")[2]
    if field.annotation is bool:
        return GIVEN.get(option, not field.default)
    return GIVEN.get(option, {"kubeconfig": "/lab/kubeconfig", "context": "lab"}.get(key))


def set_words(option: str, wanted: Any) -> list[str]:
    """What a user says to give one option, and what has to stand beside it."""
    name = option.partition(".")[0]
    pairs = {f"{name}.{key}": each for key, each in NEEDED.get(name, {}).items()}
    for part, beside in AROUND.items():
        if f"{option}.".startswith(f"{part}."):
            pairs.update(beside)
    pairs[option] = wanted
    return [
        f"platform.type={name}",
        *(f"platform.{key.partition('.')[2]}={_word(each)}" for key, each in pairs.items()),
    ]


def _word(wanted: Any) -> str:
    return wanted if isinstance(wanted, str) else json.dumps(wanted)


def plain(found: Any) -> Any:
    if isinstance(found, SecretStr):
        return found.get_secret_value()
    if isinstance(found, tuple):
        return [each.model_dump(mode="json", by_alias=True) if isinstance(each, BaseModel) else each for each in found]
    return found if isinstance(found, bool | int | float) else str(found)


@pytest.mark.parametrize("option", options())
def test_an_option_has_words_a_place_in_the_schema_and_a_set(option: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: object, **_more: object) -> None:
        raise AssertionError("a connection was made")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    name, _dot, key = option.partition(".")
    model = built_in().options[name]
    field = dict(leaves(model))[key]
    assert field.title
    assert field.description

    wanted = value(option, field)
    assert wanted is not None, "this test knows no value for it"
    text = "apiVersion: kfinstall.io/v1alpha1\nkind: Install\n"
    given = set_words(option, wanted)
    platform: Any = load(
        ["f.yaml"], given, platforms={name: model}, environ={}, read=lambda _name: text
    ).install.platform
    for part in key.split("."):
        platform = getattr(platform, next(n for n, f in type(platform).model_fields.items() if part in (f.alias, n)))
    assert plain(platform) == wanted
    assert wanted != field.default

    assert described(schema({name: model}), key.split("."))


def described(known: dict[str, Any], path: list[str]) -> str:
    """The schema's description of an option, along the references of the models that it is in."""
    [reference] = known["properties"]["platform"]["oneOf"]
    for part in path:
        here = known["definitions"][reference["$ref"].rpartition("/")[2]]["properties"][part]
        choices = here.get("anyOf") or here.get("allOf") or [here]
        reference = next((each for each in choices if "$ref" in each), here)
    return str(here["description"])


def test_nothing_is_given_that_is_no_option() -> None:
    needed = {f"{name}.{key}" for name, given in NEEDED.items() for key in given}
    assert set(GIVEN) | needed <= set(options())
