"""Who made an object: the controller in its owner references, and the workload that a person would name."""

from kfinstall.contracts.manifest import Body, ObjectKey
from kfinstall.contracts.resource import GroupKind
from kfinstall.contracts.snapshot import Snapshot


def key_of(kind: GroupKind, body: Body) -> ObjectKey:
    """The key of an object of that kind."""
    metadata = body["metadata"]
    return ObjectKey(*kind, str(metadata.get("namespace") or ""), metadata["name"])


def controller(body: Body) -> ObjectKey | None:
    """The object that an object's controller reference names."""
    metadata = body["metadata"]
    for owner in metadata.get("ownerReferences") or ():
        if owner.get("controller"):
            group = str(owner.get("apiVersion")).rpartition("/")[0]
            return ObjectKey(
                group, str(owner.get("kind")), str(metadata.get("namespace") or ""), str(owner.get("name"))
            )
    return None


def workload(key: ObjectKey, body: Body, snapshot: Snapshot) -> ObjectKey:
    """What a pod belongs to: the Deployment behind its ReplicaSet, another controller, or the pod itself."""
    seen = {key}
    while owner := controller(body):
        if owner in seen:
            break
        seen.add(owner)
        key = owner
        found = snapshot.get(owner)
        if found is None:
            break
        body = found
    return key


def command_name(key: ObjectKey) -> str:
    """An object as kubectl takes it: deployment/name."""
    return f"{key.kind.lower()}/{key.name}" if not key.group or key.group in BUILT_IN else f"{_full(key)}/{key.name}"


BUILT_IN = frozenset({"apps", "batch", "autoscaling", "policy"})
"""Groups whose kinds need no group on a command line."""


def _full(key: ObjectKey) -> str:
    return f"{key.kind.lower()}.{key.group}"


POD_OWNERS = frozenset(
    {GroupKind("apps", "Deployment"), GroupKind("apps", "ReplicaSet"), GroupKind("apps", "StatefulSet"),
     GroupKind("apps", "DaemonSet"), GroupKind("batch", "Job")}
)  # fmt: skip
"""Kinds to read, so that the workload of a pod can be told."""
