"""kubectl, unchanged: the practice cluster lets it print what a real API server lets it print."""

import re
import subprocess
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import pytest

from tests.controlplane.api import Api
from tests.controlplane.cluster import Cluster

Kubectl = Callable[..., str]
WEB = """
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, labels: {app: web}}
data: {level: info, color: green}
---
apiVersion: v1
kind: Service
metadata: {name: web, labels: {app: web}}
spec: {clusterIP: None, selector: {app: web}, ports: [{port: 80, targetPort: http}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}}
spec:
  replicas: 0
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: main
          image: example.com/web:1
          ports: [{name: http, containerPort: 80}]
          resources: {requests: {cpu: 100m, memory: 64Mi}}
"""
DEFINED = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: gizmos.NS.example.com}
spec:
  group: NS.example.com
  scope: Namespaced
  names: {plural: gizmos, singular: gizmo, kind: Gizmo, shortNames: [gz]}
  versions:
    - name: v1
      served: true
      storage: true
      additionalPrinterColumns: [{name: Size, type: integer, jsonPath: .spec.size}]
      subresources: {status: {}}
      schema:
        openAPIV3Schema:
          type: object
          description: A gizmo.
          properties:
            spec:
              type: object
              description: What is wanted.
              required: [size]
              properties: {size: {type: integer, minimum: 1, description: How large.}}
"""
GIZMO = "{apiVersion: NS.example.com/v1, kind: Gizmo, metadata: {name: w}, spec: {size: %s}}"

CASES: dict[str, list[tuple[str, ...] | str]] = {
    "create-configmap": [
        "create configmap a --from-literal=k=v --from-literal=l=w",
        "get configmap a -o yaml",
        "create configmap a",
        "create configmap Wrong_Name",
    ],
    "create-secret": [
        "create secret generic s --from-literal=k=v",
        "create secret docker-registry r --docker-server=example.com --docker-username=u --docker-password=p",
        "get secret s r -o yaml",
        "describe secret s",
    ],
    "create-deployment": [
        "create deployment web --image=example.com/web:1 --replicas=0 --port=80",
        "get deployment web -o jsonpath={.spec}",
        "get deployment web -o wide",
    ],
    "create-the-rest": [
        "create serviceaccount robot",
        "create service clusterip svc --clusterip=None --tcp=80:8080",
        "create role reader --verb=get,list --resource=pods,deployments.apps",
        "create rolebinding readers --role=reader --serviceaccount=default:robot --user=somebody",
        "create quota small --hard=pods=2,requests.cpu=1",
        "create job once --image=example.com/job:1 -- true",
        "create cronjob yearly --image=example.com/job:1 --schedule=@yearly",
        "create poddisruptionbudget p --selector=app=web --min-available=1",
        "create ingress i --rule=example.com/=svc:80 --class=c",
        "get serviceaccount,service,role,rolebinding,cronjob,pdb,ingress -o name",
        "get service,cronjob,pdb,ingress,quota,rolebinding -o wide",
        "get role reader -o yaml",
        "get rolebinding readers -o yaml",
        "get cronjob yearly -o yaml",
        "get ingress i -o yaml",
        "get pdb p -o jsonpath={.spec}",
        "describe role reader",
        "describe rolebinding readers",
        "autoscale deployment web --max=3",
    ],
    "create-dry": [
        "create configmap a --from-literal=k=v --dry-run=server -o yaml",
        "create namespace some --dry-run=server -o name",
        "create clusterrole some --verb=get --resource=nodes --dry-run=server -o yaml",
        "create priorityclass some --value=5 --dry-run=server -o yaml",
        "create token default --duration=1s",
        "get configmap a",
    ],
    "apply": [
        ("apply -f -", WEB),
        ("apply -f -", WEB),
        ("apply -f -", WEB.replace("green", "blue").replace(", color: blue", "")),
        "get configmap settings -o yaml",
        "apply view-last-applied configmap settings",
        ("diff -f -", WEB),
        ("apply --server-side -f -", WEB),
        "get configmap settings -o yaml --show-managed-fields",
        ("apply --server-side -f -", WEB.replace("example.com/web:1", "example.com/web:2")),
        ("apply --server-side --field-manager=other -f -", WEB.replace("example.com/web:1", "example.com/web:3")),
        ("apply --server-side --force-conflicts -f -", WEB),
        ("delete -f -", WEB),
    ],
    "apply-server-side-first": [
        ("apply --server-side -f -", WEB),
        ("apply --server-side -f -", WEB.replace("level: info, ", "")),
        "get configmap settings -o jsonpath={.data}",
        ("apply --server-side -f -", "{apiVersion: v1, kind: ConfigMap, metadata: {name: x}, dota: {k: v}}"),
        ("apply -f -", "{apiVersion: v1, kind: ConfigMap, metadata: {name: x}, dota: {k: v}}"),
        ("apply -f -", "{apiVersion: example.org/v1, kind: Nothing, metadata: {name: x}}"),
        ("replace -f -", "{apiVersion: v1, kind: ConfigMap, metadata: {name: settings}, data: {k: v}}"),
        ("replace -f -", "{apiVersion: v1, kind: ConfigMap, metadata: {name: absent}}"),
        ("create -f -", "{apiVersion: v1, kind: ConfigMap, metadata: {name: settings}}"),
    ],
    "get-forms": [
        ("apply --server-side -f -", WEB),
        "get deploy",
        "get deploy,svc,cm -l app=web",
        "get deploy -o wide --show-labels",
        "get deploy web -o jsonpath={.spec}",
        "get svc web -o yaml",
        "get cm -l app=web -o name",
        "get cm settings -o jsonpath={.data.level}",
        "get cm -l app=web -o custom-columns=N:.metadata.name,L:.data.level",
        "get cm settings -o go-template={{.data.level}}",
        "get cm --field-selector metadata.name=settings --no-headers",
        "get cm settings --output-watch-events --watch-only --request-timeout=1s",
        "get cm --sort-by=.metadata.name -l app=web",
        "get all -l app=web",
        "get deploy absent",
        "get nonsense",
        "get pods",
        "get cm -l a,,b=",
        "get events",
    ],
    "describe": [
        ("apply --server-side -f -", WEB),
        "describe configmap settings",
        "describe service web",
        "describe configmap absent",
        "describe serviceaccount default",
    ],
    "change": [
        ("apply --server-side -f -", WEB),
        "label configmap settings a=b",
        "label configmap settings a=c",
        "label configmap settings a=c --overwrite",
        "label configmap settings a-",
        "annotate configmap settings note=hello",
        "annotate configmap settings note-",
        'patch configmap settings -p {"data":{"k":"v"}}',
        'patch configmap settings --type=json -p [{"op":"remove","path":"/data/k"}]',
        'patch configmap settings --type=merge -p {"data":{"level":null}}',
        'patch configmap settings --type=json -p [{"op":"remove","path":"/data/absent"}]',
        "set image deployment web main=example.com/web:9",
        "set env deployment web A=1",
        "set resources deployment web --limits=cpu=200m",
        "scale deployment web --replicas=0 --current-replicas=5",
        "scale deployment web --replicas=0",
        "expose deployment web --name=exposed --port=80 --cluster-ip=None",
        "rollout restart deployment web",
        "rollout pause deployment web",
        "rollout resume deployment web",
        "get deployment web -o jsonpath={.spec.template.spec}",
        "edit configmap settings",
    ],
    "delete": [
        ("apply --server-side -f -", WEB),
        "delete configmap settings",
        "delete configmap settings",
        "delete configmap settings --ignore-not-found",
        "delete deploy,svc -l app=web",
        "delete service --all",
        "delete deployment web --cascade=orphan --ignore-not-found",
    ],
    "wait": [
        "create configmap a --from-literal=k=v",
        "wait configmap/a --for=jsonpath={.data.k}=v --timeout=5s",
        "wait configmap/a --for=jsonpath={.data.k}=w --timeout=1s",
        "wait configmap/absent --for=delete --timeout=5s",
        "wait configmap/absent --for=condition=Ready --timeout=1s",
        "wait namespace/NS --for=jsonpath={.status.phase}=Active --timeout=5s",
    ],
    "auth": [
        "auth can-i create pods",
        "auth can-i create pods --as=somebody",
        "auth can-i get /version --as=somebody",
        "auth can-i create pods --as=somebody --as-group=system:masters",
        "auth can-i --list --as=somebody",
        "auth can-i get nonsense",
        "create role reader --verb=get --resource=configmaps",
        "create rolebinding readers --role=reader --user=reader",
        "auth can-i get configmaps --as=reader",
        "get configmap absent --as=reader",
        "get configmap --as=reader",
        "get pods -A --as=reader",
        "create configmap a --as=reader",
        "auth whoami --as=reader --as-group=team",
    ],
    "explain": [
        "explain configmap",
        "explain deployment.spec.strategy",
        "explain pod.spec.containers.resources",
        "explain job --recursive",
        "explain hpa --api-version=autoscaling/v2",
        "explain pod.nonsense",
        "explain nonsense",
        "api-resources --api-group=apps",
        "api-resources --namespaced=false --api-group=rbac.authorization.k8s.io -o wide",
        "version",
    ],
    "custom": [
        ("apply --server-side -f -", DEFINED),
        "wait crd/gizmos.NS.example.com --for=condition=Established --timeout=10s",
        ("apply -f -", GIZMO % 3),
        ("apply --server-side -f -", GIZMO % 4),
        ("apply -f -", GIZMO % '"large"'),
        ("create -f -", GIZMO.replace("name: w", "name: v") % 0),
        "get gizmos",
        "get gz w -o yaml",
        "get gz w -o jsonpath={.spec.size}",
        "api-resources --api-group=NS.example.com",
        'patch gizmo w --type=merge -p {"spec":{"size":7}}',
        "delete gizmo w",
        "delete crd gizmos.NS.example.com",
    ],
    "cluster": [
        "get --raw /readyz",
        "get namespace NS",
        "get clusterrole cluster-admin -o yaml",
        "get clusterrolebinding cluster-admin -o wide",
        "describe clusterrole system:discovery",
        "get priorityclass",
        "create namespace NS",
        "delete namespace absent",
        "top pods",
    ],
}


class Server:
    """kubectl on one of the two servers, in a namespace of its own."""

    def __init__(self, binary: Path, kubeconfig: Path, namespace: str, home: Path) -> None:
        self._command = [str(binary), f"--kubeconfig={kubeconfig}", f"--namespace={namespace}"]
        self._cache = f"--cache-dir={home}"
        self._namespace = namespace

    def run(self, step: tuple[str, ...] | str) -> tuple[int, str]:
        """Exit code and what was printed, without what differs between runs."""
        line, given = step if isinstance(step, tuple) else (step, "")
        words = [word.replace("NS", self._namespace) for word in line.split()]
        done = subprocess.run(
            [*self._command, self._cache, *words],
            input=given.replace("NS", self._namespace),
            capture_output=True,
            text=True,
            check=False,
            env={"PATH": "/usr/bin:/bin", "EDITOR": "true"},
        )
        return done.returncode, comparable(done.stdout + done.stderr, self._namespace)


VOLATILE = [
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "UID"),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "TIME"),
    (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[^\t\n]*", "TIME"),
    (r'(resourceVersion"?: ?"?)\d+', r"\1N"),
    (r"(/tmp/)?(LIVE|MERGED)-\d+", r"\2"),
    (r"\b(\d+[dhms])+\b", "AGE"),
    (r"\bweb-[a-z0-9]{8,10}\b", "web-HASH"),
    (r"(?m)[IEW]\d{4} [^\]]*\] ", ""),
    (r"(?m) +$", ""),
    (r"(?m)(\S)  +", r"\1  "),
]
"""Identities, times, ages, the padding that depends on them."""


def comparable(text: str, namespace: str) -> str:
    for pattern, replacement in VOLATILE:
        text = re.sub(pattern, replacement, text)
    return text.replace(namespace, "NS")


@pytest.fixture(scope="module")
def caches(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What kubectl remembers of the servers' kinds; without it each test reads all schemas anew."""
    return tmp_path_factory.mktemp("caches")


@pytest.fixture
def servers(control_plane: Cluster, healthy: Path, caches: Path) -> Iterator[tuple[Server, Server]]:
    """The practice cluster and the real one."""
    namespace = f"kubectl-{uuid4().hex[:8]}"
    path = "/api/v1/namespaces"
    with Api(healthy) as sandbox, Api(control_plane.kubeconfig()) as real:
        for api in (sandbox, real):
            api.create(path, {"metadata": {"name": namespace}})
        yield (
            Server(control_plane.kubectl, healthy, namespace, caches / "sandbox"),
            Server(control_plane.kubectl, control_plane.kubeconfig(), namespace, caches / "real"),
        )
        for api in (sandbox, real):
            api.delete(f"{path}/{namespace}")


def run(step: tuple[str, ...] | str, servers: Sequence[Server]) -> Iterator[tuple[int, str]]:
    """On all at once: a kubectl spends its time on starting."""
    with ThreadPoolExecutor(len(servers)) as pool:
        return pool.map(lambda server: server.run(step), servers)


LOOKING = ("get ", "api-resources", "explain ", "describe ")


@pytest.mark.parametrize("case", CASES)
def test_kubectl_prints_the_same(servers: tuple[Server, Server], case: str) -> None:
    for step in CASES[case]:
        sandbox, real = run(step, servers)
        for _try in range(5 if isinstance(step, str) and step.startswith(LOOKING) else 0):
            if sandbox == real:
                break  # a real server publishes a new kind to discovery a moment after it is established
            sandbox, real = run(step, servers)
        assert sandbox == real, step
