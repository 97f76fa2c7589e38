"""Whatever is sent, the practice cluster answers with a Status or closes the connection, and goes on serving."""

import base64
import json
import resource
import socket
import ssl
import string
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
import urllib3
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from kfinstall.sandbox.server.http import LARGEST, LOOPBACK
from tests.sandbox.conftest import TOKEN, served

JSON, TABLE = "application/json", "application/json;as=Table;v=v1;g=meta.k8s.io"
NAMESPACE = "/api/v1/namespaces/default"
PATHS = [
    f"{NAMESPACE}/configmaps",
    f"{NAMESPACE}/pods",
    f"{NAMESPACE}/services",
    f"{NAMESPACE}/secrets",
    f"{NAMESPACE}/persistentvolumeclaims",
    f"{NAMESPACE}/resourcequotas",
    f"{NAMESPACE}/limitranges",
    f"{NAMESPACE}/serviceaccounts",
    f"{NAMESPACE}/serviceaccounts/default/token",
    f"{NAMESPACE}/pods/fuzz/binding",
    f"{NAMESPACE}/pods/fuzz/eviction",
    "/apis/apps/v1/namespaces/default/deployments",
    "/apis/apps/v1/namespaces/default/statefulsets",
    "/apis/batch/v1/namespaces/default/jobs",
    "/apis/batch/v1/namespaces/default/cronjobs",
    "/apis/networking.k8s.io/v1/namespaces/default/networkpolicies",
    "/apis/networking.k8s.io/v1/namespaces/default/ingresses",
    "/apis/policy/v1/namespaces/default/poddisruptionbudgets",
    "/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers",
    "/apis/rbac.authorization.k8s.io/v1/namespaces/default/roles",
    "/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings",
    "/apis/rbac.authorization.k8s.io/v1/clusterroles",
    "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
    "/apis/storage.k8s.io/v1/storageclasses",
    "/apis/scheduling.k8s.io/v1/priorityclasses",
    "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations",
    "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
    "/apis/authorization.k8s.io/v1/subjectaccessreviews",
    "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews",
    "/apis/authentication.k8s.io/v1/tokenreviews",
    "/apis/fuzz.example.com/v1/namespaces/default/things",
]
CONTENTS = [
    "application/json",
    "application/yaml",
    "application/merge-patch+json",
    "application/json-patch+json",
    "application/strategic-merge-patch+json",
    "application/apply-patch+yaml",
    "application/vnd.kubernetes.protobuf",
    "nonsense",
]
MEMBERS = tuple(
    str.split(
        "apiVersion kind metadata name namespace labels annotations finalizers ownerReferences uid resourceVersion "
        "generateName managedFields fieldsV1 manager operation deletionTimestamp spec status data stringData type "
        "replicas selector matchLabels matchExpressions template containers image ports containerPort port targetPort "
        "nodePort env value volumes resources requests limits cpu memory storage hard scopes default max min rules "
        "verbs apiGroups resourceNames roleRef subjects group versions schema openAPIV3Schema properties items served "
        "names plural scope webhooks clientConfig parameters jobTemplate schedule accessModes storageClassName token "
        "user groups resourceAttributes nonResourceAttributes verb path target gracePeriodSeconds preconditions "
        "propagationPolicy op from $patch $setElementOrder/containers $retainKeys $deleteFromPrimitiveList/finalizers "
        "conditions x-kubernetes-list-type x-kubernetes-list-map-keys required enum pattern minimum "
        "additionalProperties subresources scale specReplicasPath additionalPrinterColumns jsonPath nodeSelectorTerms "
        "affinity tolerations topologySpreadConstraints securityContext initContainers restartPolicy livenessProbe "
    )
)
VALUES = [
    "",
    "a",
    "v1",
    "fuzz",
    "default",
    "ConfigMap",
    "*",
    "1",
    "1Gi",
    "-1",
    "/spec/x",
    "replace",
    "Foreground",
    "\0",
    "ü",
]
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats()
    | st.sampled_from(VALUES)
    | st.text(max_size=5)
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(MEMBERS), inner, max_size=5),
    max_leaves=25,
)
objects = st.fixed_dictionaries(
    {"metadata": st.fixed_dictionaries({"name": st.just("fuzz")}, optional=dict.fromkeys(MEMBERS[4:13], values))},
    optional=dict.fromkeys(("spec", "status", "data", "rules", "roleRef", "subjects", "webhooks", "kind"), values),
)
queries = st.dictionaries(
    st.sampled_from(
        (
            "limit",
            "continue",
            "resourceVersion",
            "resourceVersionMatch",
            "labelSelector",
            "fieldSelector",
            "dryRun",
            "fieldManager",
            "force",
            "fieldValidation",
            "propagationPolicy",
            "gracePeriodSeconds",
            "includeObject",
            "container",
        )
    ),
    st.sampled_from(
        ["", "0", "-1", "1" * 40, "true", "x", "a=b", "a in (b", ",,", "!", "All", "\0", "%", "Orphan", "ü=ü"]
    )
    | st.text(string.printable, max_size=8),
    max_size=4,
)
often = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


class Target:
    """The server under attack."""

    def __init__(self, kubeconfig: Path) -> None:
        [cluster] = yaml.safe_load(kubeconfig.read_text())["clusters"]
        authority = base64.b64decode(cluster["cluster"]["certificate-authority-data"]).decode()
        self.url = cluster["cluster"]["server"]
        self.address = (urlsplit(self.url).hostname, urlsplit(self.url).port)
        self._context = ssl.create_default_context(cadata=authority)
        self._pool = urllib3.PoolManager(ssl_context=self._context, retries=False, timeout=30)

    def ask(self, method: str, path: str, body: bytes | None, content: str, accept: str) -> tuple[int, bytes]:
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": content, "Accept": accept}
        response = self._pool.request(method, self.url + path, body=body, headers=headers)
        return response.status, response.data

    def check(
        self, method: str, path: str, body: bytes | None = None, content: str = JSON, *, accept: str = JSON
    ) -> int:
        """Send it; the answer is what a client expects of an API server."""
        code, data = self.ask(method, path, body, content, accept)
        assert code != 500 or b"the practice cluster has a fault" not in data, data
        if code == HTTPStatus.NOT_FOUND and data.strip() == b"404 page not found":
            return code  # of a group that is not served (yet), as the API server says it
        if code >= 400:
            answer = json.loads(data)
            assert (answer["kind"], answer["status"], answer["code"]) == ("Status", "Failure", code)
        return code

    def raw(self, data: bytes, *, tls: bool = True) -> bytes:
        """What comes back until the server closes the connection, having been sent this and nothing more."""
        with socket.create_connection(self.address, timeout=30) as plain:
            try:
                opened = self._context.wrap_socket(plain, server_hostname=LOOPBACK) if tls else plain
                with opened:
                    opened.sendall(data)
                    socket.socket.shutdown(opened, socket.SHUT_WR)
                    return b"".join(iter(lambda: opened.recv(65536), b""))
            except OSError:  # closed in the middle, which is an answer, too
                return b""


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """A practice cluster of the module's own, which still serves when the module has done with it."""
    with served("healthy", tmp_path_factory.mktemp("fuzzed")) as kubeconfig:
        found = Target(kubeconfig)
        yield found
        assert found.check("GET", "/api/v1/namespaces/default") == 200
        assert found.check("GET", "/api/v1/nodes?limit=1") == 200


def written(value: Any) -> bytes:
    return json.dumps(value).encode(errors="surrogatepass")


@often
@given(path=st.sampled_from(PATHS), body=values | objects, query=queries)
def test_objects_of_any_shape_are_created(target: Target, path: str, body: Any, query: dict[str, str]) -> None:
    target.check("POST", f"{path}?{encoded(query)}", written(body))
    target.check("DELETE", f"{path}/fuzz?gracePeriodSeconds=0")


LABELS = {"a": "b"}
POD = {
    "containers": [
        {
            "name": "c",
            "image": "example.com/a:1",
            "ports": [{"containerPort": 80}],
            "env": [{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}],
            "resources": {"requests": {"cpu": "1m"}, "limits": {"memory": "1Gi"}},
            "volumeMounts": [{"name": "v", "mountPath": "/v"}],
            "livenessProbe": {"httpGet": {"port": 80}},
        }
    ],
    "volumes": [{"name": "v", "configMap": {"name": "a", "items": [{"key": "k", "path": "p"}]}}],
    "affinity": {
        "nodeAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": {
                "nodeSelectorTerms": [{"matchExpressions": [{"key": "a", "operator": "In", "values": ["b"]}]}]
            }
        }
    },
    "tolerations": [{"key": "a", "operator": "Exists"}],
    "topologySpreadConstraints": [
        {
            "maxSkew": 1,
            "topologyKey": "zone",
            "whenUnsatisfiable": "DoNotSchedule",
            "labelSelector": {"matchLabels": LABELS},
        }
    ],
}
TEMPLATE = {"metadata": {"labels": LABELS}, "spec": POD}
SCHEMA = {
    "type": "object",
    "properties": {
        "spec": {
            "type": "object",
            "required": ["n"],
            "properties": {
                "n": {"type": "integer", "minimum": 1, "default": 2},
                "l": {"type": "array", "items": {"type": "string"}},
            },
        }
    },
}
SAMPLES: dict[str, dict[str, Any]] = {
    f"{NAMESPACE}/pods": {"spec": POD},
    "/apis/apps/v1/namespaces/default/deployments": {
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": LABELS},
            "template": TEMPLATE,
            "strategy": {"rollingUpdate": {"maxSurge": "25%"}},
        }
    },
    "/apis/apps/v1/namespaces/default/statefulsets": {
        "spec": {
            "serviceName": "s",
            "selector": {"matchLabels": LABELS},
            "template": TEMPLATE,
            "volumeClaimTemplates": [
                {
                    "metadata": {"name": "v"},
                    "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
                }
            ],
        }
    },
    "/apis/apps/v1/namespaces/default/daemonsets": {
        "spec": {"selector": {"matchLabels": LABELS}, "template": TEMPLATE}
    },
    "/apis/batch/v1/namespaces/default/jobs": {"spec": {"template": {"spec": {**POD, "restartPolicy": "Never"}}}},
    "/apis/batch/v1/namespaces/default/cronjobs": {
        "spec": {
            "schedule": "* * * * *",
            "jobTemplate": {"spec": {"template": {"spec": {**POD, "restartPolicy": "Never"}}}},
        }
    },
    f"{NAMESPACE}/services": {
        "spec": {"type": "NodePort", "selector": LABELS, "ports": [{"name": "p", "port": 80, "targetPort": "http"}]}
    },
    f"{NAMESPACE}/persistentvolumeclaims": {
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    },
    f"{NAMESPACE}/resourcequotas": {
        "spec": {
            "hard": {"pods": "99"},
            "scopeSelector": {"matchExpressions": [{"scopeName": "PriorityClass", "operator": "In", "values": ["x"]}]},
        }
    },
    f"{NAMESPACE}/limitranges": {
        "spec": {"limits": [{"type": "Container", "default": {"cpu": "1"}, "max": {"cpu": "9"}}]}
    },
    "/apis/policy/v1/namespaces/default/poddisruptionbudgets": {
        "spec": {"minAvailable": "50%", "selector": {"matchLabels": LABELS}}
    },
    "/apis/networking.k8s.io/v1/namespaces/default/networkpolicies": {
        "spec": {"podSelector": {}, "ingress": [{"from": [{"podSelector": {"matchLabels": LABELS}}]}]}
    },
    "/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers": {
        "spec": {
            "maxReplicas": 2,
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
            "metrics": [
                {
                    "type": "Resource",
                    "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 5}},
                }
            ],
        }
    },
    "/apis/rbac.authorization.k8s.io/v1/clusterroles": {
        "aggregationRule": {"clusterRoleSelectors": [{"matchLabels": LABELS}]},
        "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"], "resourceNames": ["x"]}],
    },
    "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings": {
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"},
        "subjects": [{"kind": "ServiceAccount", "name": "x", "namespace": "default"}],
    },
    "/apis/apiextensions.k8s.io/v1/customresourcedefinitions": {
        "metadata": {"name": "things.fuzz.example.com"},
        "spec": {
            "group": "fuzz.example.com",
            "scope": "Namespaced",
            "names": {"plural": "things", "kind": "Thing"},
            "versions": [
                {
                    "name": "v1",
                    "served": True,
                    "storage": True,
                    "schema": {"openAPIV3Schema": SCHEMA},
                    "subresources": {"status": {}},
                    "additionalPrinterColumns": [{"name": "N", "type": "integer", "jsonPath": ".spec.n"}],
                }
            ],
        },
    },
    "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations": {
        "webhooks": [
            {
                "name": "a.example.com",
                "sideEffects": "None",
                "admissionReviewVersions": ["v1"],
                "clientConfig": {"service": {"name": "x", "namespace": "default"}},
                "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}],
            }
        ]
    },
    f"{NAMESPACE}/secrets": {"type": "Opaque", "data": {"k": "dg=="}, "stringData": {"l": "w"}},
    f"{NAMESPACE}/events": {"involvedObject": {"kind": "Pod", "name": "x", "namespace": "default"}, "reason": "r"},
    "/api/v1/nodes": {
        "metadata": {"name": "fuzz", "labels": LABELS},
        "spec": {"taints": [{"key": "k", "effect": "NoSchedule"}]},
        "status": {"allocatable": {"cpu": "1"}, "conditions": [{"type": "Ready", "status": "True"}]},
    },
    "/api/v1/persistentvolumes": {
        "spec": {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], "hostPath": {"path": "/x"}}
    },
}


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where the parts of a body are."""
    if at:
        yield at
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in items:
        yield from places(child, (*at, key))


def replaced(value: Any, at: tuple[Any, ...], part: Any) -> Any:
    """A copy with one part replaced."""
    if not at:
        return part
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[at[0]] = replaced(value[at[0]], at[1:], part)
    return copy


@st.composite
def spoilt(draw: st.DrawFn) -> tuple[str, Any]:
    """A collection, and an object for it in which one part is wrong."""
    path = draw(st.sampled_from(sorted(SAMPLES)))
    body = {"metadata": {"name": "fuzz", "labels": LABELS, "annotations": {"k": "v"}}, **SAMPLES[path]}
    return path, replaced(body, draw(st.sampled_from(list(places(body)))), draw(values))


@often
@given(made=spoilt(), form=st.sampled_from([JSON, TABLE]))
def test_objects_with_one_wrong_part(target: Target, made: tuple[str, Any], form: str) -> None:
    path, body = made
    name = "things.fuzz.example.com" if "customresource" in path else "fuzz"
    target.check("POST", path, written(body))
    target.check("PUT", f"{path}/{name}", written(body))
    target.check("PATCH", f"{path}/{name}?fieldManager=x&force=true", written(body), "application/apply-patch+yaml")
    target.check("GET", path, accept=form)
    target.check("DELETE", f"{path}/{name}?gracePeriodSeconds=0")


def encoded(query: dict[str, str]) -> str:
    return "&".join(f"{name}={quote(value)}" for name, value in query.items())


@often
@given(
    path=st.sampled_from(PATHS),
    body=values | objects,
    content=st.sampled_from(CONTENTS),
    query=queries,
    method=st.sampled_from(["PATCH", "PUT", "DELETE", "POST"]),
    subresource=st.sampled_from(["", "/status", "/scale", "/nonsense"]),
)
def test_changes_of_any_shape(
    target: Target, path: str, body: Any, content: str, query: dict[str, str], method: str, subresource: str
) -> None:
    minimal = {"metadata": {"name": "fuzz"}}
    target.check("POST", path, written(minimal))
    target.check(method, f"{path}/fuzz{subresource}?{encoded(query)}", written(body), content)
    target.check("GET", f"{path}/fuzz")


@often
@given(
    data=st.binary(max_size=200), content=st.sampled_from(CONTENTS), method=st.sampled_from(["POST", "PATCH", "PUT"])
)
@example(b'{"a":' * 5000, "application/json", "POST")
@example(b"[" * 200 + b"]" * 200, "application/json", "POST")
@example(b"a: &a [1]\nb: &b [*a,*a]\nc: &c [*b,*b]\nd: [*c,*c]", "application/apply-patch+yaml", "PATCH")
@example(b"metadata: {name: 2001-01-01, 5: 6}\n? [a]\n: b", "application/apply-patch+yaml", "PATCH")
@example(b'{"metadata":{"name":"\\ud800"}}', "application/json", "POST")
@example(b'{"data":NaN}', "application/json", "POST")
@example(b'{"data":1e999}', "application/json", "POST")
@example(b"k8s\0\n\x0f\n\x02v1\x12\tConfigMap", "application/vnd.kubernetes.protobuf", "POST")
@example(b"k8s\0\xff\xff\xff", "application/vnd.kubernetes.protobuf", "POST")
def test_bodies_that_are_no_objects(target: Target, data: bytes, content: str, method: str) -> None:
    for path in (f"{NAMESPACE}/configmaps", f"{NAMESPACE}/configmaps/fuzz?fieldManager=x"):
        target.check(method, path, data, content)


@often
@given(
    path=st.text(st.characters(codec="utf-8", exclude_characters="\r\n ?#"), max_size=30),
    method=st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "NONSENSE"]),
    query=queries,
)
@example("/api/v1/namespaces/%zz/pods", "GET", {})
@example("/api/v1/namespaces/..%2f..%2fetc/pods/%00", "GET", {})
@example("//[", "GET", {})
@example("/api//v1///pods//", "GET", {})
@example("/api/v1/pods/" + "x" * 9000, "GET", {})
@example("/openapi/v3/../../etc/passwd", "GET", {})
def test_odd_paths_and_methods(target: Target, path: str, method: str, query: dict[str, str]) -> None:
    line = f"{method} {quote(path, safe='/%[].')}?{encoded(query)} HTTP/1.1\r\n"
    found = target.raw(f"{line}Host: x\r\nAuthorization: Bearer {TOKEN}\r\nConnection: close\r\n\r\n".encode())
    assert b"the practice cluster has a fault" not in found
    assert found.startswith(b"HTTP/1.1 ") or not found


@often
@given(path=st.sampled_from(PATHS), query=queries)
@example(f"{NAMESPACE}/pods", {"continue": "eyJhIjoxfQ"})
@example(f"{NAMESPACE}/pods", {"continue": "W10"})
@example(f"{NAMESPACE}/pods", {"limit": "9" * 400})
def test_lists_with_absurd_parameters(target: Target, path: str, query: dict[str, str]) -> None:
    target.check("GET", f"{path}?{encoded(query)}")
    watch = {**query, "watch": "1", "timeoutSeconds": "1", "resourceVersion": query.get("resourceVersion", "9" * 9)}
    if query:
        target.check("GET", f"{path}?{encoded(watch)}&timeoutSeconds=0.1")


REQUEST = f"POST {NAMESPACE}/configmaps HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n".encode()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0" * 1000,
        b"\x16\x03\x01" + b"\xff" * 500,
        b"GET / HTTP/1.1\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / JUNK\r\n\r\n",
        b"GET " + b"/" * 70_000 + b" HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 500 + b"\r\n",
        b"GET / HTTP/1.1\r\nA: " + b"b" * 70_000 + b"\r\n\r\n",
        REQUEST + b"Content-Length: 100\r\n\r\n{}",
        REQUEST + b"Content-Length: -1\r\n\r\n{}",
        REQUEST + b"Content-Length: many\r\n\r\n{}",
        REQUEST + b"Content-Length: 99999999999999999999\r\n\r\n{}",
        REQUEST + b"Content-Length: 2\r\nContent-Type: \xff\xfe\r\n\r\n{}",
        REQUEST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
        REQUEST + b"Transfer-Encoding: chunked\r\n\r\n-5\r\n{}",
        REQUEST + b"Transfer-Encoding: chunked\r\n\r\nffffffff\r\n{}",
        REQUEST + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}garbage",
        REQUEST + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}",
        REQUEST + b"Transfer-Encoding: chunked\r\n\r\n0\r\n" + b"A: b\r\n" * 500 + b"\r\n",
    ],
    ids=lambda data: repr(data[-40:]),
)
@pytest.mark.parametrize("tls", [True, False], ids=["tls", "plain"])
def test_what_is_no_request(target: Target, data: bytes, tls: bool) -> None:
    found = target.raw(data, tls=tls)
    assert b"the practice cluster has a fault" not in found
    if found.startswith(b"HTTP/1.1 4"):
        assert b'"kind":"Status"' in found
    assert target.check("GET", "/readyz") == 200


def test_a_body_that_is_too_large_is_refused_unread(target: Target) -> None:
    head = REQUEST + b"Content-Length: %d\r\n\r\n" % (LARGEST + 1)
    assert b'"code":413' in target.raw(head)
    chunks = b"".join(b"100000\r\n" + b" " * 0x100000 + b"\r\n" for _number in range(4))
    answer = target.raw(REQUEST + b"Transfer-Encoding: chunked\r\n\r\n" + chunks)
    assert b'"code":413' in answer or not answer


def test_connections_that_say_nothing_hold_up_nobody(target: Target) -> None:
    silent = [socket.create_connection(target.address, timeout=30) for _number in range(100)]
    try:
        with ThreadPoolExecutor(8) as workers:
            codes = list(workers.map(lambda _number: target.check("GET", "/api/v1/namespaces"), range(40)))
        assert set(codes) == {200}
    finally:
        for each in silent:
            each.close()


def test_large_bodies_leave_no_memory_behind(target: Target) -> None:
    body = json.dumps({"metadata": {"name": "Wrong Name"}, "data": {"k": "v" * (LARGEST - 1000)}}).encode()
    target.check("POST", f"{NAMESPACE}/configmaps", body)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _number in range(20):
        assert target.check("POST", f"{NAMESPACE}/configmaps", body) == 422
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 40 * 1024, f"{grown} KiB more after 60 MiB of refused bodies"
