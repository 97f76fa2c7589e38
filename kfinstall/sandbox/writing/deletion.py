"""What a deletion asks for: preconditions, finalizers by propagation policy, a pod's time to end."""

from kfinstall.contracts.manifest import Body
from kfinstall.sandbox.server.status import conflict
from kfinstall.sandbox.types.kinds import Kind

FOREGROUND, ORPHAN = "foregroundDeletion", "orphan"
CLEANUP = "customresourcecleanup.apiextensions.k8s.io"
"""Keeps a definition until its objects are gone."""


def check_preconditions(kind: Kind, old: Body, options: Body) -> None:
    """Raises StatusError 409 when it is not the object that is meant (registry/rest/delete.go BeforeDelete)."""
    wanted, metadata = options.get("preconditions") or {}, old["metadata"]
    for field, word, more in (
        ("uid", "UID", "have been deleted and then recreated"),
        ("resourceVersion", "ResourceVersion", "have been modified"),
    ):
        if wanted.get(field) and wanted[field] != metadata[field]:
            why = (
                f"the {word} in the precondition ({wanted[field]}) does not match the {word} in record "
                f"({metadata[field]}). The object might {more}"
            )
            raise conflict(kind.group, kind.kind, metadata["name"], why)


def finalizers_after(kind: Kind, metadata: Body, options: Body) -> list[str]:
    """The finalizers that the object has to lose before it goes."""
    found = list(metadata.get("finalizers") or ())
    policy = options.get("propagationPolicy") or ("Orphan" if options.get("orphanDependents") else "")
    if policy and not metadata.get("deletionTimestamp"):
        found = [name for name in found if name not in {FOREGROUND, ORPHAN}]
        found += {"Foreground": [FOREGROUND], "Orphan": [ORPHAN]}.get(policy, [])
    if kind.kind == "CustomResourceDefinition" and not metadata.get("deletionTimestamp"):
        found.append(CLEANUP)
    return found


def grace_of(kind: Kind, old: Body, options: Body) -> int:
    """Seconds that a pod gets to end: only one that runs on a node (pkg/registry/core/pod/strategy.go)."""
    if kind.kind != "Pod" or kind.group:
        return 0
    spec, phase = old["spec"], (old.get("status") or {}).get("phase")
    if not spec.get("nodeName") or phase in {"Failed", "Succeeded"}:
        return 0
    asked = options.get("gracePeriodSeconds")
    return int(asked if asked is not None else spec.get("terminationGracePeriodSeconds", 30))


def marked(old: Body, finalizers: list[str], grace: int, moment: str) -> Body:
    """The object as one that is being deleted since a moment (RFC 3339)."""
    metadata = {**old["metadata"], **({"finalizers": finalizers} if finalizers else {})}
    first = "deletionTimestamp" not in metadata
    if first:
        metadata["deletionTimestamp"] = moment
    if first or grace < metadata.get("deletionGracePeriodSeconds", 0):
        metadata["deletionGracePeriodSeconds"] = grace
    if first and "generation" in metadata:
        metadata["generation"] += 1
    return {**old, "metadata": metadata}


def terminating_namespace(old: Body, moment: str) -> Body:
    """pkg/registry/core/namespace/storage."""
    metadata = {"deletionTimestamp": moment, **old["metadata"]}
    return {**old, "metadata": metadata, "status": {**old.get("status", {}), "phase": "Terminating"}}


def terminating_definition(old: Body, finalizers: list[str], moment: str) -> Body:
    """apiextensions-apiserver/pkg/registry/customresourcedefinition/etcd.go."""
    metadata = {"deletionTimestamp": moment, **old["metadata"], "finalizers": finalizers}
    condition = {
        "type": "Terminating",
        "status": "True",
        "lastTransitionTime": moment,
        "reason": "InstanceDeletionPending",
        "message": "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon",
    }
    before = [each for each in old["status"].get("conditions") or () if each["type"] != "Terminating"]
    return {**old, "metadata": metadata, "status": {**old["status"], "conditions": [*before, condition]}}
