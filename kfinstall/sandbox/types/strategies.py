"""What the registries of built-in kinds make of a new object, whoever sent it (pkg/registry/*/*/strategy.go).

The fields that are filled in here belong to no field manager.
"""

from collections.abc import Callable

from kfinstall.contracts.manifest import Body
from kfinstall.sandbox.types.kinds import GroupResource, Kind


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
    body["status"] = {"conditions": None, "acceptedNames": {"plural": "", "kind": ""}, "storedVersions": []}
    _store_version(body)


def _store_version(body: Body) -> None:
    """The version that objects are kept in from now on is one of the stored ones."""
    stored = body["status"].get("storedVersions") or []
    name = next((each["name"] for each in body["spec"].get("versions") or () if each.get("storage")), "")
    if name and name not in stored:
        body["status"] = {**body["status"], "storedVersions": [*stored, name]}


def prepare_change(kind: Kind, body: Body) -> None:
    """Fill in an object that was changed."""
    if kind.key == DEFINITIONS:
        _store_version(body)


def _pod(body: Body) -> None:
    if body["spec"].get("schedulingGates"):
        gated = {"type": "PodScheduled", "status": "False", "reason": "SchedulingGated"}
        times = {"lastProbeTime": None, "lastTransitionTime": None}
        message = "Scheduling is blocked due to non-empty scheduling gates"
        status = body.setdefault("status", {})
        status["conditions"] = [*(status.get("conditions") or ()), {**gated, **times, "message": message}]


def _role(body: Body) -> None:
    body.setdefault("rules", None)


DEFINITIONS = GroupResource("apiextensions.k8s.io", "customresourcedefinitions")
_RULES: dict[GroupResource, Callable[[Body], None]] = {
    GroupResource("", "namespaces"): _namespace,
    GroupResource("", "pods"): _pod,
    DEFINITIONS: _definition,
    GroupResource("rbac.authorization.k8s.io", "roles"): _role,
}
