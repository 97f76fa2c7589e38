"""Webhooks nobody serves or nobody can trust, dead extensions of the API, certificates."""

import base64
import datetime
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from checks import apiservices, certificates, webhooks
from kfinstall.contracts.finding import Finding, Severity
from kfinstall.contracts.manifest import Body, ObjectKey
from tests.unit.doctor.clusters import body, snapshot

CHECKS = (*webhooks.CHECKS, *apiservices.CHECKS, *certificates.CHECKS)
ADMISSION = "admissionregistration.k8s.io"
NOW = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
"""The day on which the snapshots of these tests are taken."""


def found(*bodies: Body) -> list[Finding]:
    return [finding for check in CHECKS for finding in check.look(snapshot(*bodies))]


def authority(days: int) -> str:
    """A caBundle that is valid for some days more."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW - datetime.timedelta(days=400))
        .not_valid_after(NOW + datetime.timedelta(days=days))
        .sign(key, hashes.SHA256())
    )
    return base64.b64encode(certificate.public_bytes(serialization.Encoding.PEM)).decode()


def configuration(name: str = "katib", *, trusts: str | None = None, **changes: Any) -> Body:
    """A webhook that has a say in new pods, served by kubeflow/katib-controller."""
    service = {"namespace": "kubeflow", "name": "katib-controller", "port": 443}
    client = {"service": service, "caBundle": authority(300) if trusts is None else trusts}
    rules = [{"operations": ["CREATE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"]}]
    hook = {"name": f"{name}.example.com", "clientConfig": client, "rules": rules, "failurePolicy": "Fail", **changes}
    return body("MutatingWebhookConfiguration", name, group=ADMISSION, webhooks=[hook])


def service(port: int = 443) -> Body:
    return body("Service", "katib-controller", "kubeflow", spec={"selector": {"app": "k"}, "ports": [{"port": port}]})


def endpoints(*, ready: bool) -> Body:
    slices = [{"addresses": ["10.0.0.1"], "conditions": {"ready": ready}}]
    labels = {"kubernetes.io/service-name": "katib-controller"}
    return body("EndpointSlice", "k-1", "kubeflow", group="discovery.k8s.io", labels=labels, endpoints=slices)


def namespaces() -> tuple[Body, ...]:
    return body("Namespace", "kubeflow"), body("Namespace", "kube-system")


def test_a_webhook_that_is_served_and_trusted_is_well() -> None:
    assert found(configuration(), service(), endpoints(ready=True), *namespaces()) == []


def test_a_webhook_without_ready_endpoints_names_what_it_blocks() -> None:
    [finding] = found(configuration(), service(), endpoints(ready=False), *namespaces())
    assert (finding.cause, finding.severity) == ("wh-no-endpoints", Severity.ERROR)
    assert finding.title.endswith("pods cannot be written")
    assert "CREATE of pods in 2 namespaces, kube-system among them; failurePolicy Fail" in finding.evidence[0].text
    assert finding.remedy.commands[1] == "kubectl -n kubeflow get pods"


def test_a_deployment_that_is_scaled_to_zero_is_started_again() -> None:
    template = {"metadata": {"labels": {"app": "k"}}, "spec": {}}
    stopped = body(
        "Deployment", "katib-controller", "kubeflow", group="apps", spec={"replicas": 0, "template": template}
    )
    [finding] = found(configuration(), service(), stopped, *namespaces())
    assert finding.remedy.commands == ("kubectl -n kubeflow scale deployment/katib-controller --replicas=1",)


def test_a_webhook_that_is_asked_about_no_namespace_blocks_nothing() -> None:
    nowhere = configuration(namespaceSelector={"matchLabels": {"katib": "enabled"}})
    [finding] = found(nowhere, service(), *namespaces())
    assert "cannot be written" not in finding.title


def test_one_that_may_fail_is_a_warning() -> None:
    [finding] = found(configuration(failurePolicy="Ignore"), service(), *namespaces())
    assert finding.severity is Severity.WARNING


def test_a_webhook_of_a_namespace_that_is_gone_is_deleted_by_the_fix() -> None:
    [finding] = found(configuration(), body("Namespace", "kube-system"))
    key = ObjectKey(ADMISSION, "MutatingWebhookConfiguration", "", "katib")
    assert finding.cause == "wh-stale-config"
    assert "its namespace kubeflow does not exist" in finding.title
    assert finding.remedy.commands == (f"kubectl delete mutatingwebhookconfiguration.{ADMISSION}/katib",)
    assert finding.fix
    assert finding.fix.deletions == (key,)


def test_a_webhook_whose_service_only_is_gone_is_left_to_the_user() -> None:
    [finding] = found(configuration(), *namespaces())
    assert finding.cause == "wh-stale-config"
    assert finding.fix is None


def test_a_port_that_the_service_does_not_have() -> None:
    [finding] = found(configuration(), service(8443), endpoints(ready=True), *namespaces())
    assert finding.cause == "wh-connection-refused"
    assert "at port 443" in finding.title


@pytest.mark.parametrize(
    ("trusts", "cause", "words"),
    [
        ("", "wh-x509", "caBundle is empty"),
        ("bm90IGEgY2VydGlmaWNhdGU=", "wh-x509", "not a certificate"),
        ("%%%", "wh-x509", "not a certificate"),
        (authority(-1), "cert-webhook-expired", "expired on 2025-12-31"),
        (authority(3), "cert-webhook-expired", "expires on 2026-01-04"),
    ],
)
def test_an_authority_that_cannot_be_trusted(trusts: str, cause: str, words: str) -> None:
    [finding] = found(configuration(trusts=trusts), service(), endpoints(ready=True), *namespaces())
    assert finding.cause == cause
    assert words in finding.title


def certificate(ready: str = "True", issuer: str = "self", **status: Any) -> Body:
    spec = {"secretName": "cert", "issuerRef": {"name": issuer, "kind": "Issuer"}}
    state = {"conditions": [{"type": "Ready", "status": ready, "message": "Issuing certificate"}], **status}
    return body("Certificate", "cert", "kubeflow", group="cert-manager.io", spec=spec, status=state)


def issuer() -> Body:
    return body("Issuer", "self", "kubeflow", group="cert-manager.io", spec={"selfSigned": {}})


def test_an_authority_that_cert_manager_has_renewed_since() -> None:
    hook = configuration()
    hook["metadata"]["annotations"] = {"cert-manager.io/inject-ca-from": "kubeflow/cert"}
    renewed = certificate(notAfter="2026-05-01T00:00:00Z")
    [finding] = found(hook, service(), endpoints(ready=True), *namespaces(), renewed, issuer())
    assert "not the one of its Certificate any more" in finding.title
    assert finding.remedy.commands[1].endswith("restart deployment/cert-manager-cainjector")


def test_a_certificate_without_its_issuer() -> None:
    [finding] = found(certificate("False", "nobody"))
    assert finding.title == (
        "1 certificate is not issued: Issuer.cert-manager.io/kubeflow/nobody does not exist"
    )  # fmt: skip
    assert finding.remedy.commands[0] == "kubectl -n kubeflow describe certificate cert"


@pytest.mark.parametrize(
    ("status", "severity"),
    [
        ({"notAfter": "2025-12-31T00:00:00Z"}, Severity.ERROR),
        ({"notAfter": "2026-01-09T00:00:00Z", "renewalTime": "2025-12-25T00:00:00Z"}, Severity.WARNING),
    ],
)
def test_a_certificate_that_is_not_renewed(status: dict[str, str], severity: Severity) -> None:
    [finding] = found(certificate(**status), issuer())
    assert (finding.cause, finding.severity) == ("certificate-expired", severity)
    assert finding.remedy.commands[1] == "cmctl renew -n kubeflow cert"


def test_certificates_that_are_valid_are_well() -> None:
    assert found(certificate(notAfter="2026-03-01T00:00:00Z", renewalTime="2026-02-01T00:00:00Z"), issuer()) == []


def test_a_request_that_was_approved_and_is_not_signed() -> None:
    approved = {"conditions": [{"type": "Approved", "status": "True"}]}
    spec = {"signerName": "kubernetes.io/legacy-unknown"}
    request = body("CertificateSigningRequest", "a", group="certificates.k8s.io", spec=spec, status=approved)
    request["metadata"]["creationTimestamp"] = "2026-01-01T00:00:00Z"
    [finding] = found(request)
    assert finding.cause == "cert-csr-approved-not-issued"
    assert "kubernetes.io/legacy-unknown" in finding.title


def extension(name: str = "v1beta1.metrics.k8s.io") -> Body:
    reason = {"type": "Available", "status": "False", "reason": "MissingEndpoints", "message": "no addresses"}
    spec = {"group": name.partition(".")[2], "service": {"namespace": "kube-system", "name": "metrics-server"}}
    return body("APIService", name, group="apiregistration.k8s.io", spec=spec, status={"conditions": [reason]})


def test_a_dead_extension_says_what_is_lost() -> None:
    [finding] = found(extension(), body("Service", "metrics-server", "kube-system"), *namespaces())
    assert finding.cause == "ns-discovery-failure"
    assert "no namespace can be deleted, and autoscalers and kubectl top get no numbers" in finding.title
    assert finding.evidence[0].text == "MissingEndpoints: no addresses"
    assert finding.fix is None


def test_an_extension_whose_namespace_is_gone_is_deleted_by_the_fix() -> None:
    [finding] = found(extension("v1.custom.example.com"), body("Namespace", "kubeflow"))
    assert finding.remedy.commands[-1] == "kubectl delete apiservice v1.custom.example.com"
    assert finding.fix
    assert finding.fix.deletions[0].name == "v1.custom.example.com"
