"""The change that has workloads pull from a mirror what their registry does not give out."""

from collections.abc import Iterable, Mapping

from kfinstall.contracts.fix import Fix, Patch
from kfinstall.contracts.manifest import Body, ObjectKey
from kfinstall.contracts.resource import GroupKind
from kfinstall.contracts.snapshot import Snapshot
from kfinstall.facts.images.mirrors import PUBLIC, public_mirror
from kfinstall.facts.images.pulls import FailedPull
from kfinstall.facts.objects.kinds import DAEMON_SET, DEPLOYMENT, STATEFUL_SET
from kfinstall.facts.objects.owners import workload
from kfinstall.words import _

TEMPLATES = frozenset({DEPLOYMENT, STATEFUL_SET, DAEMON_SET})
"""Kinds that make new pods when the image in their template changes."""


def mirrored(failures: Iterable[FailedPull], snapshot: Snapshot) -> Fix | None:
    """Other names for images that do not come, in what makes their pods; None where the mirror has none of them.

    The pods of a StatefulSet go, because it keeps one that never became ready as it is:
    https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#forced-rollback
    """
    served = [each for each in failures if each.reference and public_mirror().serves(each.reference)]
    names = {each.container.image: public_mirror().rewritten(each.reference) for each in served if each.reference}
    patches: dict[ObjectKey, Patch] = {}
    stuck: list[ObjectKey] = []
    for failure in served:
        key, body = _changeable(failure, snapshot)
        patches[key] = Patch(key, {"spec": _renamed(body.get("spec") or {}, names)})
        if GroupKind(key.group, key.kind) == STATEFUL_SET:
            stuck.append(failure.pod)
    if not patches:
        return None
    return Fix(
        _("Pull from {mirror}").format(mirror=public_mirror().registry),
        patches=tuple(patches.values()),
        deletions=tuple(dict.fromkeys(stuck)),
        settings={"images.mirror": PUBLIC},
        risk=_("{mirror} is run by somebody else.").format(mirror=public_mirror().registry),
    )


def _changeable(failure: FailedPull, snapshot: Snapshot) -> tuple[ObjectKey, Body]:
    """What makes the pod, or the pod where that is a Job, which never changes, or an operator's, which changes back."""
    owner = workload(failure.pod, failure.body, snapshot)
    body = snapshot.get(owner) if GroupKind(owner.group, owner.kind) in TEMPLATES else None
    return (owner, body) if body else (failure.pod, failure.body)


def _renamed(spec: Body, names: Mapping[str, str]) -> Body:
    """The lists of containers that change, in full: a merge patch replaces lists."""
    if "template" in spec:
        return {"template": {"spec": _renamed(spec["template"].get("spec") or {}, names)}}
    changed: Body = {}
    for field in ("initContainers", "containers"):
        listed = spec.get(field) or []
        if any(each.get("image") in names for each in listed):
            changed[field] = [{**each, "image": names.get(each.get("image"), each.get("image"))} for each in listed]
    return changed
