"""Services, network policies and ingresses."""

import ipaddress
from collections.abc import Iterator
from typing import Any

from kfinstall.contracts.manifest import Body
from kfinstall.sandbox.server.status import Cause, required, shown, wrong
from kfinstall.sandbox.validation.names import faults, port_name, subdomain
from kfinstall.sandbox.validation.rules import duplicate, given, one_of, port

PROTOCOLS = ("SCTP", "TCP", "UDP")
TYPES = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")


def service(body: Body, old: Body | None) -> Iterator[Cause]:
    spec = body.get("spec") or {}
    external = spec.get("type") == "ExternalName"
    if not spec.get("ports") and not external and spec.get("clusterIP") != "None":
        yield required("spec.ports")
    if external:
        yield from given("spec.externalName", spec.get("externalName"))
    yield from _service_ports(spec.get("ports") or ())
    yield from one_of("spec.type", spec.get("type"), TYPES)
    yield from _cluster_address(spec, (old or {}).get("spec") or {})


def _service_ports(ports: Any) -> Iterator[Cause]:
    names: set[str] = set()
    seen: set[tuple[Any, Any]] = set()
    for n, each in enumerate(ports):
        path, name = f"spec.ports[{n}]", each.get("name")
        if len(ports) > 1 and not name:
            yield required(f"{path}.name")
        elif name in names:
            yield duplicate(f"{path}.name", f'"{name}"')
        names |= {name} if name else set()
        yield from port(f"{path}.port", each.get("port"))
        yield from one_of(f"{path}.protocol", each.get("protocol"), PROTOCOLS)
        target = each.get("targetPort")
        if isinstance(target, str):
            yield from faults(f"{path}.targetPort", target, port_name(target))
        elif target is not None:
            yield from port(f"{path}.targetPort", target)
        key = each.get("protocol"), each.get("port")
        if key in seen:
            yield duplicate(path, _internal_port(*key))
        seen.add(key)


def _internal_port(protocol: Any, number: Any) -> str:
    """As the error shows it: a port of the type that no version of the API has, with nothing but these two."""
    shown_port = {"Name": "", "Protocol": protocol, "AppProtocol": None, "Port": number, "TargetPort": 0, "NodePort": 0}
    return shown(shown_port)


def _cluster_address(spec: Body, before: Body) -> Iterator[Cause]:
    address, first = spec.get("clusterIP"), "spec.clusterIPs[0]"
    if address not in {None, "", "None"} and not _is_address(address):
        yield wrong(first, address, "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)")
    stays = "ExternalName" not in {spec.get("type"), before.get("type")}
    if stays and before.get("clusterIP") and address != before["clusterIP"]:
        yield wrong(first, [address], "may not change once set")


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def policy(body: Body, _old: Body | None) -> Iterator[Cause]:
    spec = body.get("spec") or {}
    for direction, peers in (("ingress", "from"), ("egress", "to")):
        for n, rule in enumerate(spec.get(direction) or ()):
            path = f"spec.{direction}[{n}]"
            for m, each in enumerate(rule.get("ports") or ()):
                yield from _policy_port(each, f"{path}.ports[{m}]")
            for m, peer in enumerate(rule.get(peers) or ()):
                yield from _peer(peer, f"{path}.{peers}[{m}]")
    for n, kind in enumerate(spec.get("policyTypes") or ()):
        yield from one_of(f"spec.policyTypes[{n}]", kind, ("Ingress", "Egress"))


def _policy_port(each: Body, path: str) -> Iterator[Cause]:
    yield from one_of(f"{path}.protocol", each.get("protocol"), PROTOCOLS)
    number = each.get("port")
    if isinstance(number, str):
        yield from faults(f"{path}.port", number, port_name(number))
    elif number is not None:
        yield from port(f"{path}.port", number)


def _peer(peer: Body, path: str) -> Iterator[Cause]:
    if not peer:
        yield required(path, "must specify a peer")
    block = (peer.get("ipBlock") or {}).get("cidr")
    if block:
        try:
            ipaddress.ip_network(block, strict=False)
        except ValueError:
            yield wrong(
                f"{path}.ipBlock.cidr", block, "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"
            )


def ingress(body: Body, _old: Body | None) -> Iterator[Cause]:
    spec = body.get("spec") or {}
    if not spec.get("rules") and not spec.get("defaultBackend"):
        yield wrong("spec", None, "either `defaultBackend` or `rules` must be specified")
    for n, rule in enumerate(spec.get("rules") or ()):
        path, host = f"spec.rules[{n}]", rule.get("host") or ""
        if host and not host.startswith("*"):
            yield from faults(f"{path}.host", host, subdomain(host))
        if rule.get("http") is not None:
            yield from given(f"{path}.http.paths", rule["http"].get("paths"))
            for m, each in enumerate(rule["http"].get("paths") or ()):
                yield from _ingress_path(each, f"{path}.http.paths[{m}]")


def _ingress_path(each: Body, path: str) -> Iterator[Cause]:
    yield from given(f"{path}.pathType", each.get("pathType"), "pathType must be specified")
    if each.get("pathType") in {"Exact", "Prefix"} and not str(each.get("path") or "").startswith("/"):
        yield wrong(f"{path}.path", each.get("path") or "", "must be an absolute path")
    backend = each.get("backend") or {}
    if not backend.get("service") and not backend.get("resource"):
        yield wrong(f"{path}.backend", "", "resource or service backend is required")
