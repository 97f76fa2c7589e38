"""Accelerators that nodes have and do not offer."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kfinstall.contracts.check import Check
from kfinstall.contracts.explanation import Remedy
from kfinstall.contracts.finding import Evidence, Finding, Severity
from kfinstall.contracts.manifest import Body, ObjectKey
from kfinstall.contracts.snapshot import Snapshot
from kfinstall.facts.classify import explanation
from kfinstall.facts.objects.conditions import holds
from kfinstall.facts.objects.kinds import NODE, POD
from kfinstall.facts.objects.owners import key_of
from kfinstall.facts.objects.quantities import readable
from kfinstall.facts.scheduling.accelerators import VENDORS, Vendor, mark, plugins, vendor_of
from kfinstall.facts.scheduling.capacity import NOTHING, Amounts, amounts, requests
from kfinstall.words import _, counted

GKE = "cloud.google.com/gke-"
PLUGINS = frozenset({"NVIDIA", "AMD"})
"""The vendors whose plugin kfinstall brings along: `gpu.plugin` of a document."""


@dataclass(frozen=True, slots=True)
class _Silent:
    """A node with an accelerator that it does not offer. mark: how it is known. plugin: the pod that should say so."""

    node: Body
    mark: str
    plugin: Body | None

    @property
    def key(self) -> ObjectKey:
        return key_of(NODE, self.node)


def not_offered(snapshot: Snapshot) -> Iterator[Finding]:
    """Nodes whose labels tell of an accelerator, and that offer none."""
    for vendor in VENDORS:
        running = {pod["spec"].get("nodeName"): pod for pod in plugins(snapshot.all(POD), vendor)}
        groups: dict[str, list[_Silent]] = defaultdict(list)
        for node in snapshot.all(NODE):
            if holds(node, "Ready") and mark(node, vendor) and not _offered(node, "capacity", vendor):
                plugin = running.get(node["metadata"]["name"])
                state = "missing" if plugin is None else "ready" if holds(plugin, "Ready") else "failing"
                groups[state].append(_Silent(node, mark(node, vendor), plugin))
        for state, nodes in groups.items():
            yield _silent(vendor, state, nodes, _waiting(vendor, snapshot))


def _offered(node: Body, field: str, vendor: Vendor) -> Amounts:
    found = amounts((node.get("status") or {}).get(field))
    return {name: value for name, value in found.items() if vendor_of(name) == vendor and value}


def _waiting(vendor: Vendor, snapshot: Snapshot) -> list[ObjectKey]:
    """Pods without a node that ask for something of the vendor's."""
    return [
        key_of(POD, pod)
        for pod in snapshot.all(POD)
        if not (pod.get("spec") or {}).get("nodeName") and any(vendor_of(name) == vendor for name in requests(pod))
    ]


def _silent(vendor: Vendor, state: str, nodes: Sequence[_Silent], waiting: Sequence[ObjectKey]) -> Finding:
    cause, why, remedy = _explained(vendor, state, nodes)
    many = counted("{count} node", "{count} nodes", len(nodes))
    plugins = frozenset(key_of(POD, each.plugin) for each in nodes if each.plugin)
    return Finding(
        cause=cause,
        severity=Severity.ERROR if waiting else Severity.WARNING,
        title=_("The accelerators of {nodes} ({vendor}) are not offered: {why}").format(
            nodes=many, vendor=vendor.name, why=why
        ),
        objects=(vendor.plugin,) if waiting else (),
        remedy=remedy,
        evidence=(*(Evidence(each.mark, each.key) for each in nodes), *_waited_for(waiting)),
        needs=plugins if state == "failing" else frozenset(),
        docs="https://kubernetes.io/docs/tasks/manage-gpus/scheduling-gpus/",
    )


def _waited_for(waiting: Sequence[ObjectKey]) -> Iterator[Evidence]:
    if waiting:
        yield Evidence(counted("{count} pod waits for one", "{count} pods wait for one", len(waiting)), waiting[0])


def _explained(vendor: Vendor, state: str, nodes: Sequence[_Silent]) -> tuple[str, str, Remedy]:
    """Cause, a few words and the remedy."""
    plugin = nodes[0].plugin
    if plugin is None:
        return "gpu-insufficient-none-advertised", _("no device plugin runs there"), _installing(vendor, nodes[0].node)
    key = key_of(POD, plugin)
    if state == "failing":
        text = _("Mend the device plugin's pod; the node offers its devices as soon as it runs.")
        look = f"kubectl -n {key.namespace} describe pod {key.name}"
        return "gpu-plugin-failing", _("the device plugin is not ready"), Remedy(text, (look,))
    general = explanation("gpu-plugin-no-nvml", {})
    log = f"kubectl -n {key.namespace} logs {key.name}"
    remedy = Remedy(general.remedy.text, (log, *general.remedy.commands))
    return general.cause, _("the device plugin finds no device"), remedy


def _installing(vendor: Vendor, node: Body) -> Remedy:
    """GKE brings plugin and driver along; a second plugin would fight with its own."""
    look = f"kubectl describe node {node['metadata']['name']}"
    if any(label.startswith(GKE) for label in node["metadata"].get("labels") or {}):
        text = _("GKE installs plugin and driver itself: look whether their pods run on the node.")
        return Remedy(
            text, ("kubectl -n kube-system get pods -o wide | grep -e device-plugin -e driver-installer", look)
        )
    text = _("Install the vendor's device plugin; it needs the driver on the node, and a toleration for its taints.")
    own = f"kfinstall install -f install.yaml --set gpu.plugin={vendor.name.lower()}"
    return Remedy(text, (vendor.install, *((own,) if vendor.name in PLUGINS else ()), look))


def unhealthy(snapshot: Snapshot) -> Iterator[Finding]:
    """Devices that a node has and does not give out."""
    for node in snapshot.all(NODE):
        status = node.get("status") or {}
        capacity, allocatable = amounts(status.get("capacity")), amounts(status.get("allocatable"))
        for resource, whole in capacity.items():
            vendor, lost = vendor_of(resource), whole - allocatable.get(resource, NOTHING)
            if vendor and lost > 0:
                counts = (readable(resource, lost), readable(resource, whole))
                yield _unhealthy(key_of(NODE, node), resource, counts, vendor, _waiting(vendor, snapshot))


def _unhealthy(
    node: ObjectKey, resource: str, counts: tuple[str, str], vendor: Vendor, waiting: Sequence[ObjectKey]
) -> Finding:
    lost, whole = counts
    return Finding(
        cause="gpu-unhealthy",
        severity=Severity.ERROR if waiting else Severity.WARNING,
        title=_("{lost} of {whole} {resource} of {node} cannot be used").format(
            lost=lost, whole=whole, resource=resource, node=node.name
        ),
        objects=(vendor.plugin,) if waiting else (),
        remedy=Remedy(
            _("The device plugin calls them unhealthy, or it has gone: read its log, and the kernel's for Xid errors."),
            (
                f"kubectl get pods -A -o wide --field-selector spec.nodeName={node.name} | grep device-plugin",
                f"kubectl debug node/{node.name} -it --image=busybox -- sh -c 'chroot /host dmesg | grep -i xid'",
            ),
        ),
        evidence=tuple(_waited_for(waiting)),
        docs="https://docs.nvidia.com/deploy/xid-errors/",
    )


CHECKS = (
    Check("gpu.offered", _("Do nodes offer the accelerators that they have?"), frozenset({NODE, POD}), not_offered),
    Check("gpu.healthy", _("Can all accelerators be used?"), frozenset({NODE, POD}), unhealthy),
)
