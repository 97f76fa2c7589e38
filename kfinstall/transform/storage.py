"""Where the claims of a release get their volumes."""

from collections.abc import Iterable, Sequence

from kfinstall.contracts.manifest import Body, Manifest
from kfinstall.contracts.surroundings import Surroundings
from kfinstall.errors import PlanRefused
from kfinstall.facts.storage.node_volumes import NO_CLASS
from kfinstall.facts.storage.volumes import is_default
from kfinstall.model.storage import (
    Automatic,
    HostPath,
    LocalPath,
    NamedClass,
    Nfs,
    NfsProvisioner,
    NfsServer,
    Storage,
)
from kfinstall.transform import provisioners, volumes
from kfinstall.transform.claims import claims, with_claims, with_class, without_class
from kfinstall.transform.spawner import with_notebook_volume
from kfinstall.words import _, counted, joined

APPLICATION = "kfinstall/storage"


def transformed(
    manifests: Sequence[Manifest], storage: Storage, install: str, surroundings: Surroundings
) -> list[Manifest]:
    """The objects with the storage that the document asks for, and what that needs. Raises PlanRefused."""
    match storage:
        case NamedClass(name=name):
            _refuse_missing(name, manifests, surroundings)
            added: Iterable[Body] = ()
        case HostPath():
            name, added = NO_CLASS, volumes.of_node(manifests, storage, surroundings)
        case Nfs(name=name):
            added = volumes.of_server(manifests, storage, surroundings)
        case NfsProvisioner(name=name) | LocalPath(name=name) | NfsServer(name=name):
            if isinstance(storage, NfsServer):
                _refuse_diskless(storage, surroundings)
            added = provisioners.provisioner(storage, install, surroundings)
        case _:
            return with_notebook_volume(manifests, storage.notebooks, "")
    made = [Manifest(body, APPLICATION) for body in added]
    changed = [with_claims(manifest, with_class(name)) for manifest in manifests]
    return [*made, *with_notebook_volume(changed, storage.notebooks, name)]


def refuse_unprovisioned(manifests: Sequence[Manifest], storage: Storage, surroundings: Surroundings) -> None:
    """Raise PlanRefused, with the ways out, when claims rely on a default class that the cluster does not have."""
    classes = surroundings.storage_classes
    if not isinstance(storage, Automatic) or classes is None:
        return
    brought = [manifest.body for manifest in manifests if manifest.kind == "StorageClass"]
    found = [claim for claim in claims(manifests, surroundings.namespace) if without_class(claim)]
    if not found or any(is_default(each) for each in (*classes, *brought)):
        return
    names = sorted(each["metadata"]["name"] for each in classes)
    raise PlanRefused(
        counted(
            "{count} claim names no storage class, and the cluster has no default one.",
            "{count} claims name no storage class, and the cluster has no default one.",
            len(found),
        ),
        why=_("Their pods would wait for ever. Storage classes here: {names}").format(names=joined(names) or _("none")),
        fix="\n".join([_("Say where the volumes come from:"), *_ways_out(names)]),
        about="storage",
    )


def notice(storage: Storage) -> str:
    """What becomes of the data, in a sentence; "" where that is the cluster's business."""
    match storage:
        case HostPath(path=path):
            return _(
                "The volumes are folders of one node, under {path}. Their reclaim policy is Retain: uninstall leaves "
                "them there. New notebooks get no volume from them."
            ).format(path=path)
        case Nfs(server=server):
            return _(
                "The volumes are folders on {server}. Their reclaim policy is Retain: uninstall leaves them there."
            ).format(server=server)
        case NfsServer(size=size):
            return _(
                "All volumes share one disk of {size}, and one pod that serves it. uninstall keeps that disk, which a "
                "cloud bills, unless --delete-data is said."
            ).format(size=size)
        case NfsProvisioner(name=name, reclaim_policy="Delete") | LocalPath(name=name, reclaim_policy="Delete"):
            return _('The reclaim policy of "{name}" is Delete: with a claim, its data is deleted.').format(name=name)
        case NfsProvisioner(name=name) | LocalPath(name=name):
            return _('The reclaim policy of "{name}" is Retain: deleted claims leave their data.').format(name=name)
    return ""


def _ways_out(names: Sequence[str]) -> list[str]:
    return [
        *(f"--set storage.type=class --set storage.name={name}" for name in names),
        "--set storage.type=local-path  " + _("(folders of the nodes, by a provisioner)"),
        "--set storage.type=hostpath --set storage.node=NAME  " + _("(folders of one node)"),
        "--set storage.type=nfs-provisioner --set storage.server=HOST --set storage.path=/PATH",
        "--set storage.type=nfs-server --set storage.disk=NAME  " + _("(an NFS server on a disk of that class)"),
        "--set storage.type=static  " + _("(an administrator makes the volumes)"),
    ]


def _refuse_diskless(storage: NfsServer, surroundings: Surroundings) -> None:
    """Its own disk has to come from somewhere else."""
    classes = surroundings.storage_classes
    if classes is None:
        return
    names = sorted(each["metadata"]["name"] for each in classes)
    if storage.disk in names or (storage.disk is None and any(map(is_default, classes))):
        return
    what = _('There is no storage class "{name}" in the cluster for the disk of the NFS server (storage.disk).')
    raise PlanRefused(
        what.format(name=storage.disk)
        if storage.disk
        else _("The cluster has no default storage class for the disk of the NFS server."),
        why=_("There is: {names}").format(names=joined(names) or _("none")),
        fix=_("Name one whose volumes are disks: --set storage.disk=NAME"),
    )


def _refuse_missing(name: str, manifests: Sequence[Manifest], surroundings: Surroundings) -> None:
    if surroundings.storage_classes is None:
        return
    names = [each["metadata"]["name"] for each in surroundings.storage_classes]
    names += [manifest.name for manifest in manifests if manifest.kind == "StorageClass"]
    if name not in names:
        raise PlanRefused(
            _('There is no storage class "{name}" in the cluster (storage.name).').format(name=name),
            why=_("There is: {names}").format(names=joined(sorted(names)) or _("none")),
        )
