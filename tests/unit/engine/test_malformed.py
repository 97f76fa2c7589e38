"""Whatever stands in a manifest: a sentence that names the place, or a plan; never a mistake of kfinstall's."""

import contextlib
import copy
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from kfinstall.contracts.manifest import Body, Manifest
from kfinstall.contracts.resource import GroupKind, Resource
from kfinstall.engine.planner import Wishes, plan, wanted
from kfinstall.errors import KfinstallError, RenderError
from kfinstall.facts.images.image_places import users, with_images
from kfinstall.facts.scheduling.sizing import demand
from kfinstall.render.objects import objects

from .planning import RESOURCES, body, state

JUNK: list[Any] = [5, "text", True, [], {}, [None], [5], {"a": [5]}, [{"name": {}}], 10**30]

POD = {
    "serviceAccountName": "editor",
    "containers": [{
        "name": "main", "image": "registry.example.com/main:1", "args": ["--image", "x/y:1"], "ports": [{"name": "h"}],
        "env": [{"name": "IMAGE", "value": "a/b:1"}, {"valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}],
        "envFrom": [{"configMapRef": {"name": "c"}}], "resources": {"requests": {"cpu": "1"}},
    }],
    "volumes": [
        {"name": "v", "secret": {"secretName": "s", "items": [{"key": "k"}]}},
        {"name": "w", "projected": {"sources": [{"configMap": {"name": "c"}}]}},
    ],
    "imagePullSecrets": [{"name": "s"}],
}  # fmt: skip
TEMPLATE = {"metadata": {"labels": {"app": "main"}}, "spec": POD}
SELECTOR = {"matchLabels": {"a": "b"}, "matchExpressions": [{"key": "a", "operator": "In", "values": ["b"]}]}
RBAC, ADMISSION = "rbac.authorization.k8s.io", "admissionregistration.k8s.io"

SERVICE = body("Service", "main", "ns", spec={"selector": {"app": "main"}, "ports": [{"port": 443}]})
WEBHOOK = body("MutatingWebhookConfiguration", "hook", group=ADMISSION, webhooks=[{
    "name": "a.example.com", "clientConfig": {"service": {"name": "main", "namespace": "ns"}},
    "rules": [{"apiGroups": ["*"], "apiVersions": ["*"], "operations": ["CREATE"], "resources": ["pods", "roles"]}],
    "namespaceSelector": SELECTOR, "objectSelector": {"matchExpressions": [{"key": "a", "operator": "DoesNotExist"}]},
}])  # fmt: skip
OBJECTS: list[Body] = [
    SERVICE,
    WEBHOOK,
    body("Deployment", "main", "ns", group="apps", spec={"replicas": 1, "template": TEMPLATE}),
    body("CronJob", "later", "ns", group="batch", spec={"jobTemplate": {"spec": {"template": TEMPLATE}}}),
    body("ConfigMap", "c", "ns", data={"a": "b"}),
    body("PersistentVolumeClaim", "p", "ns", spec={"resources": {"requests": {"storage": "1Gi"}}}),
    body("ClusterRoleBinding", "b", group=RBAC, subjects=[{"kind": "User"}], roleRef={"name": "cluster-admin"}),
    body("RoleBinding", "b", "ns", group=RBAC, roleRef={"kind": "Role", "name": "r"}),
    body("Role", "r", "ns", group=RBAC, rules=[{"apiGroups": [""]}]),
    body("Certificate", "c", "ns", group="cert-manager.io", spec={"secretName": "s", "issuerRef": {"name": "i"}}),
    body("HorizontalPodAutoscaler", "h", "ns", group="autoscaling", spec={"scaleTargetRef": {"name": "main"}}),
    body("CustomResourceDefinition", "as.x.io", group="apiextensions.k8s.io", spec={
        "group": "x.io", "names": {"kind": "A", "plural": "as"}, "versions": [{"name": "v1", "served": True}],
        "conversion": {"webhook": {"clientConfig": {"service": {"name": "main"}}}},
    }),
    body("A", "own", "ns", group="x.io", spec={"image": "x/y:1", "env": "production", "command": "sleep 1"}),
]  # fmt: skip
MORE = {
    GroupKind(group, kind): Resource(group, kind, kind.lower() + "s", True, ("v1",))
    for group, kind in (("batch", "CronJob"), ("autoscaling", "HorizontalPodAutoscaler"), ("x.io", "A"))
}


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield from paths(child, (*path, key))


def with_junk(whole: Body, path: tuple[Any, ...], junk: Any) -> Body:
    whole = copy.deepcopy(whole)
    place: Any = whole
    for part in path[:-1]:
        place = place[part]
    place[path[-1]] = junk
    return whole


def gone_through(*bodies: Body) -> list[Manifest]:
    """What happens to manifests before a cluster hears of them."""
    text = "\n---\n".join(map(json.dumps, bodies))
    manifests = [Manifest(each, "app") for each in objects(text, "a file")]
    demand(manifests)
    users(manifests)
    cluster, wishes = replace(state(), resources={**RESOURCES, **MORE}), Wishes("test", "default")
    plan(wanted(manifests, cluster.resources, wishes), cluster, wishes)
    return manifests


@pytest.mark.parametrize("whole", OBJECTS, ids=[each["kind"] for each in OBJECTS])
def test_junk_in_a_manifest(whole: Body) -> None:
    for path in paths(whole):
        for junk in JUNK:
            with contextlib.suppress(KfinstallError):
                gone_through(with_junk(whole, path, junk), SERVICE, WEBHOOK)


@pytest.mark.parametrize(
    ("path", "junk", "words"),
    [
        (("metadata", "labels"), ["a"], "Deployment/main: metadata.labels: a mapping (key: value) is expected here"),
        (("spec", "template", "spec", "containers", 0, "env"), {"A": "b"},
         "spec.template.spec.containers[0].env: a list is expected here, not a mapping."),
        (("spec", "replicas"), "two", 'spec.replicas: a whole number is expected here, not the text "two".'),
        (("spec", "template", "spec", "containers", 0, "resources", "requests", "cpu"), "much",
         'resources.requests.cpu: a number is expected here, not the text "much".'),
    ],
)  # fmt: skip
def test_the_place_is_named(path: tuple[Any, ...], junk: Any, words: str) -> None:
    deployment = next(each for each in OBJECTS if each["kind"] == "Deployment")
    with pytest.raises(RenderError) as caught:
        gone_through(with_junk(deployment, path, junk))
    assert words in caught.value.why


def test_a_secret_is_not_repeated() -> None:
    with pytest.raises(RenderError) as caught:
        gone_through(body("Secret", "s", "ns", stringData="planted-secret"))
    assert "Secret/s: stringData: a mapping" in caught.value.why
    assert "planted-secret" not in str(caught.value)


def test_a_custom_resource_may_look_like_a_container() -> None:
    whole = body("A", "own", group="x.io", spec={"parts": {"containers": [OBJECTS[-1]["spec"]]}})
    assert with_images(whole, lambda image: f"mirror/{image}")["spec"]["parts"]["containers"] == [
        {"image": "mirror/x/y:1", "env": "production", "command": "sleep 1"}
    ]
