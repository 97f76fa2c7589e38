"""The other built-in kinds: services, claims, roles, policies and so on."""

from typing import Any

from tests.sandbox.cases.steps import (
    ACCOUNTS,
    BINDINGS,
    BUDGETS,
    CLAIMS,
    EVENTS,
    INGRESSES,
    LEASES,
    MAPS,
    POLICIES,
    ROLES,
    SCALERS,
    SECRETS,
    SERVICES,
    VOLUMES,
    Cases,
    autoscaler,
    binding,
    budget,
    claim,
    config,
    create,
    delete,
    get,
    ingress,
    network_policy,
    patch,
    role,
    secret,
    service,
)

PRIORITIES = "/apis/scheduling.k8s.io/v1/priorityclasses"
STORAGE_CLASSES = "/apis/storage.k8s.io/v1/storageclasses"
VALIDATING = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"
MUTATING = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations"
API_SERVICES = "/apis/apiregistration.k8s.io/v1/apiservices"


def fixed_port(name: str, number: int) -> Any:
    body = service({"port": 80, "nodePort": number}, clusterIP="", type="NodePort")
    return {**body, "metadata": {"name": name}}


def volume(**spec: Any) -> Any:
    base = {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], "hostPath": {"path": "/x"}}
    return {"metadata": {"name": "{ns}"}, "spec": {**base, "storageClassName": "none", **spec}}


def webhooks(**webhook: Any) -> Any:
    base = {
        "name": "a.example.com",
        "admissionReviewVersions": ["v1"],
        "sideEffects": "None",
        "clientConfig": {"service": {"name": "s", "namespace": "{ns}"}},
        "rules": [
            {"apiGroups": ["none.example.com"], "apiVersions": ["*"], "resources": ["none"], "operations": ["*"]}
        ],
    }
    return {"metadata": {"name": "{ns}"}, "webhooks": [{**base, **webhook}]}


CASES: Cases = {
    "service-without-ports": [create(SERVICES, service(clusterIP=""))],
    "service-unnamed-ports": [create(SERVICES, service({"port": 80}, {"port": 81}))],
    "service-bad-port": [create(SERVICES, service({"port": 99999}))],
    "service-bad-target": [create(SERVICES, service({"port": 80, "targetPort": "A_b"}))],
    "service-ports-twice": [create(SERVICES, service({"port": 80, "name": "a"}, {"port": 80, "name": "a"}))],
    "service-bad-protocol": [create(SERVICES, service({"port": 80, "protocol": "tcp"}))],
    "service-bad-type": [create(SERVICES, service({"port": 80}, type="Open"))],
    "service-bad-name": [create(SERVICES, {**service({"port": 80}), "metadata": {"name": "1.a"}})],
    "service-headless": [create(SERVICES, service({"port": 80, "name": "http"}))],
    "service-headless-without-ports": [create(SERVICES, service())],
    "service-of-a-cluster": [
        create(SERVICES, service({"port": 80}, clusterIP="")),
        patch(f"{SERVICES}/s", {"spec": {"clusterIP": "10.96.200.200"}}),
        patch(f"{SERVICES}/s", {"spec": {"type": "NodePort"}}),
    ],
    "service-with-an-own-address": [create(SERVICES, service({"port": 80}, clusterIP="not-an-address"))],
    "service-outside": [create(SERVICES, service({"port": 80}, clusterIP="192.0.2.1"))],
    "service-with-ports-of-nodes": [create(SERVICES, service({"port": 80}, clusterIP="", type="NodePort"))],
    "service-balanced": [create(SERVICES, service({"port": 80}, clusterIP="", type="LoadBalancer"))],
    "service-port-of-nodes-taken": [
        create(SERVICES, fixed_port("s", 31999)),
        create(SERVICES, fixed_port("t", 31999)),
        delete(f"{SERVICES}/s"),
    ],
    "service-port-of-nodes-out-of-range": [create(SERVICES, fixed_port("s", 80))],
    "service-sticky": [create(SERVICES, service({"port": 80}, sessionAffinity="ClientIP"))],
    "service-external-name": [
        create(SERVICES, {**service(), "spec": {"type": "ExternalName", "externalName": "example.com"}})
    ],
    "service-without-external-name": [create(SERVICES, {**service(), "spec": {"type": "ExternalName"}})],
    "secret-string-data": [create(SECRETS, secret(stringData={"k": "v"}))],
    "secret-data-that-is-no-base64": [create(SECRETS, secret(data={"k": "not base64!"}))],
    "secret-with-bad-keys": [create(SECRETS, secret(data={"a b": ""}))],
    "secret-type-is-fixed": [create(SECRETS, secret()), patch(f"{SECRETS}/s", {"type": "other"})],
    "secret-of-tls": [create(SECRETS, secret(type="kubernetes.io/tls", data={"tls.crt": ""}))],
    "secret-of-a-registry": [
        create(SECRETS, secret(type="kubernetes.io/dockerconfigjson")),
        create(SECRETS, secret(type="kubernetes.io/dockerconfigjson", stringData={".dockerconfigjson": "no json"})),
    ],
    "secret-of-basic-auth": [create(SECRETS, secret(type="kubernetes.io/basic-auth"))],
    "secret-of-no-account": [create(SECRETS, secret(type="kubernetes.io/service-account-token"))],
    "secret-that-is-immutable": [
        create(SECRETS, secret(immutable=True, stringData={"k": "v"})),
        patch(f"{SECRETS}/s", {"stringData": {"k": "w"}}),
        patch(f"{SECRETS}/s", {"immutable": False}),
        patch(f"{SECRETS}/s", {"metadata": {"labels": {"a": "b"}}}),
    ],
    "immutable-config-map": [
        create(MAPS, {**config(k="v"), "immutable": True}),
        patch(f"{MAPS}/a", {"data": {"k": "w"}}),
    ],
    "claim-without-size": [create(CLAIMS, claim(resources={}))],
    "claim-of-nothing": [create(CLAIMS, {"metadata": {"name": "c"}})],
    "claim": [create(CLAIMS, claim())],
    "claim-of-a-bad-size": [
        create(CLAIMS, claim(resources={"requests": {"storage": "-1Gi"}})),
        create(CLAIMS, claim(resources={"requests": {"storage": "0"}})),
        create(CLAIMS, claim(resources={"requests": {"storage": "big"}})),
    ],
    "claim-of-a-bad-mode": [create(CLAIMS, claim(accessModes=["ReadSometimes"], volumeMode="Tape"))],
    "claim-is-fixed": [create(CLAIMS, claim()), patch(f"{CLAIMS}/c", {"spec": {"accessModes": ["ReadWriteMany"]}})],
    "claim-grows": [
        create(CLAIMS, claim()),
        patch(f"{CLAIMS}/c", {"spec": {"resources": {"requests": {"storage": "2Gi"}}}}),
    ],
    "claim-changes-its-class": [create(CLAIMS, claim()), patch(f"{CLAIMS}/c", {"spec": {"storageClassName": "other"}})],
    "volume": [create(VOLUMES, volume())],
    "volume-without-a-source": [create(VOLUMES, {"metadata": {"name": "{ns}"}, "spec": {}})],
    "volume-source-is-fixed": [
        create(VOLUMES, volume()),
        patch(f"{VOLUMES}/{{ns}}", {"spec": {"hostPath": {"path": "/y"}}}),
    ],
    "storage-class": [
        create(STORAGE_CLASSES, {"metadata": {"name": "{ns}"}, "provisioner": "example.com/x"}),
        patch(f"{STORAGE_CLASSES}/{{ns}}", {"provisioner": "example.com/y"}),
        patch(f"{STORAGE_CLASSES}/{{ns}}", {"parameters": {"a": "b"}}),
        patch(f"{STORAGE_CLASSES}/{{ns}}", {"reclaimPolicy": "Retain"}),
        patch(f"{STORAGE_CLASSES}/{{ns}}", {"volumeBindingMode": "WaitForFirstConsumer"}),
    ],
    "storage-class-of-nobody": [create(STORAGE_CLASSES, {"metadata": {"name": "{ns}"}, "reclaimPolicy": "Burn"})],
    "role": [create(ROLES, role("pods"))],
    "role-without-verbs": [
        create(ROLES, {"metadata": {"name": "r"}, "rules": [{"apiGroups": [""], "resources": ["pods"]}]}),
        create(ROLES, {"metadata": {"name": "r"}, "rules": [{"verbs": ["get"]}]}),
        create(ROLES, {"metadata": {"name": "r"}, "rules": [{"verbs": ["get"], "nonResourceURLs": ["/x"]}]}),
    ],
    "role-with-a-slash": [create(ROLES, {"metadata": {"name": "a/b"}}), create(ROLES, {"metadata": {"name": "a:B"}})],
    "role-binding": [create(BINDINGS, binding("r"))],
    "role-binding-of-nothing": [
        create(BINDINGS, {"metadata": {"name": "b"}, "roleRef": {"kind": "Other", "name": ""}}),
        create(BINDINGS, {**binding("r"), "subjects": [{"kind": "Robot", "name": "x"}, {"kind": "ServiceAccount"}]}),
    ],
    "role-binding-role-is-fixed": [
        create(BINDINGS, binding("r")),
        patch(f"{BINDINGS}/b", {"roleRef": binding("other")["roleRef"]}),
    ],
    "network-policy": [create(POLICIES, network_policy(ingress=[{"ports": [{"port": 80}]}]))],
    "network-policy-outwards": [
        create(
            POLICIES,
            network_policy(egress=[{"to": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}}]}]),
        )
    ],
    "network-policy-with-faults": [
        create(POLICIES, network_policy(ingress=[{"from": [{}], "ports": [{"port": 0}]}])),
        create(POLICIES, network_policy(egress=[{"to": [{"ipBlock": {"cidr": "10.0.0.0/99"}}]}])),
        create(POLICIES, network_policy(policyTypes=["Sideways"])),
    ],
    "ingress": [create(INGRESSES, ingress(ingressClassName="absent"))],
    "ingress-with-faults": [
        create(INGRESSES, {"metadata": {"name": "i"}, "spec": {}}),
        create(INGRESSES, ingress(rules=[{"host": "A_b", "http": {"paths": []}}])),
        create(INGRESSES, ingress(rules=[{"http": {"paths": [{"path": "x", "pathType": "Exact", "backend": {}}]}}])),
    ],
    "budget": [create(BUDGETS, budget(minAvailable=1))],
    "budget-with-faults": [
        create(BUDGETS, budget(minAvailable=1, maxUnavailable=1)),
        create(BUDGETS, budget(minAvailable=-1)),
        create(BUDGETS, budget(maxUnavailable="110%")),
        create(BUDGETS, budget(maxUnavailable="some")),
    ],
    "autoscaler": [create(SCALERS, autoscaler())],
    "autoscaler-with-behaviour": [
        create(SCALERS, autoscaler(behavior={"scaleDown": {"stabilizationWindowSeconds": 0}, "scaleUp": {}}))
    ],
    "autoscaler-with-faults": [
        create(SCALERS, autoscaler(maxReplicas=0)),
        create(SCALERS, autoscaler(minReplicas=3)),
        create(SCALERS, autoscaler(minReplicas=0)),
        create(SCALERS, autoscaler(scaleTargetRef={"kind": "", "name": ""})),
    ],
    "service-account": [create(ACCOUNTS, {"metadata": {"name": "sa"}})],
    "service-account-with-secrets": [
        create(
            ACCOUNTS, {"metadata": {"name": "sa"}, "secrets": [{"name": "x"}], "automountServiceAccountToken": False}
        )
    ],
    "lease": [
        create(LEASES, {"metadata": {"name": "l"}, "spec": {"holderIdentity": "me", "leaseDurationSeconds": 15}}),
        create(LEASES, {"metadata": {"name": "m"}, "spec": {"leaseDurationSeconds": 0, "leaseTransitions": -1}}),
    ],
    "priority-class": [
        create(PRIORITIES, {"metadata": {"name": "{ns}"}, "value": 10, "description": "x"}),
        patch(f"{PRIORITIES}/{{ns}}", {"value": 11}),
        patch(f"{PRIORITIES}/{{ns}}", {"preemptionPolicy": "Never"}),
    ],
    "priority-class-with-faults": [
        create(PRIORITIES, {"metadata": {"name": "{ns}"}, "value": 1000000001}),
        create(PRIORITIES, {"metadata": {"name": "system-{ns}"}, "value": 1}),
    ],
    "event": [
        create(
            EVENTS,
            {
                "metadata": {"name": "e"},
                "involvedObject": {"kind": "Pod", "name": "p", "namespace": "{ns}"},
                "reason": "Tested",
                "message": "text",
                "type": "Normal",
                "source": {"component": "tester"},
                "firstTimestamp": "2026-01-01T00:00:00Z",
                "lastTimestamp": "2026-01-01T00:00:00Z",
                "count": 1,
            },
        ),
        create(EVENTS, {"metadata": {"name": "f"}, "involvedObject": {"kind": "Pod", "namespace": "other"}}),
    ],
    "webhooks": [create(VALIDATING, webhooks()), get(f"{VALIDATING}/{{ns}}"), create(MUTATING, webhooks())],
    "webhooks-with-faults": [
        create(VALIDATING, webhooks(name="short")),
        create(VALIDATING, webhooks(sideEffects="Unknown")),
        create(VALIDATING, webhooks(admissionReviewVersions=[])),
        create(VALIDATING, webhooks(clientConfig={})),
        create(VALIDATING, webhooks(timeoutSeconds=31)),
        create(VALIDATING, webhooks(failurePolicy="Maybe")),
    ],
    "api-service-with-faults": [
        create(API_SERVICES, {"metadata": {"name": "v1.x"}, "spec": {"group": "{ns}.example.com", "version": "v1"}}),
    ],
}
