"""Ways in from outside that nobody opens."""

from typing import Any

import pytest

from checks.ingress import not_accepted, not_provisioned, unhealthy, without_class
from kfinstall.contracts.manifest import Body
from tests.unit.doctor.clusters import body, snapshot

GATEWAY = "gateway.networking.k8s.io"


def ingress(*, annotations: dict[str, str] | None = None, **fields: Any) -> Body:
    return body("Ingress", "kf", "istio-system", group="networking.k8s.io", annotations=annotations or {}, **fields)


def condition(status: str, kind: str = "Accepted") -> dict[str, str]:
    return {"type": kind, "status": status, "reason": "Because", "message": "of something"}


def test_an_ingress_of_a_class_that_does_not_exist() -> None:
    there = body("IngressClass", "nginx", group="networking.k8s.io")
    [found] = without_class(snapshot(ingress(spec={"ingressClassName": "nginxx"}), there))
    assert found.cause == "net-door-closed"
    assert found.title == "Ingress.networking.k8s.io/istio-system/kf is of a class that does not exist"
    assert found.evidence[0].text == "names the class nginxx; those that exist: nginx"
    assert "kubectl -n istio-system describe ingress kf" in found.remedy.commands


@pytest.mark.parametrize(
    "door",
    [
        ingress(spec={"ingressClassName": "nginx"}),
        ingress(spec={}),
        ingress(spec={"ingressClassName": "own"}, status={"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}),
    ],
    ids=["its class is there", "without a class", "somebody serves it"],
)
def test_ingresses_that_are_well(door: Body) -> None:
    assert not list(without_class(snapshot(door, body("IngressClass", "nginx", group="networking.k8s.io"))))


def test_a_route_that_its_gateway_does_not_take() -> None:
    parents = [{"conditions": [condition("True"), condition("False", "ResolvedRefs")]}]
    [found] = not_accepted(snapshot(body("HTTPRoute", "kf", "kubeflow", group=GATEWAY, status={"parents": parents})))
    assert found.title == "HTTPRoute.gateway.networking.k8s.io/kubeflow/kf is not served"
    assert found.evidence[0].text == "ResolvedRefs: Because: of something"


@pytest.mark.parametrize(("made", "silent"), [("2026-01-01T00:00:00Z", True), ("2026-01-01T00:09:00Z", False)])
def test_a_gateway_that_nobody_looks_at_gets_its_time(made: str, silent: bool) -> None:
    gateway = body("Gateway", "kf", "kubeflow", group=GATEWAY, status={"conditions": [condition("Unknown")]})
    gateway["metadata"]["creationTimestamp"] = made
    titles = [found.title for found in not_accepted(snapshot(gateway))]
    assert titles == ["No controller looks at Gateway.gateway.networking.k8s.io/kubeflow/kf"] * silent


def test_a_gateway_that_is_served() -> None:
    status = {"conditions": [condition("True"), condition("True", "Programmed"), condition("False", "Conflicted")]}
    assert not list(not_accepted(snapshot(body("Gateway", "kf", "kubeflow", group=GATEWAY, status=status))))


@pytest.mark.parametrize(
    ("noted", "ill"),
    [('{"a": "HEALTHY", "b": "UNHEALTHY"}', ["b"]), ('{"a": "HEALTHY"}', []), ("no JSON", []), ('["a"]', [])],
)
def test_backends_that_google_finds_unhealthy(noted: str, ill: list[str]) -> None:
    found = list(unhealthy(snapshot(ingress(annotations={"ingress.kubernetes.io/backends": noted}))))
    assert [each.evidence[0].text for each in found] == ill
    assert all(each.cause == "gke-backend-unhealthy" for each in found)


@pytest.mark.parametrize(("state", "failed"), [("FailedNotVisible", True), ("Provisioning", False), ("Active", False)])
def test_a_certificate_that_google_does_not_issue(state: str, failed: bool) -> None:
    status = {"domainStatus": [{"domain": "kf.example.com", "status": state}]}
    found = list(
        not_provisioned(
            snapshot(body("ManagedCertificate", "kf", "istio-system", group="networking.gke.io", status=status))
        )
    )
    assert [each.evidence[0].text for each in found] == [f"kf.example.com: {state}"] * failed
