"""Nodes, and pods that stand or would stand on them."""

from collections.abc import Mapping, Sequence
from typing import Any

from kfinstall.contracts.finding import Finding
from kfinstall.contracts.manifest import Body
from tests.unit.doctor.clusters import body, pod, unschedulable

SHORT_OF_CPU = "0/1 nodes are available: 1 Insufficient cpu."
RUNNING = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
READY = {"type": "Ready", "status": "True", "reason": "KubeletReady", "message": "kubelet is posting ready status"}


def node(name: str, *, labels: Mapping[str, str] | None = None, taints: Sequence[Body] = (), cordoned: bool = False,
         capacity: Mapping[str, str] | None = None, conditions: Sequence[Body] = (READY,), kubelet: str = "v1.34.1",
         devices: Mapping[str, str] | None = None, **allocatable: str) -> Body:  # fmt: skip
    """A node that is well. allocatable: beside 110 pods. devices: by names that are no identifiers."""
    offered = {"pods": "110", **allocatable, **(devices or {})}
    status = {
        "allocatable": offered,
        "capacity": {**offered, **(capacity or {})},
        "conditions": list(conditions),
        "nodeInfo": {"kubeletVersion": kubelet},
    }
    spec: Body = {"taints": list(taints)} if taints else {}
    if cordoned:
        spec["unschedulable"] = True
    own = {"kubernetes.io/hostname": name, **(labels or {})}
    return body("Node", name, labels=own, spec=spec, status=status)


def standing(name: str, on: str, *, owner: Body | None = None, labels: Mapping[str, str] | None = None,
             namespace: str = "kubeflow", devices: Mapping[str, str] | None = None,
             **requests: str) -> Body:  # fmt: skip
    """A pod that runs on a node."""
    return _pod(name, namespace, RUNNING, {**requests, **(devices or {})}, owner, labels, nodeName=on)


def refused(name: str, message: str = SHORT_OF_CPU, *, owner: Body | None = None, namespace: str = "kubeflow",
            labels: Mapping[str, str] | None = None, requests: Mapping[str, str] | None = None,
            **spec: Any) -> Body:  # fmt: skip
    """A pod that the scheduler refused."""
    return _pod(name, namespace, unschedulable(message), requests or {}, owner, labels, **spec)


def _pod(name: str, namespace: str, status: Body, requests: Mapping[str, str], owner: Body | None,
         labels: Mapping[str, str] | None, **spec: Any) -> Body:  # fmt: skip
    container = {"name": "main", "image": "example.com/a:1", "resources": {"requests": dict(requests)}}
    found = pod(name, namespace, status=status, **{"containers": [container], **spec})
    if labels:
        found["metadata"]["labels"] = dict(labels)
    if owner:
        group, kind, metadata = owner["apiVersion"], owner["kind"], owner["metadata"]
        reference = {"apiVersion": group, "kind": kind, "name": metadata["name"], "uid": metadata["uid"]}
        found["metadata"]["ownerReferences"] = [{**reference, "controller": True}]
    return found


def stateful_set(name: str, namespace: str = "kubeflow", replicas: int = 1, **fields: Any) -> Body:
    return body("StatefulSet", name, namespace, group="apps", spec={"replicas": replicas}, **fields)


def told(finding: Finding) -> list[str]:
    """The evidence, with where it was seen."""
    return [f"{each.object.name}: {each.text}" if each.object else each.text for each in finding.evidence]
