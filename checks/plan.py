"""Before an install: whether what is planned can come up in this cluster, and whether the user may install it."""

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import chain

from kfinstall.contracts.check import Check, CouldNotLook, Phase
from kfinstall.contracts.explanation import Json, Remedy
from kfinstall.contracts.finding import Evidence, Finding, Severity
from kfinstall.contracts.manifest import Body, Manifest, ObjectKey
from kfinstall.contracts.resource import GroupKind
from kfinstall.contracts.snapshot import Right, Snapshot
from kfinstall.facts.classify import explanation
from kfinstall.facts.cluster.rights import APPLYING, RECORD
from kfinstall.facts.objects.kinds import CLAIM, DEFINITION, NAMESPACE, NODE, POD, STORAGE_CLASS
from kfinstall.facts.objects.quantities import readable
from kfinstall.facts.pods.planned_pods import Planned, planned_pods
from kfinstall.facts.scheduling.capacity import NOTHING, Amounts, Room, plus, requests, rooms
from kfinstall.facts.scheduling.placing import fits_node
from kfinstall.facts.storage.volumes import claim_key, class_of, default_classes, is_default
from kfinstall.words import _, counted, joined

SCARCE = {"cpu": "sched-insufficient-cpu", "memory": "sched-insufficient-memory"}
"""Resources of which a cluster is too small, and the cause of each."""


def made(snapshot: Snapshot) -> Iterator[Finding]:
    """What kept the plan from being made; what GitHub refuses is told by rate-limits.github."""
    if snapshot.client and snapshot.client.github and snapshot.client.github.refusal:
        raise CouldNotLook(_("GitHub refuses what the plan fetches"))
    if snapshot.unplanned:
        yield snapshot.unplanned


def _planned(snapshot: Snapshot) -> Sequence[Manifest]:
    """What is about to be installed. Raises CouldNotLook where that is not known."""
    if snapshot.unplanned:
        raise CouldNotLook(_("there is no plan"))
    return snapshot.planned


def room(snapshot: Snapshot) -> Iterator[Finding]:
    """Planned pods that find no node, the largest placed first; those of objects that stand are placed already."""
    homeless: list[Planned] = []
    left = rooms(snapshot)
    planned = [each for each in planned_pods(_planned(snapshot)) if snapshot.get(each.owner) is None]
    for each in sorted(planned, key=_size, reverse=True):
        homeless += [each] * _settle(each, left)
    if homeless:
        yield _too_small(homeless, planned, snapshot)


def _size(each: Planned) -> tuple[Decimal, Decimal]:
    wanted = requests(each.pod)
    return wanted.get("memory", NOTHING), wanted.get("cpu", NOTHING)


def _settle(each: Planned, left: list[Room]) -> int:
    """Take the room for its pods; how many find none."""
    wanted, spec = requests(each.pod), each.pod.get("spec") or {}
    fitting = [number for number, one in enumerate(left) if fits_node(spec, one.node, daemon=each.on_every_node)]
    homeless = 0
    for choice in [[number] for number in fitting] if each.on_every_node else [fitting] * each.count:
        place = next((number for number in choice if not left[number].lacks(wanted)), None)
        if place is None:
            homeless += 1
        else:
            left[place] = left[place].with_pod(wanted)
    return homeless


def _too_small(homeless: Sequence[Planned], planned: Sequence[Planned], snapshot: Snapshot) -> Finding:
    before = rooms(snapshot)
    asked: Amounts = {}
    for wanted in chain.from_iterable([requests(each.pod)] * each.count for each in planned if not each.on_every_node):
        asked = plus(asked, wanted)
    scarcest = max(SCARCE, key=lambda name: asked.get(name, NOTHING) - _free(before, name))
    explained = explanation(SCARCE[scarcest], {"resource": scarcest, "nodes": len(before)})
    title = _("The cluster is too small: {pods} of the plan would find no node").format(
        pods=counted("{count} pod", "{count} pods", len(homeless))
    )
    return Finding(
        cause=explained.cause,
        severity=Severity.ERROR,
        title=title,
        objects=tuple(dict.fromkeys(each.owner for each in homeless)),
        remedy=Remedy(_smallest_change(homeless, before), explained.remedy.commands),
        evidence=tuple(_arithmetic(asked, before)),
        docs=explained.docs,
    )


def _free(left: Sequence[Room], resource: str) -> Decimal:
    return sum((max(one.free(resource), NOTHING) for one in left), NOTHING)


def _arithmetic(asked: Amounts, left: Sequence[Room]) -> Iterator[Evidence]:
    for name in SCARCE:
        yield Evidence(
            _("{resource}: the plan asks for {asked}; free on {nodes}: {free}").format(
                resource=name,
                asked=readable(name, asked.get(name, NOTHING)),
                nodes=counted("{count} node", "{count} nodes", len(left)),
                free=readable(name, _free(left, name)),
            )
        )


def _smallest_change(homeless: Sequence[Planned], left: Sequence[Room]) -> str:
    missing: Amounts = {}
    for each in homeless:
        missing = plus(missing, requests(each.pod))
    more = joined(f"{readable(name, missing[name])} {name}" for name in SCARCE if missing.get(name))
    text = _("Add {more}, or leave components out (kubeflow.components in the file).").format(more=more)
    largest = max((one.allocatable for one in left), key=lambda each: each.get("memory", NOTHING), default={})
    if largest and all(largest.get(name) for name in SCARCE):
        nodes = max(math.ceil(missing.get(name, NOTHING) / largest[name]) for name in SCARCE)
        text += " " + _("At the present size that is {nodes} more.").format(
            nodes=counted("{count} node", "{count} nodes", nodes)
        )
    return text


def storage(snapshot: Snapshot) -> Iterator[Finding]:
    """Planned claims for which nothing will make a volume."""
    planned = [manifest.body for manifest in _planned(snapshot) if _kind(manifest) == STORAGE_CLASS]
    classes = {each["metadata"]["name"] for each in (*snapshot.all(STORAGE_CLASS), *planned)}
    has_default = bool(default_classes(snapshot)) or any(map(is_default, planned))
    lacking: dict[str | None, list[ObjectKey]] = defaultdict(list)
    for key, claim in _claims(_planned(snapshot)):
        name = class_of(claim)
        if snapshot.get(key) is None and name != "" and not (has_default if name is None else name in classes):
            lacking[name].append(key)
    for name, keys in lacking.items():
        yield _no_volume(name, keys, sorted(classes))


def _claims(planned: Sequence[Manifest]) -> Iterator[tuple[ObjectKey, Body]]:
    """Claims, and the templates of claims of stateful sets."""
    for manifest in planned:
        if _kind(manifest) == CLAIM:
            yield claim_key(manifest.body), manifest.body
        for template in (manifest.body.get("spec") or {}).get("volumeClaimTemplates") or ():
            name = f"{template['metadata']['name']}-{manifest.name}-0"
            yield ObjectKey(*CLAIM, manifest.namespace, name), template


def _no_volume(name: str | None, keys: Sequence[ObjectKey], classes: Sequence[str]) -> Finding:
    about: dict[str, Json] = {"storageClass": name} if name else {}
    explained = explanation("st-provisioner-missing" if name else "st-no-default-storageclass", about)
    claims = counted("{count} claim", "{count} claims", len(keys))
    title = _('The plan has {claims} of class "{name}", which does not exist') if name else _(
        "The plan has {claims} that name no class, and no class is the default one"
    )  # fmt: skip
    there = _("Classes that exist: {names}").format(names=joined(classes) or _("none"))
    return Finding(
        cause=explained.cause,
        severity=Severity.ERROR,
        title=title.format(claims=claims, name=name),
        objects=tuple(keys),
        remedy=explained.remedy if name else _a_class(classes),
        evidence=(Evidence(there),),
        docs=explained.docs,
    )


def _a_class(classes: Sequence[str]) -> Remedy:
    """With the names that are there, to be copied; folders of the nodes where there is none."""
    install = "kfinstall install -f FILE --set storage.type="
    if not classes:
        return Remedy(
            _("Let kfinstall install a provisioner that takes folders of the nodes."), (f"{install}local-path",)
        )
    default = '{"metadata":{"annotations":{"storageclass.kubernetes.io/is-default-class":"true"}}}'
    return Remedy(
        _("Say in the file which class the volumes are of, or make one the default of the cluster."),
        (
            f"{install}class --set storage.name={classes[0]}",
            f"kubectl patch storageclass {classes[0]} -p '{default}'",
        ),
    )


def namespaces(snapshot: Snapshot) -> Iterator[Finding]:
    """Namespaces of the plan that are ending: nothing can be made in them."""
    used = {manifest.namespace for manifest in _planned(snapshot)}
    used |= {manifest.name for manifest in _planned(snapshot) if _kind(manifest) == NAMESPACE}
    for namespace in snapshot.all(NAMESPACE):
        name = namespace["metadata"]["name"]
        if name in used and namespace["metadata"].get("deletionTimestamp"):
            explained = explanation("ns-create-in-terminating", {"namespace": name})
            yield Finding(
                cause=explained.cause,
                severity=Severity.ERROR,
                title=_("Namespace {name} is being deleted, and the plan has objects in it").format(name=name),
                objects=(ObjectKey(*NAMESPACE, "", name),),
                remedy=explained.remedy,
                docs=explained.docs,
            )


def rights(snapshot: Snapshot) -> Iterator[Finding]:
    """What the user may not do of what the install has to do. Raises CouldNotLook when the server does not say."""
    _planned(snapshot)
    if snapshot.outside.may(Right("*", "*", "*")):
        return
    needed = sorted(set(_needed(snapshot)))
    answers = {right: snapshot.outside.may(right) for right in needed}
    if needed and all(answer is None for answer in answers.values()):
        raise CouldNotLook(_("the API server does not say what you may do"))
    missing = [right for right, answer in answers.items() if answer is False]
    if missing:
        yield _forbidden(missing)


def _needed(snapshot: Snapshot) -> Iterator[Right]:
    defined = {
        GroupKind(spec["group"], spec["names"]["kind"]): spec["names"]["plural"]
        for manifest in _planned(snapshot)
        if _kind(manifest) == DEFINITION and (spec := manifest.body.get("spec"))
    }
    for manifest in _planned(snapshot):
        plural = snapshot.served.get(_kind(manifest)) or defined.get(_kind(manifest))
        if plural:
            yield from (Right(verb, manifest.group, plural, manifest.namespace) for verb in APPLYING)
    if _planned(snapshot):
        yield from RECORD


def _forbidden(missing: Sequence[Right]) -> Finding:
    first = missing[0]
    about: dict[str, Json] = {"verb": first.verb, "resource": first.resource, "namespace": first.namespace}
    explained = explanation("rbac-forbidden-verb", about)
    objects: dict[tuple[str, str], dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for right in missing:
        objects[right.namespace, right.group][right.resource].append(right.verb)
    return Finding(
        cause=explained.cause,
        severity=Severity.ERROR,
        title=_("You may not do everything that the plan needs: {rights} are missing").format(
            rights=counted("{count} right", "{count} rights", len(missing))
        ),
        objects=tuple(
            ObjectKey(*NAMESPACE, "", name) for name in dict.fromkeys(each.namespace for each in missing) if name
        ),
        remedy=Remedy(
            _("Let an administrator install, or apply what the first command writes: it gives these rights only."),
            ("kfinstall plan -f FILE --rights > rights.yaml", "kubectl apply -f rights.yaml", _can_i(missing[0])),
        ),
        evidence=tuple(_lacking(where, resources) for where, resources in objects.items()),
        docs=explained.docs,
    )


def _lacking(where: tuple[str, str], resources: dict[str, list[str]]) -> Evidence:
    namespace, group = where
    rules = "; ".join(f"{'/'.join(verbs)} {name}" for name, verbs in resources.items())
    place = _("in namespace {name}").format(name=namespace) if namespace else _("for the whole cluster")
    return Evidence(_('{place}, API group "{group}": {rules}').format(place=place, group=group, rules=rules))


def _can_i(right: Right) -> str:
    resource = f"{right.resource}.{right.group}" if right.group else right.resource
    where = f" -n {right.namespace}" if right.namespace else ""
    return f"kubectl auth can-i {right.verb} {resource}{where}"


def _kind(manifest: Manifest) -> GroupKind:
    return GroupKind(manifest.group, manifest.kind)


_PRE = frozenset({Phase.PRE})
CHECKS = (
    Check("plan.made", _("Can the plan be made?"), frozenset(), made, phases=_PRE),
    Check("plan.rights", _("May you install all of it?"), frozenset(), rights, phases=_PRE),
    Check("plan.namespaces", _("Are its namespaces there to stay?"), frozenset({NAMESPACE}), namespaces, phases=_PRE),
    Check("plan.room", _("Is there room for its pods?"), frozenset({NODE, POD}), room, phases=_PRE),
    Check("plan.storage", _("Will its claims get volumes?"), frozenset({STORAGE_CLASS, CLAIM}), storage, phases=_PRE),
)
