"""Small clusters for the doctor: objects as `kubectl get -o json` has them, with only what matters."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from kfinstall.contracts.manifest import Body
from kfinstall.contracts.resource import GroupKind
from kfinstall.doctor.snapshot import Collected
from kfinstall.registry import checks

ALL_CHECKS = checks()[0]
KINDS = {kind for check in ALL_CHECKS for kind in check.reads | check.also}


def body(kind: str, name: str, namespace: str = "", *, group: str = "", **fields: Any) -> Body:
    """An object of v1 of a group. labels and annotations go into the metadata."""
    metadata: Body = {"name": name, "uid": f"{kind}/{namespace}/{name}"}
    if namespace:
        metadata["namespace"] = namespace
    for field in ("labels", "annotations", "ownerReferences", "deletionTimestamp"):
        if field in fields:
            metadata[field] = fields.pop(field)
    return {"apiVersion": f"{group}/v1" if group else "v1", "kind": kind, "metadata": metadata, **fields}


def pod(name: str, namespace: str = "kubeflow", *, status: Body | None = None, **spec: Any) -> Body:
    spec = {"containers": [{"name": "main", "image": "example.com/a:1"}], **spec}
    return body("Pod", name, namespace, spec=spec, status=status or {"phase": "Pending"})


def waiting(reason: str, message: str = "", image: str = "example.com/a:1") -> Body:
    """The status of a pod whose only container waits."""
    state = {"waiting": {"reason": reason, "message": message}}
    entry = {"name": "main", "image": image, "state": state, "restartCount": 0}
    return {"phase": "Pending", "containerStatuses": [entry]}


def unschedulable(message: str) -> Body:
    """The status of a pod that the scheduler refused."""
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}
    return {"phase": "Pending", "conditions": [condition]}


def event(about: Body, reason: str, message: str, *, last: str = "2026-01-01T00:00:00Z") -> Body:
    metadata = about["metadata"]
    involved = {"apiVersion": about["apiVersion"], "kind": about["kind"], "name": metadata["name"]}
    involved["namespace"] = metadata.get("namespace", "")
    fields: Body = {"involvedObject": involved, "reason": reason, "message": message, "type": "Warning"}
    fields["lastTimestamp"] = last
    return body("Event", f"{metadata['name']}.{reason}", metadata.get("namespace", ""), **fields)


def snapshot(*bodies: Body, unread: Mapping[GroupKind, str] | None = None, version: str = "v1.34.1") -> Collected:
    """A cluster in which every kind was read but those that are named unread."""
    unread = unread or {}
    objects: dict[GroupKind, list[Body]] = defaultdict(list)
    for kind in KINDS - unread.keys():
        objects[kind] = []
    for each in bodies:
        group, slash, _version = each["apiVersion"].partition("/")
        objects[GroupKind(group if slash else "", each["kind"])].append(each)
    return Collected(objects, version, "2026-01-01T00:10:00Z", unread)
