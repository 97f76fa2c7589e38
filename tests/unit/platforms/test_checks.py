"""What platforms ask of their own clusters: left out elsewhere, found by the doctor with the others."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kfinstall.contracts.finding import Severity
from kfinstall.contracts.manifest import Body, ObjectKey
from kfinstall.contracts.resource import GroupKind
from kfinstall.doctor.examination import Report, examine
from kfinstall.doctor.snapshot import Collected
from tests.unit.doctor.clusters import ALL_CHECKS, body, snapshot

NO_CONSTRAINT = 'pods "web-" is forbidden: unable to validate against any security context constraint: [provider v2: …]'
OPENSHIFT = {GroupKind("security.openshift.io", "SecurityContextConstraints"): "securitycontextconstraints"}
CERT_MANAGER = {GroupKind("operator.openshift.io", "CertManager"): "certmanagers"}
APPLIED = {"applyset.kubernetes.io/part-of": "applyset-x-v1"}


def node(name: str, **labels: str) -> Body:
    status = {"conditions": [{"type": "Ready", "status": "True"}], "allocatable": {"cpu": "8", "memory": "32Gi"}}
    return body("Node", name, labels=labels, spec={}, status=status)


def report_of(cluster: Collected, platform: str) -> Report:
    """What the checks of a platform say of a cluster, as the doctor runs them beside all others."""
    report = examine(cluster, ALL_CHECKS)
    kept = tuple(each for each in report.checks if each.check.area == platform)
    return replace(report, checks=kept)


def causes(report: Report) -> list[str]:
    return [finding.cause for answer in report.checks for finding in answer.findings]


@pytest.mark.parametrize("platform", ["ack", "docker-desktop", "minikube", "openshift"])
def test_the_checks_of_a_platform_are_left_out_in_another_cluster(platform: str) -> None:
    assert {check.area for check in ALL_CHECKS} >= {platform}
    assert report_of(snapshot(node("worker-1")), platform).checks == ()


def refused(user: int) -> list[Body]:
    pod = {"serviceAccountName": "runner", "containers": [{"name": "web", "securityContext": {"runAsUser": user}}]}
    failure = {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": NO_CONSTRAINT}
    deployment = body("Deployment", "web", "ml", group="apps", spec={"replicas": 1}, status={"replicas": 0})
    owner = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": "Deployment/ml/web"}
    spec = {"replicas": 1, "template": {"spec": pod}}
    status = {"replicas": 0, "conditions": [failure]}
    references = [{**owner, "controller": True}]
    return [
        deployment,
        body("ReplicaSet", "web-1", "ml", group="apps", spec=spec, status=status, ownerReferences=references),
    ]


@pytest.mark.parametrize(("user", "scc"), [(1000, "nonroot-v2"), (0, "anyuid")])
def test_openshift_names_the_account_and_the_narrowest_constraint_for_it(user: int, scc: str) -> None:
    cluster = replace(snapshot(*refused(user)), served=OPENSHIFT)
    [finding] = [each for answer in report_of(cluster, "openshift").checks for each in answer.findings]
    assert finding.title == f"Service account ml/runner may not use the constraint {scc}, which its pods need"
    assert finding.evidence[0].text == f"runAsUser: {user}"
    assert finding.remedy.commands == (f"oc adm policy add-scc-to-user {scc} -z runner -n ml",)
    [root] = examine(cluster, ALL_CHECKS).roots  # that the Deployment has no pods follows from it
    assert root.finding == finding
    assert [child.finding.objects for child in root.children] == [(ObjectKey("apps", "Deployment", "ml", "web"),)]


def test_openshift_finds_an_operator_beside_kubeflows_own() -> None:
    istiod = body("Deployment", "istiod", "istio-system", group="apps", spec={}, status={})
    mesh = OPENSHIFT | {GroupKind("sailoperator.io", "Istio"): "istios"}
    found = report_of(replace(snapshot(istiod), served=mesh), "openshift")
    assert causes(found) == ["ocp-operator-twice"]
    assert "OpenShift Service Mesh 3 is in this cluster" in found.checks[1].findings[0].title
    owned = {**istiod, "metadata": {**istiod["metadata"], "ownerReferences": [{"kind": "IstioRevision", "uid": "1"}]}}
    assert causes(report_of(replace(snapshot(owned), served=mesh), "openshift")) == []


@pytest.mark.parametrize(("labels", "found"), [(APPLIED, ["ocp-operator-twice"]), ({}, [])])
def test_red_hats_cert_manager_is_told_from_kubeflows(labels: dict[str, str], found: list[str]) -> None:
    manager = body("Deployment", "cert-manager", "cert-manager", group="apps", labels=labels, spec={}, status={})
    cluster = replace(snapshot(manager), served=OPENSHIFT | CERT_MANAGER)
    assert causes(report_of(cluster, "openshift")) == found


def test_minikubes_own_provisioner_is_for_one_node() -> None:
    default = {"storageclass.kubernetes.io/is-default-class": "true"}
    storage = body(
        "StorageClass", "standard", group="storage.k8s.io", annotations=default, provisioner="k8s.io/minikube-hostpath"
    )
    mine = {"minikube.k8s.io/name": "lab"}
    assert causes(report_of(snapshot(node("lab", **mine), storage), "minikube")) == []
    found = report_of(snapshot(node("lab", **mine), node("lab-m02", **mine), storage), "minikube")
    [finding] = found.checks[0].findings
    assert (finding.severity, finding.title) == (
        Severity.WARNING,
        "The default class standard makes folders on one node, and this minikube has 2",
    )
    assert finding.remedy.commands[0] == "minikube -p lab addons enable volumesnapshots"


def balancer(name: str, *ports: int, **status: object) -> Body:
    spec = {"type": "LoadBalancer", "ports": [{"port": port} for port in ports]}
    return body("Service", name, "ml", spec=spec, status={"loadBalancer": status})


def test_docker_desktop_has_each_port_once() -> None:
    cluster = snapshot(node("docker-desktop"), balancer("a", 80, 443), balancer("b", 80), balancer("c", 8080))
    [finding] = report_of(cluster, "docker-desktop").checks[0].findings
    assert finding.title == "ml/a, ml/b want localhost:80, and only one of them has it"
    assert [command.split()[5] for command in finding.remedy.commands] == ["b"]


def test_alibaba_cloud_bills_load_balancers() -> None:
    ingress = [{"ip": "203.0.113.7"}]
    cluster = snapshot(node("n", **{"alibabacloud.com/nodepool-id": "np1"}), balancer("a", 80, ingress=ingress))
    [finding] = report_of(cluster, "ack").checks[0].findings
    assert (finding.severity, finding.title) == (Severity.INFO, "Alibaba Cloud bills 1 load balancer by the hour")
    assert finding.evidence[0].text == "203.0.113.7"
