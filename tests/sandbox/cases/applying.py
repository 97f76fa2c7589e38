"""Server-side apply: who owns what, conflicts, what goes when it is applied no more."""

from typing import Any

from tests.sandbox.cases.steps import (
    ACCOUNTS,
    APPLY,
    DEPLOYMENTS,
    JOBS,
    MAPS,
    POLICIES,
    ROLES,
    SCALERS,
    SECRETS,
    SERVICES,
    STRATEGIC,
    Cases,
    Step,
    apply,
    autoscaler,
    config,
    container,
    create,
    delete,
    deployment,
    get,
    job,
    network_policy,
    patch,
    put,
    role,
    secret,
    service,
    with_pod,
)

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
CLIENT_SIDE = "kubectl-client-side-apply"
BARE = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}
HELD = {**config(k="v"), "metadata": {"name": "a", "finalizers": ["example.com/a"]}}


def owned_by(name: str) -> Any:
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": name, "uid": "{uid}"}
    return {**BARE, "metadata": {"name": "a", "ownerReferences": [owner]}}


def applied_by_client(**data: str) -> Any:
    """As `kubectl apply` without --server-side creates it."""
    annotation = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"annotations":{},"name":"a"}}\n'
    return {**config(**data), "metadata": {"name": "a", "annotations": {LAST_APPLIED: annotation}}}


def named_containers(*names: str) -> Any:
    return with_pod(containers=[container(name) for name in names])


CASES: Cases = {
    "after-updates-that-nobody-tracked": [
        create(MAPS, BARE),
        patch(f"{MAPS}/a", {"data": {"k": "v"}}),
        apply(f"{MAPS}/a", config(k="w")),
        apply(f"{MAPS}/a", config(k="w"), force="true"),
    ],
    "new": [apply(f"{MAPS}/a", config(k="v"))],
    "again": [apply(f"{MAPS}/a", config(k="v")), apply(f"{MAPS}/a", config(k="v"))],
    "removes": [apply(f"{MAPS}/a", config(k="v", l="w")), apply(f"{MAPS}/a", config(k="v"))],
    "gives-up": [apply(f"{MAPS}/a", config(k="v")), apply(f"{MAPS}/a", BARE)],
    "shared": [
        apply(f"{MAPS}/a", config(k="v")),
        apply(f"{MAPS}/a", config(k="v"), "second"),
        apply(f"{MAPS}/a", config(), "second"),
    ],
    "shared-then-changed": [
        apply(f"{MAPS}/a", config(k="v")),
        apply(f"{MAPS}/a", config(k="v"), "second"),
        apply(f"{MAPS}/a", config(k="w")),
        apply(f"{MAPS}/a", config(k="w"), force="true"),
        apply(f"{MAPS}/a", BARE, "second"),
    ],
    "conflict": [apply(f"{MAPS}/a", config(k="v")), apply(f"{MAPS}/a", config(k="w"), "second")],
    "two-conflicts": [apply(f"{MAPS}/a", config(k="v", l="v")), apply(f"{MAPS}/a", config(k="w", l="w"), "second")],
    "conflicts-with-two": [
        apply(f"{MAPS}/a", config(k="v")),
        patch(f"{MAPS}/a", {"data": {"l": "v"}}),
        apply(f"{MAPS}/a", config(k="w", l="w"), "third"),
    ],
    "conflict-with-update": [create(MAPS, config(k="v")), apply(f"{MAPS}/a", config(k="w"))],
    "conflict-with-scale": [
        apply(f"{DEPLOYMENTS}/web", deployment(replicas=0, paused=True)),
        patch(f"{DEPLOYMENTS}/web/scale", {"spec": {"replicas": 2}}),
        apply(f"{DEPLOYMENTS}/web", deployment(replicas=0, paused=True)),
    ],
    "conflict-in-a-container": [
        apply(f"{DEPLOYMENTS}/web", deployment()),
        apply(f"{DEPLOYMENTS}/web", with_pod(containers=[container(image="example.com/web:2")]), "second"),
    ],
    "conflict-with-a-status": [
        apply(f"{DEPLOYMENTS}/web", deployment(paused=True)),
        apply(
            f"{DEPLOYMENTS}/web/status",
            {
                "apiVersion": "apps/v1",
                "kind": "Deployment",
                "metadata": {"name": "web"},
                "status": {"collisionCount": 1},
            },
            "one",
        ),
        apply(
            f"{DEPLOYMENTS}/web/status",
            {
                "apiVersion": "apps/v1",
                "kind": "Deployment",
                "metadata": {"name": "web"},
                "status": {"collisionCount": 2},
            },
            "two",
        ),
    ],
    "force": [apply(f"{MAPS}/a", config(k="v")), apply(f"{MAPS}/a", config(k="w"), "second", force="true")],
    "force-back-and-forth": [
        apply(f"{MAPS}/a", config(k="v", l="v")),
        apply(f"{MAPS}/a", config(k="w"), "second", force="true"),
        apply(f"{MAPS}/a", config(l="v")),
        apply(f"{MAPS}/a", BARE, "second"),
    ],
    "then-patched-by-another": [
        apply(f"{MAPS}/a", config(k="v")),
        patch(f"{MAPS}/a", {"data": {"k": "w"}}),
        apply(f"{MAPS}/a", config(k="v"), force="true"),
    ],
    "then-removed-by-another": [
        apply(f"{MAPS}/a", config(k="v", l="w")),
        patch(f"{MAPS}/a", {"data": {"k": None}}),
        apply(f"{MAPS}/a", config(k="v", l="w")),
    ],
    "then-replaced": [
        apply(f"{MAPS}/a", config(k="v")),
        put(f"{MAPS}/a", config(l="w")),
        apply(f"{MAPS}/a", config(k="v")),
    ],
    "over-an-equal-update": [create(MAPS, config(k="v")), apply(f"{MAPS}/a", config(k="v")), apply(f"{MAPS}/a", BARE)],
    "takes-over-from-the-client-side": [
        create(MAPS, applied_by_client(k="v", l="w"), fieldManager=CLIENT_SIDE),
        apply(f"{MAPS}/a", config(k="x"), "kubectl"),
        apply(f"{MAPS}/a", config(k="x"), "kubectl", force="true"),
    ],
    "takes-over-from-the-client-side-with-the-annotation": [
        create(MAPS, applied_by_client(k="v", l="w"), fieldManager=CLIENT_SIDE),
        apply(f"{MAPS}/a", applied_by_client(k="v"), "kubectl"),
    ],
    "another-manager-after-the-client-side": [
        create(MAPS, applied_by_client(k="v"), fieldManager=CLIENT_SIDE),
        apply(f"{MAPS}/a", config(k="w"), "applier"),
        apply(f"{MAPS}/a", config(k="v", l="w"), "applier"),
    ],
    "keeps-the-last-applied": [
        apply(f"{MAPS}/a", applied_by_client(k="v"), "kubectl"),
        apply(f"{MAPS}/a", applied_by_client(k="w"), "kubectl"),
    ],
    "many-updaters": [
        create(MAPS, config(k="v")),
        *(patch(f"{MAPS}/a", {"data": {f"k{n}": "v"}}, fieldManager=f"updater-{n:02}") for n in range(12)),
    ],
    "without-a-manager": [Step("PATCH", f"{MAPS}/a", config(), APPLY)],
    "with-a-long-manager": [apply(f"{MAPS}/a", config(), "m" * 129), apply(f"{MAPS}/a", config(), "m" * 128)],
    "with-an-unprintable-manager": [apply(f"{MAPS}/a", config(), "a\tb")],
    "dry": [apply(f"{MAPS}/a", config(k="v"), dryRun="All"), get(f"{MAPS}/a")],
    "dry-over": [
        apply(f"{MAPS}/a", config(k="v")),
        apply(f"{MAPS}/a", config(k="w"), dryRun="All"),
        apply(f"{MAPS}/a", config(k="w"), "second", dryRun="All"),
        get(f"{MAPS}/a"),
    ],
    "another-name": [apply(f"{MAPS}/a", config("b"))],
    "another-namespace": [apply(f"{MAPS}/a", {**config(), "metadata": {"name": "a", "namespace": "other"}})],
    "without-a-name": [apply(f"{MAPS}/a", {"apiVersion": "v1", "kind": "ConfigMap", "data": {"k": "v"}})],
    "another-kind": [apply(f"{MAPS}/a", {**config(), "kind": "Secret"})],
    "without-a-kind": [apply(f"{MAPS}/a", {"metadata": {"name": "a"}}), apply(f"{MAPS}/a", {"apiVersion": "v1"})],
    "with-managers": [apply(f"{MAPS}/a", {**config(), "metadata": {"name": "a", "managedFields": [{"manager": "x"}]}})],
    "with-a-uid-of-nothing": [apply(f"{MAPS}/a", {**config(), "metadata": {"name": "a", "uid": "x"}})],
    "an-old-version": [
        apply(f"{MAPS}/a", config()),
        apply(f"{MAPS}/a", {**config(k="v"), "metadata": {"name": "a", "resourceVersion": "1"}}),
    ],
    "what-is-no-yaml": [Step("PATCH", f"{MAPS}/a", "a: [", APPLY, {"fieldManager": "x"})],
    "a-list": [Step("PATCH", f"{MAPS}/a", "[1]", APPLY, {"fieldManager": "x"})],
    "yaml": [
        Step(
            "PATCH",
            f"{MAPS}/a",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  yes: 'on'\n  n: |\n    text\n",
            APPLY,
            {"fieldManager": "x"},
        )
    ],
    "where-no-namespace-is": [apply("/api/v1/namespaces/absent-one/configmaps/a", config())],
    "an-unknown-field": [apply(f"{DEPLOYMENTS}/web", {**deployment(), "spec": {**deployment()["spec"], "foo": 1}})],
    "a-wrong-type": [apply(f"{DEPLOYMENTS}/web", deployment(replicas="two"))],
    "a-map-for-a-list": [apply(f"{DEPLOYMENTS}/web", with_pod(containers={"name": "x"}))],
    "a-list-for-a-map": [apply(f"{DEPLOYMENTS}/web", with_pod(nodeSelector=["x"]))],
    "a-number-in-data": [apply(f"{MAPS}/a", {**config(), "data": {"k": 1}})],
    "a-boolean-in-data": [apply(f"{MAPS}/a", {**config(), "data": {"k": True}})],
    "a-null": [apply(f"{MAPS}/a", {**config(), "data": {"k": None, "l": "v"}})],
    "a-null-over-a-value": [
        apply(f"{MAPS}/a", config(k="v", l="w")),
        apply(f"{MAPS}/a", {**config(), "data": {"k": None, "l": "w"}}),
    ],
    "invalid": [apply(f"{SERVICES}/s", service({"port": 99999}))],
    "deployment": [apply(f"{DEPLOYMENTS}/web", deployment()), apply(f"{DEPLOYMENTS}/web", deployment())],
    "deployment-without-replicas": [
        apply(f"{DEPLOYMENTS}/web", deployment(paused=True)),
        apply(
            f"{DEPLOYMENTS}/web",
            {**deployment(), "spec": {k: v for k, v in deployment(paused=True)["spec"].items() if k != "replicas"}},
        ),
    ],
    "containers-of-two-managers": [
        apply(f"{DEPLOYMENTS}/web", named_containers("a", "b")),
        apply(
            f"{DEPLOYMENTS}/web",
            {
                "apiVersion": "apps/v1",
                "kind": "Deployment",
                "spec": {"template": {"spec": {"containers": [container("side")]}}},
            },
            "injector",
        ),
        apply(f"{DEPLOYMENTS}/web", named_containers("b", "a", "c")),
        apply(f"{DEPLOYMENTS}/web", named_containers("c")),
    ],
    "environment": [
        apply(f"{DEPLOYMENTS}/web", deployment()),
        apply(
            f"{DEPLOYMENTS}/web",
            with_pod(
                containers=[
                    container(
                        env=[
                            {"name": "B", "value": "2"},
                            {"name": "C", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
                        ]
                    )
                ]
            ),
        ),
    ],
    "items-twice": [apply(f"{DEPLOYMENTS}/web", named_containers("a", "a"))],
    "environment-twice": [
        apply(
            f"{DEPLOYMENTS}/web",
            with_pod(containers=[container(env=[{"name": "A", "value": "1"}, {"name": "A", "value": "2"}])]),
        )
    ],
    "environment-twice-after-an-update": [
        create(
            DEPLOYMENTS,
            with_pod(containers=[container(env=[{"name": "A", "value": "1"}, {"name": "A", "value": "2"}])]),
        ),
        apply(f"{DEPLOYMENTS}/web", deployment(), force="true"),
    ],
    "without-the-key": [apply(f"{DEPLOYMENTS}/web", with_pod(containers=[{"image": "x"}]))],
    "atomic-lists": [
        apply(f"{DEPLOYMENTS}/web", with_pod(tolerations=[{"key": "x", "operator": "Exists"}])),
        apply(f"{DEPLOYMENTS}/web", with_pod(tolerations=[{"key": "y", "operator": "Exists"}]), "second"),
        apply(f"{DEPLOYMENTS}/web", with_pod()),
    ],
    "atomic-maps": [
        apply(f"{DEPLOYMENTS}/web", with_pod(nodeSelector={"a": "b"})),
        apply(f"{DEPLOYMENTS}/web", with_pod(nodeSelector={"c": "d"}), "second", force="true"),
    ],
    "sets": [
        apply(f"{MAPS}/a", HELD),
        apply(f"{MAPS}/a", {**BARE, "metadata": {"name": "a", "finalizers": ["example.com/b"]}}, "second"),
        apply(f"{MAPS}/a", BARE),
        apply(f"{MAPS}/a", BARE, "second"),
    ],
    "owners": [
        create(MAPS, config("one")),
        apply(f"{MAPS}/a", owned_by("one")),
        create(MAPS, config("two")),
        apply(f"{MAPS}/a", owned_by("two"), "second"),
        apply(f"{MAPS}/a", BARE),
    ],
    "labels-of-two-managers": [
        apply(f"{MAPS}/a", {**BARE, "metadata": {"name": "a", "labels": {"x": "1"}}}),
        apply(f"{MAPS}/a", {**BARE, "metadata": {"name": "a", "labels": {"y": "2"}}}, "second"),
        apply(f"{MAPS}/a", BARE),
    ],
    "empty-values": [
        apply(f"{MAPS}/a", {**BARE, "data": {}, "metadata": {"name": "a", "labels": {}}}),
        apply(f"{DEPLOYMENTS}/web", with_pod(volumes=[], nodeSelector={}, securityContext={})),
    ],
    "service": [apply(f"{SERVICES}/s", service({"port": 80}))],
    "service-ports": [
        apply(f"{SERVICES}/s", service({"port": 80, "name": "http"}, {"port": 443, "name": "https"})),
        apply(f"{SERVICES}/s", service({"port": 443, "name": "https"}, {"port": 8080, "name": "http"})),
    ],
    "service-ports-of-two-protocols": [
        apply(
            f"{SERVICES}/s",
            service({"port": 53, "name": "tcp", "protocol": "TCP"}, {"port": 53, "name": "udp", "protocol": "UDP"}),
        )
    ],
    "service-with-an-address": [
        apply(f"{SERVICES}/s", service({"port": 80}, clusterIP="")),
        apply(f"{SERVICES}/s", service({"port": 81}, clusterIP="")),
    ],
    "secret-string-data": [
        apply(f"{SECRETS}/s", secret(stringData={"k": "v"})),
        apply(f"{SECRETS}/s", secret(stringData={"l": "w"})),
    ],
    "role": [apply(f"{ROLES}/r", role("pods", "secrets")), apply(f"{ROLES}/r", role("pods"))],
    "network-policy": [
        apply(f"{POLICIES}/n", network_policy(ingress=[{"from": [{"podSelector": {}}]}])),
        apply(f"{POLICIES}/n", network_policy()),
    ],
    "autoscaler": [
        apply(f"{SCALERS}/h", autoscaler()),
        apply(f"{SCALERS}/h", autoscaler(minReplicas=2), "second"),
    ],
    "service-account": [
        apply(
            f"{ACCOUNTS}/sa",
            {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "sa"}, "secrets": [{"name": "x"}]},
        ),
        apply(f"{ACCOUNTS}/sa", {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "sa"}}),
    ],
    "job-again": [apply(f"{JOBS}/j", job()), apply(f"{JOBS}/j", job())],
    "job-changed": [
        apply(f"{JOBS}/j", job()),
        apply(
            f"{JOBS}/j",
            job(template={"spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "other"}]}}),
        ),
    ],
    "older-version": [
        apply(f"{SCALERS}/h", autoscaler()),
        apply(
            "/apis/autoscaling/v1/namespaces/{ns}/horizontalpodautoscalers/h",
            {
                "apiVersion": "autoscaling/v1",
                "kind": "HorizontalPodAutoscaler",
                "metadata": {"name": "h"},
                "spec": {"maxReplicas": 3, "scaleTargetRef": autoscaler()["spec"]["scaleTargetRef"]},
            },
        ),
    ],
    "strategic-patch-after-apply": [
        apply(f"{DEPLOYMENTS}/web", deployment()),
        patch(
            f"{DEPLOYMENTS}/web",
            {"spec": {"template": {"spec": {"containers": [{"name": "main", "image": "example.com/web:3"}]}}}},
            STRATEGIC,
        ),
        apply(f"{DEPLOYMENTS}/web", deployment()),
    ],
    "after-deletion": [
        apply(f"{MAPS}/a", config(k="v")),
        delete(f"{MAPS}/a"),
        apply(f"{MAPS}/a", config(l="w"), "second"),
    ],
}
