"""Pods whose containers run, and that are not ready all the same."""

from collections import defaultdict
from collections.abc import Iterator

from kfinstall.contracts.check import Check
from kfinstall.contracts.explanation import Remedy
from kfinstall.contracts.finding import Evidence, Finding, Severity
from kfinstall.contracts.manifest import Body, ObjectKey
from kfinstall.contracts.snapshot import Snapshot
from kfinstall.facts.kubeflow.components import ISTIOD, component_needs
from kfinstall.facts.objects.conditions import condition, holds
from kfinstall.facts.objects.kinds import EVENT, NODE, POD
from kfinstall.facts.objects.owners import POD_OWNERS, key_of, workload
from kfinstall.facts.pods.containers import Container, containers
from kfinstall.words import _, counted

PROXY = "istio-proxy"
"""The sidecar: it is ready when it has its configuration from istiod."""

PROBES = "https://kubernetes.io/docs/tasks/configure-pod-container/configure-liveness-readiness-startup-probes/"


def unready(snapshot: Snapshot) -> Iterator[Finding]:
    """Pods that run and fail their readiness or startup probe, by workload."""
    groups: dict[tuple[ObjectKey, str], list[Body]] = defaultdict(list)
    for body in snapshot.all(POD):
        if _runs_unready(body) and not _on_lost_node(body, snapshot):
            waiting = next((each for each in containers(body) if _answers_badly(each)), None)
            if waiting:
                groups[workload(key_of(POD, body), body, snapshot), waiting.name].append(body)
    for (owner, container), bodies in groups.items():
        yield _finding(owner, container, bodies, snapshot)


def on_lost_nodes(snapshot: Snapshot) -> Iterator[Finding]:
    """Pods of which nobody knows how they are, because their node does not report."""
    groups: dict[str, list[ObjectKey]] = defaultdict(list)
    for body in snapshot.all(POD):
        if _runs_unready(body) and _on_lost_node(body, snapshot):
            groups[body["spec"]["nodeName"]].append(key_of(POD, body))
    for node, pods in groups.items():
        yield Finding(
            cause="pod-node-lost",
            severity=Severity.ERROR,
            title=_("{pods} on the node {node}, which is not ready").format(
                pods=counted("{count} pod is", "{count} pods are", len(pods)), node=node
            ),
            objects=tuple(pods),
            remedy=Remedy(
                _("Bring the node back. If it is gone for good, delete it, and its pods are made anew elsewhere."),
                (f"kubectl describe node {node}", f"kubectl delete node {node}"),
            ),
            needs=frozenset({ObjectKey(*NODE, "", node)}),
            docs="https://kubernetes.io/docs/concepts/architecture/nodes/#condition",
        )


def _runs_unready(body: Body) -> bool:
    phase = (body.get("status") or {}).get("phase")
    return (
        phase in {"Running", "Unknown"} and not holds(body, "Ready") and not body["metadata"].get("deletionTimestamp")
    )


def _on_lost_node(body: Body, snapshot: Snapshot) -> bool:
    node = snapshot.get(ObjectKey(*NODE, "", str((body.get("spec") or {}).get("nodeName"))))
    return node is not None and not holds(node, "Ready")


def _answers_badly(container: Container) -> bool:
    return container.state == "running" and not container.ready and not container.init


def _finding(owner: ObjectKey, container: str, bodies: list[Body], snapshot: Snapshot) -> Finding:
    pods = [key_of(POD, body) for body in bodies]
    first = pods[0]
    needs = {ISTIOD} if container == PROXY else set(component_needs(owner, snapshot))
    since = condition(bodies[0], "Ready").get("lastTransitionTime") or "?"
    return Finding(
        cause="pod-probe-failed",
        severity=Severity.ERROR,
        title=_("{workload}: the container {container} runs, and is not ready").format(
            workload=owner, container=container
        ),
        objects=tuple(pods),
        remedy=Remedy(
            _(
                "Read what the container logs while it is asked. If it waits for something else, mend that; if it only "
                "starts slowly, give its probe more time."
            ),
            (
                f"kubectl -n {first.namespace} logs {first.name} -c {container} --tail=50",
                f"kubectl -n {first.namespace} describe pod {first.name}",
            ),
        ),
        evidence=(
            Evidence(_("not ready since {time}").format(time=since), first, len(pods)),
            *_failed_probes(first, snapshot),
        ),
        needs=frozenset(needs),
        docs=PROBES,
    )


def _failed_probes(pod: ObjectKey, snapshot: Snapshot) -> Iterator[Evidence]:
    """Which probe asked where, and what was answered: the kubelet's own words."""
    said = {each.message: each for each in snapshot.occurrences(pod) if each.reason in {"Unhealthy", "ProbeWarning"}}
    for each in said.values():
        yield Evidence(" ".join(each.message.split()), pod, each.count)


CHECKS = (
    Check(
        "workloads.probes",
        _("Is every pod ready whose containers run?"),
        frozenset({POD}),
        unready,
        also=POD_OWNERS | {EVENT, NODE},
    ),
    Check(
        "workloads.lost-nodes",
        _("Do the nodes report on which pods run?"),
        frozenset({POD, NODE}),
        on_lost_nodes,
    ),
)
