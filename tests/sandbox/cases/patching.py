"""JSON, merge and strategic merge patches."""

from typing import Any

from tests.sandbox.cases.steps import (
    ACCOUNTS,
    DEPLOYMENTS,
    JSON_PATCH,
    MAPS,
    SERVICES,
    STRATEGIC,
    Cases,
    Step,
    config,
    container,
    create,
    deployment,
    get,
    patch,
    service,
    with_pod,
)

THREE = create(
    DEPLOYMENTS,
    with_pod(
        containers=[container(name) for name in ("a", "b", "c")],
        volumes=[{"name": "v", "emptyDir": {}}],
        tolerations=[{"key": "x", "operator": "Exists"}],
        nodeSelector={"k": "v"},
    ),
)


def of_pod(spec: Any) -> Any:
    return {"spec": {"template": {"spec": spec}}}


def strategic(spec: Any, **query: str) -> Step:
    return patch(f"{DEPLOYMENTS}/web", of_pod(spec), STRATEGIC, **query)


def operations(*steps: Any) -> list[Step]:
    """JSON patches, each on what the former one left."""
    return [create(MAPS, config(k="v", l="w")), *(patch(f"{MAPS}/a", [step], JSON_PATCH) for step in steps)]


CASES: Cases = {
    "merge": [create(MAPS, config(k="v", l="w")), patch(f"{MAPS}/a", {"data": {"k": None, "m": "x"}})],
    "merge-nothing": [patch(f"{MAPS}/a", {"data": {"k": "v"}})],
    "merge-without-effect": [create(MAPS, config(k="v")), patch(f"{MAPS}/a", {"data": {"k": "v"}})],
    "merge-dry": [
        create(MAPS, config(k="v")),
        patch(f"{MAPS}/a", {"data": {"k": "w"}}, dryRun="All"),
        get(f"{MAPS}/a"),
    ],
    "merge-all-away": [create(MAPS, config(k="v")), patch(f"{MAPS}/a", {"data": None})],
    "merge-a-wrong-type": [create(MAPS, config(k="v")), patch(f"{MAPS}/a", {"data": {"k": 1}})],
    "merge-another-name": [create(MAPS, config()), patch(f"{MAPS}/a", {"metadata": {"name": "b"}})],
    "merge-an-old-version": [create(MAPS, config()), patch(f"{MAPS}/a", {"metadata": {"resourceVersion": "1"}})],
    "merge-another-uid": [create(MAPS, config()), patch(f"{MAPS}/a", {"metadata": {"uid": "other"}})],
    "merge-an-unknown-field": [create(MAPS, config()), patch(f"{MAPS}/a", {"dat": {"k": "v"}})],
    "merge-an-unknown-field-strictly": [
        create(MAPS, config()),
        patch(f"{MAPS}/a", {"dat": {"k": "v"}}, fieldValidation="Strict"),
    ],
    "merge-what-is-no-object": [create(MAPS, config()), patch(f"{MAPS}/a", [1])],
    "merge-what-is-no-json": [create(MAPS, config()), patch(f"{MAPS}/a", "{broken")],
    "merge-at-a-collection": [patch(MAPS, {})],
    "merge-replaces-lists": [
        THREE,
        patch(f"{DEPLOYMENTS}/web", of_pod({"containers": [container("z")], "tolerations": []})),
    ],
    "merge-server-fields": [
        create(MAPS, config()),
        patch(f"{MAPS}/a", {"metadata": {"creationTimestamp": "2020-01-01T00:00:00Z", "generation": 9}}),
    ],
    "merge-away-managers": [create(MAPS, config(k="v")), patch(f"{MAPS}/a", {"metadata": {"managedFields": [{}]}})],
    "merge-forced": [create(MAPS, config()), patch(f"{MAPS}/a", {}, force="true")],
    "json-replace": operations({"op": "replace", "path": "/data/k", "value": "w"}),
    "json-add": operations(
        {"op": "add", "path": "/data/m", "value": "x"}, {"op": "add", "path": "/metadata/labels", "value": {"a~b": "c"}}
    ),
    "json-escapes": operations(
        {"op": "add", "path": "/metadata/annotations", "value": {"example.com/a~b": "1"}},
        {"op": "replace", "path": "/metadata/annotations/example.com~1a~0b", "value": "2"},
    ),
    "json-remove": operations({"op": "remove", "path": "/data/k"}, {"op": "remove", "path": "/data/absent"}),
    "json-move-and-copy": operations(
        {"op": "move", "from": "/data/k", "path": "/data/m"}, {"op": "copy", "from": "/data/l", "path": "/data/n"}
    ),
    "json-test": operations(
        {"op": "test", "path": "/data/k", "value": "v"}, {"op": "test", "path": "/data/k", "value": "other"}
    ),
    "json-test-of-nothing": operations({"op": "test", "path": "/data/absent", "value": "v"}),
    "json-replace-nothing": operations({"op": "replace", "path": "/data/absent", "value": "w"}),
    "json-add-under-nothing": operations({"op": "add", "path": "/absent/deep", "value": "w"}),
    "json-of-unknown-operation": operations({"op": "twist", "path": "/data/k"}),
    "json-without-a-path": operations({"op": "add", "value": "x"}),
    "json-that-is-an-object": [create(MAPS, config()), patch(f"{MAPS}/a", {"op": "add"}, JSON_PATCH)],
    "json-list-items": [
        THREE,
        patch(
            f"{DEPLOYMENTS}/web",
            [
                {"op": "remove", "path": "/spec/template/spec/containers/1"},
                {"op": "add", "path": "/spec/template/spec/containers/0", "value": container("first")},
                {"op": "add", "path": "/spec/template/spec/containers/-", "value": container("last")},
            ],
            JSON_PATCH,
        ),
        patch(f"{DEPLOYMENTS}/web", [{"op": "remove", "path": "/spec/template/spec/containers/9"}], JSON_PATCH),
    ],
    "strategic-env": [
        create(DEPLOYMENTS, deployment()),
        strategic({"containers": [{"name": "main", "env": [{"name": "B", "value": "2"}]}]}),
    ],
    "strategic-delete-item": [
        create(DEPLOYMENTS, deployment()),
        strategic({"containers": [{"name": "main", "env": [{"name": "A", "$patch": "delete"}]}]}),
    ],
    "strategic-replace-list": [THREE, strategic({"containers": [{"$patch": "replace"}, container("z")]})],
    "strategic-replace-map": [THREE, strategic({"nodeSelector": {"$patch": "replace", "n": "w"}})],
    "strategic-delete-map": [THREE, strategic({"securityContext": {"$patch": "delete"}, "nodeSelector": None})],
    "strategic-new-item-last": [THREE, strategic({"containers": [container("d")]})],
    "strategic-order": [
        THREE,
        strategic(
            {
                "$setElementOrder/containers": [{"name": "c"}, {"name": "new"}, {"name": "a"}, {"name": "b"}],
                "containers": [container("new")],
            }
        ),
    ],
    "strategic-atomic-list": [THREE, strategic({"tolerations": [{"key": "y", "operator": "Exists"}]})],
    "strategic-retain-keys": [
        create(DEPLOYMENTS, deployment()),
        patch(
            f"{DEPLOYMENTS}/web",
            {"spec": {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}},
            STRATEGIC,
        ),
    ],
    "strategic-volume-source": [
        THREE,
        strategic({"volumes": [{"name": "v", "$retainKeys": ["name", "configMap"], "configMap": {"name": "m"}}]}),
    ],
    "strategic-primitives": [
        create(MAPS, {**config(), "metadata": {"name": "a", "finalizers": ["example.com/a", "example.com/b"]}}),
        patch(f"{MAPS}/a", {"metadata": {"finalizers": ["example.com/c"]}}, STRATEGIC),
        patch(f"{MAPS}/a", {"metadata": {"$deleteFromPrimitiveList/finalizers": ["example.com/a"]}}, STRATEGIC),
        patch(
            f"{MAPS}/a",
            {"metadata": {"$deleteFromPrimitiveList/finalizers": ["example.com/b", "example.com/c"]}},
            STRATEGIC,
        ),
    ],
    "strategic-secrets-of-an-account": [
        create(ACCOUNTS, {"metadata": {"name": "sa"}, "imagePullSecrets": [{"name": "one"}]}),
        patch(f"{ACCOUNTS}/sa", {"imagePullSecrets": [{"name": "two"}]}, STRATEGIC),
    ],
    "strategic-ports-of-a-service": [
        create(SERVICES, service({"port": 80, "name": "http"})),
        patch(f"{SERVICES}/s", {"spec": {"ports": [{"port": 443, "name": "https"}]}}, STRATEGIC),
        patch(f"{SERVICES}/s", {"spec": {"ports": [{"port": 80, "targetPort": 8080}]}}, STRATEGIC),
    ],
    "strategic-without-the-key": [THREE, strategic({"containers": [{"image": "x"}]})],
    "strategic-unknown-directive": [THREE, strategic({"nodeSelector": {"$patch": "shake"}})],
    "strategic-a-wrong-type": [THREE, strategic({"containers": "none"})],
    "strategic-dry": [THREE, strategic({"nodeSelector": {"k": "w"}}, dryRun="All"), get(f"{DEPLOYMENTS}/web")],
    "unknown-media-type": [create(MAPS, config()), patch(f"{MAPS}/a", {}, "application/nonsense")],
    "scale": [
        create(DEPLOYMENTS, deployment()),
        get(f"{DEPLOYMENTS}/web/scale"),
        patch(f"{DEPLOYMENTS}/web/scale", {"spec": {"replicas": 0}}),
        patch(f"{DEPLOYMENTS}/web/scale", {"spec": {"replicas": -1}}),
        patch(f"{DEPLOYMENTS}/web", {"spec": {"paused": True}}),
        patch(f"{DEPLOYMENTS}/web/scale", {"spec": {"replicas": 2}}),
        get(f"{DEPLOYMENTS}/web"),
    ],
    "scale-of-nothing": [get(f"{DEPLOYMENTS}/web/scale"), patch(f"{DEPLOYMENTS}/web/scale", {"spec": {"replicas": 1}})],
    "status": [
        create(DEPLOYMENTS, deployment(paused=True)),
        patch(f"{DEPLOYMENTS}/web/status", {"status": {"collisionCount": 3}, "spec": {"replicas": 4}}),
        get(f"{DEPLOYMENTS}/web/status"),
        patch(f"{DEPLOYMENTS}/web", {"status": {"collisionCount": 5}}),
    ],
}
