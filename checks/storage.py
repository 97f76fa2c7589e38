"""Claims that get no volume, and why."""

from collections import defaultdict
from collections.abc import Iterator

from kfinstall.contracts.check import Check
from kfinstall.contracts.finding import Evidence, Finding, Severity
from kfinstall.contracts.manifest import Body, ObjectKey
from kfinstall.contracts.snapshot import Snapshot
from kfinstall.facts.classify import explanation
from kfinstall.facts.kinds import CLAIM, EVENT, POD, STORAGE_CLASS
from kfinstall.words import _, counted

DEFAULT = "storageclass.kubernetes.io/is-default-class"


def without_class(snapshot: Snapshot) -> Iterator[Finding]:
    """Claims that name no class where none is the default one."""
    classes = snapshot.all(STORAGE_CLASS)
    if any(_is_default(each) for each in classes):
        return
    claims = [claim for claim in snapshot.all(CLAIM) if _is_pending(claim) and _names_no_class(claim)]
    if not claims:
        return
    explained = explanation("st-no-default-storageclass", {})
    names = ", ".join(sorted(each["metadata"]["name"] for each in classes))
    there = _("There are classes, none of them the default: {names}.").format(names=names)
    yield Finding(
        cause=explained.cause,
        severity=Severity.ERROR,
        title=_("{cause}: {claims} wait for ever").format(
            cause=explained.title, claims=counted("{count} claim", "{count} claims", len(claims))
        ),
        objects=tuple(_key(claim) for claim in claims),
        remedy=explained.remedy,
        evidence=(
            Evidence(there if classes else _("There is no StorageClass in this cluster.")),
            *(Evidence(_size(claim), _key(claim)) for claim in claims),
        ),
        docs=explained.docs,
    )


def class_missing(snapshot: Snapshot) -> Iterator[Finding]:
    """Claims of a class that does not exist."""
    names = {each["metadata"]["name"] for each in snapshot.all(STORAGE_CLASS)}
    wanted: dict[str, list[Body]] = defaultdict(list)
    for claim in snapshot.all(CLAIM):
        name = (claim.get("spec") or {}).get("storageClassName")
        if _is_pending(claim) and name and name not in names:
            wanted[name].append(claim)
    for name, claims in wanted.items():
        explained = explanation("st-provisioner-missing", {"storageClass": name})
        yield Finding(
            cause=explained.cause,
            severity=Severity.ERROR,
            title=_('The storage class "{name}" does not exist').format(name=name),
            objects=tuple(_key(claim) for claim in claims),
            remedy=explained.remedy,
            evidence=tuple(Evidence(_size(claim), _key(claim)) for claim in claims),
            docs=explained.docs,
        )


def _is_default(storage_class: Body) -> bool:
    annotations = storage_class["metadata"].get("annotations") or {}
    return annotations.get(DEFAULT) == "true" or annotations.get(DEFAULT.replace(".io/", ".beta.io/")) == "true"


def _is_pending(claim: Body) -> bool:
    return (claim.get("status") or {}).get("phase") == "Pending"


def _names_no_class(claim: Body) -> bool:
    spec = claim.get("spec") or {}
    return spec.get("storageClassName") is None and not spec.get("volumeName")


def _size(claim: Body) -> str:
    storage = (((claim.get("spec") or {}).get("resources") or {}).get("requests") or {}).get("storage", "?")
    return _("asks for {size}").format(size=storage)


def _key(claim: Body) -> ObjectKey:
    return ObjectKey(*CLAIM, claim["metadata"].get("namespace") or "", claim["metadata"]["name"])


CHECKS = (
    Check(
        "storage.default-class",
        _("Does every claim that names no class get one?"),
        frozenset({CLAIM, STORAGE_CLASS}),
        without_class,
    ),
    Check(
        "storage.class",
        _("Do the storage classes exist that claims name?"),
        frozenset({CLAIM, STORAGE_CLASS}),
        class_missing,
        also=frozenset({EVENT, POD}),
    ),
)
