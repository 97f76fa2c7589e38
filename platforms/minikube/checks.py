"""What goes wrong on a minikube only."""

from collections.abc import Iterator

from kfinstall.contracts.check import Check
from kfinstall.contracts.explanation import Remedy
from kfinstall.contracts.finding import Finding, Severity
from kfinstall.contracts.manifest import Body
from kfinstall.contracts.snapshot import Snapshot
from kfinstall.facts.objects.kinds import NODE, STORAGE_CLASS
from kfinstall.facts.objects.owners import key_of
from kfinstall.facts.storage.volumes import is_default
from kfinstall.words import _

PROFILE = "minikube.k8s.io/name"
"""Label of its nodes."""

PROVISIONER = "k8s.io/minikube-hostpath"
DEFAULT = "storageclass.kubernetes.io/is-default-class"
DOCS = "https://minikube.sigs.k8s.io/docs/tutorials/multi_node/"


def is_minikube(snapshot: Snapshot) -> bool:
    """Whether nodes say so."""
    return any(_profile(node) for node in snapshot.all(NODE))


def volumes(snapshot: Snapshot) -> Iterator[Finding]:
    """minikube's own provisioner, where a pod may run on another node than its volume is on."""
    nodes = snapshot.all(NODE)
    profile = next(filter(None, map(_profile, nodes)), "minikube")
    for each in snapshot.all(STORAGE_CLASS) if len(nodes) > 1 else ():
        if each.get("provisioner") == PROVISIONER and is_default(each):
            yield Finding(
                cause="minikube-hostpath-many-nodes",
                severity=Severity.WARNING,
                title=_("The default class {name} makes folders on one node, and this minikube has {count}").format(
                    name=each["metadata"]["name"], count=len(nodes)
                ),
                objects=(key_of(STORAGE_CLASS, each),),
                remedy=Remedy(
                    _(
                        "A pod on another node finds its volume empty, or may not write to it. Use the CSI driver, "
                        "which knows nodes; volumes that are there stay where they are."
                    ),
                    (
                        f"minikube -p {profile} addons enable volumesnapshots",
                        f"minikube -p {profile} addons enable csi-hostpath-driver",
                        f"minikube -p {profile} addons disable default-storageclass",
                        f"kubectl annotate --overwrite storageclass csi-hostpath-sc {DEFAULT}=true",
                    ),
                ),
                docs=DOCS,
            )


def _profile(node: Body) -> str:
    return str((node["metadata"].get("labels") or {}).get(PROFILE) or "")


CHECKS = (
    Check(
        "minikube.volumes",
        _("Are volumes where their pods are?"),
        frozenset({NODE, STORAGE_CLASS}),
        volumes,
        docs=DOCS,
        concerns=is_minikube,
    ),
)
