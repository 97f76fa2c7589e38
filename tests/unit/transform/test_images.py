"""Images: every place where one stands is rewritten, and nothing else; logins reach the pods that pull with them."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from pydantic import ValidationError

from kfinstall.contracts.manifest import Manifest
from kfinstall.contracts.surroundings import Nowhere
from kfinstall.errors import DocumentError, PlanRefused
from kfinstall.facts.images.image_places import images as images_of
from kfinstall.facts.images.mirrors import mapped
from kfinstall.model.images import Images
from kfinstall.model.load import load
from kfinstall.model.mirror_map import mirror_map, mirror_names
from kfinstall.transform.images import notice, transformed
from platforms.existing import ExistingOptions

Object = dict[str, Any]
DIGEST = "sha256:" + "a" * 64
MINE = {"registry": "registry.example.com/kf"}
LOGIN = {"name": "login", "registry": "registry.example.com", "username": "robot", "password": "planted-secret"}


def changed(*bodies: Object, **images: Any) -> list[Object]:
    manifests = [Manifest(body, "app") for body in bodies]
    return [each.body for each in transformed(manifests, Images.model_validate(images), Nowhere("kubeflow"))]


def named(kind: str, name: str = "a", api_version: str = "v1", **fields: Any) -> Object:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name, "namespace": "ml"}, **fields}


def pods(**spec: Any) -> Object:
    return named("Deployment", api_version="apps/v1", spec={"template": {"spec": spec}})


def config(name: str, **data: str) -> Object:
    return named("ConfigMap", name, data=data)


def pulled_as(image: str, **images: Any) -> str:
    return mapped(Images.model_validate(images))(image)


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ("busybox", "m.daocloud.io/docker.io/library/busybox"),
        ("busybox:1.28", "m.daocloud.io/docker.io/library/busybox:1.28"),
        ("kserve/agent:v1", "m.daocloud.io/docker.io/kserve/agent:v1"),
        (f"gcr.io/a/b@{DIGEST}", f"m.daocloud.io/gcr.io/a/b@{DIGEST}"),
        (f"quay.io/a/b:1@{DIGEST}", f"m.daocloud.io/quay.io/a/b:1@{DIGEST}"),
        ("public.ecr.aws/docker/library/python:3.12", "m.daocloud.io/public.ecr.aws/docker/library/python:3.12"),
        ("m.daocloud.io/quay.io/a/b:1", "m.daocloud.io/quay.io/a/b:1"),
        ("quay.io/oauth2-proxy/oauth2-proxy:v7", "quay.io/oauth2-proxy/oauth2-proxy:v7"),
        ("registry.example.com:5000/a:1", "registry.example.com:5000/a:1"),
        ("$(IMAGE)", "$(IMAGE)"),
    ],
)
def test_a_mirror_takes_what_it_serves(image: str, expected: str) -> None:
    assert pulled_as(image, mirror="daocloud") == expected


@pytest.mark.parametrize(
    ("layout", "expected"),
    [("full", "/gcr.io/a/b/c:1"), ("path", "/a/b/c:1"), ("flat", "/c:1"), (None, "/gcr.io/a/b/c:1")],
)
def test_a_registry_of_ones_own_has_a_layout(layout: str | None, expected: str) -> None:
    assert pulled_as("gcr.io/a/b/c:1", **MINE, layout=layout) == "registry.example.com/kf" + expected


def test_a_kind_of_registry_brings_its_layout() -> None:
    place = "registry.cn-hangzhou.aliyuncs.com/team"
    assert pulled_as("gcr.io/a/b:1", mirror="alibaba", registry=place) == f"{place}/b:1"
    assert pulled_as("gcr.io/a/b:1", mirror="private", registry=place) == f"{place}/gcr.io/a/b:1"


def test_the_longest_rule_goes_first_and_rules_before_the_mirror() -> None:
    rules = {"gcr.io": "one.example.com", "gcr.io/ml-pipeline": "two.example.com/kfp"}
    assert pulled_as("gcr.io/ml-pipeline/mysql:8", rules=rules) == "two.example.com/kfp/mysql:8"
    assert pulled_as("gcr.io/ml-pipelines/mysql:8", rules=rules) == "one.example.com/ml-pipelines/mysql:8"
    assert pulled_as("quay.io/a/b:1", rules=rules) == "quay.io/a/b:1"
    assert pulled_as("gcr.io/a/b:1", rules=rules, mirror="daocloud") == "one.example.com/a/b:1"


@pytest.mark.parametrize("name", mirror_names())
def test_every_map_that_ships_can_be_used(name: str) -> None:
    known = mirror_map(name)
    images = Images(mirror=name, registry=None if known.registry else "registry.example.com")
    assert mapped(images)("gcr.io/a/b:1").endswith("/b:1")


def test_who_runs_a_public_mirror_is_said_before() -> None:
    assert notice(Images(mirror="daocloud")).startswith(
        "Images come from m.daocloud.io, which is run by somebody else."
    )
    assert notice(Images(mirror="private", registry="registry.example.com")) == notice(Images()) == ""


def test_all_containers_of_all_kinds() -> None:
    container = {"name": "a", "image": "quay.io/a/b:1"}
    lists = {"containers": [container], "initContainers": [container], "ephemeralContainers": [container]}
    job = named("CronJob", api_version="batch/v1", spec={"jobTemplate": {"spec": {"template": {"spec": lists}}}})
    runtime = named("ClusterServingRuntime", api_version="serving.kserve.io/v1alpha1", spec=lists)
    storage = named("ClusterStorageContainer", api_version="serving.kserve.io/v1alpha1", spec={"container": container})
    cached = named("Image", api_version="caching.internal.knative.dev/v1alpha1", spec={"image": "quay.io/a/b:1"})
    for each in (pods(**lists), named("Pod", spec=lists), job, runtime, storage, cached):
        [result] = changed(each, **MINE)
        expected = json.dumps(each).replace("quay.io/a/b:1", "registry.example.com/kf/quay.io/a/b:1")
        assert result == json.loads(expected)


def test_variables_and_arguments_that_are_named_after_images() -> None:
    env = [
        {"name": "V2_LAUNCHER_IMAGE", "value": "ghcr.io/a/b:1"},
        {"name": "IMAGE_PULL_POLICY", "value": "Always"},
        {"name": "RELATED_IMAGE", "value": ""},
        {"name": "HOST", "value": "ghcr.io/a/b:1"},
        {"name": "OTHER_IMAGE", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
    ]
    args = ["--executor-image", "quay.io/a/b:2", "--solver-image=quay.io/a/c:3", "--image-pull-secret", "x"]
    container = {"name": "a", "image": "auto", "env": env, "args": args, "command": ["run"]}
    [result] = changed(pods(containers=[container]), rules={"quay.io": "q.example.com", "ghcr.io": "g.example.com"})
    [after] = result["spec"]["template"]["spec"]["containers"]
    assert [each.get("value") for each in after["env"]] == ["g.example.com/a/b:1", "Always", "", "ghcr.io/a/b:1", None]
    assert after["args"] == [
        "--executor-image", "q.example.com/a/b:2", "--solver-image=q.example.com/a/c:3", "--image-pull-secret", "x",
    ]  # fmt: skip
    assert (after["image"], after["command"]) == ("auto", ["run"])


def test_config_maps_that_carry_images_keep_every_other_character() -> None:
    spawner = (
        "spawnerFormDefaults:\n  image: # the default\n    value: ghcr.io/nb/scipy:v1\n    options:\n"
        "    - ghcr.io/nb/scipy:v1\n    - 'ghcr.io/nb/torch:v1'\n  allowCustomImage: true\n"
        "  link: https://example.com/a:b\n"
    )
    queue = f"gcr.io/knative/queue@{DIGEST}"
    agent = '{\n  "image" : "kserve/agent:v1",\n  "imagePullPolicy": "Always", "memory": "100Mi"\n}'
    bodies = [
        config("jupyter-web-app-config-9c2fbg2gdc", **{"spawner_ui_config.yaml": spawner, "logos": "ghcr.io/x/y:1"}),
        config("config-deployment", **{"queue-sidecar-image": queue, "_example": f"image: {queue}"}),
        config("inferenceservice-config", agent=agent),
        config("workflow-controller-parameters", executorImage="argoproj/argoexec:v2"),
        config("of-the-user", text="image: ghcr.io/nb/scipy:v1"),
    ]
    nb, kn, ks, wf, user = changed(*bodies, **MINE)
    place = "registry.example.com/kf"
    assert nb["data"]["spawner_ui_config.yaml"] == spawner.replace("ghcr.io/", f"{place}/ghcr.io/")
    assert nb["data"]["logos"] == "ghcr.io/x/y:1"
    assert kn["data"] == {"queue-sidecar-image": f"{place}/{queue}", "_example": f"image: {queue}"}
    assert ks["data"]["agent"] == agent.replace("kserve/agent", f"{place}/docker.io/kserve/agent")
    assert wf["data"]["executorImage"] == f"{place}/docker.io/argoproj/argoexec:v2"
    assert user == bodies[-1]


def test_versions_that_stand_beside_their_image_count_as_its_tags() -> None:
    text = '{"sk": {"image": "gcr.io/s/k", "defaultImageVersion": "v1", "defaultGpuImageVersion": "v1-gpu"}, "x": {}}'
    body = config("inferenceservice-config", predictors=text)
    assert images_of(body) == ("gcr.io/s/k:v1", "gcr.io/s/k:v1-gpu")
    [result] = changed(body, **MINE)
    assert result["data"]["predictors"] == text.replace("gcr.io", "registry.example.com/kf/gcr.io")


ISTIO = json.dumps(
    {
        "global": {
            "hub": "gcr.io/istio-release",
            "tag": "1.26",
            "proxy": {"image": "proxyv2"},
            "proxy_init": {"image": "proxyv2"},
        }
    }
)


def test_what_istio_injects_gets_another_hub() -> None:
    body = config("istio-sidecar-injector", values=ISTIO, config='image: "{{ .ProxyImage }}"\nimage: busybox:1.28\n')
    assert images_of(body) == ("busybox:1.28", "gcr.io/istio-release/proxyv2:1.26")
    [result] = changed(body, **MINE)
    assert json.loads(result["data"]["values"])["global"]["hub"] == "registry.example.com/kf/gcr.io/istio-release"
    assert json.loads(result["data"]["values"])["global"]["proxy"] == {"image": "proxyv2"}
    place = "registry.example.com/kf/docker.io/library/busybox:1.28"
    assert result["data"]["config"] == f'image: "{{{{ .ProxyImage }}}}"\nimage: {place}\n'


def test_a_name_that_istio_cannot_put_together_is_refused() -> None:
    rules = {"gcr.io/istio-release/proxyv2": "registry.example.com/envoy"}
    with pytest.raises(PlanRefused) as caught:
        changed(config("istio-sidecar-injector", values=ISTIO), rules=rules)
    assert "Let a rule replace gcr.io/istio-release as a whole" in caught.value.fix


def test_two_images_under_one_name_are_refused() -> None:
    both = [pods(containers=[{"name": "a", "image": image}]) for image in ("gcr.io/x/web:1", "quay.io/y/web:1")]
    with pytest.raises(PlanRefused) as caught:
        changed(*both, **MINE, layout="flat")
    assert "registry.example.com/kf/web:1: gcr.io/x/web:1, quay.io/y/web:1" in caught.value.why
    assert changed(*both, **MINE, layout="path")
    assert changed(*both, **MINE, layout="flat", rules={"quay.io/y": "registry.example.com/y"})


def test_definitions_and_documents_without_wishes_are_left_alone() -> None:
    schema = {"containers": [{"image": "quay.io/a/b:1"}]}
    definition = named("CustomResourceDefinition", api_version="apiextensions.k8s.io/v1", spec=schema)
    deployment = pods(containers=[{"name": "a", "image": "quay.io/a/b:1"}])
    assert changed(definition, **MINE) == [definition]
    assert changed(definition, deployment) == [definition, deployment]


def test_the_pull_policy_is_that_of_all_containers() -> None:
    spec = {"initContainers": [{"name": "i", "image": "a:1"}], "containers": [{"name": "a", "image": "b:1"}]}
    [result] = changed(pods(**spec), pull_policy="IfNotPresent")
    template = result["spec"]["template"]["spec"]
    assert [each["imagePullPolicy"] for each in template["initContainers"] + template["containers"]] == [
        "IfNotPresent",
        "IfNotPresent",
    ]


def test_a_login_becomes_a_secret_in_each_namespace_that_pods_and_accounts_name() -> None:
    mine = pods(containers=[{"name": "a", "image": "registry.example.com/a:1"}], imagePullSecrets=[{"name": "old"}])
    other = pods(containers=[{"name": "a", "image": "quay.io/a/b:1"}])
    account = named("ServiceAccount", "runner")
    account["metadata"]["namespace"] = "users"
    after, untouched, runner, *secrets = changed(mine, other, account, pull_secrets=[LOGIN])
    assert after["spec"]["template"]["spec"]["imagePullSecrets"] == [{"name": "old"}, {"name": "login"}]
    assert untouched == other
    assert runner["imagePullSecrets"] == [{"name": "login"}]
    assert [each["metadata"]["namespace"] for each in secrets] == ["ml", "users"]
    config = json.loads(base64.b64decode(secrets[0]["data"][".dockerconfigjson"]))
    auth = base64.b64encode(b"robot:planted-secret").decode()
    entry = {"username": "robot", "password": "planted-secret", "auth": auth}
    assert (secrets[0]["type"], config) == (
        "kubernetes.io/dockerconfigjson",
        {"auths": {"registry.example.com": entry}},
    )


def test_pods_of_jobs_and_of_jobs_to_come_name_it_too() -> None:
    spec = {"containers": [{"name": "a", "image": "a:1"}]}
    cron = named("CronJob", api_version="batch/v1", spec={"jobTemplate": {"spec": {"template": {"spec": spec}}}})
    cron, pod = changed(cron, named("Pod", spec=spec), pull_secrets=[{"name": "there"}])
    named_there = [{"name": "there"}]
    assert cron["spec"]["jobTemplate"]["spec"]["template"]["spec"]["imagePullSecrets"] == named_there
    assert pod["spec"]["imagePullSecrets"] == named_there, "no Secret is made: it stands already"


def test_docker_hub_is_known_to_the_runtimes_by_its_old_address() -> None:
    login = {**LOGIN, "registry": "docker.io"}
    _pod, secret = changed(named("Pod", spec={"containers": [{"name": "a", "image": "a:1"}]}), pull_secrets=[login])
    assert list(json.loads(base64.b64decode(secret["data"][".dockerconfigjson"]))["auths"]) == [
        "https://index.docker.io/v1/"
    ]


@pytest.mark.parametrize(
    ("images", "words"),
    [
        ({"mirror": "daoclod"}, 'Did you mean "daocloud"?'),
        ({"mirror": "alibaba"}, "alibaba needs the key registry"),
        ({"mirror": "daocloud", "registry": "a.example.com"}, "daocloud is at m.daocloud.io"),
        ({"layout": "flat"}, "there is none here"),
        ({"registry": "https://a.example.com"}, "a registry is expected here"),
        ({"registry": "a.example.com/b:1"}, "a registry is expected here"),
        ({"rules": {"busybox": "a.example.com"}}, "a registry is expected here"),
        ({"pull_secrets": [{"name": "a", "registry": "a.example.com"}]}, "go together"),
        ({"pull_secrets": [{"name": "a"}, {"name": "a"}]}, 'two pull secrets are called "a"'),
    ],
)
def test_what_cannot_be_is_refused_with_words(images: Object, words: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Images.model_validate(images)
    assert words in str(caught.value)


def test_what_is_wrong_is_said_with_its_place_and_without_the_password() -> None:
    text = (
        "apiVersion: kfinstall.io/v1alpha1\nkind: Install\nplatform: {type: existing}\nimages:\n"
        "  mirror: daoclod\n  pullSecrets:\n  - {name: a, registry: 'x y', username: b, password: '${PASSWORD}'}\n"
    )
    with pytest.raises(DocumentError) as caught:
        load(["i.yaml"], platforms={"existing": ExistingOptions}, environ={"PASSWORD": "planted"}, read=lambda _: text)
    said = str(caught.value)
    assert 'i.yaml:5:11: images.mirror: "daoclod" is not known. Did you mean "daocloud"?' in said
    assert "i.yaml:7:25: images.pullSecrets[0].registry: a registry is expected here" in said
    assert "planted" not in said
