"""Identity-Aware Proxy before Kubeflow: Google's load balancer lets in only whom the project's owner names.

Kubeflow's own login stays behind it: IAP decides who reaches it, not who is who inside.
https://cloud.google.com/iap/docs/enabling-kubernetes-howto
"""

import base64
import json
from collections.abc import Iterator, Sequence

from kfinstall.contracts.explanation import Remedy
from kfinstall.contracts.finding import Finding, Severity
from kfinstall.contracts.manifest import Body, Manifest, ObjectKey
from kfinstall.errors import PlanRefused
from kfinstall.words import _
from platforms.gke.cloud import Cloud
from platforms.gke.options import GkeOptions, Iap

APPLICATION = "kfinstall/iap"
NAMESPACE = "istio-system"
GATEWAY = ObjectKey("", "Service", NAMESPACE, "istio-ingressgateway")
NAME = "kubeflow-iap"
CREDENTIALS = "kubeflow-oauth"
"""As kfctl named it."""


def transformed(manifests: Sequence[Manifest], options: GkeOptions, iap: Iap) -> list[Manifest]:
    """The gateway's Service behind the load balancer, and what makes the load balancer. Raises PlanRefused."""
    if GATEWAY not in [manifest.key for manifest in manifests]:
        raise PlanRefused(
            _("There is nothing here for Identity-Aware Proxy to stand before (platform.iap)."),
            why=_("It stands before the Service {name}, which this selection does not have.").format(name=GATEWAY.name),
            fix=_("Take platform.iap out, or switch Istio's ingress gateway on."),
        )
    behind = [_behind(manifest) if manifest.key == GATEWAY else manifest for manifest in manifests]
    return [*behind, *(Manifest(body, APPLICATION) for body in _added(options, iap))]


def findings(options: GkeOptions, iap: Iap, cloud: Cloud) -> Iterator[Finding]:
    """What the load balancer would wait for in vain."""
    address = _address(options, iap)
    known = cloud.items("compute", f"projects/{options.project}/global/addresses", "items")
    if address not in [each["name"] for each in known]:
        create = f"gcloud compute addresses create {address} --global --project {options.project}"
        title = _("The project has no global address {name} (platform.iap.address).").format(name=address)
        yield Finding(
            "iap-address", Severity.ERROR, title, (), Remedy(_("Reserve it."), (create,)), option="platform.iap"
        )


def notices(options: GkeOptions, iap: Iap) -> list[str]:
    """What becomes public, and what only the user can do: Google has no API for OAuth clients since March 2026."""
    redirect = f"https://iap.googleapis.com/v1/oauth/clientIds/{iap.client_id}:handleRedirect"
    told = [
        _(
            "Kubeflow becomes reachable from the internet at https://{host}, behind Google's login; "
            "it answers 10 to 15 minutes after the install."
        ).format(host=options.host),
        _("Register this redirect with the OAuth client, or nobody gets in: {redirect}").format(redirect=redirect),
        _("Grant roles/iap.httpsResourceAccessor to whoever may come in."),
    ]
    if not iap.host:
        told.append(_("Let the name lead to the address with: {command}").format(command=_endpoint(options, iap)))
    return told


def _address(options: GkeOptions, iap: Iap) -> str:
    return iap.address or f"{options.cluster}-ip"


def _endpoint(options: GkeOptions, iap: Iap) -> str:
    """https://cloud.google.com/endpoints/docs/openapi/cloud-goog-dns-configure; JSON is YAML as well."""
    ip = f"gcloud compute addresses describe {_address(options, iap)} --global --project {options.project}"
    service = {
        "swagger": "2.0",
        "info": {"title": options.cluster, "version": "1"},
        "host": options.host,
        "paths": {},
        "x-google-endpoints": [{"name": options.host, "target": f"'$({ip} --format 'value(address)')'"}],
    }
    deploy = f"gcloud endpoints services deploy endpoint.yaml --project {options.project}"
    return f"echo '{json.dumps(service)}' > endpoint.yaml; {deploy}"


def _behind(service: Manifest) -> Manifest:
    metadata = service.body["metadata"]
    annotations = {
        **(metadata.get("annotations") or {}),
        "cloud.google.com/neg": json.dumps({"ingress": True}),
        "cloud.google.com/backend-config": json.dumps({"default": NAME}),
    }
    return Manifest({**service.body, "metadata": {**metadata, "annotations": annotations}}, service.application)


def _added(options: GkeOptions, iap: Iap) -> Iterator[Body]:
    credentials = {"client_id": iap.client_id, "client_secret": iap.client_secret.get_secret_value()}
    encoded = {key: base64.b64encode(value.encode()).decode() for key, value in credentials.items()}
    yield {**_head("v1", "Secret", CREDENTIALS), "type": "Opaque", "data": encoded}
    yield {
        **_head("cloud.google.com/v1", "BackendConfig", NAME),
        "spec": {
            "iap": {"enabled": True, "oauthclientCredentials": {"secretName": CREDENTIALS}},
            # Istio's gateway answers / with a redirect; its own health is on the status port.
            "healthCheck": {"type": "HTTP", "port": 15021, "requestPath": "/healthz/ready"},
            "timeoutSec": 3600,  # notebooks keep their connections open
        },
    }
    yield {**_head("networking.gke.io/v1", "ManagedCertificate", NAME), "spec": {"domains": [options.host]}}
    yield {
        **_head("networking.k8s.io/v1", "Ingress", NAME, _ingress_annotations(options, iap)),
        "spec": {"defaultBackend": {"service": {"name": GATEWAY.name, "port": {"number": 80}}}},
    }


def _ingress_annotations(options: GkeOptions, iap: Iap) -> dict[str, str]:
    return {
        "kubernetes.io/ingress.class": "gce",
        "kubernetes.io/ingress.allow-http": "false",
        "kubernetes.io/ingress.global-static-ip-name": _address(options, iap),
        "networking.gke.io/managed-certificates": NAME,
    }


def _head(api_version: str, kind: str, name: str, annotations: dict[str, str] | None = None) -> Body:
    metadata = {"name": name, "namespace": NAMESPACE, **({"annotations": annotations} if annotations else {})}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata}
