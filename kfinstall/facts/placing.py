"""Whether a pod may be on a node: selectors, affinity, taints."""

from collections.abc import Mapping
from typing import Any

from kfinstall.contracts.manifest import Body


def tolerates(tolerations: list[Mapping[str, Any]], taint: Mapping[str, Any]) -> bool:
    """k8s.io/component-helpers/scheduling/corev1/helpers.go."""
    for each in tolerations:
        if each.get("effect") and each["effect"] != taint.get("effect"):
            continue
        if each.get("key") and each["key"] != taint.get("key"):
            continue
        if each.get("operator") == "Exists" or each.get("value", "") == taint.get("value", ""):
            return True
    return False


def untolerated(
    spec: Body, node: Body, effects: frozenset[str] = frozenset({"NoSchedule", "NoExecute"})
) -> Mapping[str, Any] | None:
    """The first taint of a node that a pod does not tolerate."""
    tolerations = spec.get("tolerations") or []
    for taint in node["spec"].get("taints") or ():
        if taint.get("effect") in effects and not tolerates(tolerations, taint):
            found: Mapping[str, Any] = taint
            return found
    return None


def selected(spec: Body, node: Body) -> bool:
    """Whether the node selector and the required node affinity of a pod match a node."""
    labels = node["metadata"].get("labels") or {}
    if any(labels.get(key) != value for key, value in (spec.get("nodeSelector") or {}).items()):
        return False
    affinity = (spec.get("affinity") or {}).get("nodeAffinity") or {}
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution")
    if not required:
        return True
    return any(_term(term, node, labels) for term in required.get("nodeSelectorTerms") or ())


def _term(term: Mapping[str, Any], node: Body, labels: Mapping[str, str]) -> bool:
    fields = {"metadata.name": node["metadata"]["name"]}
    rules = [(each, labels) for each in term.get("matchExpressions") or ()]
    rules += [(each, fields) for each in term.get("matchFields") or ()]
    return bool(rules) and all(_holds(rule, values) for rule, values in rules)


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


def fits_node(spec: Body, node: Body, *, daemon: bool = False) -> bool:
    """Whether a pod may be on a node, resources aside; daemon: its pods tolerate what makes a node unfit for others."""
    if not selected(spec, node):
        return False
    taint = untolerated(spec, node)
    return taint is None or (daemon and str(taint.get("key", "")).startswith("node.kubernetes.io/"))
