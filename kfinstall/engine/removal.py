"""From what an install owns to the plan that takes it away: pure, nothing is read or written."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from kfinstall.contracts.manifest import ObjectKey
from kfinstall.contracts.plan import Await, Condition, Delete, Plan, Release, Step
from kfinstall.contracts.resource import GroupKind, Member, Resource
from kfinstall.facts.cluster.rights import installer_binding
from kfinstall.facts.objects.kinds import is_custom
from kfinstall.kube.membership import strangers
from kfinstall.words import _

DATA = frozenset({"PersistentVolumeClaim", "PersistentVolume"})
FIRST = frozenset({"MutatingWebhookConfiguration", "ValidatingWebhookConfiguration", "APIService"})
"""What stands in the way of every other deletion once its pods are gone."""


@dataclass(frozen=True, slots=True)
class Holdings:
    """What stands. members: what the install made. before: what it only changed, which stood before it.

    instances: of each of its definitions, the objects in the whole cluster. contents: of each of its namespaces.
    """

    install: str
    members: Sequence[Member]
    before: Sequence[Member]
    instances: Mapping[ObjectKey, Sequence[Member]] = field(default_factory=dict)
    contents: Mapping[str, Sequence[Member]] = field(default_factory=dict)


def plan_removal(holdings: Holdings, resources: Mapping[GroupKind, Resource], *, delete_data: bool) -> Plan:
    """Webhooks first, then custom resources while their controllers still run, then the rest, then namespaces.

    Last goes the binding by which whoever uninstalls may do all this.
    """
    kept = _kept(holdings, delete_data=delete_data)
    going = [member for member in holdings.members if member.key not in kept and not member.dependent]
    tiers: list[list[Step]] = [[] for _tier in range(6)]
    for member in going:
        tier = 5 if member.key.name == installer_binding(holdings.install) else _tier(member.key)
        delete = Step(f"delete {member.key}", "", Delete(member.key, member.path, member.uid))
        tiers[tier].append(delete)
        if tier in (1, 3, 4):
            gone = Step(f"await gone {member.key}", "", Await(member.key, Condition.GONE, member.path))
            tiers[tier].append(Step(gone.id, "", gone.action, frozenset({delete.id})))
    tiers[2] += [_release(member, resources) for member in holdings.before]
    return Plan(holdings.install, tuple(_in_tiers(tiers)), kept=kept)


def _tier(key: ObjectKey) -> int:
    if key.kind in FIRST:
        return 0
    if key.kind == "Namespace" and not key.group:
        return 4
    if key.kind == "CustomResourceDefinition":
        return 3
    return 1 if is_custom(key.group) else 2


def _in_tiers(tiers: Iterable[Sequence[Step]]) -> Iterable[Step]:
    """Every step of a tier needs all of the tier before it."""
    before: frozenset[str] = frozenset()
    for tier in tiers:
        for step in tier:
            yield Step(step.id, step.application, step.action, step.needs | before)
        if tier:
            before = frozenset(step.id for step in tier)


def _release(member: Member, resources: Mapping[GroupKind, Resource]) -> Step:
    key = member.key
    version = resources[GroupKind(key.group, key.kind)].versions[0]
    api_version = f"{key.group}/{version}" if key.group else version
    return Step(f"release {key}", "", Release(key, member.path, api_version))


def _kept(holdings: Holdings, *, delete_data: bool) -> dict[ObjectKey, str]:
    """What stays, and why."""
    ours = {member.key for member in holdings.members}
    kept: dict[ObjectKey, str] = {}
    if not delete_data:
        for member in holdings.members:
            if member.key.kind in DATA:
                kept[member.key] = _("data; --delete-data deletes it")
        for definition, found in holdings.instances.items():
            others = [member.key for member in strangers(found, ours)]
            if others:
                kept[definition] = _("{object} uses it; --delete-data deletes both").format(object=_some(others))
    for namespace, found in holdings.contents.items():
        inside = [
            member.key
            for member in strangers(found, ours - kept.keys())
            if not (delete_data and member.key.kind in DATA)
        ]
        if inside:
            kept[ObjectKey("", "Namespace", "", namespace)] = _("holds {object}").format(object=_some(inside))
    return kept


def _some(keys: Sequence[ObjectKey]) -> str:
    more = _(" and {count} more").format(count=len(keys) - 1) if len(keys) > 1 else ""
    return f"{keys[0]}{more}"
