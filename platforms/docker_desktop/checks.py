"""What goes wrong on Docker Desktop only."""

from collections import defaultdict
from collections.abc import Iterator

from kfinstall.contracts.check import Check
from kfinstall.contracts.explanation import Remedy
from kfinstall.contracts.finding import Finding, Severity
from kfinstall.contracts.manifest import ObjectKey
from kfinstall.contracts.snapshot import Snapshot
from kfinstall.facts.objects.kinds import NODE, SERVICE
from kfinstall.facts.objects.owners import key_of
from kfinstall.words import _, joined

NODES = frozenset({"docker-desktop", "docker-for-desktop", "desktop-control-plane"})
"""The node of today, that of versions before 2.0.1, and the first one where Docker Desktop runs kind."""


def is_docker_desktop(snapshot: Snapshot) -> bool:
    """Whether a node has its name."""
    return any(node["metadata"]["name"] in NODES for node in snapshot.all(NODE))


def ports(snapshot: Snapshot) -> Iterator[Finding]:
    """Load balancers that want one port: there is one address for all of them, localhost."""
    wanted: dict[int, set[ObjectKey]] = defaultdict(set)
    for each in snapshot.all(SERVICE):
        spec = each.get("spec") or {}
        for port in (spec.get("ports") or ()) if spec.get("type") == "LoadBalancer" else ():
            wanted[port["port"]].add(key_of(SERVICE, each))
    for port, services in sorted(wanted.items()):
        if len(services) > 1:
            names = [f"{each.namespace}/{each.name}" for each in sorted(services)]
            yield Finding(
                cause="docker-desktop-port-twice",
                severity=Severity.WARNING,
                title=_("{services} want localhost:{port}, and only one of them has it").format(
                    services=joined(names), port=port
                ),
                objects=tuple(sorted(services)),
                remedy=Remedy(
                    _(
                        "Docker Desktop has one address for all load balancers. Leave it to one Service, and make the "
                        "others ClusterIP."
                    ),
                    tuple(
                        f"kubectl -n {each.namespace} patch service {each.name} --type merge -p "
                        '\'{"spec":{"type":"ClusterIP"}}\''
                        for each in sorted(services)[1:]
                    ),
                ),
            )


CHECKS = (
    Check(
        "docker-desktop.ports",
        _("Does each load balancer have a port of its own?"),
        frozenset({NODE, SERVICE}),
        ports,
        concerns=is_docker_desktop,
    ),
)
