"""How a Kubeflow that stands can be reached, as the cluster shows it, and what its way in still waits for."""

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass, replace

import yaml

from kfinstall.contracts.manifest import Body
from kfinstall.errors import ApiError, UsageError
from kfinstall.facts.kubeflow.pages import Page, Place
from kfinstall.kube.cluster import Cluster
from kfinstall.words import _, joined

GATEWAY = "istio-system/istio-ingressgateway"
"""The Service in front of all pages that have only a path."""
PORT, SECURE_PORT = 80, 443

ISTIO = "/apis/networking.istio.io/v1beta1/namespaces/kubeflow/gateways/kubeflow-gateway"
INGRESSES = "/apis/networking.k8s.io/v1/namespaces/istio-system/ingresses"
MANAGED_CERTIFICATE = "networking.gke.io/managed-certificates"
CERTIFICATES = "/apis/networking.gke.io/v1/namespaces/istio-system/managedcertificates"
ROUTE = "/apis/route.openshift.io/v1/namespaces/istio-system/routes/kubeflow"
DEX = "/api/v1/namespaces/auth/configmaps/dex"


@dataclass(frozen=True, slots=True)
class WayIn:
    """url: of the gateway, without a slash at the end; "" where it has to be forwarded to. secure: whether it has TLS.

    pending: what is not there yet, in a sentence; "" when the rest is final. on_nodes: it is a port of the nodes, whose
    addresses lead nowhere from outside of some networks, and from beside Docker Desktop.
    """

    url: str = ""
    secure: bool = False
    pending: str = ""
    on_nodes: bool = False


def place_of(page: Page, cluster: Cluster, namespace: str | None) -> Place:
    """Where this cluster has a page. namespace: instead of the releases' own. Raises UsageError when it has none."""
    places = [_moved(place, namespace) for place in page.places] if namespace else page.places
    for place in places:
        if cluster.look(_service(place.service)):
            return place
    raise UsageError(
        _("There is no page for {title} in this cluster.").format(title=page.title),
        why=_("None of these Services stands: {names}").format(names=joined(each.service for each in places)),
        fix=_("Show what is installed with: kfinstall status"),
    )


def _moved(place: Place, namespace: str) -> Place:
    return replace(place, service=f"{namespace}/{place.service.partition('/')[2]}")


def way_in(cluster: Cluster) -> WayIn:
    """Of Kubeflow's gateway."""
    route = _look(cluster, ROUTE)
    if route:
        hosts = [each["host"] for each in (route.get("status") or {}).get("ingress") or () if each.get("host")]
        return WayIn(f"https://{hosts[0]}") if hosts else WayIn(pending=_("OpenShift's router has not taken it up."))
    ingress = _ingress(cluster)
    if ingress:
        return _through(ingress, cluster)
    service = cluster.look(_service(GATEWAY))
    hosts = _secure_hosts(_look(cluster, ISTIO) or {})
    if service is None:
        return WayIn()
    match service["spec"].get("type"):
        case "LoadBalancer":
            return _balanced(service, hosts, cluster)
        case "NodePort":
            return _on_nodes(service, hosts, cluster)
    return WayIn(secure=bool(hosts))


def users(cluster: Cluster) -> list[str]:
    """Who can sign in with a password at Dex."""
    found = _look(cluster, DEX) or {}
    try:
        configuration = yaml.safe_load((found.get("data") or {}).get("config.yaml", ""))
        return [str(each["email"]) for each in configuration.get("staticPasswords") or ()]
    except (yaml.YAMLError, AttributeError, KeyError, TypeError):  # a configuration of somebody's own
        return []


def _balanced(service: Body, hosts: list[str], cluster: Cluster) -> WayIn:
    ingress = ((service.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ()
    if not ingress:
        return WayIn(pending=_("The load balancer has no address yet.") + _last_warning("Service", service, cluster))
    return _address(str(ingress[0].get("hostname") or ingress[0]["ip"]), hosts)


def _on_nodes(service: Body, hosts: list[str], cluster: Cluster) -> WayIn:
    wanted = SECURE_PORT if hosts else PORT
    port = next((each["nodePort"] for each in service["spec"]["ports"] if each["port"] == wanted), None)
    nodes = _nodes(cluster)
    if port is None or nodes is None:
        return WayIn(secure=bool(hosts))
    addresses = [
        (each["type"] != "ExternalIP", each["address"])
        for node in nodes
        for each in (node.get("status") or {}).get("addresses") or ()
        if each["type"] in ("ExternalIP", "InternalIP")
    ]
    if not addresses:
        return WayIn(pending=_("No node has an address."))
    return replace(_address(min(addresses)[1], hosts, port), on_nodes=True)


def _nodes(cluster: Cluster) -> list[Body] | None:
    """None where the user may not look."""
    try:
        return list(cluster.items("/api/v1/nodes"))
    except ApiError as error:
        if error.status == 403:
            return None
        raise


def _ingress(cluster: Cluster) -> Body | None:
    """An Ingress whose requests all go to the gateway, such as that of Identity-Aware Proxy."""
    found = (_look(cluster, INGRESSES) or {}).get("items") or ()
    name = GATEWAY.partition("/")[2]
    return next((each for each in found if _backend(each) == name), None)


def _backend(ingress: Body) -> str:
    spec = ingress.get("spec") or {}
    return str(((spec.get("defaultBackend") or {}).get("service") or {}).get("name") or "")


def _through(ingress: Body, cluster: Cluster) -> WayIn:
    addresses = ((ingress.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ()
    if not addresses:
        return WayIn(pending=_("The Ingress has no address yet.") + _last_warning("Ingress", ingress, cluster))
    address = str(addresses[0].get("hostname") or addresses[0].get("ip"))
    name = ((ingress["metadata"].get("annotations") or {}).get(MANAGED_CERTIFICATE) or "").partition(",")[0]
    certificate = _look(cluster, f"{CERTIFICATES}/{name}") if name else None
    tls = (ingress.get("spec") or {}).get("tls") or ()
    if certificate is None:
        return _address(address, [host for each in tls for host in each.get("hosts") or ("*",)])
    [host, *_others] = certificate["spec"]["domains"]
    state = (certificate.get("status") or {}).get("certificateStatus") or ""
    if state != "Active":
        waits = _("Google has issued no certificate for {host} yet ({state}): the name has to lead to {address}.")
        return WayIn(pending=waits.format(host=host, state=state or "?", address=address))
    return WayIn(f"https://{host}", secure=True)


def _address(address: str, hosts: list[str], port: int | None = None) -> WayIn:
    """With the name that the certificate is for, where there is one."""
    host = next((each for each in hosts if each != "*"), _bracketed(address))
    scheme = "https" if hosts else "http"
    return WayIn(f"{scheme}://{host}" + (f":{port}" if port else ""), secure=bool(hosts))


def _bracketed(address: str) -> str:
    """An IPv6 address as URLs have it."""
    try:
        return f"[{address}]" if ipaddress.ip_address(address).version == 6 else address
    except ValueError:
        return address


def _secure_hosts(gateway: Body) -> list[str]:
    servers: Iterator[Body] = iter((gateway.get("spec") or {}).get("servers") or ())
    return [host for each in servers if each["port"].get("protocol") == "HTTPS" for host in each.get("hosts") or ()]


def _last_warning(kind: str, owner: Body, cluster: Cluster) -> str:
    namespace, name = owner["metadata"]["namespace"], owner["metadata"]["name"]
    query = {"fieldSelector": f"involvedObject.kind={kind},involvedObject.name={name},type=Warning"}
    try:
        events = cluster.connection.get(f"/api/v1/namespaces/{namespace}/events", query).get("items") or []
    except ApiError:
        return ""
    latest = max(events, key=lambda each: str(each.get("lastTimestamp") or each.get("eventTime") or ""), default=None)
    return " " + _("The cloud says: {message}").format(message=latest["message"]) if latest else ""


def _look(cluster: Cluster, path: str) -> Body | None:
    """None also where the user may not look."""
    try:
        return cluster.look(path)
    except ApiError as error:
        if error.status == 403:
            return None
        raise


def _service(name: str) -> str:
    namespace, _slash, name = name.partition("/")
    return f"/api/v1/namespaces/{namespace}/services/{name}"
