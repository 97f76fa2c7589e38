"""Images that cannot be pulled, by what is in the way, and those that are still on their way."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence

from kfinstall.contracts.check import Check
from kfinstall.contracts.explanation import Remedy
from kfinstall.contracts.finding import Evidence, Finding, Severity
from kfinstall.contracts.fix import Fix
from kfinstall.contracts.manifest import ObjectKey
from kfinstall.contracts.snapshot import Snapshot
from kfinstall.facts.cluster.distributions import fitting
from kfinstall.facts.images.logins import with_login
from kfinstall.facts.images.mirrored import mirrored
from kfinstall.facts.images.mirrors import moved, public_mirror
from kfinstall.facts.images.pull_remedies import from_mirror, node_mirrors, with_secret
from kfinstall.facts.images.pulls import (
    QUEUED,
    RATE_LIMITS,
    FailedPull,
    Pull,
    failed_pulls,
    queued_pulls,
    reference,
    running_pulls,
)
from kfinstall.facts.objects.kinds import EVENT, NODE, POD, SECRET, SERVICE_ACCOUNT
from kfinstall.facts.objects.moments import between
from kfinstall.facts.objects.owners import POD_OWNERS, command_name, workload
from kfinstall.facts.objects.quantities import readable
from kfinstall.facts.pods.containers import containers
from kfinstall.words import _, counted, joined

EVERYWHERE = frozenset({"img-dns", "img-network-timeout"})
"""Causes that lie between the node and all registries: one finding, however many registries it concerns."""

UNAUTHORISED = frozenset({"img-dockerhub-private-or-missing", "img-ghcr-private", "img-pull-secret-missing"})
GONE = frozenset({"img-gcr-shutdown", "img-gcr-project-denied", "img-tag-not-found"})


def not_pulled(snapshot: Snapshot) -> Iterator[Finding]:
    """Every image that does not come, grouped by cause and registry; rate limits are an area of their own."""
    groups: dict[tuple[str, str], list[FailedPull]] = defaultdict(list)
    for failure in failed_pulls(snapshot):
        cause = failure.explained.cause
        if not cause.startswith(RATE_LIMITS):
            groups[cause, "" if cause in EVERYWHERE else failure.registry].append(failure)
    for failures in groups.values():
        yield _finding(failures, snapshot)


def _finding(failures: list[FailedPull], snapshot: Snapshot) -> Finding:
    explained = failures[0].explained
    images = {failure.container.image for failure in failures}
    registries = sorted({failure.registry for failure in failures} - {""})
    title = explained.title
    if registries:
        title = _("{cause}: {images} from {registries}").format(
            cause=title,
            images=counted("{count} image", "{count} images", len(images)),
            registries=joined(registries),
        )
    return Finding(
        cause=explained.cause,
        severity=Severity.ERROR,
        title=title,
        objects=tuple(dict.fromkeys(failure.pod for failure in failures)),
        remedy=_remedy(failures, snapshot),
        evidence=(*_said(failures), *_architectures(failures, snapshot)),
        docs=explained.docs,
        fix=_fix(failures, snapshot),
    )


def _fix(failures: list[FailedPull], snapshot: Snapshot) -> Fix | None:
    cause = failures[0].explained.cause
    if cause == "img-network-timeout":
        return mirrored(failures, snapshot)
    return with_login(failures, snapshot) if cause in UNAUTHORISED else None


def _said(failures: list[FailedPull]) -> Iterator[Evidence]:
    """One message for each registry."""
    by_registry: dict[str, list[FailedPull]] = defaultdict(list)
    for failure in failures:
        by_registry[failure.registry].append(failure)
    for said in by_registry.values():
        pods = {failure.pod for failure in said}
        yield Evidence(" ".join(said[0].message.split()), said[0].pod, len(pods))


def _architectures(failures: list[FailedPull], snapshot: Snapshot) -> Iterator[Evidence]:
    """Of the nodes that found no image for their processor."""
    if failures[0].explained.cause == "img-arch-mismatch":
        nodes = {str((failure.body.get("spec") or {}).get("nodeName") or "") for failure in failures}
        for name in sorted(nodes - {""}):
            architecture = _architecture(name, snapshot)
            if architecture:
                text = _("the node's processor is {architecture}").format(architecture=architecture)
                yield Evidence(text, ObjectKey(*NODE, "", name))


def _architecture(node: str, snapshot: Snapshot) -> str:
    body = snapshot.get(ObjectKey(*NODE, "", node)) or {}
    return str(((body.get("status") or {}).get("nodeInfo") or {}).get("architecture") or "")


Remedial = Callable[[Sequence[FailedPull], Snapshot], Remedy]


def _remedy(failures: list[FailedPull], snapshot: Snapshot) -> Remedy:
    """The catalogue's, with this cluster's names in it, where it can be said better than from one message."""
    cause = failures[0].explained.cause
    remedial = _REMEDIES.get(cause)
    remedy = remedial(failures, snapshot) if remedial else failures[0].explained.remedy
    return Remedy(remedy.text, fitting(remedy.commands, snapshot))


def _unauthorised(failures: Sequence[FailedPull], snapshot: Snapshot) -> Remedy:
    return Remedy(failures[0].explained.remedy.text, with_secret(failures, snapshot))


def _unresolved(failures: Sequence[FailedPull], snapshot: Snapshot) -> Remedy:
    """A resolver that works for some registries is kept from the others, by a firewall as in China: mirrors help."""
    reached = _reached(snapshot) - {found.registry for each in failures if (found := each.reference)}
    if not reached:
        return failures[0].explained.remedy
    text = _("Images from {registries} did come, so names are looked up, but not these: pull through a mirror.")
    return _from_mirrors(text.format(registries=joined(sorted(reached))), (), failures, snapshot)


def _reached(snapshot: Snapshot) -> set[str]:
    """Registries of images that were started; those of Kubernetes itself may have come with the node."""
    return {
        found.registry
        for pod in snapshot.all(POD)
        if pod["metadata"].get("namespace") != "kube-system"
        for container in containers(pod)
        if container.state in {"running", "terminated"} and (found := reference(container.image))
    }


def _unreachable(failures: Sequence[FailedPull], snapshot: Snapshot) -> Remedy:
    explained = failures[0].explained.remedy
    probe = tuple(command for command in explained.commands if command.startswith("curl "))
    return _from_mirrors(explained.text, probe, failures, snapshot)


def _from_mirrors(text: str, first: tuple[str, ...], failures: Sequence[FailedPull], snapshot: Snapshot) -> Remedy:
    missing = sorted(
        {str(found) for each in failures if (found := each.reference) and not public_mirror().serves(found)}
    )
    if missing:
        text += " " + _("{mirror} does not carry {images}: copy these to a registry that the nodes reach.").format(
            mirror=public_mirror().registry, images=joined(missing)
        )
    return Remedy(text, (*first, *node_mirrors(failures, snapshot), *from_mirror(failures)))


def _gone(failures: Sequence[FailedPull], _snapshot: Snapshot) -> Remedy:
    """Where the image went, if that is known; which tags there are."""
    commands: list[str] = []
    for image in dict.fromkeys(failure.container.image for failure in failures):
        found = reference(image)
        if found is None:
            continue
        old = f"{found.registry}/{found.repository}"
        new = moved(old)
        commands.append(f"skopeo list-tags docker://{new}")
        commands.append(f"kustomize edit set image {old}={new if new != old else 'NEW_NAME'}:TAG")
    return Remedy(failures[0].explained.remedy.text, tuple(dict.fromkeys(commands)))


def _other_architecture(failures: Sequence[FailedPull], snapshot: Snapshot) -> Remedy:
    """A node selector, if there is a node with another processor; else there is none to choose."""
    mine = {_architecture(str((each.body.get("spec") or {}).get("nodeName") or ""), snapshot) for each in failures}
    others = {_architecture(node["metadata"]["name"], snapshot) for node in snapshot.all(NODE)} - mine - {""}
    commands = ["kubectl get nodes -L kubernetes.io/arch"]
    for architecture in sorted(others):
        patch = f'{{"spec":{{"template":{{"spec":{{"nodeSelector":{{"kubernetes.io/arch":"{architecture}"}}}}}}}}}}'
        owners = dict.fromkeys(workload(each.pod, each.body, snapshot) for each in failures)
        commands += [f"kubectl -n {owner.namespace} patch {command_name(owner)} -p '{patch}'" for owner in owners]
    text = failures[0].explained.remedy.text
    if not others:
        text = _("No node has another processor: add one, or take an image that is published for this one.")
    return Remedy(text, tuple(commands))


_REMEDIES: dict[str, Remedial] = {
    **dict.fromkeys(UNAUTHORISED, _unauthorised),
    **dict.fromkeys(GONE, _gone),
    "img-dns": _unresolved,
    "img-network-timeout": _unreachable,
    "img-arch-mismatch": _other_architecture,
}


def still_pulled(snapshot: Snapshot) -> Iterator[Finding]:
    """Images that are on their way, one finding for each: large ones take their time."""
    pulls: dict[str, list[Pull]] = defaultdict(list)
    for pull in running_pulls(snapshot):
        pulls[pull.image].append(pull)
    for image, pulled in pulls.items():
        yield Finding(
            cause="img-pulling",
            severity=Severity.INFO,
            title=_("{image} is being pulled").format(image=image),
            objects=tuple(dict.fromkeys(pull.pod for pull in pulled)),
            remedy=Remedy(
                _("Nothing is wrong: wait. Images of notebooks take minutes, on a slow line an hour."),
                (f"kubectl -n {pulled[0].pod.namespace} get pod {pulled[0].pod.name} --watch",),
            ),
            evidence=tuple(_progress(image, pulled, snapshot)),
        )


def queued(snapshot: Snapshot) -> Iterator[Finding]:
    """Pods whose images come as soon as their kubelet has started others."""
    pods = tuple(queued_pulls(snapshot))
    if pods:
        yield Finding(
            cause="img-pull-queued",
            severity=Severity.INFO,
            title=_("{pods} until their kubelet pulls more images").format(
                pods=counted("{count} pod waits", "{count} pods wait", len(pods))
            ),
            objects=pods,
            remedy=Remedy(
                _("Nothing is wrong: wait. A kubelet starts few pulls a second; more with registryPullQPS."),
                ("kubectl get pods -A --watch",),
            ),
            evidence=(Evidence(QUEUED, pods[0], len(pods)),),
        )


def _progress(image: str, pulled: list[Pull], snapshot: Snapshot) -> Iterator[Evidence]:
    for pull in pulled:
        gone = between(pull.since, snapshot.taken)
        text = _("since {moment}").format(moment=pull.since)
        if gone is not None:
            minutes = counted("{count} minute", "{count} minutes", int(gone.total_seconds() // 60))
            text = _("since {moment}, for {minutes} now").format(moment=pull.since, minutes=minutes)
        yield Evidence(text, pull.pod)
    size = _size(image, snapshot)
    if size:
        yield Evidence(_("{size} on the nodes that have it").format(size=size))


def _size(image: str, snapshot: Snapshot) -> str:
    """As the nodes that have the image report it: unpacked, not what travels."""
    wanted = {image, str(reference(image) or image)}
    for node in snapshot.all(NODE):
        for entry in (node.get("status") or {}).get("images") or ():
            if wanted & set(entry.get("names") or ()):
                return readable("storage", entry["sizeBytes"])
    return ""


CHECKS = (
    Check(
        "images.pull",
        _("Are all images pulled?"),
        frozenset({POD}),
        not_pulled,
        also=frozenset({EVENT, NODE, SECRET, SERVICE_ACCOUNT, *POD_OWNERS}),
        docs="https://kubernetes.io/docs/concepts/containers/images/",
    ),
    Check(
        "images.pulling",
        _("Is no image still on its way?"),
        frozenset({POD, EVENT}),
        still_pulled,
        also=frozenset({NODE}),
    ),
    Check(
        "images.queue",
        _("Does no image wait for its turn to be pulled?"),
        frozenset({POD}),
        queued,
        docs="https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/",
    ),
)
