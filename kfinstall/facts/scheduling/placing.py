"""Whether a pod may be on a node, room aside: selectors, affinity, taints, ports of the node.

As kube-scheduler decides it (k8s.io/component-helpers/scheduling/corev1, kubernetes/pkg/scheduler/framework/plugins).
"""

from collections.abc import Iterator, Mapping
from typing import Any

from kfinstall.contracts.manifest import Body

REFUSING = frozenset({"NoSchedule", "NoExecute"})
"""Effects of taints that keep pods away; PreferNoSchedule does not."""

ANY_ADDRESS = "0.0.0.0"  # noqa: S104 - what Kubernetes takes a host port without an address for

Port = tuple[str, str, int]
"""Address, protocol and number of a port of the node."""


def tolerates(tolerations: list[Mapping[str, Any]], taint: Mapping[str, Any]) -> bool:
    """Whether one of the tolerations is for the taint."""
    for each in tolerations:
        if each.get("effect") and each["effect"] != taint.get("effect"):
            continue
        if each.get("key") and each["key"] != taint.get("key"):
            continue
        if each.get("operator") == "Exists" or each.get("value", "") == taint.get("value", ""):
            return True
    return False


def untolerated(spec: Body, node: Body) -> Mapping[str, Any] | None:
    """The first taint of a node that keeps a pod away."""
    tolerations = spec.get("tolerations") or []
    for taint in (node.get("spec") or {}).get("taints") or ():
        if taint.get("effect") in REFUSING and not tolerates(tolerations, taint):
            found: Mapping[str, Any] = taint
            return found
    return None


def selected(spec: Body, node: Body) -> bool:
    """Whether the node selector and the required node affinity of a pod match a node."""
    return not unmatched(spec, node)


def unmatched(spec: Body, node: Body) -> list[str]:
    """What a pod's node selector and required node affinity ask for and the node lacks, as selectors are written.

    Of several terms, each of which would do, the one that lacks least.
    """
    labels = node["metadata"].get("labels") or {}
    selector = spec.get("nodeSelector") or {}
    lacking = [f"{key}={value}" for key, value in selector.items() if labels.get(key) != value]
    affinity = (spec.get("affinity") or {}).get("nodeAffinity") or {}
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution")
    if required:
        terms = [_unmet(term, node, labels) for term in required.get("nodeSelectorTerms") or ()]
        nearest = min(terms, key=len, default=[_NOTHING])
        lacking += nearest
    return lacking


_NOTHING = "an empty term, which matches no node"


def _unmet(term: Mapping[str, Any], node: Body, labels: Mapping[str, str]) -> list[str]:
    fields = {"metadata.name": node["metadata"]["name"]}
    rules = [(each, labels) for each in term.get("matchExpressions") or ()]
    rules += [(each, fields) for each in term.get("matchFields") or ()]
    return [_written(rule) for rule, values in rules if not _holds(rule, values)] if rules else [_NOTHING]


def _holds(rule: Mapping[str, Any], values: Mapping[str, str]) -> bool:
    key, wanted = rule["key"], list(rule.get("values") or ())
    value = values.get(key)
    match rule.get("operator"):
        case "In":
            return value in wanted
        case "NotIn":
            return value not in wanted
        case "Exists":
            return key in values
        case "DoesNotExist":
            return key not in values
        case "Gt":
            return value is not None and int(value) > int(wanted[0])
        case "Lt":
            return value is not None and int(value) < int(wanted[0])
    return False


def _written(rule: Mapping[str, Any]) -> str:
    key, values = str(rule["key"]), ", ".join(map(str, rule.get("values") or ()))
    match rule.get("operator"):
        case "In":
            return f"{key}={values}" if len(rule["values"]) == 1 else f"{key} in ({values})"
        case "NotIn":
            return f"{key} notin ({values})"
        case "DoesNotExist":
            return f"!{key}"
        case "Gt":
            return f"{key} > {values}"
        case "Lt":
            return f"{key} < {values}"
    return key


def fits_node(spec: Body, node: Body, *, daemon: bool = False) -> bool:
    """Whether a pod may be on a node, resources aside; daemon: its pods tolerate what makes a node unfit for others."""
    if not selected(spec, node):
        return False
    taint = untolerated(spec, node)
    return taint is None or (daemon and str(taint.get("key", "")).startswith("node.kubernetes.io/"))


def host_ports(spec: Body) -> Iterator[Port]:
    """The ports of the node that a pod takes; sidecars have them too."""
    sidecars = [each for each in spec.get("initContainers") or () if each.get("restartPolicy") == "Always"]
    for container in [*sidecars, *(spec.get("containers") or ())]:
        for port in container.get("ports") or ():
            if port.get("hostPort"):
                yield port.get("hostIP") or ANY_ADDRESS, port.get("protocol") or "TCP", port["hostPort"]


def collide(one: Port, other: Port) -> bool:
    """Whether two pods with these ports cannot stand on one node: the address 0.0.0.0 is every address."""
    return one[1:] == other[1:] and (one[0] == other[0] or ANY_ADDRESS in {one[0], other[0]})
