"""What a real API server and its controllers say of a broken cluster is understood, and what is offered mends it."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
import yaml
from kubernetes.client.exceptions import ApiException

from kfinstall.contracts.finding import Finding
from kfinstall.doctor.examination import examine
from kfinstall.doctor.reading import from_cluster
from kfinstall.engine.mending import mend
from kfinstall.facts.classify import classify
from kfinstall.kube import discovery
from kfinstall.kube.cluster import Cluster as Handle
from kfinstall.kube.connection import Connection
from kfinstall.registry import checks
from tests.contract.manifests import cluster_role, config_map, definition, deployment, named, namespace, webhook
from tests.contract.test_real_kubeflow import Releases
from tests.controlplane.api import Api, Object
from tests.controlplane.fixtures import started
from tests.controlplane.server import ControlPlane
from tests.forked import kfinstall
from tests.golden.test_releases import ARCHIVES, preset, rendered
from tests.patience import eventually
from tests.sandbox.conftest import served

CORE = "/api/v1/namespaces"
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
EXTENSIONS = "/apis/apiregistration.k8s.io/v1/apiservices"
WEBHOOKS = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"
RBAC = "/apis/rbac.authorization.k8s.io/v1"
LATER = timedelta(hours=1)
"""How long after it happened the doctor is asked: some trouble is none at first."""


@pytest.fixture(scope="module")
def plane(control_plane_binaries: Path) -> Iterator[ControlPlane]:
    """A cluster of these tests alone: a dead extension would hold up everybody's namespaces."""
    with started(control_plane_binaries) as running:
        if not running.has_controller_manager:
            pytest.skip("this control plane has no controller manager")
        yield running


@pytest.fixture(scope="module")
def api(plane: ControlPlane) -> Iterator[Api]:
    """Requests as admin."""
    with Api(plane.kubeconfig()) as opened:
        yield opened


@pytest.fixture
def cluster(plane: ControlPlane) -> Handle:
    """The doctor's own way to the cluster."""
    return Handle(Connection.open(plane.kubeconfig()))


def findings(cluster: Handle, name: str) -> list[Finding]:
    """What the doctor says about objects of that name, or in that namespace, or about all, an hour later."""
    known, _broken = checks()
    seen = from_cluster(cluster, {kind for check in known for kind in check.reads | check.also})
    report = examine(replace(seen, taken=(datetime.now(UTC) + LATER).isoformat(timespec="seconds")), known)
    found = [finding for root in report.roots for finding in root.walk()]
    return [each for each in found if not name or any(name in {key.name, key.namespace} for key in each.objects)]


def mended(cluster: Handle, finding: Finding) -> None:
    assert finding.fix, finding
    resources = discovery.discover(cluster.connection)
    assert [deed.error for deed in mend(cluster, finding.fix, resources)] == [None]


def is_gone(api: Api, path: str) -> bool:
    try:
        api.get(path)
    except ApiException as error:
        return bool(error.status == 404)
    return False


def condition(body: Object, kind: str) -> Object:
    found = [each for each in (body.get("status") or {}).get("conditions") or () if each["type"] == kind]
    return found[0] if found else {}


def _condition_of(api: Api, path: str, kind: str) -> Object:
    return condition(api.get(path), kind)


@pytest.fixture
def models(api: Api) -> Iterator[str]:
    """The collection path of KServe's models in a namespace, whose controller is not installed."""
    body = definition("serving.kserve.io", "inferenceservices", "InferenceService")
    body["metadata"]["annotations"] = {"api-approved.kubernetes.io": "unapproved, for a test"}
    api.create(DEFINITIONS, body)
    name = "inferenceservices.serving.kserve.io"
    eventually(lambda: condition(api.get(f"{DEFINITIONS}/{name}"), "Established").get("status") == "True")
    yield "/apis/serving.kserve.io/v1/namespaces/{}/inferenceservices"
    api.delete(f"{DEFINITIONS}/{name}")


def test_a_namespace_goes_once_its_orphans_are_released(api: Api, cluster: Handle, models: str) -> None:
    api.create(CORE, namespace("stuck"))
    model = named("serving.kserve.io/v1", "InferenceService", "model", "stuck", spec={})
    model["metadata"]["finalizers"] = ["example.com/inferenceservice.finalizers"]
    eventually(lambda: _created(api, models.format("stuck"), model))
    api.delete(f"{CORE}/stuck")
    remaining = "NamespaceFinalizersRemaining"
    eventually(lambda: condition(api.get(f"{CORE}/stuck"), remaining).get("status") == "True")
    [finding] = findings(cluster, "stuck")
    assert finding.cause == "ns-terminating-finalizers"
    assert "1 inferenceservices.serving.kserve.io" in finding.title
    mended(cluster, finding)
    eventually(lambda: is_gone(api, f"{CORE}/stuck"))


def _created(api: Api, path: str, body: Object) -> bool:
    """A collection is served a moment after its definition is established."""
    try:
        api.create(path, body)
    except ApiException as error:
        if error.status != 404:
            raise
        return False
    return True


def test_a_dead_extension_is_told_apart_and_deleted(api: Api, cluster: Handle) -> None:
    spec = {"group": "dead.example.com", "version": "v1", "groupPriorityMinimum": 100, "versionPriority": 100}
    service = {"service": {"namespace": "nowhere", "name": "dead"}, "insecureSkipTLSVerify": True}
    name = "v1.dead.example.com"
    api.create(EXTENSIONS, named("apiregistration.k8s.io/v1", "APIService", name, spec={**spec, **service}))
    api.create(CORE, namespace("held-up"))
    eventually(lambda: condition(api.get(f"{EXTENSIONS}/{name}"), "Available").get("status") == "False")
    api.delete(f"{CORE}/held-up")
    failure = "NamespaceDeletionDiscoveryFailure"
    eventually(lambda: condition(api.get(f"{CORE}/held-up"), failure).get("status") == "True")
    [held] = findings(cluster, "held-up")
    [finding] = findings(cluster, name)
    assert held.needs == set(finding.objects)
    assert finding.cause == held.cause == "ns-discovery-failure"
    assert finding.evidence[0].text.startswith("ServiceNotFound: ")
    mended(cluster, finding)
    eventually(lambda: is_gone(api, f"{CORE}/held-up"))


def test_a_webhook_that_was_left_behind_is_found_and_deleted(api: Api, cluster: Handle) -> None:
    api.create(WEBHOOKS, webhook("left-behind", "gone", "nowhere"))
    checked = config_map("checked", "default")
    checked["metadata"]["labels"] = {"checked": "left-behind"}
    refusal = eventually(lambda: _refusal(api, f"{CORE}/default/configmaps", checked))
    explained = classify(refusal)
    assert explained
    found = {finding.cause: finding for finding in findings(cluster, "left-behind")}
    assert explained.cause == "wh-stale-config"
    assert "configmaps" in found[explained.cause].evidence[0].text
    mended(cluster, found[explained.cause])
    eventually(lambda: _refusal(api, f"{CORE}/default/configmaps", checked) == "")


def _refusal(api: Api, path: str, body: Object) -> str:
    """What the API server says against an object; "" where it takes it, and then it is deleted again."""
    try:
        api.create(path, body)
    except ApiException as error:
        return str(yaml.safe_load(error.body or "")["message"])
    api.delete(f"{path}/{body['metadata']['name']}")
    return ""


def test_ways_that_lead_nowhere(api: Api, cluster: Handle) -> None:
    """As the API server stores them, with what it fills in."""
    name = "ways"
    networking = f"/apis/networking.k8s.io/v1/namespaces/{name}"
    api.create(CORE, namespace(name))
    eventually(lambda: api.get(f"{CORE}/{name}/serviceaccounts")["items"])
    labels, ports = {"app": "kf"}, [{"name": "web", "containerPort": 80}]
    container = {"name": "main", "image": "example.com/a:1", "ports": ports}
    metadata = {"name": "kf", "namespace": name, "labels": labels}
    api.create(f"{CORE}/{name}/pods", {"metadata": metadata, "spec": {"containers": [container]}})
    spec = {"selector": labels, "ports": [{"port": 80, "targetPort": "http"}]}
    api.create(f"{CORE}/{name}/services", named("v1", "Service", "kf", name, spec=spec))
    spec = {"selector": {"app": "gone"}, "ports": [{"port": 80}]}
    api.create(f"{CORE}/{name}/services", named("v1", "Service", "astray", name, spec=spec))
    api.create(f"{networking}/networkpolicies", named("networking.k8s.io/v1", "NetworkPolicy", "deny", name, spec={}))
    backend = {"service": {"name": "kf", "port": {"number": 80}}}
    spec = {"ingressClassName": "absent", "defaultBackend": backend}
    api.create(f"{networking}/ingresses", named("networking.k8s.io/v1", "Ingress", "door", name, spec=spec))
    assert {
        "Network policies let nobody reach Service/ways/kf",
        "Service/ways/astray selects no pod",
        "Service/ways/kf sends to a port that its pods do not have",
        "Ingress.networking.k8s.io/ways/door is of a class that does not exist",
    } <= {found.title for found in findings(cluster, name)}
    api.delete(f"{CORE}/{name}")
    eventually(lambda: not any(each["metadata"]["name"] == name for each in api.get(CORE)["items"]))


def test_pods_that_are_refused_say_by_what(api: Api, cluster: Handle) -> None:
    api.create(CORE, namespace("strict", **{"pod-security.kubernetes.io/enforce": "restricted"}))
    path = "/apis/apps/v1/namespaces/strict/deployments"
    without_account = deployment("without-account", "strict")
    without_account["spec"]["template"]["spec"]["serviceAccountName"] = "missing"
    for body in (deployment("too-free", "strict"), without_account):
        api.create(path, body)
    for name in ("too-free", "without-account"):
        eventually(partial(_condition_of, api, f"{path}/{name}", "ReplicaFailure"))
    causes = {finding.objects[0].name: finding for finding in findings(cluster, "strict")}
    assert causes["too-free"].cause == "istio-psa-forbidden"
    assert causes["without-account"].cause == "rbac-serviceaccount-missing"
    expected = "kubectl -n strict create serviceaccount missing"
    assert expected in causes["without-account"].remedy.commands
    api.delete(f"{CORE}/strict")
    eventually(lambda: is_gone(api, f"{CORE}/strict"))


CRASHING = """
title: Containers that end, need more memory, and do not answer.
nodes:
  - {name: crash, allocatable: {cpu: "8", memory: 16Gi, pods: "110"}}
containers:
  - {match: example.com/mysql, exitCode: 1, after: 0, log: [starting, "unknown variable 'ignore-db-dir=lost+found'"]}
  - {match: example.com/hungry, exitCode: 137, reason: OOMKilled, after: 0}
  - {match: example.com/unready, failing: readiness}
"""
WANTED = {"mysql": "kf-mysql-lost-found", "hungry": "node-oom-killed", "unready": "pod-probe-failed"}
LIMITED = {"limits": {"memory": "64Mi"}}


def test_containers_that_do_not_run_say_why(tmp_path: Path) -> None:
    """On the practice cluster, whose kubelets answer for logs."""
    (tmp_path / "crashing.yaml").write_text(CRASHING, encoding="utf-8")
    with served(str(tmp_path / "crashing.yaml"), tmp_path) as kubeconfig, Api(kubeconfig) as practice:
        for name in WANTED:
            body = deployment(name, "default", image=f"example.com/{name}:1")
            body["spec"]["template"]["spec"]["containers"][0]["resources"] = LIMITED
            practice.create("/apis/apps/v1/namespaces/default/deployments", body)
        handle = Handle(Connection.open(kubeconfig))
        found = eventually(lambda: _by_workload(findings(handle, "default")))
    assert "set resources deployment/hungry -c main --limits=memory=128Mi" in found["hungry"].remedy.commands[0]


def _by_workload(found: list[Finding]) -> dict[str, Finding]:
    """The findings by the workload in their titles, once each has the cause that it should have."""
    named = {
        name: each for name, cause in WANTED.items() for each in found if each.cause == cause and name in each.title
    }
    return named if named.keys() == WANTED.keys() else {}


def test_a_definition_waits_for_its_last_object(api: Api, cluster: Handle) -> None:
    api.create(DEFINITIONS, definition("ending.example.com"))
    path = "/apis/ending.example.com/v1/namespaces/default/widgets"
    widget = named("ending.example.com/v1", "Widget", "last", "default", spec={})
    widget["metadata"]["finalizers"] = ["example.com/keep"]
    eventually(lambda: _created(api, path, widget))
    name = "widgets.ending.example.com"
    api.delete(f"{DEFINITIONS}/{name}")
    eventually(lambda: condition(api.get(f"{DEFINITIONS}/{name}"), "Terminating").get("status") == "True")
    [finding] = findings(cluster, name)
    assert finding.cause == "crd-terminating-or-names"
    assert finding.evidence[0].text
    api.patch(f"{path}/last", {"metadata": {"finalizers": None}})


def test_two_definitions_with_one_name(api: Api, cluster: Handle) -> None:
    group = "names.example.com"
    for plural, kind in (("widgets", "Widget"), ("gadgets", "Gadget")):
        api.create(DEFINITIONS, definition(group, plural, kind, shortNames=["same"]))
        eventually(partial(_condition_of, api, f"{DEFINITIONS}/{plural}.{group}", "NamesAccepted"))
    [finding] = findings(cluster, f"gadgets.{group}")
    assert finding.cause == "crd-terminating-or-names"
    assert "ShortNamesConflict" in finding.evidence[0].text
    for plural in ("gadgets", "widgets"):
        api.delete(f"{DEFINITIONS}/{plural}.{group}")


def test_who_may_not_grant_may_after_the_command_of_the_explanation(api: Api, plane: ControlPlane) -> None:
    """The server's own refusal, the rules in it, and the role that is made of them."""
    rules = [{"apiGroups": ["rbac.authorization.k8s.io"], "resources": ["clusterroles"], "verbs": ["create", "delete"]}]
    api.create(f"{RBAC}/clusterroles", cluster_role("writes-roles", rules=rules))
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "writes-roles"}
    subjects = [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "alice"}]
    binding = named(f"{RBAC[6:]}", "ClusterRoleBinding", "alice-writes", roleRef=reference, subjects=subjects)
    api.create(f"{RBAC}/clusterrolebindings", binding)
    wanted = cluster_role("wanted", rules=[{"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["list"]}])
    with Api(plane.kubeconfig("alice")) as alice:
        refusal = eventually(lambda: _escalation(alice, wanted))
        explained = classify(refusal)
        assert explained
        assert explained.cause == "rbac-escalation-new"
        [command] = [each for each in explained.remedy.commands if each.startswith("kubectl apply")]
        text = re.sub(r"^.*\n|\nEND$", "", command, count=2)
        for body in yaml.safe_load_all(text):
            api.create(f"{RBAC}/{body['kind'].lower()}s", body)
        eventually(lambda: _refusal(alice, f"{RBAC}/clusterroles", wanted) == "")


def _escalation(alice: Api, wanted: Object) -> str:
    """The refusal that lists rules, once alice's own binding is in force."""
    refusal = _refusal(alice, f"{RBAC}/clusterroles", wanted)
    return refusal if "not currently held" in refusal else ""


def test_what_was_mended_leaves_no_finding(plane: ControlPlane) -> None:
    seen = kfinstall("doctor", "--kubeconfig", plane.kubeconfig(), "-o", "json")
    assert (seen.returncode, json.loads(seen.stdout)["findings"]) == (0, []), seen.stdout


@pytest.mark.skipif(not ARCHIVES.is_dir(), reason=f"the archives of the releases are not in {ARCHIVES}")
def test_a_whole_kubeflow_is_well_until_somebody_breaks_it(tmp_path: Path) -> None:
    """No false alarm among hundreds of objects, on the practice cluster, which plays Kubeflow's operators."""
    objects = rendered(preset("kubeflow-1.10"), Path(os.environ["KFINSTALL_TEST_CACHE"]) / "renders").manifests
    with served("healthy", tmp_path) as kubeconfig, Api(kubeconfig) as practice:
        installer = Releases(kubeconfig, tmp_path / "state", "kubeflow", wait=True, rendered=objects)
        installer.install([], timeout=300.0).succeeded()
        handle = Handle(Connection.open(kubeconfig))
        assert eventually(lambda: findings(handle, "") == []), "nothing is wrong with it"
        practice.delete("/apis/apps/v1/namespaces/kubeflow/deployments/mysql")
        practice.patch("/apis/apps/v1/namespaces/kubeflow/deployments/katib-controller", {"spec": {"replicas": 0}})
        titles = {finding.title.partition(" (")[0] for finding in eventually(lambda: _two(findings(handle, "")))}
    assert "Not working: Pipelines" in titles
    assert any(title.startswith("Nobody serves the webhooks of Service/kubeflow/katib-controller") for title in titles)


def _two(found: list[Finding]) -> list[Finding]:
    return found if len(found) >= 2 else []
