"""The cells of what leads to pods."""

from collections.abc import Mapping
from typing import Any

from kfinstall.contracts.manifest import Body
from kfinstall.sandbox.tables.parts import NONE, UNSET, Cells, first_three, labels, selector, spec_of, status_of


def service(body: Body) -> Cells:
    spec = spec_of(body)
    return {
        "Type": spec.get("type", ""),
        "Cluster-IP": spec.get("clusterIP") or NONE,
        "External-IP": _outside(body),
        "Port(s)": ",".join(map(_port, spec.get("ports") or ())) or NONE,
        "Selector": labels(spec.get("selector")),
    }


def _port(port: Mapping[str, Any]) -> str:
    on_nodes = f":{port['nodePort']}" if port.get("nodePort") else ""
    return f"{port['port']}{on_nodes}/{port.get('protocol', 'TCP')}"


def _outside(body: Body) -> str:
    spec = spec_of(body)
    if spec.get("type") == "ExternalName":
        return str(spec.get("externalName", ""))
    balanced = spec.get("type") == "LoadBalancer"
    found = [*(_addresses(body) if balanced else ()), *(spec.get("externalIPs") or ())]
    return ",".join(found) or ("<pending>" if balanced else NONE)


def _addresses(body: Body) -> list[str]:
    ways = (status_of(body).get("loadBalancer") or {}).get("ingress") or ()
    return [way.get("ip") or way.get("hostname", "") for way in ways]


def ingress(body: Body) -> Cells:
    spec = spec_of(body)
    return {
        "Class": spec.get("ingressClassName", NONE),
        "Hosts": first_three((rule["host"] for rule in spec.get("rules") or () if rule.get("host")), "*"),
        "Address": ",".join(_addresses(body)),
        "Ports": "80, 443" if spec.get("tls") else "80",
    }


def endpoint_slice(body: Body) -> Cells:
    addresses = (address for each in body.get("endpoints") or () for address in each.get("addresses") or ())
    return {
        "AddressType": body.get("addressType", ""),
        "Ports": first_three((str(port.get("port")) for port in body.get("ports") or ()), UNSET),
        "Endpoints": first_three(addresses, UNSET),
    }


def network_policy(body: Body) -> Cells:
    return {"Pod-Selector": selector(spec_of(body).get("podSelector"))}


def ingress_class(body: Body) -> Cells:
    return {"Controller": spec_of(body).get("controller", ""), "Parameters": NONE}


def webhooks(body: Body) -> Cells:
    return {"Webhooks": len(body.get("webhooks") or ())}
