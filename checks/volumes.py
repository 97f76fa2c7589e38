"""Volumes that a pod cannot have where it is, or would be: another pod holds them, or they are elsewhere."""

from collections.abc import Iterator

from kfinstall.contracts.check import Check
from kfinstall.contracts.explanation import Remedy
from kfinstall.contracts.finding import Evidence, Finding, Severity
from kfinstall.contracts.manifest import Body, ObjectKey
from kfinstall.contracts.snapshot import Snapshot
from kfinstall.facts.classify import classify, explanation
from kfinstall.facts.objects.conditions import holds
from kfinstall.facts.objects.kinds import CLAIM, EVENT, NODE, POD, VOLUME
from kfinstall.facts.objects.owners import POD_OWNERS, command_name, key_of, workload
from kfinstall.facts.storage.volumes import claims_of, phase, places, reachable, users
from kfinstall.words import _, joined

ALONE = "ReadWriteOncePod"
ATTACH_FAILED = "FailedAttachVolume"


def held_elsewhere(snapshot: Snapshot) -> Iterator[Finding]:
    """Claims of which a pod waits for the volume while another node has it."""
    for pod in snapshot.all(POD):
        key = key_of(POD, pod)
        message = _refusal(pod, key, snapshot)
        for claim in claims_of(pod) if message else ():
            holders = [each for each in users(claim, snapshot) if _node(each) not in {"", _node(pod)}]
            if holders:
                yield _held(claim, pod, holders, message, snapshot)


def _refusal(pod: Body, key: ObjectKey, snapshot: Snapshot) -> str:
    """Why the volume of a pod that has not started was not attached, if that is because another node has it."""
    if phase(pod) != "Pending":
        return ""
    for each in reversed(snapshot.occurrences(key)):
        if each.reason == ATTACH_FAILED:
            found = classify(each.message)
            return each.message if found and found.cause == "st-multi-attach" else ""
        if each.reason == "SuccessfulAttachVolume":
            break
    return ""


def _held(claim: ObjectKey, pod: Body, holders: list[Body], message: str, snapshot: Snapshot) -> Finding:
    volume = str(((snapshot.get(claim) or {}).get("spec") or {}).get("volumeName") or "")
    names = joined(_("{pod} on {node}").format(pod=each["metadata"]["name"], node=_node(each)) for each in holders)
    about = {"volume": volume or claim.name, "pod": holders[0]["metadata"]["name"], "namespace": claim.namespace}
    explained = explanation("st-multi-attach", about)
    return Finding(
        cause=explained.cause,
        severity=Severity.ERROR,
        title=_("{claim} is in use on another node: {pods}").format(claim=claim, pods=names),
        objects=(key_of(POD, pod),),
        remedy=Remedy(explained.remedy.text, tuple(_release(pod, holders, snapshot))),
        evidence=(Evidence(" ".join(message.split()), key_of(POD, pod)),),
        docs=explained.docs,
    )


def _release(pod: Body, holders: list[Body], snapshot: Snapshot) -> Iterator[str]:
    """A Deployment's own older pod goes by itself when the strategy lets it go first."""
    mine = workload(key_of(POD, pod), pod, snapshot)
    for holder in holders:
        theirs = workload(key_of(POD, holder), holder, snapshot)
        if theirs == mine and mine.kind == "Deployment":
            patch = '{"spec":{"strategy":{"type":"Recreate","rollingUpdate":null}}}'
            yield f"kubectl -n {mine.namespace} patch {command_name(mine)} -p '{patch}'"
        else:
            name = holder["metadata"]["name"]
            yield f"kubectl -n {theirs.namespace} delete pod {name}"


def for_one_pod(snapshot: Snapshot) -> Iterator[Finding]:
    """Claims that one pod at a time may use, and for which another one waits."""
    for claim in snapshot.all(CLAIM):
        if ALONE not in ((claim.get("spec") or {}).get("accessModes") or ()):
            continue
        key = key_of(CLAIM, claim)
        pods = users(key, snapshot)
        waiting, holders = [pod for pod in pods if not _node(pod)], [pod for pod in pods if _node(pod)]
        if waiting and holders:
            explained = explanation("st-rwop-conflict", {"namespace": key.namespace, "claim": key.name})
            holder = holders[0]["metadata"]["name"]
            yield Finding(
                cause=explained.cause,
                severity=Severity.ERROR,
                title=_("{claim} is for one pod at a time, and {pod} has it").format(claim=key, pod=holder),
                objects=(key, *(key_of(POD, pod) for pod in waiting)),
                remedy=Remedy(explained.remedy.text, (f"kubectl -n {key.namespace} delete pod {holder}",)),
                evidence=tuple(Evidence(_("waits for the claim"), key_of(POD, pod)) for pod in waiting),
                docs=explained.docs,
            )


def out_of_reach(snapshot: Snapshot) -> Iterator[Finding]:
    """Claims whose volume is where no node is, or not where the pod's other volumes are."""
    told: set[ObjectKey] = set()
    nodes = [node for node in snapshot.all(NODE) if holds(node, "Ready") is not False]
    for pod in snapshot.all(POD):
        if _node(pod) or phase(pod) != "Pending":
            continue
        volumes = {claim: volume for claim in claims_of(pod) if (volume := _volume(claim, snapshot))}
        reach = {claim: set(reachable(volume, nodes)) for claim, volume in volumes.items()}
        nowhere = [claim for claim, found in reach.items() if not found and claim not in told]
        apart = [claim for claim in reach if claim not in told] if _apart(list(reach.values())) else []
        if nowhere:
            yield _out_of_reach(nowhere, volumes, _("{volume} is where no node is that runs: {places}"))
        elif apart:
            yield _out_of_reach(apart, volumes, _("{volume} is not where the pod's other volumes are: {places}"))
        told.update(nowhere or apart)


def _apart(reach: list[set[str]]) -> bool:
    return len(reach) > 1 and all(reach) and not set.intersection(*reach)


def _out_of_reach(claims: list[ObjectKey], volumes: dict[ObjectKey, Body], title: str) -> Finding:
    explained = explanation("st-volume-node-affinity", {})
    first = volumes[claims[0]]
    return Finding(
        cause=explained.cause,
        severity=Severity.ERROR,
        title=title.format(volume=first["metadata"]["name"], places=places(first)),
        objects=tuple(claims),
        remedy=explained.remedy,
        evidence=tuple(_where(volumes[each], each) for each in claims),
        docs=explained.docs,
    )


def _where(volume: Body, claim: ObjectKey) -> Evidence:
    return Evidence(_("{volume}: {places}").format(volume=volume["metadata"]["name"], places=places(volume)), claim)


def _volume(claim: ObjectKey, snapshot: Snapshot) -> Body | None:
    name = ((snapshot.get(claim) or {}).get("spec") or {}).get("volumeName")
    return snapshot.get(ObjectKey(*VOLUME, "", str(name))) if name else None


def _node(pod: Body) -> str:
    return str((pod.get("spec") or {}).get("nodeName") or "")


CHECKS = (
    Check(
        "storage.attach",
        _("Is no volume held by another node?"),
        frozenset({POD, EVENT, CLAIM}),
        held_elsewhere,
        also=POD_OWNERS,
        docs="https://kubernetes.io/docs/concepts/storage/persistent-volumes/#access-modes",
    ),
    Check(
        "storage.one-pod", _("Does nobody wait for a claim that one pod may use?"), frozenset({POD, CLAIM}), for_one_pod
    ),
    Check(
        "storage.zones",
        _("Are volumes where nodes are?"),
        frozenset({POD, CLAIM, VOLUME, NODE}),
        out_of_reach,
        docs="https://kubernetes.io/docs/concepts/storage/persistent-volumes/#node-affinity",
    ),
)
