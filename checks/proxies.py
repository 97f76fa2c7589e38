"""Nodes that pull without the proxy by which components call out."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from kfinstall.contracts.check import Check, Phase
from kfinstall.contracts.explanation import Remedy
from kfinstall.contracts.finding import Evidence, Finding, Severity
from kfinstall.contracts.manifest import Body, ObjectKey
from kfinstall.contracts.snapshot import Snapshot
from kfinstall.facts.images.node_proxy import commands
from kfinstall.facts.images.pulls import FailedPull, failed_pulls
from kfinstall.facts.network.webhooks import pod_template
from kfinstall.facts.objects.kinds import DEPLOYMENT, EVENT, NODE, POD, STATEFUL_SET
from kfinstall.words import _, counted, joined

VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")
DIRECT = frozenset({"img-dns", "img-network-timeout"})
"""Causes of pulls that went straight to the registry, and did not get there: those by a proxy name the proxy."""


def direct_pulls(snapshot: Snapshot) -> Iterator[Finding]:
    """Nodes that do not reach registries, in a cluster whose components have a proxy."""
    variables = _variables(snapshot)
    if not variables:
        return
    groups: dict[tuple[str, ...], list[FailedPull]] = defaultdict(list)
    for failure in failed_pulls(snapshot):
        node = snapshot.get(ObjectKey(*NODE, "", str((failure.body.get("spec") or {}).get("nodeName", ""))))
        if node and failure.explained.cause in DIRECT:
            groups[tuple(commands(node, variables))].append(failure)
    for how, failures in groups.items():
        yield _direct(how, failures, variables)


def _direct(how: Sequence[str], failures: Sequence[FailedPull], variables: Mapping[str, str]) -> Finding:
    nodes = sorted({str(each.body["spec"]["nodeName"]) for each in failures})
    registries = sorted({each.registry for each in failures if each.registry})
    proxy = variables.get("HTTPS_PROXY") or variables["HTTP_PROXY"]
    return Finding(
        cause="proxy-nodes-direct",
        severity=Severity.ERROR,
        title=_("{nodes} asks {registries} without the proxy that the components have ({proxy})").format(
            nodes=counted("{count} node", "{count} nodes", len(nodes)), registries=joined(registries), proxy=proxy
        ),
        objects=tuple(ObjectKey(*NODE, "", name) for name in nodes),
        remedy=Remedy(
            _("The node's container runtime pulls images, not the pods: give it the proxy on each of these nodes."),
            tuple(how),
        ),
        evidence=(Evidence(" ".join(failures[0].message.split()), failures[0].pod, len(failures)),),
        docs="https://kubernetes.io/docs/setup/production-environment/container-runtimes/",
    )


def _variables(snapshot: Snapshot) -> dict[str, str]:
    """The proxy of what is about to be installed, else of what stands: of the first workload that has one."""
    planned = [each.body for each in snapshot.planned]
    standing = [*snapshot.all(DEPLOYMENT), *snapshot.all(STATEFUL_SET)]
    for body in (*planned, *standing):
        found = _of(body)
        if found.keys() & {"HTTP_PROXY", "HTTPS_PROXY"}:
            return found
    return {}


def _of(body: Body) -> dict[str, str]:
    pod = (pod_template(body) or {}).get("spec") or {}
    containers = pod.get("containers") or ()
    said = {each.get("name"): each.get("value") for one in containers for each in one.get("env") or ()}
    return {name: str(said[name]) for name in VARIABLES if said.get(name)}


CHECKS = (
    Check(
        "proxies.nodes",
        _("Do nodes pull by the proxy that the components have?"),
        frozenset({POD, NODE}),
        direct_pulls,
        also=frozenset({DEPLOYMENT, STATEFUL_SET, EVENT}),
        phases=frozenset({Phase.PRE, Phase.POST}),
    ),
)
