"""The way in: Istio's gateway and its Service, or OpenShift's router, and cookies that fit it."""

from collections.abc import Iterator, Sequence

from kfinstall.contracts.manifest import Body, Manifest, ObjectKey
from kfinstall.contracts.surroundings import Surroundings
from kfinstall.errors import PlanRefused
from kfinstall.model.access import AccessOptions, AtGateway, Exposed, LoadBalancer, NodePort, Route
from kfinstall.transform.restarts import with_restarts
from kfinstall.transform.sign_in import PUBLISHED_USER, is_published, with_sign_in
from kfinstall.words import _

APPLICATION = "kfinstall/access"
NAMESPACE = "istio-system"
SERVICE = ObjectKey("", "Service", NAMESPACE, "istio-ingressgateway")
GATEWAY = "kubeflow-gateway"
CERTIFICATE = "kubeflow-gateway-tls"
"""The Secret, and the Certificate that cert-manager fills it from."""

WEB, SECURE_WEB = "http2", "https"
"""The ports of the gateway's Service, in all releases."""


def transformed(manifests: Sequence[Manifest], access: AccessOptions, surroundings: Surroundings) -> list[Manifest]:
    """The objects with the document's users, and reachable as it says. Raises PlanRefused."""
    wanted = with_sign_in(manifests, access, surroundings)
    if isinstance(access, Exposed):
        _refuse_without_gateway(manifests)
        _refuse_published(wanted, access)
        changed = [_in_front(manifest, access) for manifest in wanted]
        wanted = [*changed, *(Manifest(body, APPLICATION) for body in _added(access))]
    return with_restarts(manifests, wanted)


def notice(access: AccessOptions) -> str:
    """What becomes reachable from where, in a sentence; "" when nothing does."""
    match access:
        case NodePort():
            who = _("everybody who reaches a node of the cluster")
        case LoadBalancer(source_ranges=ranges) if ranges:
            who = ", ".join(ranges)
        case LoadBalancer():
            who = _("everybody who reaches the load balancer, mostly the whole internet")
        case Route():
            who = _("everybody who reaches OpenShift's router")
        case _:
            return ""
    return _("Kubeflow's sign-in page becomes reachable for: {who}.").format(who=who)


def _refuse_without_gateway(manifests: Sequence[Manifest]) -> None:
    if not any(manifest.key == SERVICE for manifest in manifests):
        raise PlanRefused(
            _("This release has no gateway that could be reached from outside."),
            why=_("It has no Service istio-ingressgateway in istio-system."),
            fix=_("Leave access out, and reach it with: kfinstall open"),
        )


def _refuse_published(manifests: Sequence[Manifest], access: Exposed) -> None:
    if not access.allow_default_password and is_published(manifests):
        raise PlanRefused(
            _("Others could reach Kubeflow, and sign in as {user} with the password of its manual.").format(
                user=PUBLISHED_USER
            ),
            fix=_(
                "Give users of your own:\n"
                "  access:\n    users:\n      - {{email: you@example.com, password: ${{KUBEFLOW_PASSWORD}}}}\n"
                "or, where nobody can do harm: --set access.allowDefaultPassword=true"
            ).format(),
        )


def _in_front(manifest: Manifest, access: Exposed) -> Manifest:
    if manifest.key == SERVICE:
        body = _service(manifest.body, access)
    elif manifest.kind == "Gateway" and manifest.name == GATEWAY and isinstance(access, AtGateway) and access.tls:
        body = _gateway(manifest.body, access)
    elif manifest.kind == "ConfigMap" and "FORCE_HTTPS" in (manifest.body.get("data") or {}):
        # cookies only over https: https://oauth2-proxy.github.io/oauth2-proxy/configuration/overview#cookie-options
        body = {**manifest.body, "data": {**manifest.body["data"], "FORCE_HTTPS": str(_is_secure(access)).lower()}}
    elif not _is_secure(access) and manifest.kind == "Deployment":
        body = _with_any_cookies(manifest.body)
    else:
        return manifest
    return Manifest(body, manifest.application)


def _is_secure(access: Exposed) -> bool:
    return not isinstance(access, AtGateway) or access.tls is not None


def _service(body: Body, access: Exposed) -> Body:
    match access:
        case NodePort(port=port):
            name = SECURE_WEB if access.tls else WEB
            ports = [
                {**each, "nodePort": port} if port and each.get("name") == name else each
                for each in body["spec"]["ports"]
            ]
            return {**body, "spec": {**body["spec"], "type": "NodePort", "ports": ports}}
        case LoadBalancer(source_ranges=ranges, annotations=annotations):
            spec = {**body["spec"], "type": "LoadBalancer"}
            if ranges:
                spec["loadBalancerSourceRanges"] = list(ranges)
            metadata = dict(body["metadata"])
            if annotations:
                metadata["annotations"] = {**(metadata.get("annotations") or {}), **annotations}
            return {**body, "metadata": metadata, "spec": spec}
        case _:
            return body


def _gateway(body: Body, access: AtGateway) -> Body:
    """https://istio.io/latest/docs/reference/config/networking/gateway/#ServerTLSSettings."""
    assert access.tls is not None  # noqa: S101 - its caller looked
    hosts = [access.host] if access.host else ["*"]
    secure = {
        "port": {"number": 443, "name": "https", "protocol": "HTTPS"},
        "hosts": hosts,
        "tls": {"mode": "SIMPLE", "credentialName": access.tls.certificate or CERTIFICATE},
    }
    plain = [{**server, "tls": {"httpsRedirect": True}} for server in body["spec"]["servers"]]
    return {**body, "spec": {**body["spec"], "servers": [*plain, secure]}}


def _with_any_cookies(body: Body) -> Body:
    """Over plain http, browsers drop the web apps' secure cookie that guards against forgery."""
    template = body["spec"]["template"]
    containers = [
        {**each, "env": [_any_cookie(variable) for variable in each["env"]]} if each.get("env") else each
        for each in template["spec"]["containers"]
    ]
    pod = {**template["spec"], "containers": containers}
    return {**body, "spec": {**body["spec"], "template": {**template, "spec": pod}}}


def _any_cookie(variable: Body) -> Body:
    return {**variable, "value": "false"} if variable["name"] == "APP_SECURE_COOKIES" else variable


def _added(access: Exposed) -> Iterator[Body]:
    if isinstance(access, Route):
        yield _route(access)
    elif isinstance(access, AtGateway) and access.tls and access.tls.issuer:
        yield {
            "apiVersion": "cert-manager.io/v1",
            "kind": "Certificate",
            "metadata": {"name": CERTIFICATE, "namespace": NAMESPACE},
            "spec": {
                "secretName": CERTIFICATE,
                "dnsNames": [access.host],
                "issuerRef": {"group": "cert-manager.io", "kind": access.tls.issuer_kind, "name": access.tls.issuer},
            },
        }


def _route(access: Route) -> Body:
    """https://docs.openshift.com/container-platform/latest/networking/routes/route-configuration.html."""
    spec: Body = {
        "to": {"kind": "Service", "name": SERVICE.name, "weight": 100},
        "port": {"targetPort": WEB},
        "tls": {"termination": "edge", "insecureEdgeTerminationPolicy": "Redirect"},
    }
    if access.host:
        spec["host"] = access.host
    # notebooks hold connections open for longer than the router's 30 s
    annotations = {"haproxy.router.openshift.io/timeout": "300s"}
    return {
        "apiVersion": "route.openshift.io/v1",
        "kind": "Route",
        "metadata": {"name": "kubeflow", "namespace": NAMESPACE, "annotations": annotations},
        "spec": spec,
    }
