"""One examination: what is found, what follows from what, what could not be asked."""

from collections.abc import Iterator
from dataclasses import replace

from kfinstall.cli.diagnosis import page, short
from kfinstall.contracts.check import Check
from kfinstall.contracts.explanation import Remedy
from kfinstall.contracts.finding import Finding, Severity
from kfinstall.contracts.manifest import Body, ObjectKey
from kfinstall.contracts.snapshot import Snapshot
from kfinstall.doctor.examination import Report, Status, examine
from kfinstall.facts.objects.kinds import NODE, POD
from tests.unit.doctor.clusters import ALL_CHECKS, body, event, pod, snapshot, unschedulable, waiting
from tests.unit.doctor.nodes import node, refused

NO_HOST = (
    'failed to pull and unpack image "quay.io/jetstack/cert-manager-controller:v1.16.1": failed to do request: Head '
    '"https://quay.io/v2/jetstack/cert-manager-controller/manifests/v1.16.1": dial tcp: lookup quay.io on 10.0.0.2:53: '
    "no such host"
)
UNBOUND = "0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found"
STORAGE = "storage.k8s.io"


def roots(report: Report) -> dict[str, list[str]]:
    """Cause of each root -> causes of what follows from it."""
    return {root.finding.cause: [found.cause for found in root.walk()][1:] for root in report.roots}


def claim(name: str) -> dict[str, object]:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    return body("PersistentVolumeClaim", name, "kubeflow", spec=spec, status={"phase": "Pending"})


def cert_manager(kind: str) -> dict[str, object]:
    """The definition of one of its kinds, in force."""
    plural = f"{kind.lower()}s"
    names = {"kind": kind, "plural": plural}
    spec = {"group": "cert-manager.io", "names": names, "versions": [{"name": "v1", "served": True, "storage": True}]}
    conditions = [{"type": each, "status": "True"} for each in ("NamesAccepted", "Established")]
    status = {"conditions": conditions, "storedVersions": ["v1"]}
    name = f"{plural}.cert-manager.io"
    return body("CustomResourceDefinition", name, group="apiextensions.k8s.io", spec=spec, status=status)


def test_nothing_is_wrong_with_a_healthy_cluster() -> None:
    ready = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
    report = examine(snapshot(pod("a", status=ready)), ALL_CHECKS)
    assert (report.roots, report.unready, report.unexplained, report.worst) == ((), 0, (), None)
    assert {answer.status for answer in report.checks} == {Status.OK}


def test_a_claim_without_a_class_holds_back_the_pod_that_mounts_it() -> None:
    volumes = [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]
    mysql = pod("mysql", status=unschedulable(UNBOUND), volumes=volumes)
    report = examine(snapshot(claim("data"), mysql), ALL_CHECKS)
    assert roots(report) == {"st-no-default-storageclass": ["st-no-default-storageclass"]}
    assert report.roots[0].objects == {
        ObjectKey("", "PersistentVolumeClaim", "kubeflow", "data"),
        ObjectKey("", "Pod", "kubeflow", "mysql"),
    }


def test_a_registry_without_dns_holds_back_whoever_waits_for_a_certificate() -> None:
    manager = body("Deployment", "cert-manager", "cert-manager", group="apps")
    owner = {"uid": manager["metadata"]["uid"], "controller": True}
    broken = pod("cert-manager-1", "cert-manager", status=waiting("ErrImagePull", NO_HOST))
    broken["metadata"]["ownerReferences"] = [owner]
    issued = {"secretName": "webhook-certs", "issuerRef": {"name": "self"}}
    certificate = body("Certificate", "webhook", "kubeflow", group="cert-manager.io", spec=issued)
    definitions = [cert_manager(kind) for kind in ("Certificate", "Issuer", "ClusterIssuer", "CertificateRequest")]
    volumes = [{"name": "cert", "secret": {"secretName": "webhook-certs"}}]
    webhook = pod("webhook-1", status=waiting("ContainerCreating"), volumes=volumes)
    words = 'MountVolume.SetUp failed for volume "cert" : secret "webhook-certs" not found'
    said = event(webhook, "FailedMount", words)
    report = examine(snapshot(manager, broken, certificate, *definitions, webhook, said), ALL_CHECKS)
    assert list(roots(report)) == ["img-dns"]
    assert "st-mount-object-missing" in roots(report)["img-dns"]
    assert report.unready == 2
    assert report.unexplained == ()


def test_a_pod_without_a_known_reason_is_named() -> None:
    report = examine(snapshot(pod("odd", status=waiting("SomethingNew", "never seen before"))), ALL_CHECKS)
    assert report.unexplained == (ObjectKey("", "Pod", "kubeflow", "odd"),)


def test_a_check_that_may_not_look_says_what_it_needs() -> None:
    report = examine(snapshot(unread={POD: "needs the right to list pods in all namespaces"}), ALL_CHECKS)
    [answer] = [answer for answer in report.checks if answer.check.id == "images.pull"]
    assert answer.status is Status.SKIPPED
    assert answer.reason == "could not check: needs the right to list pods in all namespaces"


def test_a_check_that_breaks_is_named_and_the_others_go_on() -> None:
    def broken(_snapshot: Snapshot) -> Iterator[Finding]:
        raise KeyError("spec")

    check = Check("odd.check", "Does it work?", frozenset({POD}), broken)
    report = examine(snapshot(pod("p", status=waiting("ErrImagePull", NO_HOST))), [check, *ALL_CHECKS])
    assert (report.checks[0].status, report.checks[0].reason) == (Status.ERROR, "the check broke: KeyError: 'spec'")
    assert roots(report) == {"img-dns": []}


def test_odd_objects_do_not_hide_what_is_wrong_with_others() -> None:
    def odd(name: str, memory: str) -> Body:
        return refused(name, requests={"cpu": "9", "memory": memory})

    report = examine(snapshot(node("n", cpu="4"), odd("a", "much"), odd("b", "much"), odd("c", "1Gi")), ALL_CHECKS)
    [answer] = [answer for answer in report.checks if answer.check.id == "scheduling.pods"]
    assert answer.status is Status.ERROR
    assert answer.reason.startswith("left out, as nobody can make sense of it: Pod/kubeflow/a, Pod/kubeflow/b (")
    assert [key.name for finding in answer.findings for key in finding.objects] == ["c"]


def test_findings_that_wait_for_each_other_are_not_lost() -> None:
    """A cycle is cut: whichever is looked at first follows from the other."""
    first, second = (ObjectKey(*NODE, "", name) for name in "ab")
    finding = Finding("one", Severity.ERROR, "one", (first,), Remedy(""), needs=frozenset({second}))
    other = replace(finding, cause="two", objects=(second,), needs=frozenset({first}))
    report = examine(snapshot(), [Check("a.b", "?", frozenset(), lambda _snapshot: iter((finding, other)))])
    assert roots(report) == {"two": ["one"]}


def test_rights_that_many_checks_lack_are_told_once() -> None:
    """And Secrets are not asked for: whoever may list them may read them."""
    kinds = {kind: f"{kind.kind.lower()}s" for check in ALL_CHECKS for kind in check.reads}
    unread = {kind: f"needs the right to list {name} in all namespaces" for kind, name in kinds.items()}
    report = examine(replace(snapshot(unread=unread), objects={}, forbidden=kinds), ALL_CHECKS)
    text = page(report)
    assert "needs the right to list pods" not in text
    assert any("checks may not look" in line for line in text.splitlines())
    [role] = [line for line in text.splitlines() if "create clusterrole kfinstall-doctor " in line]
    resources = role.partition("--resource=")[2].split(",")
    assert {"pods", "nodes"} <= set(resources)
    assert "secrets" not in resources
    assert "create clusterrole kfinstall-doctor" in short(report)
    assert short(report).splitlines()[-1].startswith("Nothing is wrong as far as the checks could look")
