"""The official Python client, unchanged, against the practice cluster: typed, dynamic, watching, patching."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from kubernetes import client as models
from kubernetes import config, dynamic, utils, watch
from kubernetes.client.exceptions import ApiException
from kubernetes.dynamic.exceptions import ConflictError, ForbiddenError

from tests.patience import eventually

client: Any = models
"""Its types say of every field that it may be missing."""


@pytest.fixture
def api(healthy: Path) -> Iterator[models.ApiClient]:
    with config.new_client_from_config(str(healthy), persist_config=False) as opened:
        yield opened


@pytest.fixture
def namespace(api: models.ApiClient) -> Iterator[str]:
    core, name = client.CoreV1Api(api), f"client-{uuid4().hex[:8]}"
    core.create_namespace(client.V1Namespace(metadata=client.V1ObjectMeta(name=name)))
    yield name
    core.delete_namespace(name)


def deployment(name: str = "web") -> Any:
    labels = {"app": name}
    pod = client.V1PodSpec(containers=[client.V1Container(name="main", image="example.com/web:1")])
    template = client.V1PodTemplateSpec(metadata=client.V1ObjectMeta(labels=labels), spec=pod)
    spec = client.V1DeploymentSpec(selector=client.V1LabelSelector(match_labels=labels), template=template, replicas=2)
    return client.V1Deployment(metadata=client.V1ObjectMeta(name=name, labels=labels), spec=spec)


def test_a_deployment_of_typed_objects(api: models.ApiClient, namespace: str) -> None:
    apps, core = client.AppsV1Api(api), client.CoreV1Api(api)
    made = apps.create_namespaced_deployment(namespace, deployment())
    assert made.spec.strategy.rolling_update.max_surge == "25%"
    eventually(lambda: apps.read_namespaced_deployment("web", namespace).status.available_replicas == 2)
    pods = core.list_namespaced_pod(namespace, label_selector="app=web", field_selector="status.phase=Running")
    assert len(pods.items) == 2
    assert core.read_namespaced_pod_log(pods.items[0].metadata.name, namespace) == ""
    apps.patch_namespaced_deployment_scale("web", namespace, {"spec": {"replicas": 0}})
    assert apps.read_namespaced_deployment_scale("web", namespace).spec.replicas in {None, 0}
    eventually(lambda: not core.list_namespaced_pod(namespace).items)
    apps.delete_namespaced_deployment("web", namespace, propagation_policy="Foreground")
    eventually(lambda: not apps.list_namespaced_deployment(namespace).items)


def test_replacing_needs_the_latest_version(api: models.ApiClient, namespace: str) -> None:
    core = client.CoreV1Api(api)
    made = core.create_namespaced_config_map(namespace, client.V1ConfigMap(metadata={"name": "a"}, data={"k": "v"}))
    core.patch_namespaced_config_map("a", namespace, {"data": {"k": "w"}})
    made.data = {"k": "x"}
    with pytest.raises(ApiException, match="the object has been modified") as caught:
        core.replace_namespaced_config_map("a", namespace, made)
    assert caught.value.status == 409


def test_pages_of_a_list(api: models.ApiClient, namespace: str) -> None:
    core = client.CoreV1Api(api)
    for number in range(5):
        core.create_namespaced_secret(namespace, client.V1Secret(metadata={"name": f"s{number}"}))
    first = core.list_namespaced_secret(namespace, limit=2)
    rest = core.list_namespaced_secret(namespace, limit=9, _continue=first.metadata._continue)
    assert [each.metadata.name for each in (*first.items, *rest.items)] == [f"s{number}" for number in range(5)]
    assert first.metadata.remaining_item_count == 3


def test_a_watch_of_typed_objects(api: models.ApiClient, namespace: str) -> None:
    core, watching = client.CoreV1Api(api), watch.Watch()
    seen: list[tuple[str, str]] = []

    def follow() -> None:
        for event in watching.stream(core.list_namespaced_config_map, namespace, timeout_seconds=30):
            if event["object"].metadata.name == "a":
                seen.append((event["type"], (event["object"].data or {}).get("k", "")))
            if event["type"] == "DELETED":
                watching.stop()

    thread = threading.Thread(target=follow)
    thread.start()
    core.create_namespaced_config_map(namespace, client.V1ConfigMap(metadata={"name": "a"}, data={"k": "1"}))
    eventually(lambda: seen)
    core.patch_namespaced_config_map("a", namespace, [{"op": "replace", "path": "/data/k", "value": "2"}])
    core.delete_namespaced_config_map("a", namespace)
    thread.join(30)
    assert seen == [("ADDED", "1"), ("MODIFIED", "2"), ("DELETED", "2")]


def test_custom_objects(api: models.ApiClient, namespace: str) -> None:
    group = f"{namespace}.example.com"
    schema = {"type": "object", "properties": {"spec": {"type": "object", "properties": {"n": {"type": "integer"}}}}}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    names = {"plural": "widgets", "kind": "Widget"}
    body = {
        "metadata": {"name": f"widgets.{group}"},
        "spec": {"group": group, "scope": "Namespaced", "names": names, "versions": [version]},
    }
    definitions = client.ApiextensionsV1Api(api)
    definitions.create_custom_resource_definition(body)
    custom, where = client.CustomObjectsApi(api), (group, "v1", namespace, "widgets")
    widget = {"apiVersion": f"{group}/v1", "kind": "Widget", "metadata": {"name": "w"}, "spec": {"n": 1}}
    custom.create_namespaced_custom_object(*where, widget)
    custom.patch_namespaced_custom_object(*where, "w", {"spec": {"n": 2}})
    assert custom.get_namespaced_custom_object(*where, "w")["spec"] == {"n": 2}
    with pytest.raises(ApiException, match="must be of type integer"):
        custom.patch_namespaced_custom_object(*where, "w", {"spec": {"n": "many"}})
    definitions.delete_custom_resource_definition(f"widgets.{group}")


def test_the_dynamic_client(api: models.ApiClient, namespace: str, tmp_path: Path) -> None:
    finder = dynamic.DynamicClient(api, cache_file=str(tmp_path / "discovery"))
    maps = finder.resources.get(api_version="v1", kind="ConfigMap")
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"k": "v"}}
    applied = maps.server_side_apply(body=body, namespace=namespace, field_manager="tester")
    assert applied.metadata.managedFields[0].manager == "tester"
    with pytest.raises(ConflictError, match="Apply failed with 1 conflict"):
        maps.server_side_apply(body={**body, "data": {"k": "w"}}, namespace=namespace, field_manager="other")
    seen: Any = next(maps.watch(namespace=namespace, name="a", timeout=10))
    assert seen["type"] == "ADDED"
    patched = maps.patch(
        {"data": {"k": None}}, name="a", namespace=namespace, content_type="application/merge-patch+json"
    )
    assert "k" not in (patched.to_dict().get("data") or {})
    assert [each.metadata.name for each in maps.get(namespace=namespace, field_selector="metadata.name=a").items] == [
        "a"
    ]
    maps.delete(name="a", namespace=namespace)
    kinds = {each.kind for each in finder.resources.search(group="apps")}
    assert {"Deployment", "StatefulSet"} <= kinds


def test_create_from_yaml(api: models.ApiClient, namespace: str) -> None:
    objects = [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "robot"}},
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"}, "spec": {"ports": [{"port": 80}]}},
    ]
    utils.create_from_yaml(api, yaml_objects=objects, namespace=namespace)
    assert client.CoreV1Api(api).read_namespaced_service("s", namespace).spec.cluster_ip.startswith("10.96.")


def test_rights_of_others(api: models.ApiClient, healthy: Path, namespace: str) -> None:
    core = client.CoreV1Api(api)
    core.create_namespaced_service_account(namespace, {"metadata": {"name": "robot"}})
    request = client.AuthenticationV1TokenRequest(spec=client.V1TokenRequestSpec(audiences=[]))
    token = core.create_namespaced_service_account_token("robot", namespace, request).status.token
    settings = client.Configuration(host=api.configuration.host, api_key={"BearerToken": f"Bearer {token}"})
    settings.ssl_ca_cert = api.configuration.ssl_ca_cert
    with client.ApiClient(settings) as robot:
        attributes = client.V1ResourceAttributes(verb="list", resource="pods", namespace=namespace)
        review = client.V1SelfSubjectAccessReview(
            spec=client.V1SelfSubjectAccessReviewSpec(resource_attributes=attributes)
        )
        answer = client.AuthorizationV1Api(robot).create_self_subject_access_review(review)
        assert answer.status.allowed is False
        with pytest.raises(ForbiddenError, match=f"system:serviceaccount:{namespace}:robot"):
            dynamic.DynamicClient(robot, cache_file=str(healthy.parent / "robot")).resources.get(
                api_version="v1", kind="Pod"
            ).get(namespace=namespace)
