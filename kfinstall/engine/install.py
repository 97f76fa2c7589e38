"""An install, from rendered objects to a cluster that has them: look, plan, carry out, remember."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from kfinstall.contracts.event import Event, Result, RunFinished
from kfinstall.contracts.manifest import Manifest
from kfinstall.contracts.plan import Plan
from kfinstall.contracts.resource import ClusterState
from kfinstall.engine import journal as journals
from kfinstall.engine.control import Control
from kfinstall.engine.journal import Journal
from kfinstall.engine.planner import Wishes, plan, served_resources, wanted
from kfinstall.engine.refusal import refuse_unserved
from kfinstall.engine.runner import Records, RunOptions, run
from kfinstall.errors import ApiError
from kfinstall.kube import discovery, membership
from kfinstall.kube import inventory as inventories
from kfinstall.kube.cluster import Cluster
from kfinstall.kube.inventory import Inventory


@dataclass(frozen=True, slots=True)
class Prepared:
    """A plan, and what it was made from. unfinished: an earlier run of this install was cut off."""

    plan: Plan
    state: ClusterState
    inventory: Inventory
    journal: Path
    unfinished: bool


def journal_path(folder: Path, install: str) -> Path:
    return folder / f"journal-{install}.jsonl"


def prepare(cluster: Cluster, manifests: Sequence[Manifest], wishes: Wishes, folder: Path) -> Prepared:
    """Look at the cluster and plan; nothing is written. Raises PlanRefused and ClusterError."""
    version = discovery.version(cluster.connection)
    wishes.compatibility.check(version)
    resources = discovery.discover(cluster.connection)
    objects = wanted(manifests, resources, wishes)
    inventory = inventories.read(cluster, wishes.install)
    path = journal_path(folder, wishes.install)
    unwritten = journals.applied(path)
    live = cluster.live(objects, served_resources(objects, resources))
    records = {**(inventory.records or {}), **unwritten}
    unwanted = records.keys() - {manifest.key for manifest in objects}
    leftovers = membership.recorded(cluster, sorted(unwanted), resources)
    forgotten = unwanted - {member.key for member in leftovers}
    state = ClusterState(
        version,
        resources,
        live,
        {key: applied for key, applied in records.items() if key not in forgotten},
        missing_namespaces=_missing_namespaces(cluster, objects),
        leftovers=tuple(leftovers),
    )
    return Prepared(plan(objects, state, wishes), state, inventory, path, bool(unwritten))


def intended(cluster: Cluster, manifests: Sequence[Manifest], wishes: Wishes) -> list[Manifest]:
    """The objects that an install would apply, found out with no more rights than everybody has.

    Raises PlanRefused when the server cannot take them, and ClusterError.
    """
    version = discovery.version(cluster.connection)
    wishes.compatibility.check(version)
    resources = discovery.discover(cluster.connection)
    objects = wanted(manifests, resources, wishes)
    refuse_unserved(objects, served_resources(objects, resources), ClusterState(version, resources, {}))
    return objects


def install(prepared: Prepared, cluster: Cluster, control: Control, options: RunOptions) -> Iterator[Event]:
    """Carry out a prepared plan. However it ends, the cluster remembers what was applied.

    It is RunFinished that comes last, when the cluster knows.
    """
    planned = [action.manifest.key for action in prepared.plan.applies]
    inventory = prepared.inventory.covering(planned)
    records = Records(dict(prepared.state.inventory))
    writes = cluster.connection.writes
    finished: RunFinished | None = None
    with Journal(prepared.journal) as journal:
        if prepared.plan.changes and inventory != prepared.inventory:
            inventories.write(cluster, prepared.plan.install, inventory)
        try:
            for event in run(prepared.plan, cluster, journal, control, records, options):
                if isinstance(event, RunFinished):
                    finished = event
                else:
                    yield event
        finally:
            if not control.abandoned and records.applied != (prepared.inventory.records or {}):
                inventories.write(cluster, prepared.plan.install, inventory.with_records(records.applied))
        if finished:
            if finished.result is Result.SUCCEEDED and not control.abandoned:  # else only the journal knows
                journal.clear()
            yield replace(finished, writes=cluster.connection.writes - writes)


def _missing_namespaces(cluster: Cluster, objects: Sequence[Manifest]) -> frozenset[str]:
    """Namespaces that objects are in, and that neither stand nor are made by one of the objects."""
    made = {manifest.name for manifest in objects if manifest.kind == "Namespace"}
    used = {manifest.namespace for manifest in objects if manifest.namespace}
    return frozenset(name for name in used - made if not _may_stand(cluster, name))


def _may_stand(cluster: Cluster, namespace: str) -> bool:
    try:
        return cluster.look(f"/api/v1/namespaces/{namespace}") is not None
    except ApiError as error:
        if error.status == 403:  # whoever may not look finds out when the object is applied
            return True
        raise
