"""Claims and the volumes that exist: those that fit none, that lost theirs, that cannot grow."""

from collections.abc import Iterator

from kfinstall.contracts.check import Check
from kfinstall.contracts.explanation import Remedy
from kfinstall.contracts.finding import Evidence, Finding, Severity
from kfinstall.contracts.manifest import Body, ObjectKey
from kfinstall.contracts.snapshot import Snapshot
from kfinstall.facts.classify import explanation
from kfinstall.facts.objects.conditions import condition
from kfinstall.facts.objects.kinds import CLAIM, POD, STORAGE_CLASS, VOLUME
from kfinstall.facts.storage.volumes import (
    NO_PROVISIONER,
    claim_key,
    class_of,
    is_pending,
    phase,
    unfit,
    users,
    waits_for_pod,
    wanted_size,
)
from kfinstall.words import _, joined

GROWING_FAILED = ("ControllerResizeError", "NodeResizeError")
GROWS_AT_START = "FileSystemResizePending"


def unmatched(snapshot: Snapshot) -> Iterator[Finding]:
    """Claims that only a volume which exists already can serve, and none does."""
    classes = {each["metadata"]["name"]: each for each in snapshot.all(STORAGE_CLASS)}
    for claim in snapshot.all(CLAIM):
        if is_pending(claim) and _takes_existing(claim, classes, snapshot):
            candidates = [volume for volume in snapshot.all(VOLUME) if _may_serve(volume, claim)]
            reasons = {volume["metadata"]["name"]: _why_not(volume, claim) for volume in candidates}
            if all(reasons.values()):
                yield _unmatched(claim, candidates, reasons)


def _takes_existing(claim: Body, classes: dict[str, Body], snapshot: Snapshot) -> bool:
    """Whether nobody makes a volume for it: it names one, wants no class, or a class without a provisioner."""
    if (claim.get("spec") or {}).get("volumeName"):
        return True
    name = class_of(claim)
    if name is None or (name in classes and classes[name].get("provisioner") != NO_PROVISIONER):
        return False
    if name and name not in classes:
        return any((each.get("spec") or {}).get("storageClassName") == name for each in snapshot.all(VOLUME))
    return not waits_for_pod(claim, classes.get(name)) or bool(users(claim_key(claim), snapshot))


def _may_serve(volume: Body, claim: Body) -> bool:
    """The volume that the claim names; where it names none, those of its class."""
    name = (claim.get("spec") or {}).get("volumeName")
    if name:
        return bool(volume["metadata"]["name"] == name)
    return ((volume.get("spec") or {}).get("storageClassName") or "") == (class_of(claim) or "")


def _why_not(volume: Body, claim: Body) -> str:
    reasons = unfit(volume, claim)
    held = (volume.get("spec") or {}).get("claimRef") or {}
    key = claim_key(claim)
    if held and (held.get("namespace"), held.get("name")) != (key.namespace, key.name):
        holder = f"{held.get('namespace')}/{held.get('name')}"
        reasons.append(
            _("is kept for {claim}, which is gone").format(claim=holder)
            if phase(volume) == "Released"
            else _("is {claim}'s").format(claim=holder)
        )
    elif phase(volume) == "Released":
        reasons.append(_("is kept for a claim of the same name that is gone"))
    return "; ".join(reasons)


def _unmatched(claim: Body, candidates: list[Body], reasons: dict[str, str]) -> Finding:
    key = claim_key(claim)
    explained = explanation("st-bind-conflict", {"namespace": key.namespace, "claim": key.name})
    free = [each["metadata"]["name"] for each in candidates if phase(each) == "Released" and not unfit(each, claim)]
    remedy = Remedy(
        explained.remedy.text,
        ("kubectl get persistentvolumes", f"kubectl -n {key.namespace} describe persistentvolumeclaim {key.name}"),
    )
    if free:
        text = _(
            "{volume} would fit. If nobody needs what is on it, give it free; the claim takes it then, data and all."
        )
        remedy = Remedy(
            text.format(volume=free[0]),
            (f'kubectl patch persistentvolume {free[0]} --type=merge -p \'{{"spec":{{"claimRef":null}}}}\'',),
        )
    nothing = Evidence(_("there is no such volume"), key)
    return Finding(
        cause=explained.cause,
        severity=Severity.ERROR,
        title=_("No volume fits {claim}, and nobody makes one for it").format(claim=key),
        objects=(key,),
        remedy=remedy,
        evidence=(
            Evidence(_("asks for {size}").format(size=wanted_size(claim) or "?"), key),
            *(Evidence(why, ObjectKey(*VOLUME, "", name)) for name, why in reasons.items()),
            *(() if reasons else (nothing,)),
        ),
        docs=explained.docs or "https://kubernetes.io/docs/concepts/storage/persistent-volumes/#binding",
    )


def lost(snapshot: Snapshot) -> Iterator[Finding]:
    """Claims whose volume is gone."""
    for claim in snapshot.all(CLAIM):
        volume = str((claim.get("spec") or {}).get("volumeName") or "")
        gone = volume and snapshot.get(ObjectKey(*VOLUME, "", volume)) is None
        if phase(claim) != "Lost" and not (phase(claim) == "Bound" and gone):
            continue
        key = claim_key(claim)
        explained = explanation("st-claim-lost", {"namespace": key.namespace, "claim": key.name, "volume": volume})
        yield Finding(
            cause=explained.cause,
            severity=Severity.ERROR,
            title=_("{claim} has lost its volume {volume}").format(claim=key, volume=volume),
            objects=(key,),
            remedy=explained.remedy,
            evidence=(Evidence(_("used by {pods}").format(pods=_names(key, snapshot)), key),),
            docs=explained.docs,
        )


def _names(claim: ObjectKey, snapshot: Snapshot) -> str:
    return joined(pod["metadata"]["name"] for pod in users(claim, snapshot)) or _("no pod")


def not_grown(snapshot: Snapshot) -> Iterator[Finding]:
    """Claims that were to grow: what failed, and what the next start of a pod finishes."""
    for claim in snapshot.all(CLAIM):
        key = claim_key(claim)
        failed = next((each for kind in GROWING_FAILED if (each := condition(claim, kind)).get("status") == "True"), {})
        if failed:
            title = _("{claim} does not grow").format(claim=key)
            remedy = Remedy(
                _("Read what the driver says; until then the claim has the size that it had."),
                (f"kubectl -n {key.namespace} describe persistentvolumeclaim {key.name}",),
            )
            yield _growing(claim, Severity.WARNING, title, str(failed.get("message") or ""), remedy)
        elif condition(claim, GROWS_AT_START).get("status") == "True" and not users(key, snapshot):
            title = _("{claim} grows when the next pod uses it").format(claim=key)
            remedy = Remedy(_("Start a pod that uses the claim: its file system is enlarged then."))
            yield _growing(claim, Severity.INFO, title, "", remedy)


def _growing(claim: Body, severity: Severity, title: str, message: str, remedy: Remedy) -> Finding:
    key = claim_key(claim)
    has = ((claim.get("status") or {}).get("capacity") or {}).get("storage", "?")
    sizes = _("has {size}, and {wanted} are asked for").format(size=has, wanted=wanted_size(claim))
    return Finding(
        cause="st-resize-pending",
        severity=severity,
        title=title,
        objects=(key,),
        remedy=remedy,
        evidence=tuple(Evidence(text, key) for text in (sizes, message) if text),
        docs="https://kubernetes.io/docs/concepts/storage/persistent-volumes/#expanding-persistent-volumes-claims",
    )


CHECKS = (
    Check(
        "storage.volumes",
        _("Does every claim fit a volume where none is made for it?"),
        frozenset({CLAIM, VOLUME, STORAGE_CLASS}),
        unmatched,
        also=frozenset({POD}),
    ),
    Check(
        "storage.lost",
        _("Does every claim still have its volume?"),
        frozenset({CLAIM, VOLUME}),
        lost,
        also=frozenset({POD}),
    ),
    Check("storage.growth", _("Do claims grow that are to?"), frozenset({CLAIM}), not_grown, also=frozenset({POD})),
)
