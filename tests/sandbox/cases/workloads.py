"""Workloads and pods: what is filled in, what is refused, what may not change."""

from typing import Any

from tests.sandbox.cases.steps import (
    CRON_JOBS,
    DAEMON_SETS,
    DEPLOYMENTS,
    JOBS,
    PODS,
    STATEFUL_SETS,
    Cases,
    claim,
    container,
    create,
    cron_job,
    daemon_set,
    deployment,
    get,
    job,
    patch,
    pod,
    put,
    stateful_set,
    with_pod,
)

OTHER_SELECTOR = {
    "spec": {"selector": {"matchLabels": {"app": "w"}}, "template": {"metadata": {"labels": {"app": "w"}}}}
}


def refused(*specs: Any) -> list[Any]:
    """Pods, of which each has something wrong."""
    return [create(PODS, pod(**spec)) for spec in specs]


def of(**fields: Any) -> Any:
    """The specification of a pod with one container that has these fields."""
    return {"containers": [container(**fields)]}


CASES: Cases = {
    "deployment": [create(DEPLOYMENTS, deployment())],
    "deployment-with-everything": [
        create(
            DEPLOYMENTS,
            with_pod(
                initContainers=[container("init", restartPolicy="Always")],
                containers=[
                    container(
                        image="example.com/web:latest",
                        ports=[{"containerPort": 80, "name": "http"}],
                        resources={"limits": {"cpu": "1000m", "memory": "1024Mi"}, "requests": {"cpu": "0.5"}},
                        livenessProbe={"httpGet": {"port": "http"}},
                        readinessProbe={"tcpSocket": {"port": 80}, "periodSeconds": 3},
                        startupProbe={"exec": {"command": ["true"]}, "failureThreshold": 30},
                        lifecycle={"preStop": {"httpGet": {"port": 80}}},
                        env=[
                            {"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
                            {"name": "CPU", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu"}}},
                            {"name": "EMPTY", "value": ""},
                        ],
                        envFrom=[{"configMapRef": {"name": "m"}}],
                        volumeMounts=[{"name": "config", "mountPath": "/a"}, {"name": "tokens", "mountPath": "/b"}],
                        securityContext={"runAsUser": 0, "runAsNonRoot": False, "capabilities": {"drop": ["ALL"]}},
                    )
                ],
                volumes=[
                    {"name": "config", "configMap": {"name": "m"}},
                    {"name": "host", "hostPath": {"path": "/x"}},
                    {"name": "empty", "emptyDir": {"sizeLimit": "0.5Gi"}},
                    {
                        "name": "tokens",
                        "projected": {
                            "sources": [
                                {"serviceAccountToken": {"path": "token"}},
                                {"downwardAPI": {"items": [{"path": "n", "fieldRef": {"fieldPath": "metadata.name"}}]}},
                            ]
                        },
                    },
                ],
                serviceAccountName="sa",
                topologySpreadConstraints=[
                    {"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule", "labelSelector": {}}
                ],
                affinity={
                    "nodeAffinity": {
                        "preferredDuringSchedulingIgnoredDuringExecution": [
                            {"weight": 1, "preference": {"matchExpressions": [{"key": "a", "operator": "Exists"}]}}
                        ]
                    }
                },
            ),
        )
    ],
    "deployment-without-a-selector": [
        create(DEPLOYMENTS, {**deployment(), "spec": {"template": deployment()["spec"]["template"]}})
    ],
    "deployment-without-a-specification": [
        create(DEPLOYMENTS, {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}})
    ],
    "deployment-with-an-empty-selector": [create(DEPLOYMENTS, deployment(selector={}))],
    "deployment-whose-labels-do-not-match": [create(DEPLOYMENTS, deployment(labels="other"))],
    "deployment-whose-selector-changes": [
        create(DEPLOYMENTS, deployment()),
        patch(f"{DEPLOYMENTS}/web", OTHER_SELECTOR),
    ],
    "deployment-of-a-wrong-type": [create(DEPLOYMENTS, deployment(replicas="two"))],
    "deployment-strict": [create(DEPLOYMENTS, deployment(foo=1), fieldValidation="Strict")],
    "deployment-warned": [create(DEPLOYMENTS, with_pod(foo=1, containers=[container(bar=[])]))],
    "deployment-negative": [create(DEPLOYMENTS, deployment(replicas=-1, minReadySeconds=-2, revisionHistoryLimit=-3))],
    "deployment-recreated": [
        create(DEPLOYMENTS, deployment(strategy={"type": "Recreate"})),
        patch(f"{DEPLOYMENTS}/web", {"spec": {"strategy": {"rollingUpdate": {"maxSurge": 1}}}}),
    ],
    "deployment-that-never-rolls": [
        create(DEPLOYMENTS, deployment(strategy={"rollingUpdate": {"maxSurge": 0, "maxUnavailable": 0}}))
    ],
    "deployment-with-a-wrong-strategy": [create(DEPLOYMENTS, deployment(strategy={"type": "Sideways"}))],
    "deployment-whose-pods-end": [create(DEPLOYMENTS, with_pod(restartPolicy="Never"))],
    "deployment-of-nothing": [create(DEPLOYMENTS, with_pod(containers=[]))],
    "deployment-counts-changes": [
        create(DEPLOYMENTS, deployment()),
        patch(f"{DEPLOYMENTS}/web", {"metadata": {"labels": {"a": "b"}}}),
        patch(f"{DEPLOYMENTS}/web", {"spec": {"paused": True}}),
    ],
    "stateful-set": [create(STATEFUL_SETS, stateful_set())],
    "stateful-set-with-claims": [
        create(
            STATEFUL_SETS,
            stateful_set(
                volumeClaimTemplates=[
                    {
                        "metadata": {"name": "data"},
                        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
                    }
                ]
            ),
        )
    ],
    "stateful-set-fixed-fields": [
        create(STATEFUL_SETS, stateful_set()),
        patch(f"{STATEFUL_SETS}/web", {"spec": {"serviceName": "other"}}),
    ],
    "stateful-set-whose-selector-changes": [
        create(STATEFUL_SETS, stateful_set()),
        patch(f"{STATEFUL_SETS}/web", OTHER_SELECTOR),
    ],
    "stateful-set-with-a-wrong-policy": [
        create(STATEFUL_SETS, stateful_set(podManagementPolicy="Anyhow", updateStrategy={"type": "Never"}))
    ],
    "daemon-set": [create(DAEMON_SETS, daemon_set())],
    "daemon-set-whose-selector-changes": [
        create(DAEMON_SETS, daemon_set()),
        patch(f"{DAEMON_SETS}/web", OTHER_SELECTOR),
    ],
    "job": [create(JOBS, job())],
    "job-indexed": [create(JOBS, job(completionMode="Indexed", completions=3, parallelism=2))],
    "job-indexed-without-completions": [create(JOBS, job(completionMode="Indexed", parallelism=2))],
    "job-negative": [create(JOBS, job(backoffLimit=-1, completions=-2, parallelism=-3, activeDeadlineSeconds=-4))],
    "job-restart-policy": [create(JOBS, job(template={"spec": {"containers": [{"name": "c", "image": "i"}]}}))],
    "job-with-a-selector": [create(JOBS, job(selector={"matchLabels": {"a": "b"}}))],
    "job-whose-template-changes": [
        create(JOBS, job()),
        patch(f"{JOBS}/j", {"spec": {"template": {"spec": {"serviceAccountName": "other"}}}}),
    ],
    "job-whose-count-changes": [create(JOBS, job()), patch(f"{JOBS}/j", {"spec": {"completions": 4}})],
    "job-scaled": [create(JOBS, job()), patch(f"{JOBS}/j", {"spec": {"parallelism": 0, "backoffLimit": 2}})],
    "cron-job": [create(CRON_JOBS, cron_job())],
    "cron-job-with-a-bad-schedule": [create(CRON_JOBS, cron_job(schedule="often"))],
    "cron-job-with-a-bad-zone": [create(CRON_JOBS, cron_job(timeZone="Europe/Nowhere"))],
    "cron-job-without-anything": [create(CRON_JOBS, {"metadata": {"name": "c"}, "spec": {}})],
    "pod": [create(PODS, pod())],
    "pod-of-nothing": refused({"containers": []}),
    "pod-without-names": refused({"containers": [{"image": "x"}]}, {"containers": [{"name": "x"}]}),
    "pod-with-bad-names": refused({"containers": [container("A_b")]}, {"containers": [container(), container()]}),
    "pod-with-an-unknown-mount": refused(of(volumeMounts=[{"name": "absent", "mountPath": "/x"}])),
    "pod-with-mounts-in-one-place": refused(
        {
            "volumes": [{"name": "v", "emptyDir": {}}],
            **of(volumeMounts=[{"name": "v", "mountPath": "/x"}, {"name": "v", "mountPath": "/x"}]),
        }
    ),
    "pod-with-bad-volumes": refused(
        {"volumes": [{"name": "v", "emptyDir": {}}, {"name": "v", "emptyDir": {}}]},
        {"volumes": [{"name": "v", "emptyDir": {}, "configMap": {"name": "m"}}]},
        {"volumes": [{"name": "A", "hostPath": {"path": ""}}]},
        {"volumes": [{"name": "v", "configMap": {}}]},
        {"volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": ""}}]},
    ),
    "pod-with-bad-ports": refused(
        of(ports=[{"containerPort": 0}, {"containerPort": 70000}]),
        of(ports=[{"containerPort": 80, "protocol": "tcp"}]),
        of(ports=[{"containerPort": 80, "name": "A name that is too long"}]),
    ),
    "pod-with-bad-resources": refused(
        of(resources={"requests": {"cpu": "2"}, "limits": {"cpu": "1"}}),
        of(resources={"requests": {"cpu": "-1"}}),
        of(resources={"limits": {"nvidia.com/gpu": "0.5"}}),
        of(resources={"requests": {"nvidia.com/gpu": "1"}}),
        of(resources={"requests": {"sheep": "1"}}),
    ),
    "pod-with-a-bad-quantity": [create(PODS, pod(**of(resources={"requests": {"cpu": "much"}})))],
    "pod-with-bad-policies": refused(
        {"restartPolicy": "Sometimes"}, {"dnsPolicy": "None"}, of(imagePullPolicy="Maybe")
    ),
    "pod-with-a-bad-probe": refused(of(livenessProbe={}), of(readinessProbe={"exec": {"command": []}})),
    "pod-with-bad-variables": refused(
        of(env=[{"value": "x"}]),
        of(env=[{"name": "A", "value": "x", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}]),
        of(env=[{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "status.nonsense"}}}]),
    ),
    "pod-with-bad-tolerations": refused({"tolerations": [{"operator": "Exists", "key": "a", "value": "b"}]}),
    "pod-that-shares-too-much": refused(of(securityContext={"privileged": True, "allowPrivilegeEscalation": False})),
    "pod-of-an-absent-account": [create(PODS, pod(serviceAccountName="absent"))],
    "pod-of-an-absent-priority": [create(PODS, pod(priorityClassName="absent"))],
    "pod-that-changes": [
        create(PODS, pod()),
        patch(f"{PODS}/p", {"spec": {"containers": [container(image="example.com/web:2")]}}),
        patch(f"{PODS}/p", {"spec": {"restartPolicy": "Never"}}),
        patch(f"{PODS}/p", {"spec": {"activeDeadlineSeconds": 30}}),
        patch(f"{PODS}/p", {"spec": {"tolerations": [{"key": "x", "operator": "Exists"}]}}),
    ],
    "pod-that-gets-a-container": [
        create(PODS, pod()),
        patch(f"{PODS}/p", {"spec": {"containers": [container(), container("more")]}}),
    ],
    "pod-bound": [
        create(PODS, pod()),
        create(f"{PODS}/p/binding", {"metadata": {"name": "p"}, "target": {"kind": "Node", "name": "absent-node"}}),
        create(f"{PODS}/p/binding", {"metadata": {"name": "p"}, "target": {"kind": "Node", "name": "absent-node"}}),
    ],
    "pod-evicted": [
        create(PODS, pod()),
        create(f"{PODS}/p/eviction", {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "p"}}),
        get(f"{PODS}/p"),
    ],
    "pod-status": [
        create(PODS, pod()),
        patch(f"{PODS}/p/status", {"status": {"phase": "Running"}, "metadata": {"labels": {"a": "b"}}}),
        put(f"{PODS}/p/status", pod()),
    ],
    "pod-log-of-nothing": [get(f"{PODS}/p/log"), create(PODS, pod()), get(f"{PODS}/p/log", container="absent")],
    "claims-of-a-pod": [
        create(PODS, pod(volumes=[{"name": "c", "ephemeral": {"volumeClaimTemplate": {"spec": claim()["spec"]}}}]))
    ],
}
