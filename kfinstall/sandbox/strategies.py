"""What the registries of built-in kinds make of a new object, whoever sent it (pkg/registry/*/*/strategy.go).

The fields that are filled in here belong to no field manager.
"""

from collections.abc import Callable

from kfinstall.contracts.manifest import Body
from kfinstall.sandbox.kinds import GroupResource, Kind


def prepare(kind: Kind, body: Body) -> None:
    """Fill in a new object."""
    rule = _RULES.get(kind.key)
    if rule:
        rule(body)


def _namespace(body: Body) -> None:
    finalizers = body.setdefault("spec", {}).setdefault("finalizers", [])
    if "kubernetes" not in finalizers:
        finalizers.append("kubernetes")


def _definition(body: Body) -> None:
    stored = [each["name"] for each in body["spec"].get("versions") or () if each.get("storage")]
    body["status"] = {"conditions": None, "acceptedNames": {"plural": "", "kind": ""}, "storedVersions": stored}


_RULES: dict[GroupResource, Callable[[Body], None]] = {
    GroupResource("", "namespaces"): _namespace,
    GroupResource("apiextensions.k8s.io", "customresourcedefinitions"): _definition,
}
