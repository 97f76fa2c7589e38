"""Taking an install away: look for what it owns, plan, carry out, forget."""

import contextlib
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from kfinstall.contracts.event import Event, Result, RunFinished
from kfinstall.contracts.manifest import ObjectKey
from kfinstall.contracts.plan import Plan
from kfinstall.contracts.resource import GroupKind, Member, Resource
from kfinstall.engine import journal as journals
from kfinstall.engine.control import Control
from kfinstall.engine.install import journal_path
from kfinstall.engine.journal import Journal
from kfinstall.engine.removal import Holdings, plan_removal
from kfinstall.engine.runner import Records, RunOptions, run
from kfinstall.errors import ApiError, UsageError
from kfinstall.facts.objects import applyset
from kfinstall.kube import discovery, membership
from kfinstall.kube import inventory as inventories
from kfinstall.kube.cluster import Cluster
from kfinstall.kube.inventory import Inventory
from kfinstall.kube.membership import Found
from kfinstall.words import _


@dataclass(frozen=True, slots=True)
class Removal:
    """A plan that takes an install away, and what it was made from."""

    plan: Plan
    inventory: Inventory
    journal: Path
    version: str


def prepare(cluster: Cluster, install: str, folder: Path, *, delete_data: bool) -> Removal:
    """Look at the cluster and plan; nothing is written. Raises UsageError when there is no such install."""
    version = discovery.version(cluster.connection)
    inventory = inventories.read(cluster, install)
    journal = journal_path(folder, install)
    if not inventory.exists:
        raise UsageError(
            _("There is no install named {name} on {server}.").format(
                name=install, server=cluster.connection.target.server
            ),
            fix=_("See what is there with: kubectl get configmaps -n {namespace}").format(namespace=applyset.NAMESPACE),
        )
    # what a killed run did after it had written the inventory for the last time
    inventory = inventory.with_records({**(inventory.records or {}), **journals.applied(journal)})
    resources = discovery.discover(cluster.connection)
    holdings = _holdings(cluster, install, inventory, resources)
    plan = plan_removal(holdings, resources, delete_data=delete_data)
    return Removal(plan, inventory, journal, version)


def uninstall(removal: Removal, cluster: Cluster, control: Control, options: RunOptions) -> Iterator[Event]:
    """Carry out a removal; the record of the install goes last, and only when all the rest has gone well."""
    records = Records(dict(removal.inventory.records or {}))
    writes = cluster.connection.writes
    with Journal(removal.journal) as journal:
        for event in run(removal.plan, cluster, journal, control, records, options):
            if isinstance(event, RunFinished):
                if event.result is Result.SUCCEEDED:
                    _forget(cluster, removal.plan.install)
                    journal.clear()
                yield replace(event, writes=cluster.connection.writes - writes)
            else:
                yield event


def _holdings(
    cluster: Cluster, install: str, inventory: Inventory, resources: Mapping[GroupKind, Resource]
) -> Holdings:
    owner = applyset.applyset_id(install)
    found = [
        member
        for member in membership.members(cluster, owner, inventory, resources)
        if member.path != inventories.NAMESPACE_PATH  # holds the record itself: it goes last, see _forget
    ]
    before = membership.recorded(
        cluster, sorted((inventory.records or {}).keys() - {member.key for member in found}), resources
    )
    definitions = {member.key for member in found if member.key.kind == "CustomResourceDefinition"}
    instances = {key: membership.instances(cluster, kind) for key in definitions if (kind := _defined(key, resources))}
    namespaces = [member.key.name for member in found if member.key.kind == "Namespace"]
    contents = membership.contents(cluster, namespaces, resources)
    everything = [*found, *itertools.chain(*instances.values(), *contents.values())]
    owned = membership.descendants((member.uid for member in found), everything)
    return Holdings(
        install,
        membership.with_dependents(found, owned),
        [member for member in before if member.owner != owner],
        {key: membership.with_dependents(some, owned) for key, some in instances.items()},
        {name: _with_roots_only(some, owned) for name, some in contents.items()},
    )


def _with_roots_only(contents: Sequence[Found], owned: set[str]) -> list[Member]:
    """In a namespace a stranger's Deployment stands for its pods: one line says enough."""
    return membership.with_dependents(contents, owned | {member.uid for member in contents})


def _defined(definition: ObjectKey, resources: Mapping[GroupKind, Resource]) -> Resource | None:
    plural, _dot, group = definition.name.partition(".")
    found = (resource for resource in resources.values() if (resource.plural, resource.group) == (plural, group))
    return next(found, None)


def _forget(cluster: Cluster, install: str) -> None:
    """Delete the parent, and its namespace when kfinstall made that and nothing is left in it."""
    parent = cluster.look(inventories.path(install))
    if parent:
        cluster.delete(inventories.path(install), parent["metadata"]["uid"])
    with contextlib.suppress(ApiError):  # whoever may not look at it, or delete it, leaves it empty
        _forget_namespace(cluster)


def _forget_namespace(cluster: Cluster) -> None:
    namespace = cluster.look(inventories.NAMESPACE_PATH)
    if namespace is None or applyset.PART_OF not in (namespace["metadata"].get("labels") or {}):
        return
    inside = membership.contents(cluster, [applyset.NAMESPACE], discovery.discover(cluster.connection))
    if not inside[applyset.NAMESPACE]:
        cluster.delete(inventories.NAMESPACE_PATH, namespace["metadata"]["uid"])
