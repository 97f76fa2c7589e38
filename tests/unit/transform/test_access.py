"""The way in, who may sign in, and what is refused because strangers could."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import bcrypt
import pytest
import yaml
from pydantic import TypeAdapter, ValidationError

from kfinstall.contracts.manifest import Manifest
from kfinstall.contracts.surroundings import Nowhere
from kfinstall.errors import PlanRefused
from kfinstall.model.access import Access, AccessOptions
from kfinstall.transform.access import notice, transformed
from kfinstall.transform.restarts import ANNOTATION

Object = dict[str, Any]

PUBLISHED = "$2y$12$4K/VkmDd1q1Orb3xAt82zu8gk7Ad6ReFR4LCP9UeYE90NLiN9Df72"
DEX = "http://dex.auth.svc.cluster.local:5556/dex"
ADA: Object = {"email": "ada@example.com", "password": "correct horse"}
TLS: Object = {"host": "kubeflow.example.com", "tls": {"issuer": "letsencrypt"}}
PROVIDER: Object = {"issuer": "https://login.example.com", "clientId": "kubeflow", "clientSecret": "of the provider"}


@dataclass(frozen=True)
class InCluster(Nowhere):
    """A cluster in which a Secret stands."""

    present: Mapping[str, str] | None = None

    def secret(self, namespace: str, name: str) -> Mapping[str, str] | None:
        return self.present if (namespace, name) == ("auth", "dex-passwords") else {}


def access(**document: Any) -> AccessOptions:
    found: AccessOptions = TypeAdapter(Access).validate_python(document)
    return found


def body(kind: str, namespace: str, name: str, api_version: str = "v1", **fields: Any) -> Object:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name, "namespace": namespace}, **fields}


def deployment(namespace: str, name: str, **container: Any) -> Object:
    template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [{"name": name, **container}]}}
    return body("Deployment", namespace, name, "apps/v1", spec={"template": template})


def release() -> list[Object]:
    """What of Kubeflow 26.03 signs users in, and lets them through."""
    configuration = {
        "issuer": DEX,
        "enablePasswordDB": True,
        "staticPasswords": [{"email": "user@example.com", "hashFromEnv": "DEX_USER_PASSWORD"}],
        "staticClients": [{"idEnv": "OIDC_CLIENT_ID"}],
    }
    ports = [{"name": "http2", "port": 80}, {"name": "https", "port": 443}]
    http = {"port": {"number": 80, "name": "http", "protocol": "HTTP"}, "hosts": ["*"]}
    return [
        body("ConfigMap", "auth", "dex", data={"config.yaml": yaml.safe_dump(configuration)}),
        body("Secret", "auth", "dex-passwords", stringData={"DEX_USER_PASSWORD": PUBLISHED}),
        deployment("auth", "dex", envFrom=[{"secretRef": {"name": "dex-passwords"}}]),
        body("ConfigMap", "oauth2-proxy", "parameters-abc", data={"FORCE_HTTPS": "false"}),
        body("ConfigMap", "oauth2-proxy", "oauth2-proxy", data={"oauth2_proxy.cfg": f'oidc_issuer_url = "{DEX}"\n'}),
        body("Service", "istio-system", "istio-ingressgateway", spec={"type": "ClusterIP", "ports": ports}),
        body("Gateway", "kubeflow", "kubeflow-gateway", "networking.istio.io/v1", spec={"servers": [http]}),
        body(
            "RequestAuthentication", "istio-system", "dex-jwt", "security.istio.io/v1",
            spec={"jwtRules": [{"issuer": DEX}, {"issuer": "https://other.example.com"}]},
        ),
        deployment("kubeflow", "jupyter-web-app", env=[{"name": "APP_SECURE_COOKIES", "value": "true"}]),
        body("Profile", "", "kubeflow-user", "kubeflow.org/v1", spec={"owner": {"name": "user@example.com"}}),
    ]  # fmt: skip


def changed(objects: list[Object], cluster: Nowhere = InCluster("kubeflow"), **document: Any) -> dict[str, Object]:
    """By kind/name, what is other than it was, or new."""
    manifests = [Manifest(each, "app") for each in objects]
    after = transformed(manifests, access(**document), cluster)
    return {f"{each.kind}/{each.name}": dict(each.body) for each in after if each.body not in objects}


def dex(found: dict[str, Object]) -> Object:
    configuration: Object = yaml.safe_load(found["ConfigMap/dex"]["data"]["config.yaml"])
    return configuration


def passwords(found: dict[str, Object]) -> dict[str, str]:
    data = found["Secret/dex-passwords"]["data"]
    return {name: base64.b64decode(value).decode() for name, value in data.items()}


def test_without_the_section_nothing_changes() -> None:
    assert changed(release()) == {}


def test_users_sign_in_with_their_own_passwords() -> None:
    bob = {"email": "bob@example.com", "password": "staple battery"}
    found = changed(release(), users=[ADA, bob])
    assert [each["email"] for each in dex(found)["staticPasswords"]] == ["ada@example.com", "bob@example.com"]
    secrets = passwords(found)
    for entry, password in zip(dex(found)["staticPasswords"], (b"correct horse", b"staple battery"), strict=True):
        assert bcrypt.checkpw(password, secrets[entry["hashFromEnv"]].encode())
    assert "correct horse" not in str(found)
    assert found["Profile/kubeflow-user"]["spec"]["owner"]["name"] == "ada@example.com"


def test_dex_starts_again_when_the_users_change_and_not_when_they_stay() -> None:
    first = changed(release(), users=[ADA])
    there = InCluster("kubeflow", present=passwords(first))
    again = changed(release(), there, users=[ADA])
    other = changed(release(), there, users=[{**ADA, "password": "another horse"}])
    assert again == first
    marks = [
        each["Deployment/dex"]["spec"]["template"]["metadata"]["annotations"][ANNOTATION] for each in (first, other)
    ]
    assert marks[0] != marks[1]


def test_a_load_balancer_with_a_certificate_of_cert_manager() -> None:
    found = changed(release(), type="load-balancer", users=[ADA], sourceRanges=["192.0.2.0/24"], **TLS)
    service = found["Service/istio-ingressgateway"]["spec"]
    assert (service["type"], service["loadBalancerSourceRanges"]) == ("LoadBalancer", ["192.0.2.0/24"])
    plain, secure = found["Gateway/kubeflow-gateway"]["spec"]["servers"]
    assert plain["tls"] == {"httpsRedirect": True}
    certificate = found["Certificate/kubeflow-gateway-tls"]["spec"]
    assert secure["tls"]["credentialName"] == certificate["secretName"]
    assert (secure["hosts"], certificate["dnsNames"]) == (["kubeflow.example.com"], ["kubeflow.example.com"])
    assert found["ConfigMap/parameters-abc"]["data"]["FORCE_HTTPS"] == "true"
    assert "Deployment/jupyter-web-app" not in found


def test_a_certificate_of_ones_own() -> None:
    found = changed(release(), type="node-port", port=30443, users=[ADA], tls={"certificate": "mine"})
    assert found["Gateway/kubeflow-gateway"]["spec"]["servers"][1]["tls"]["credentialName"] == "mine"
    assert found["Service/istio-ingressgateway"]["spec"]["ports"][1]["nodePort"] == 30443
    assert "Certificate/kubeflow-gateway-tls" not in found


def test_over_plain_http_the_web_apps_cookies_arrive() -> None:
    found = changed(release(), type="node-port", allowPlainHttp=True, users=[ADA])
    [container] = found["Deployment/jupyter-web-app"]["spec"]["template"]["spec"]["containers"]
    assert container["env"] == [{"name": "APP_SECURE_COOKIES", "value": "false"}]
    assert "ConfigMap/parameters-abc" not in found


def test_a_route_ends_tls_by_itself() -> None:
    found = changed(release(), type="route", host="kubeflow.apps.example.com", users=[ADA])
    spec = found["Route/kubeflow"]["spec"]
    assert (spec["host"], spec["tls"]["termination"]) == ("kubeflow.apps.example.com", "edge")
    assert "Service/istio-ingressgateway" not in found


def test_a_provider_instead_of_passwords() -> None:
    found = changed(release(), type="load-balancer", oidc=PROVIDER, **TLS)
    configuration = dex(found)
    issuer = "https://kubeflow.example.com/dex"
    assert (configuration["issuer"], configuration["enablePasswordDB"]) == (issuer, False)
    [connector] = configuration["connectors"]
    assert connector["config"]["redirectURI"] == f"{issuer}/callback"
    assert passwords(found)[connector["config"]["clientSecret"].removeprefix("$")] == "of the provider"
    assert found["ConfigMap/oauth2-proxy"]["data"]["oauth2_proxy.cfg"] == f'oidc_issuer_url = "{issuer}"\n'
    rules = found["RequestAuthentication/dex-jwt"]["spec"]["jwtRules"]
    assert rules == [{"issuer": issuer, "jwksUri": f"{DEX}/keys"}, {"issuer": "https://other.example.com"}]


@pytest.mark.parametrize("document", [{"type": "load-balancer", **TLS}, {"type": "route"}])
def test_the_published_password_stays_inside(document: Object) -> None:
    with pytest.raises(PlanRefused, match=r"user@example\.com with the password of its manual") as refused:
        changed(release(), **document)
    assert "access.allowDefaultPassword=true" in refused.value.fix
    assert changed(release(), allowDefaultPassword=True, **document)


def test_a_published_password_under_another_hash_is_found_too() -> None:
    objects = release()
    again = bcrypt.hashpw(b"12341234", bcrypt.gensalt(4))
    objects[1] = body("Secret", "auth", "dex-passwords", data={"DEX_USER_PASSWORD": base64.b64encode(again).decode()})
    with pytest.raises(PlanRefused, match="password of its manual"):
        changed(objects, type="route")


def test_a_release_without_a_gateway_cannot_be_exposed() -> None:
    with pytest.raises(PlanRefused, match="no gateway"):
        changed([deployment("workbench", "jupyter")], type="route")


def test_a_release_without_dex_has_no_users() -> None:
    with pytest.raises(PlanRefused, match="this release has none that kfinstall can configure"):
        changed([deployment("workbench", "jupyter")], users=[ADA])


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ({}, ""),
        ({"type": "node-port", "allowPlainHttp": True}, "everybody who reaches a node"),
        ({"type": "load-balancer", **TLS}, "the whole internet"),
        ({"type": "load-balancer", "sourceRanges": ["192.0.2.0/24"], **TLS}, "192.0.2.0/24"),
        ({"type": "route"}, "OpenShift's router"),
    ],
)
def test_what_becomes_reachable_is_said(document: Object, told: str) -> None:
    assert told in notice(access(**document))
    assert bool(notice(access(**document))) == bool(told)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"type": "load-balancer"}, "give tls, or say allowPlainHttp: true"),
        ({"type": "node-port", "allowPlainHttp": True, "tls": {"certificate": "mine"}}, "exclude each other"),
        ({"type": "node-port", "tls": {"issuer": "letsencrypt"}}, "give host, too"),
        ({"type": "node-port", "tls": {"issuer": "a", "certificate": "b"}}, "one of the two keys"),
        ({"type": "route", "host": "https://kubeflow.example.com"}, "a host name is expected"),
        ({"type": "load-balancer", "sourceRanges": ["192.0.2.1/24"], **TLS}, "a network is expected"),
        ({"oidc": PROVIDER}, "oidc needs host, and TLS"),
        ({"users": [ADA, ADA]}, "listed twice"),
        ({"users": [{**ADA, "email": "ada"}]}, "an e-mail address is expected"),
        ({"users": [{**ADA, "password": "short"}]}, "8 to 72 bytes"),
    ],
)
def test_contradictions_are_refused_when_the_file_is_read(document: Object, message: str) -> None:
    with pytest.raises(ValidationError) as refused:
        access(**document)
    assert message in str(refused.value)
