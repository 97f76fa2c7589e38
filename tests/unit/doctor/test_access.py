"""Cookies for https behind a door that is http: the forms of Kubeflow's web apps then fail with a CSRF error."""

import pytest

from checks.access import certificates, cookies
from kfinstall.contracts.finding import Severity
from kfinstall.contracts.manifest import Body
from tests.unit.doctor.clusters import body, snapshot


def door(kind: str, **annotations: str) -> Body:
    return body("Service", "istio-ingressgateway", "istio-system", spec={"type": kind}, annotations=annotations)


def gateway(protocol: str = "HTTP") -> Body:
    servers = [{"hosts": ["*"], "port": {"name": "web", "number": 80, "protocol": protocol}}]
    return body("Gateway", "kubeflow-gateway", "kubeflow", group="networking.istio.io", spec={"servers": servers})


def web_app(secure: str | None = "true") -> Body:
    env = [] if secure is None else [{"name": "APP_SECURE_COOKIES", "value": secure}]
    spec = {"template": {"spec": {"containers": [{"name": "main", "image": "a:1", "env": env}]}}}
    return body("Deployment", "jupyter-web-app-deployment", "kubeflow", group="apps", spec=spec)


@pytest.mark.parametrize(("kind", "severity"), [("LoadBalancer", Severity.WARNING), ("NodePort", Severity.INFO)])
@pytest.mark.parametrize("secure", ["true", None])
def test_secure_cookies_behind_http(kind: str, severity: Severity, secure: str | None) -> None:
    [found] = cookies(snapshot(door(kind), gateway(), web_app(secure)))
    assert (found.cause, found.severity) == ("kf-csrf-http", severity)
    assert found.title == "1 web app cannot be used from another machine: cookies for https, and the door is http"
    assert "kubectl -n kubeflow set env deployment/jupyter-web-app-deployment APP_SECURE_COOKIES=false" in (
        found.remedy.commands
    )


@pytest.mark.parametrize(
    "bodies",
    [
        [door("ClusterIP"), gateway(), web_app()],
        [door("LoadBalancer"), gateway("HTTPS"), web_app()],
        [door("LoadBalancer"), gateway(), web_app("false")],
        [
            door("LoadBalancer", **{"service.beta.kubernetes.io/aws-load-balancer-ssl-cert": "arn"}),
            gateway(),
            web_app(),
        ],
        [door("LoadBalancer"), web_app()],
        [gateway(), web_app()],
    ],
)
def test_ways_in_that_are_right(bodies: list[Body]) -> None:
    assert not list(cookies(snapshot(*bodies)))


def test_an_ingress_before_it_may_end_tls() -> None:
    backend = {"service": {"name": "istio-ingressgateway", "port": {"number": 80}}}
    before = body("Ingress", "way", "istio-system", group="networking.k8s.io", spec={"defaultBackend": backend})
    assert not list(cookies(snapshot(door("NodePort"), gateway(), web_app(), before)))


def test_a_door_for_https_without_its_certificate() -> None:
    secure = {"port": {"number": 443, "protocol": "HTTPS"}, "tls": {"mode": "SIMPLE", "credentialName": "kf-tls"}}
    doors = [
        body("Gateway", name, "kubeflow", group="networking.istio.io", spec={"servers": [secure]})
        for name in ("a", "b")
    ]
    [found] = certificates(snapshot(*doors))
    assert found.title == "2 doors for https are without a certificate: there is no Secret/istio-system/kf-tls"
    assert found.remedy.commands[0].startswith("kubectl -n istio-system create secret tls kf-tls")
    assert not list(certificates(snapshot(*doors, body("Secret", "kf-tls", "istio-system"))))


def test_an_ingress_whose_certificate_is_not_there() -> None:
    spec = {"tls": [{"hosts": ["kf.example.com"], "secretName": "kf"}]}
    ingress = body("Ingress", "way", "istio-system", group="networking.k8s.io", spec=spec)
    [found] = certificates(snapshot(ingress))
    assert [str(key) for key in found.objects] == ["Ingress.networking.k8s.io/istio-system/way"]
    assert not list(certificates(snapshot(ingress, body("Secret", "kf", "istio-system"))))
