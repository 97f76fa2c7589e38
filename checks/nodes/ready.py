"""Nodes that run no pods, or take none."""

from collections.abc import Iterator
from datetime import timedelta

from kfinstall.contracts.check import Check
from kfinstall.contracts.explanation import Remedy
from kfinstall.contracts.finding import Evidence, Finding, Severity
from kfinstall.contracts.manifest import Body, ObjectKey
from kfinstall.contracts.snapshot import Snapshot
from kfinstall.facts.classify import classify, explanation
from kfinstall.facts.objects.conditions import condition, holds
from kfinstall.facts.objects.kinds import LEASE, NODE
from kfinstall.facts.objects.moments import between
from kfinstall.facts.objects.owners import key_of
from kfinstall.facts.objects.quantities import readable
from kfinstall.words import _

HEARTBEATS = "kube-node-lease"
PRESSURES = ("DiskPressure", "MemoryPressure", "PIDPressure")
JOINING = timedelta(minutes=2)
"""A node that is new needs this long for its network."""


def not_ready(snapshot: Snapshot) -> Iterator[Finding]:
    """Nodes that do not report, or report that they cannot run pods."""
    for node in snapshot.all(NODE):
        ready = condition(node, "Ready")
        if ready and ready.get("status") != "True" and not _is_joining(node, snapshot):
            yield _not_ready(node, str(ready.get("message") or ready.get("reason") or ""), snapshot)


def _is_joining(node: Body, snapshot: Snapshot) -> bool:
    age = between(node["metadata"].get("creationTimestamp"), snapshot.taken)
    return age is not None and age < JOINING


def _not_ready(node: Body, message: str, snapshot: Snapshot) -> Finding:
    key = key_of(NODE, node)
    found = classify(message)
    known = found.cause if found else "node-notready-kubelet-stopped"
    explained = explanation(known, {"node": key.name})
    lease = snapshot.get(ObjectKey(*LEASE, HEARTBEATS, key.name))
    renewed = ((lease or {}).get("spec") or {}).get("renewTime")
    ready = condition(node, "Ready")
    seen = [_("{message} Since {time}.").format(message=message, time=ready.get("lastTransitionTime"))]
    if renewed:
        seen.append(_("Its lease was renewed last at {time}.").format(time=renewed))
    return Finding(
        cause=known,
        severity=Severity.ERROR,
        title=_("{node} is not ready: {why}").format(node=key, why=explained.title),
        objects=(key,),
        remedy=Remedy(explained.remedy.text, (*_restart(node), *explained.remedy.commands)),
        evidence=tuple(Evidence(text, key) for text in seen),
        docs=explained.docs,
    )


def _restart(node: Body) -> Iterator[str]:
    """Nodes of local clusters are started with one command."""
    metadata, spec = node["metadata"], node.get("spec") or {}
    if "minikube.k8s.io/name" in (metadata.get("labels") or {}):
        yield f"minikube start -p {metadata['labels']['minikube.k8s.io/name']}"
    elif str(spec.get("providerID")).startswith("kind://"):
        yield f"docker start {metadata['name']}"


def under_pressure(snapshot: Snapshot) -> Iterator[Finding]:
    """Nodes that are short of disk, memory or processes, and take no pods until they are not."""
    for node in snapshot.all(NODE):
        for kind in PRESSURES:
            if holds(node, kind):
                yield _pressure(node, kind)


def _pressure(node: Body, kind: str) -> Finding:
    key, said = key_of(NODE, node), condition(node, kind)
    explained = explanation("node-disk-pressure", {"node": key.name})
    images = sum(each.get("sizeBytes") or 0 for each in (node.get("status") or {}).get("images") or ())
    seen = [
        Evidence(
            _("{message} Since {time}.").format(message=said.get("message"), time=said.get("lastTransitionTime")), key
        )
    ]
    if images and kind == "DiskPressure":
        text = _("Images that it reports take {size}.").format(size=readable("memory", images))
        seen.append(Evidence(text, key))
    return Finding(
        cause=explained.cause,
        severity=Severity.ERROR,
        title=_("{node} has {kind}: it takes no new pods and puts some out").format(node=key, kind=kind),
        objects=(key,),
        remedy=explained.remedy,
        evidence=tuple(seen),
        docs=explained.docs,
    )


CHECKS = (
    Check("nodes.ready", _("Are all nodes ready?"), frozenset({NODE}), not_ready, also=frozenset({LEASE})),
    Check("nodes.pressure", _("Have all nodes disk and memory left?"), frozenset({NODE}), under_pressure),
)
