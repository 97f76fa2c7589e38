"""Storage classes: whether claims get one, and whether somebody makes their volumes."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import timedelta

from kfinstall.contracts.check import Check
from kfinstall.contracts.explanation import Json, Remedy
from kfinstall.contracts.finding import Evidence, Finding, Severity
from kfinstall.contracts.fix import Fix, Patch
from kfinstall.contracts.manifest import Body, Manifest, ObjectKey
from kfinstall.contracts.snapshot import Snapshot
from kfinstall.facts.classify import classify, explanation
from kfinstall.facts.cluster.distributions import provider
from kfinstall.facts.objects.kinds import CLAIM, EVENT, NODE, POD, STORAGE_CLASS, VOLUME
from kfinstall.facts.objects.moments import between
from kfinstall.facts.objects.owners import key_of
from kfinstall.facts.objects.quantities import amount
from kfinstall.facts.storage.node_volumes import FOLDER, host_label, node_volume
from kfinstall.facts.storage.provisioners import CSI_DRIVER, driver, is_nfs_of_old, is_ready, is_registered, pods_of
from kfinstall.facts.storage.volumes import (
    DEFAULT,
    NO_PROVISIONER,
    claim_key,
    class_of,
    default_classes,
    is_pending,
    waits_for_pod,
    wanted_size,
)
from kfinstall.words import _, counted, joined

PATIENCE = timedelta(seconds=30)
"""How long a claim waits before it is asked who would make its volume."""

FIXES = "kfinstall/doctor"
"""Where the manifests of fixes come from."""

CLOUDS = frozenset({"aws", "azure", "gce", "alicloud", "openstack", "ibm", "digitalocean"})
"""Makers of nodes that come and go, and that have disks of their own to offer."""

LOCAL_PATH = "https://raw.githubusercontent.com/rancher/local-path-provisioner/v0.0.31/deploy/local-path-storage.yaml"
EBS = "ebs.csi.aws.com"
INSTALL_EBS = "eksctl create addon --name aws-ebs-csi-driver --cluster CLUSTER --service-account-role-arn ROLE"
ALIBABA = "diskplugin.csi.alibabacloud.com"
SMALLEST_DISK = "20Gi"
"""Of most of Alibaba Cloud's disks."""


def without_class(snapshot: Snapshot) -> Iterator[Finding]:
    """Claims that name no class where none is the default one."""
    if default_classes(snapshot):
        return
    classes = snapshot.all(STORAGE_CLASS)
    claims = [claim for claim in snapshot.all(CLAIM) if is_pending(claim) and _names_nothing(claim)]
    if not claims:
        return
    explained = explanation("st-no-default-storageclass", {})
    names = joined(sorted(each["metadata"]["name"] for each in classes))
    there = _("There are classes, none of them the default: {names}.").format(names=names)
    usable = sorted(each["metadata"]["name"] for each in classes if each.get("provisioner") != NO_PROVISIONER)
    yield Finding(
        cause=explained.cause,
        severity=Severity.ERROR,
        title=_("{cause}: {claims}").format(
            cause=explained.title,
            claims=counted("{count} claim waits for ever", "{count} claims wait for ever", len(claims)),
        ),
        objects=tuple(map(claim_key, claims)),
        remedy=_default_remedy(usable, snapshot),
        evidence=(
            Evidence(there if classes else _("There is no StorageClass in this cluster.")),
            *map(_asks, claims),
        ),
        docs=explained.docs,
        fix=_fix(usable, claims, snapshot),
    )


def _names_nothing(claim: Body) -> bool:
    return class_of(claim) is None and not (claim.get("spec") or {}).get("volumeName")


def _default_remedy(usable: Sequence[str], snapshot: Snapshot) -> Remedy:
    look = "kubectl get persistentvolumeclaims -A"
    if usable:
        text = _(
            "Make a storage class the default one. Claims that wait take it up by themselves; before Kubernetes 1.26 "
            "they have to be made anew."
        )
        return Remedy(text, (*map(_make_default, usable), look))
    if any(provider(node) == "aws" for node in snapshot.all(NODE)):
        text = _("Install the driver of Amazon's disks, and make its class the default one.")
        return Remedy(text, (INSTALL_EBS, look))
    text = _(
        "Install a provisioner, for example one that uses the nodes' own disks, and make its class the default one."
    )
    return Remedy(text, (f"kubectl apply -f {LOCAL_PATH}", _make_default("local-path"), look))


def _make_default(name: str, value: str = "true") -> str:
    return f'kubectl patch storageclass {name} -p \'{{"metadata":{{"annotations":{{"{DEFAULT}":"{value}"}}}}}}\''


def _fix(usable: Sequence[str], claims: Sequence[Body], snapshot: Snapshot) -> Fix | None:
    """The only class as the default; without any, and on a single node of no cloud, folders of it. Else None."""
    if usable:
        return _default_fix(usable[0]) if len(usable) == 1 else None
    nodes = snapshot.all(NODE)
    return _folders_fix(nodes[0], claims) if len(nodes) == 1 and provider(nodes[0]) not in CLOUDS else None


def _folders_fix(node: Body, claims: Sequence[Body]) -> Fix:
    """The claims themselves cannot be changed any more, so the next install has to leave them as they are."""
    return Fix(
        _("Make each claim a volume that is a folder of {node}").format(node=node["metadata"]["name"]),
        manifests=tuple(Manifest(node_volume(claim, host_label(node)), FIXES) for claim in claims),
        settings={"storage.type": "static"},
        risk=_("The data is on this node only, under {folder}; nobody deletes it there.").format(folder=FOLDER),
    )


def _default_fix(name: str) -> Fix:
    return Fix(_('Make "{name}" the default storage class').format(name=name), patches=(_marked(name, "true"),))


def _marked(name: str, value: str) -> Patch:
    return Patch(ObjectKey(*STORAGE_CLASS, "", name), {"metadata": {"annotations": {DEFAULT: value}}})


def two_defaults(snapshot: Snapshot) -> Iterator[Finding]:
    """More than one default class: the newest counts, and servers before 1.26 refuse claims without a class."""
    classes = default_classes(snapshot)
    if len(classes) < 2:
        return
    names = [each["metadata"]["name"] for each in classes]
    yield Finding(
        cause="st-two-default-storageclasses",
        severity=Severity.WARNING,
        title=_("{count} storage classes are the default: {names}").format(count=len(names), names=joined(names)),
        objects=(),
        remedy=Remedy(
            _('Claims without a class get "{name}", the newest. Leave one of them the default.').format(name=names[0]),
            tuple(_make_default(name, "false") for name in names[1:]),
        ),
        evidence=tuple(
            Evidence(
                _("made by {provisioner}").format(provisioner=each.get("provisioner")), key_of(STORAGE_CLASS, each)
            )
            for each in classes
        ),
        docs="https://kubernetes.io/docs/concepts/storage/storage-classes/#default-storageclass",
        fix=Fix(
            _('Leave "{name}" the only default storage class').format(name=names[0]),
            patches=tuple(_marked(name, "false") for name in names[1:]),
        ),
    )


def class_missing(snapshot: Snapshot) -> Iterator[Finding]:
    """Claims of a class that does not exist. Volumes made by hand may have one all the same."""
    names = {each["metadata"]["name"] for each in snapshot.all(STORAGE_CLASS)}
    wanted: dict[str, list[Body]] = defaultdict(list)
    for claim in snapshot.all(CLAIM):
        name = class_of(claim)
        if is_pending(claim) and name and name not in names and not _has_volumes(name, snapshot):
            wanted[name].append(claim)
    for name, claims in wanted.items():
        explained = explanation("st-provisioner-missing", {"storageClass": name})
        first = claim_key(claims[0])
        yield Finding(
            cause=explained.cause,
            severity=Severity.ERROR,
            title=_('The storage class "{name}" does not exist').format(name=name),
            objects=tuple(map(claim_key, claims)),
            remedy=Remedy(
                _("Install what brings the class, or make the claims anew with a class that exists: {names}.").format(
                    names=joined(sorted(names)) or _("there is none")
                ),
                (
                    "kubectl get storageclasses",
                    f"kubectl -n {first.namespace} get persistentvolumeclaim {first.name} -o yaml",
                ),
            ),
            evidence=tuple(map(_asks, claims)),
            docs=explained.docs,
        )


def _has_volumes(name: str, snapshot: Snapshot) -> bool:
    return any((volume.get("spec") or {}).get("storageClassName") == name for volume in snapshot.all(VOLUME))


def not_provisioned(snapshot: Snapshot) -> Iterator[Finding]:
    """Claims that wait for a provisioner which fails, or which nobody runs."""
    failed: dict[tuple[str, str], list[tuple[Body, str]]] = defaultdict(list)
    silent: dict[str, list[Body]] = defaultdict(list)
    for claim, storage_class in _waiting(snapshot):
        name, message = storage_class["metadata"]["name"], _failure(claim, snapshot)
        found = classify(message) if message else None
        if message:
            failed[name, found.cause if found else "st-provisioner-missing"].append((claim, message))
        elif _is_patient(claim, snapshot):
            silent[name].append(claim)
    classes = {each["metadata"]["name"]: each for each in snapshot.all(STORAGE_CLASS)}
    for (name, cause), refused in failed.items():
        yield _refused(cause, classes[name], refused)
    for name, claims in silent.items():
        yield from _silent(classes[name], claims, snapshot)


def _waiting(snapshot: Snapshot) -> Iterator[tuple[Body, Body]]:
    """Claims for which a provisioner has to make a volume now, with their class."""
    classes = {each["metadata"]["name"]: each for each in snapshot.all(STORAGE_CLASS)}
    for claim in snapshot.all(CLAIM):
        found = classes.get(class_of(claim) or "")
        if not found or not is_pending(claim) or (claim.get("spec") or {}).get("volumeName"):
            continue
        if found.get("provisioner") != NO_PROVISIONER and not waits_for_pod(claim, found):
            yield claim, found


def _failure(claim: Body, snapshot: Snapshot) -> str:
    """What the provisioner said last, unless a volume is being made since."""
    for each in reversed(snapshot.occurrences(claim_key(claim))):
        if each.reason == "ProvisioningFailed":
            return " ".join(each.message.split())
        if each.reason == "ProvisioningSucceeded":
            break
    return ""


def _is_patient(claim: Body, snapshot: Snapshot) -> bool:
    waited = between(claim["metadata"].get("creationTimestamp"), snapshot.taken)
    return waited is None or waited > PATIENCE


def _refused(cause: str, storage_class: Body, refused: list[tuple[Body, str]]) -> Finding:
    first, message = refused[0]
    found = classify(message)
    explained = explanation(cause, {**_named(storage_class, first), **(found.parameters if found else {})})
    messages: dict[str, list[Body]] = defaultdict(list)
    for claim, said in refused:
        messages[said].append(claim)
    return Finding(
        cause=cause,
        severity=Severity.ERROR,
        title=_('The provisioner of "{name}" fails: {claims}').format(
            name=storage_class["metadata"]["name"], claims=_wait(len(refused))
        ),
        objects=tuple(claim_key(claim) for claim, _message in refused),
        remedy=explained.remedy,
        evidence=tuple(Evidence(said, claim_key(claims[0]), len(claims)) for said, claims in messages.items()),
        docs=explained.docs,
    )


def _silent(storage_class: Body, claims: list[Body], snapshot: Snapshot) -> Iterator[Finding]:
    name, provisioner = storage_class["metadata"]["name"], str(storage_class.get("provisioner"))
    pods = list(pods_of(provisioner, snapshot))
    unready = frozenset(key_of(POD, pod) for pod in pods if not is_ready(pod))
    runs = is_registered(provisioner, snapshot) and not unready
    if runs or len(unready) < len(pods) or not snapshot.knows(CSI_DRIVER):
        return  # somebody is there, and says nothing so far
    explained = explanation("st-provisioner-missing", _named(storage_class, claims[0]))
    title = _('Nobody runs the provisioner "{provisioner}" of class "{name}": {claims}')
    if pods:
        title = _('The provisioner "{provisioner}" of class "{name}" does not run: {claims}')
    yield Finding(
        cause=explained.cause,
        severity=Severity.ERROR,
        title=title.format(provisioner=provisioner, name=name, claims=_wait(len(claims))),
        objects=tuple(map(claim_key, claims)),
        remedy=Remedy(explained.remedy.text, tuple(_provisioner_commands(provisioner, unready))),
        evidence=tuple(map(_asks, claims)),
        needs=unready,
        docs=explained.docs,
    )


def _provisioner_commands(provisioner: str, unready: frozenset[ObjectKey]) -> Iterator[str]:
    for key in sorted(unready):
        yield f"kubectl -n {key.namespace} describe pod {key.name}"
    if unready:
        return
    yield "kubectl get csidrivers"
    yield f"kubectl get pods -A -o yaml | grep -n {driver(provisioner)}"
    if driver(provisioner) == EBS:
        yield INSTALL_EBS


def too_small(snapshot: Snapshot) -> Iterator[Finding]:
    """Claims for Alibaba Cloud's disks that are smaller than such a disk can be."""
    classes = {each["metadata"]["name"]: each for each in snapshot.all(STORAGE_CLASS)}
    default = default_classes(snapshot)[:1]
    for claim in snapshot.all(CLAIM):
        name = class_of(claim)
        found = classes.get(name) if name else (default[0] if default and name is None else None)
        if not found or not is_pending(claim) or not _is_too_small(claim, found):
            continue
        key, size = claim_key(claim), wanted_size(claim)
        explained = explanation("ack-disk-min-size", {**_named(found, claim), "size": size})
        yield Finding(
            cause=explained.cause,
            severity=Severity.WARNING,
            title=_("{claim} asks for {size}, and the smallest disk has {smallest}").format(
                claim=key, size=size, smallest=SMALLEST_DISK
            ),
            objects=(key,),
            remedy=explained.remedy,
            evidence=(_asks(claim),),
            docs=explained.docs,
        )


def _is_too_small(claim: Body, storage_class: Body) -> bool:
    grows = (storage_class.get("parameters") or {}).get("volumeSizeAutoAvailable") == "true"
    small = amount(wanted_size(claim) or "0") < amount(SMALLEST_DISK)
    return storage_class.get("provisioner") == ALIBABA and small and not grows


def nfs_of_old(snapshot: Snapshot) -> Iterator[Finding]:
    """An NFS provisioner that waits for a field which the API server does not fill in any more."""
    pods = [pod for pod in snapshot.all(POD) if is_nfs_of_old(pod)]
    if not pods or not _is_after_self_links(snapshot.version):
        return
    explained = explanation("st-nfs-selflink", {})
    mine = {pod["metadata"]["name"] for pod in pods}
    classes = [
        each["metadata"]["name"]
        for each in snapshot.all(STORAGE_CLASS)
        if mine & {pod["metadata"]["name"] for pod in pods_of(str(each.get("provisioner")), snapshot)}
    ]
    waiting = [claim for claim in snapshot.all(CLAIM) if is_pending(claim) and class_of(claim) in classes]
    yield Finding(
        cause=explained.cause,
        severity=Severity.ERROR if waiting else Severity.WARNING,
        title=_("{cause}: {claims}").format(cause=explained.title, claims=_wait(len(waiting))),
        objects=tuple(map(claim_key, waiting)),
        remedy=explained.remedy,
        evidence=tuple(
            Evidence(str(container.get("image")), key_of(POD, pod))
            for pod in pods
            for container in pod["spec"]["containers"]
        ),
        docs=explained.docs,
    )


def _is_after_self_links(version: str) -> bool:
    """Whether a server is of 1.20 or later; one that does not say is."""
    parts = version.removeprefix("v").split(".")
    try:
        return (int(parts[0]), int(parts[1])) >= (1, 20)
    except (IndexError, ValueError):
        return True


def _wait(count: int) -> str:
    return counted("{count} claim waits", "{count} claims wait", count)


def _asks(claim: Body) -> Evidence:
    return Evidence(_("asks for {size}").format(size=wanted_size(claim) or "?"), claim_key(claim))


def _named(storage_class: Body, claim: Body) -> dict[str, Json]:
    key = claim_key(claim)
    return {
        "storageClass": storage_class["metadata"]["name"],
        "provisioner": str(storage_class.get("provisioner")),
        "namespace": key.namespace,
        "claim": key.name,
    }


CLASSES = frozenset({CLAIM, STORAGE_CLASS})

CHECKS = (
    Check(
        "storage.default-class",
        _("Does every claim that names no class get one?"),
        CLASSES,
        without_class,
        also=frozenset({NODE}),
        docs="https://kubernetes.io/docs/tasks/administer-cluster/change-default-storage-class/",
    ),
    Check(
        "storage.two-defaults", _("Is at most one storage class the default?"), frozenset({STORAGE_CLASS}), two_defaults
    ),
    Check(
        "storage.class",
        _("Do the storage classes exist that claims name?"),
        CLASSES,
        class_missing,
        also=frozenset({VOLUME}),
    ),
    Check(
        "storage.provisioner",
        _("Does somebody make the volumes that claims wait for?"),
        CLASSES | {POD},
        not_provisioned,
        also=frozenset({EVENT, CSI_DRIVER}),
        docs="https://kubernetes.io/docs/concepts/storage/storage-classes/#provisioner",
    ),
    Check("storage.size", _("Is no claim smaller than the disks of this cloud?"), CLASSES, too_small),
    Check("storage.nfs", _("Is no NFS provisioner too old for this cluster?"), CLASSES | {POD}, nfs_of_old),
)
