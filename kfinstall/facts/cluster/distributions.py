"""Which distribution of Kubernetes a cluster is, as far as its nodes show."""

from collections.abc import Iterable

from kfinstall.contracts.manifest import Body
from kfinstall.contracts.snapshot import Snapshot
from kfinstall.facts.objects.kinds import NODE

MINIKUBE_LABEL = "minikube.k8s.io/name"
TOOLS = ("minikube", "kind")
"""Programs that work on clusters of their own only."""


def is_minikube(node: Body) -> bool:
    return MINIKUBE_LABEL in (node["metadata"].get("labels") or {})


def provider(node: Body) -> str:
    """Who made the node: gce, aws, azure, kind, …; "" where nobody says."""
    return str((node.get("spec") or {}).get("providerID") or "").partition("://")[0]


def fitting(commands: Iterable[str], snapshot: Snapshot) -> tuple[str, ...]:
    """The commands without those of tools that have nothing to do with this cluster; all where no node was read."""
    nodes = snapshot.all(NODE)
    if not nodes:
        return tuple(commands)
    own = {"minikube" for node in nodes if is_minikube(node)} | {provider(node) for node in nodes}
    return tuple(command for command in commands if (tool := command.split(" ")[0]) not in TOOLS or tool in own)
