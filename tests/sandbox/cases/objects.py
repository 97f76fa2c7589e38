"""Creating, reading, replacing and deleting objects; what every kind has in common."""

from tests.sandbox.cases.steps import (
    DEPLOYMENTS,
    MAPS,
    METADATA,
    NAMESPACES,
    PODS,
    TABLE,
    Cases,
    Step,
    apply,
    config,
    create,
    delete,
    deployment,
    get,
    patch,
    pod,
    put,
)

HELD = {**config(), "metadata": {"name": "a", "finalizers": ["example.com/hold"]}}


def with_metadata(**metadata: object) -> object:
    return {**config(), "metadata": {"name": "a", **metadata}}


CASES: Cases = {
    "create": [create(MAPS, config(k="v")), get(f"{MAPS}/a")],
    "create-twice": [create(MAPS, config()), create(MAPS, config())],
    "create-without-a-name": [create(MAPS, {"apiVersion": "v1", "kind": "ConfigMap"})],
    "create-with-a-bad-name": [create(MAPS, config("A_b"))],
    "create-with-a-long-name": [create(MAPS, config("a" * 254))],
    "create-in-another-namespace": [create(MAPS, with_metadata(namespace="other"))],
    "create-where-no-namespace-is": [create(f"{NAMESPACES}/absent-one/configmaps", config())],
    "create-with-a-bad-label": [create(MAPS, with_metadata(labels={"k": "-bad-"}))],
    "create-with-a-bad-label-name": [create(MAPS, with_metadata(labels={key: "v"})) for key in ("a b", "x/y/z", "/e")],
    "create-with-a-bad-annotation": [create(MAPS, with_metadata(annotations={"-a": "any text is fine"}))],
    "create-with-bad-finalizers": [create(MAPS, with_metadata(finalizers=["plain", "example.com/a b"]))],
    "create-with-bad-owners": [
        create(MAPS, with_metadata(ownerReferences=[{"apiVersion": "v1", "kind": "", "name": "", "uid": ""}]))
    ],
    "create-with-two-controllers": [
        create(
            MAPS,
            with_metadata(
                ownerReferences=[
                    {"apiVersion": "v1", "kind": "Pod", "name": name, "uid": name, "controller": True}
                    for name in ("one", "two")
                ]
            ),
        )
    ],
    "create-dry": [create(MAPS, config(k="v"), dryRun="All"), get(f"{MAPS}/a")],
    "create-dry-in-part": [create(MAPS, config(), dryRun="Some")],
    "create-generates-a-name": [create(MAPS, {**config(), "metadata": {"generateName": "generated-"}})],
    "create-with-server-fields": [
        create(MAPS, with_metadata(uid="mine", generation=7, creationTimestamp="2020-01-01T00:00:00Z", selfLink="/x"))
    ],
    "create-with-a-version": [create(MAPS, with_metadata(resourceVersion="7"))],
    "create-another-kind": [create(MAPS, {**config(), "kind": "Secret"})],
    "create-another-version": [create(MAPS, {**config(), "apiVersion": "v2"})],
    "create-at-an-object": [create(f"{MAPS}/a", config())],
    "create-in-all-namespaces": [create("/api/v1/configmaps", config())],
    "create-what-is-no-json": [Step("POST", MAPS, "{broken")],
    "create-what-is-a-list": [Step("POST", MAPS, "[]")],
    "create-what-is-empty": [Step("POST", MAPS, "")],
    "create-a-wrong-type": [create(MAPS, {**config(), "data": {"k": 1}})],
    "create-a-list-for-a-map": [create(MAPS, {**config(), "data": ["a"]})],
    "create-a-bad-key": [create(MAPS, config(**{"a b": "c"})), create(MAPS, config(**{"..": "d"}))],
    "create-keys-twice": [create(MAPS, {**config(k="v"), "binaryData": {"k": "dg=="}})],
    "create-an-unknown-field": [create(MAPS, {**config(), "dat": {}})],
    "create-an-unknown-field-strictly": [create(MAPS, {**config(), "dat": {}}, fieldValidation="Strict")],
    "create-an-unknown-field-silently": [create(MAPS, {**config(), "dat": {}}, fieldValidation="Ignore")],
    "create-a-duplicate-field": [
        Step("POST", MAPS, '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{"k":"v"},"data":{}}')
    ],
    "create-a-duplicate-field-strictly": [
        Step(
            "POST",
            MAPS,
            '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{"k":"v"},"data":{}}',
            query={"fieldValidation": "Strict"},
        )
    ],
    "create-with-wrong-validation": [create(MAPS, config(), fieldValidation="Sometimes")],
    "create-yaml": [
        Step("POST", MAPS, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {k: v}\n", "application/yaml")
    ],
    "create-with-an-unknown-media-type": [Step("POST", MAPS, "x", "application/nonsense")],
    "get-nothing": [get(f"{MAPS}/absent")],
    "get-an-unknown-resource": [get(f"{NAMESPACES}/{{ns}}/unknowns/x")],
    "get-an-unknown-group": [get("/apis/absent.example.com/v1/things")],
    "get-an-unknown-version": [get("/apis/apps/v7/namespaces/{ns}/deployments")],
    "get-an-unknown-subresource": [create(MAPS, config()), get(f"{MAPS}/a/absent")],
    "get-of-a-grouped-resource": [get(f"{DEPLOYMENTS}/absent")],
    "get-metadata": [create(MAPS, config(k="v")), get(f"{MAPS}/a", METADATA)],
    "get-a-table": [create(MAPS, config(k="v")), get(f"{MAPS}/a", TABLE)],
    "get-what-cannot-be-accepted": [create(MAPS, config()), get(f"{MAPS}/a", "text/csv")],
    "put-nothing": [put(f"{MAPS}/a", config())],
    "put": [create(MAPS, config(k="v")), put(f"{MAPS}/a", config(k="w"))],
    "put-dry": [create(MAPS, config(k="v")), put(f"{MAPS}/a", config(k="w"), dryRun="All"), get(f"{MAPS}/a")],
    "put-the-same": [create(MAPS, config(k="v")), put(f"{MAPS}/a", config(k="v"))],
    "put-an-old-version": [create(MAPS, config()), put(f"{MAPS}/a", with_metadata(resourceVersion="1"))],
    "put-a-bad-version": [create(MAPS, config()), put(f"{MAPS}/a", with_metadata(resourceVersion="abc"))],
    "put-the-present-version": [create(MAPS, config()), put(f"{MAPS}/a", with_metadata(resourceVersion="{version}"))],
    "put-another-uid": [create(MAPS, config()), put(f"{MAPS}/a", with_metadata(uid="other"))],
    "put-another-name": [create(MAPS, config()), put(f"{MAPS}/a", config("b"))],
    "put-another-namespace": [create(MAPS, config()), put(f"{MAPS}/a", with_metadata(namespace="other"))],
    "put-without-a-name": [create(MAPS, config()), put(f"{MAPS}/a", {"apiVersion": "v1", "kind": "ConfigMap"})],
    "put-at-a-collection": [put(MAPS, config())],
    "put-a-bad-label": [create(MAPS, config()), put(f"{MAPS}/a", with_metadata(labels={"k": "a b"}))],
    "put-over-an-applied-one": [apply(f"{MAPS}/a", config(k="v", l="w")), put(f"{MAPS}/a", config(k="v", l="x"))],
    "put-without-managers": [
        apply(f"{MAPS}/a", config(k="v")),
        put(f"{MAPS}/a", {**config(k="v"), "metadata": {"name": "a", "managedFields": []}}),
    ],
    "delete-nothing": [delete(f"{MAPS}/absent")],
    "delete": [create(MAPS, config()), delete(f"{MAPS}/a"), get(f"{MAPS}/a")],
    "delete-another-uid": [create(MAPS, config()), delete(f"{MAPS}/a", {"preconditions": {"uid": "wrong"}})],
    "delete-this-uid": [create(MAPS, config()), delete(f"{MAPS}/a", {"preconditions": {"uid": "{uid}"}})],
    "delete-another-version": [
        create(MAPS, config()),
        delete(f"{MAPS}/a", {"preconditions": {"resourceVersion": "1"}}),
    ],
    "delete-with-a-finalizer": [
        create(MAPS, HELD),
        delete(f"{MAPS}/a"),
        patch(f"{MAPS}/a", {"metadata": {"finalizers": None}}),
        get(f"{MAPS}/a"),
    ],
    "delete-twice-with-a-finalizer": [
        create(MAPS, HELD),
        delete(f"{MAPS}/a"),
        delete(f"{MAPS}/a"),
        patch(f"{MAPS}/a", {"metadata": {"finalizers": ["example.com/hold", "example.com/late"]}}),
        patch(f"{MAPS}/a", {"data": {"k": "still changed"}}),
        patch(f"{MAPS}/a", {"metadata": {"finalizers": None}}),
    ],
    "delete-in-the-foreground": [
        create(MAPS, HELD),
        delete(f"{MAPS}/a", propagationPolicy="Foreground"),
        patch(f"{MAPS}/a", {"metadata": {"finalizers": None}}),
    ],
    "delete-and-orphan": [
        create(MAPS, HELD),
        delete(f"{MAPS}/a", {"propagationPolicy": "Orphan"}),
        patch(f"{MAPS}/a", {"metadata": {"finalizers": None}}),
    ],
    "delete-with-a-wrong-policy": [create(MAPS, config()), delete(f"{MAPS}/a", {"propagationPolicy": "Sideways"})],
    "delete-with-two-policies": [
        create(MAPS, config()),
        delete(f"{MAPS}/a", {"propagationPolicy": "Orphan", "orphanDependents": True}),
    ],
    "delete-dry": [create(MAPS, config()), delete(f"{MAPS}/a", dryRun="All"), get(f"{MAPS}/a")],
    "delete-a-pod-at-once": [create(PODS, pod()), delete(f"{PODS}/p", gracePeriodSeconds="0"), get(f"{PODS}/p")],
    "delete-a-pod-that-waits": [create(PODS, pod()), delete(f"{PODS}/p"), get(f"{PODS}/p")],
    "delete-a-deployment": [create(DEPLOYMENTS, deployment()), delete(f"{DEPLOYMENTS}/web")],
    "delete-with-no-options": [create(MAPS, config()), Step("DELETE", f"{MAPS}/a", "{broken")],
    "namespace": [create(NAMESPACES, {"metadata": {"name": "{ns}-x"}}), get(f"{NAMESPACES}/{{ns}}-x")],
    "namespace-with-a-bad-name": [create(NAMESPACES, {"metadata": {"name": "a.b"}})],
    "namespace-with-a-long-name": [create(NAMESPACES, {"metadata": {"name": "a" * 64}})],
    "namespace-that-is-kept": [delete(f"{NAMESPACES}/default"), delete(f"{NAMESPACES}/kube-system")],
    "namespace-that-ends": [
        create(NAMESPACES, {"metadata": {"name": "{ns}-x"}}),
        create(f"{NAMESPACES}/{{ns}}-x/configmaps", HELD),
        delete(f"{NAMESPACES}/{{ns}}-x"),
        create(f"{NAMESPACES}/{{ns}}-x/configmaps", config("late")),
    ],
    "namespace-finalized-by-hand": [
        create(NAMESPACES, {"metadata": {"name": "{ns}-x"}}),
        put(
            f"{NAMESPACES}/{{ns}}-x/finalize",
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "{ns}-x"}, "spec": {"finalizers": []}},
        ),
    ],
    "page-that-is-none": [get("/nonsense"), get("/apis/apps/v1/namespaces/{ns}/deployments/web/status/more")],
    "method-that-is-none": [Step("POST", "/version", {}), Step("PUT", "/api/v1", {})],
}
