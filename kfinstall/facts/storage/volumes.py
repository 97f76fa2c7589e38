"""Which volume a claim can have, and why not another.

kubernetes/pkg/volume/util/storageclass.go (the default class), k8s.io/component-helpers/storage/volume/pv_helpers.go
(FindMatchingVolume).
"""

from collections.abc import Iterable, Iterator, Sequence

from kfinstall.contracts.manifest import Body, ObjectKey
from kfinstall.contracts.snapshot import Snapshot
from kfinstall.facts.objects.kinds import CLAIM, POD, STORAGE_CLASS
from kfinstall.facts.objects.owners import key_of
from kfinstall.facts.objects.quantities import amount
from kfinstall.facts.objects.selectors import matches
from kfinstall.words import _

DEFAULT = "storageclass.kubernetes.io/is-default-class"
BETA_DEFAULT = "storageclass.beta.kubernetes.io/is-default-class"
SELECTED_NODE = "volume.kubernetes.io/selected-node"
NO_PROVISIONER = "kubernetes.io/no-provisioner"
"""Of classes whose volumes somebody makes by hand."""


def claim_key(claim: Body) -> ObjectKey:
    return key_of(CLAIM, claim)


def default_classes(snapshot: Snapshot) -> list[Body]:
    """The newest first: it is the one that counts."""
    found = [each for each in snapshot.all(STORAGE_CLASS) if is_default(each)]
    found.sort(key=lambda each: each["metadata"]["name"])
    found.sort(key=lambda each: str(each["metadata"].get("creationTimestamp") or ""), reverse=True)
    return found


def is_default(storage_class: Body) -> bool:
    annotations = storage_class["metadata"].get("annotations") or {}
    return "true" in {annotations.get(DEFAULT), annotations.get(BETA_DEFAULT)}


def class_of(claim: Body) -> str | None:
    """The class that a claim names; "" where it wants none, None where it wants the default one."""
    name = (claim.get("spec") or {}).get("storageClassName")
    return None if name is None else str(name)


def phase(body: Body) -> str:
    return str((body.get("status") or {}).get("phase") or "")


def is_pending(claim: Body) -> bool:
    return phase(claim) == "Pending" and not claim["metadata"].get("deletionTimestamp")


def wanted_size(claim: Body) -> str:
    """As the claim writes it; "" where it does not."""
    requests = ((claim.get("spec") or {}).get("resources") or {}).get("requests") or {}
    return str(requests.get("storage") or "")


def waits_for_pod(claim: Body, storage_class: Body | None) -> bool:
    """Whether nobody makes a volume before the scheduler has chosen a node, as is normal for such a class."""
    late = (storage_class or {}).get("volumeBindingMode") == "WaitForFirstConsumer"
    return late and SELECTED_NODE not in (claim["metadata"].get("annotations") or {})


def unfit(volume: Body, claim: Body) -> list[str]:
    """Why a claim cannot have a volume, whoever has it now; empty when it could."""
    have, want = volume.get("spec") or {}, claim.get("spec") or {}
    return list(
        filter(
            None,
            [
                _size_differs(have, claim),
                _modes_differ(have, want),
                _class_differs(have, want),
                _labels_differ(volume, want),
            ],
        )
    )


def _size_differs(have: Body, claim: Body) -> str:
    size, wanted = str((have.get("capacity") or {}).get("storage") or "0"), wanted_size(claim) or "0"
    if amount(size) >= amount(wanted):
        return ""
    return _("has {size}, and {wanted} are asked for").format(size=size, wanted=wanted)


def _modes_differ(have: Body, want: Body) -> str:
    lacking = [mode for mode in want.get("accessModes") or () if mode not in (have.get("accessModes") or ())]
    if lacking:
        return _("cannot be used as {modes}").format(modes=", ".join(lacking))
    mode, wanted = have.get("volumeMode") or "Filesystem", want.get("volumeMode") or "Filesystem"
    return "" if mode == wanted else _("is of mode {mode}, not {wanted}").format(mode=mode, wanted=wanted)


def _class_differs(have: Body, want: Body) -> str:
    name, wanted = have.get("storageClassName") or "", want.get("storageClassName") or ""
    if name == wanted:
        return ""
    return _('is of class "{name}", not "{wanted}"').format(name=name, wanted=wanted)


def _labels_differ(volume: Body, want: Body) -> str:
    if not want.get("selector") or matches(want["selector"], volume["metadata"].get("labels") or {}):
        return ""
    return _("does not have the labels that the claim selects")


def reachable(volume: Body, nodes: Iterable[Body]) -> list[str]:
    """The nodes at which a volume can be used (its node affinity)."""
    required = ((volume.get("spec") or {}).get("nodeAffinity") or {}).get("required") or {}
    terms: Sequence[Body] = required.get("nodeSelectorTerms") or ()
    return [
        node["metadata"]["name"]
        for node in nodes
        if not terms or any(matches(term, node["metadata"].get("labels") or {}) for term in terms)
    ]


def places(volume: Body) -> str:
    """Where a volume can be used, as its node affinity says: `topology.kubernetes.io/zone=a`."""
    required = ((volume.get("spec") or {}).get("nodeAffinity") or {}).get("required") or {}
    rules = [rule for term in required.get("nodeSelectorTerms") or () for rule in term.get("matchExpressions") or ()]
    return ", ".join(f"{rule.get('key')}={'|'.join(map(str, rule.get('values') or ()))}" for rule in rules)


def claims_of(pod: Body) -> Iterator[ObjectKey]:
    """The claims that a pod mounts; those of its ephemeral volumes have names of the pod's own."""
    namespace, name = str(pod["metadata"].get("namespace") or ""), pod["metadata"]["name"]
    for volume in (pod.get("spec") or {}).get("volumes") or ():
        claim = volume.get("persistentVolumeClaim")
        if claim and claim.get("claimName"):
            yield ObjectKey(*CLAIM, namespace, str(claim["claimName"]))
        elif volume.get("ephemeral"):
            yield ObjectKey(*CLAIM, namespace, f"{name}-{volume.get('name')}")


def users(claim: ObjectKey, snapshot: Snapshot) -> list[Body]:
    """The pods that mount a claim and have not ended."""
    return [pod for pod in snapshot.all(POD) if phase(pod) not in {"Succeeded", "Failed"} and claim in claims_of(pod)]
