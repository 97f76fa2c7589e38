"""From the objects that are wanted and the cluster as it stands to a plan: pure, nothing is read or written."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from kfinstall.contracts.manifest import Manifest, ObjectKey
from kfinstall.contracts.plan import Apply, Await, Condition, Delete, Plan, Step, Verb
from kfinstall.contracts.resource import ClusterState, GroupKind, Member, Resource
from kfinstall.engine.compatibility import Compatibility
from kfinstall.engine.ordering import Ordering, apply_step, await_step, defined_resources
from kfinstall.engine.refusal import refuse_homeless, refuse_unserved
from kfinstall.facts import digests
from kfinstall.facts.applyset import PART_OF, applyset_id
from kfinstall.facts.cluster_fields import without_cluster_fields
from kfinstall.facts.readiness import WAITED_FOR
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

    Raises PlanRefused when the server does not serve what is wanted, or is too old or too new for it.
    """
    known = served_resources(manifests, state.resources)
    warnings = wishes.compatibility.check(state.version)
    refuse_unserved(manifests, known, state)
    refuse_homeless(state)
    ordering = Ordering(manifests, known)
    ordering.build(waiting=wishes.wait)
    steps = {apply_step(m.key): _apply(m, known, state, wishes) for m in manifests}
    for step, (condition, key) in ordering.waits.items():
        steps[step] = Step(
            step, _application(key, manifests), Await(key, condition, _awaited_path(condition, key, known))
        )
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
    live = state.live.get(key)
    owner = applyset_id(wishes.install)
    if live is None or live.deleting or live.owner == owner:
        manifest = _labelled(manifest, owner)
    digest = digests.wanted(manifest.body)
    record = state.inventory.get(key)
    same = record is not None and record.wanted == digest
    verb = Verb.CREATE if live is None or live.deleting else Verb.CHANGE
    if live and record and same and not live.deleting and record.owned == live.owned:
        verb = Verb.KEEP
    action = Apply(manifest, _path(key, known, manifest), verb, digest, force=wishes.force_conflicts or same)
    return Step(apply_step(key), manifest.application, action)


def _labelled(manifest: Manifest, owner: str) -> Manifest:
    metadata = dict(manifest.body["metadata"])
    metadata["labels"] = {**(metadata.get("labels") or {}), PART_OF: owner}
    return Manifest({**manifest.body, "metadata": metadata}, manifest.application)


def _path(key: ObjectKey, known: Mapping[GroupKind, Resource], manifest: Manifest | None = None) -> str:
    resource = known[GroupKind(key.group, key.kind)]
    version = manifest.api_version.rpartition("/")[2] if manifest else resource.versions[0]
    return resource.path(version, key.namespace, key.name)


def _awaited_path(condition: Condition, key: ObjectKey, known: Mapping[GroupKind, Resource]) -> str:
    """Where it shows: the object itself, or for a definition the collection of what it defines."""
    if condition is not Condition.SERVED:
        return _path(key, known)
    plural, _dot, group = key.name.partition(".")
    resource = next(found for found in known.values() if (found.plural, found.group) == (plural, group))
    return resource.path(resource.versions[0])


def _ready(manifests: Sequence[Manifest], known: Mapping[GroupKind, Resource]) -> Iterator[Step]:
    for manifest in manifests:
        key = manifest.key
        if (key.group, key.kind) in WAITED_FOR or _is_custom(key):
            step = await_step(Condition.READY, key)
            yield Step(step, manifest.application, Await(key, Condition.READY, _path(key, known, manifest)))


def _is_custom(key: ObjectKey) -> bool:
    """Whether a kind comes from a definition: groups of Kubernetes itself have no dot or end in .k8s.io."""
    return "." in key.group and not key.group.endswith(".k8s.io")


def _application(key: ObjectKey, manifests: Sequence[Manifest]) -> str:
    return next((manifest.application for manifest in manifests if manifest.key == key), "")


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
