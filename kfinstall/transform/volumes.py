"""Volumes that are made beforehand: folders of a node, or of an NFS server.

Their reclaim policy is Retain: who deletes the claim, or uninstalls, leaves the data where it is.
"""

from collections.abc import Iterator, Sequence

from kfinstall.contracts.manifest import Body, Manifest
from kfinstall.contracts.surroundings import Surroundings
from kfinstall.errors import PlanRefused
from kfinstall.facts.objects.quantities import amount
from kfinstall.facts.storage.node_volumes import host_label, node_volume, retained
from kfinstall.facts.storage.volumes import NO_PROVISIONER, wanted_size
from kfinstall.model.storage import NUMBER, HostPath, Nfs
from kfinstall.transform.claims import claims, without_class
from kfinstall.words import _, counted


def of_node(manifests: Sequence[Manifest], storage: HostPath, surroundings: Surroundings) -> Iterator[Body]:
    """A volume for each claim that names no class, bound to it. Raises PlanRefused."""
    found = [claim for claim in claims(manifests, surroundings.namespace) if without_class(claim)]
    host = _host(storage, surroundings.nodes) if found else ""
    for claim in found:
        yield node_volume(claim, host, storage.path)


def of_server(manifests: Sequence[Manifest], storage: Nfs, surroundings: Surroundings) -> Iterator[Body]:
    """The class, and as many volumes as there are folders. Raises PlanRefused when they are too few or too small."""
    _refuse_scarce([claim for claim in claims(manifests, surroundings.namespace) if without_class(claim)], storage)
    yield {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": storage.name},
        "provisioner": NO_PROVISIONER,
    }
    for number in range(1, storage.count + 1):
        yield retained(
            f"{storage.name}-{number}",
            capacity={"storage": storage.size},
            accessModes=["ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany"],
            storageClassName=storage.name,
            nfs={"server": storage.server, "path": storage.path.replace(NUMBER, str(number))},
        )


def _host(storage: HostPath, nodes: Sequence[Body] | None) -> str:
    """The label by which volumes find their node: mostly, but not everywhere, its name."""
    if nodes is None:
        if storage.node is None:
            raise PlanRefused(
                _("Volumes on a node are asked for (storage.type: hostpath), and the cluster's nodes cannot be seen."),
                fix=_("Name the node: --set storage.node=NAME"),
            )
        return storage.node
    known = {node["metadata"]["name"]: node for node in nodes}
    if storage.node is None and len(known) != 1:
        raise PlanRefused(
            _("Volumes on a node are asked for (storage.type: hostpath), and it is not said on which."),
            why=_("Nodes: {names}").format(names=", ".join(sorted(known)) or _("none")),
            fix=_("Name one: --set storage.node=NAME"),
        )
    node = known.get(storage.node) if storage.node else next(iter(known.values()))
    if node is None:
        raise PlanRefused(
            _('There is no node "{name}" in the cluster (storage.node).').format(name=storage.node),
            why=_("Nodes: {names}").format(names=", ".join(sorted(known)) or _("none")),
        )
    return host_label(node)


def _refuse_scarce(found: Sequence[Body], storage: Nfs) -> None:
    if len(found) > storage.count:
        raise PlanRefused(
            counted(
                "{count} volume is too few (storage.count).",
                "{count} volumes are too few (storage.count).",
                storage.count,
            ),
            why=_("The release has {count} claims: {names}").format(count=len(found), names=_names(found)),
        )
    large = [claim for claim in found if amount(wanted_size(claim) or "0") > amount(storage.size)]
    if large:
        raise PlanRefused(
            _("Volumes of {size} are too small (storage.size).").format(size=storage.size),
            why=_("More is asked for by {names}").format(names=_names(large)),
        )


def _names(found: Sequence[Body]) -> str:
    return ", ".join(
        f"{claim['metadata']['namespace']}/{claim['metadata']['name']} ({wanted_size(claim)})" for claim in found
    )
