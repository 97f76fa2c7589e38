"""From the objects that are wanted and the cluster as it stands to a plan: pure, nothing is read or written."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from kfinstall.contracts.manifest import Manifest, ObjectKey
from kfinstall.contracts.plan import Apply, Await, Condition, Delete, Plan, Step, Verb
from kfinstall.contracts.resource import ClusterState, GroupKind, Live, Member, Resource
from kfinstall.engine.compatibility import Compatibility
from kfinstall.engine.ordering import Ordering, apply_step, await_step, defined_resources
from kfinstall.engine.refusal import refuse_homeless, refuse_shared, refuse_unserved
from kfinstall.facts.objects import digests
from kfinstall.facts.objects.applyset import PART_OF, applyset_id
from kfinstall.facts.objects.cluster_fields import without_cluster_fields
from kfinstall.facts.objects.kinds import DEFINITION, is_custom
from kfinstall.facts.objects.readiness import WAITED_FOR
from kfinstall.words import _


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a user wants of an install, beside its objects.

    namespace: for namespaced objects that name none. skip_kinds: kinds to leave out. wait: whether to wait
    until everything is ready. prune: delete what an earlier install made and this one does not want.
    """

    install: str
    namespace: str
    skip_kinds: frozenset[str] = frozenset()
    force_conflicts: bool = False
    wait: bool = True
    prune: bool = False
    compatibility: Compatibility = field(default_factory=Compatibility)


def wanted(manifests: Sequence[Manifest], resources: Mapping[GroupKind, Resource], wishes: Wishes) -> list[Manifest]:
    """The objects as they are to be applied: in their namespaces, without what the cluster fills, each once."""
    chosen = [manifest for manifest in manifests if manifest.kind not in wishes.skip_kinds]
    known = served_resources(chosen, resources)
    placed: dict[ObjectKey, Manifest] = {}
    for manifest in without_cluster_fields(chosen):
        manifest = _placed(manifest, known, wishes.namespace)  # noqa: PLW2901
        placed.setdefault(manifest.key, manifest)
    return list(placed.values())


def served_resources(
    manifests: Sequence[Manifest], resources: Mapping[GroupKind, Resource]
) -> dict[GroupKind, Resource]:
    """What the server serves now, and what it will serve once the definitions among the manifests are applied."""
    return {**resources, **defined_resources(manifests)}


def plan(manifests: Sequence[Manifest], state: ClusterState, wishes: Wishes) -> Plan:
    """The steps to bring the cluster to `manifests`, which `wanted` has prepared.

    Raises PlanRefused when the server does not serve what is wanted, is too old or too new for it, or when an object
    has no namespace to be in or belongs to another install.
    """
    known = served_resources(manifests, state.resources)
    warnings = wishes.compatibility.check(state.version)
    refuse_unserved(manifests, known, state)
    refuse_homeless(state)
    refuse_shared(manifests, state, applyset_id(wishes.install))
    steps = {apply_step(m.key): _apply(m, known, state, wishes) for m in manifests}
    ordering = Ordering(manifests, known, _in_force(steps.values(), state))
    ordering.build(waiting=wishes.wait)
    for manifest in _ending(manifests, state):
        ordering.replace_ending(manifest.key)
    applications = {manifest.key: manifest.application for manifest in manifests}
    for step, (condition, key) in ordering.waits.items():
        path = _path(key, known, ordering.manifest(key)) if condition is not Condition.SERVED else ordering.served(key)
        steps[step] = Step(step, applications[key], Await(key, condition, path))
    if wishes.wait:
        for ready in _ready(manifests, known):
            steps[ready.id] = ready
            ordering.wait_for(Condition.READY, ready.action.key)  # type: ignore[union-attr]
    ordered = [_with_needs(steps[step], ordering) for step in ordering.graph.sorted()]
    applied = frozenset(step.id for step in ordered)
    kept = {member.key: why for member in state.leftovers if (why := _kept(member, wishes))}
    pruned = [_prune(member, applied) for member in state.leftovers if member.key not in kept]
    return Plan(wishes.install, (*ordered, *pruned), (*warnings, *ordering.notes), kept)


def _placed(manifest: Manifest, known: Mapping[GroupKind, Resource], namespace: str) -> Manifest:
    """In its namespace. kfctl sent a namespace with cluster-scoped custom resources too: it is dropped."""
    resource = known.get(GroupKind(manifest.group, manifest.kind))
    if resource is None or resource.namespaced == bool(manifest.namespace):
        return manifest
    metadata = dict(manifest.body["metadata"])
    if resource.namespaced:
        metadata["namespace"] = namespace
    else:
        metadata.pop("namespace")
    return Manifest({**manifest.body, "metadata": metadata}, manifest.application)


def _apply(manifest: Manifest, known: Mapping[GroupKind, Resource], state: ClusterState, wishes: Wishes) -> Step:
    key = manifest.key
    live, record = _staying(manifest, state), state.inventory.get(key)
    owner = applyset_id(wishes.install)
    labelled = _labelled(manifest, owner)
    digest = digests.wanted(labelled.body)
    # A record of the labelled object means that it is ours, even when somebody took the label off.
    if live is None or live.owner == owner or (record is not None and record.wanted == digest):
        manifest = labelled
    else:
        digest = digests.wanted(manifest.body)
    same = record is not None and record.wanted == digest
    verb = Verb.CREATE if live is None else Verb.CHANGE
    if live and record and same and record.owned == live.owned:
        verb = Verb.KEEP
    action = Apply(manifest, _path(key, known, manifest), verb, digest, force=wishes.force_conflicts or same)
    return Step(apply_step(key), manifest.application, action)


def _in_force(steps: Iterable[Step], state: ClusterState) -> frozenset[GroupKind]:
    """The kinds whose definitions stay as they are, and that the server serves: nothing has to wait for them."""
    kept = [step.action.manifest for step in steps if isinstance(step.action, Apply) and step.action.verb is Verb.KEEP]
    return frozenset(
        kind
        for kind, resource in defined_resources(kept).items()
        if (served := state.resources.get(kind)) and set(resource.versions) <= set(served.versions)
    )


def _labelled(manifest: Manifest, owner: str) -> Manifest:
    metadata = dict(manifest.body["metadata"])
    metadata["labels"] = {**(metadata.get("labels") or {}), PART_OF: owner}
    return Manifest({**manifest.body, "metadata": metadata}, manifest.application)


def _path(key: ObjectKey, known: Mapping[GroupKind, Resource], manifest: Manifest | None = None) -> str:
    resource = known[GroupKind(key.group, key.kind)]
    version = manifest.api_version.rpartition("/")[2] if manifest else resource.versions[0]
    return resource.path(version, key.namespace, key.name)


def _staying(manifest: Manifest, state: ClusterState) -> Live | None:
    """What stands of an object, if it is not about to go, by itself or with its namespace or its definition."""
    live = state.live.get(manifest.key)
    return None if live is None or live.deleting or _goes_along(manifest, state) else live


def _goes_along(manifest: Manifest, state: ClusterState) -> bool:
    namespace = state.live.get(ObjectKey("", "Namespace", "", manifest.namespace)) if manifest.namespace else None
    resource = state.resources.get(GroupKind(manifest.group, manifest.kind))
    name = f"{resource.plural}.{resource.group}" if resource else ""
    definition = state.live.get(ObjectKey(*DEFINITION, "", name))
    return any(container is not None and container.deleting for container in (namespace, definition))


def _ending(manifests: Sequence[Manifest], state: ClusterState) -> Iterator[Manifest]:
    """Those that stand and are being deleted: applying them now would change what is about to go."""
    for manifest in manifests:
        live = state.live.get(manifest.key)
        if live and live.deleting and not _goes_along(manifest, state):
            yield manifest


def _ready(manifests: Sequence[Manifest], known: Mapping[GroupKind, Resource]) -> Iterator[Step]:
    for manifest in manifests:
        key = manifest.key
        if (key.group, key.kind) in WAITED_FOR or is_custom(key.group):
            step = await_step(Condition.READY, key)
            yield Step(step, manifest.application, Await(key, Condition.READY, _path(key, known, manifest)))


NEVER_PRUNED = frozenset({"CustomResourceDefinition", "Namespace", "PersistentVolume", "PersistentVolumeClaim"})
"""Deleting one of these deletes data, or objects of others; uninstall looks before it does."""


def _kept(member: Member, wishes: Wishes) -> str:
    """Why a leftover stays; "" when it goes."""
    if member.owner != applyset_id(wishes.install):
        return _("no longer wanted, but it stood before this install")
    if member.key.kind in NEVER_PRUNED:
        return _("no longer wanted; it may hold data, so it is left to you")
    return "" if wishes.prune else _("no longer wanted; --prune deletes it")


def _prune(member: Member, applied: frozenset[str]) -> Step:
    return Step(f"delete {member.key}", "", Delete(member.key, member.path, member.uid), applied)


def _with_needs(step: Step, ordering: Ordering) -> Step:
    return Step(step.id, step.application, step.action, ordering.graph.needs(step.id))
