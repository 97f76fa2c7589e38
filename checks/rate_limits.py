"""Registries, GitHub and the API server that ask to go slower."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from kfinstall.contracts.check import Check, CouldNotLook, Phase
from kfinstall.contracts.client import GitHub
from kfinstall.contracts.explanation import Explanation, Remedy
from kfinstall.contracts.finding import Evidence, Finding, Severity
from kfinstall.contracts.manifest import Body, ObjectKey
from kfinstall.contracts.resource import GroupKind
from kfinstall.contracts.snapshot import Reply, Snapshot
from kfinstall.facts.classify import classify, explanation
from kfinstall.facts.classify.image_reference import DOCKER_HUB
from kfinstall.facts.images.allowance import (
    ANONYMOUS,
    DOCKER_HUB_PREVIEW,
    GITHUB_API,
    PRIMARY,
    Allowance,
    docker_hub,
    github,
    github_limit,
)
from kfinstall.facts.images.mirrored import mirrored
from kfinstall.facts.images.pull_remedies import from_mirror, node_mirrors, with_secret
from kfinstall.facts.images.pulls import RATE_LIMITS, FailedPull, failed_pulls, reference
from kfinstall.facts.objects.kinds import DAEMON_SET, DEPLOYMENT, EVENT, JOB, NODE, POD, SECRET, STATEFUL_SET
from kfinstall.facts.objects.owners import POD_OWNERS
from kfinstall.facts.pods.planned_pods import planned_pods
from kfinstall.words import _, counted

HUB = frozenset({"rl-dockerhub-pull", "rl-dockerhub-moby-ipv6"})
HUB_HOSTS = frozenset({"registry-1.docker.io", "auth.docker.io"})
TEMPLATES = (DEPLOYMENT, STATEFUL_SET, DAEMON_SET, JOB)
WORDS = ("rate limit", "too many requests", "toomanyrequests", "throttling")
"""One of these is in every message that complains of too many requests."""

MESSAGES = frozenset({"rl-github-primary", "rl-github-secondary", "rl-apiserver-429"})
"""Causes that concern no pull."""


def refused_pulls(snapshot: Snapshot) -> Iterator[Finding]:
    """Images that a registry refuses because there were too many pulls, by registry, with what it says of its limit."""
    groups: dict[tuple[str, str], list[FailedPull]] = defaultdict(list)
    for failure in failed_pulls(snapshot):
        cause = failure.explained.cause
        if cause.startswith(RATE_LIMITS):
            groups[cause, DOCKER_HUB if cause in HUB else failure.registry].append(failure)
    for (cause, registry), failures in groups.items():
        explained = failures[0].explained
        images = {failure.container.image for failure in failures}
        yield Finding(
            cause=cause,
            severity=Severity.ERROR,
            title=_("{registry} refuses {images}: too many pulls").format(
                registry=registry, images=counted("{count} image", "{count} images", len(images))
            ),
            objects=tuple(dict.fromkeys(failure.pod for failure in failures)),
            remedy=_remedy(failures, snapshot),
            evidence=(_said(failures), *(_hub(snapshot) if cause in HUB else ())),
            docs=explained.docs,
            fix=mirrored(failures, snapshot),
        )


def _said(failures: list[FailedPull]) -> Evidence:
    return Evidence(" ".join(failures[0].message.split()), failures[0].pod, len({each.pod for each in failures}))


def _hub(snapshot: Snapshot) -> Iterator[Evidence]:
    """What is left, as this machine sees it: where it shares the nodes' address, that is what they have."""
    allowance = _asked_hub(snapshot)
    if allowance:
        yield Evidence(_("Docker Hub's limit for the address of this machine: {limit}").format(limit=allowance))
    else:
        yield Evidence(_("How much is left was not checked: no way to {host}.").format(host="registry-1.docker.io"))
    images = _images(snapshot)
    hub = {image for image in images if (found := reference(image)) and found.registry == DOCKER_HUB}
    text = _("{hub} of the {images} in this cluster are on Docker Hub; each node pulls each of them once")
    yield Evidence(text.format(hub=len(hub), images=counted("{count} image", "{count} images", len(images))))


def _remedy(failures: list[FailedPull], snapshot: Snapshot) -> Remedy:
    commands = (*with_secret(failures, snapshot), *node_mirrors(failures, snapshot), *from_mirror(failures))
    return Remedy(failures[0].explained.remedy.text, commands)


def allowance_left(snapshot: Snapshot) -> Iterator[Finding]:
    """Whether Docker Hub gives out as many images as nodes still have to pull. Asks it only if there are any."""
    wanted = _to_pull(snapshot)
    refused = any(failure.explained.cause in HUB for failure in failed_pulls(snapshot))
    if refused or not wanted:  # refused_pulls tells the same, and more
        return
    reply = snapshot.outside.ask(DOCKER_HUB_PREVIEW)
    if reply is None:
        raise CouldNotLook(_("no way to {host}").format(host="registry-1.docker.io"))
    allowance = docker_hub(reply)
    if allowance is None or allowance.remaining is None or allowance.remaining >= len(wanted):
        return
    explained = explanation("rl-dockerhub-pull", {})
    yield Finding(
        cause=explained.cause,
        severity=Severity.WARNING,
        title=_("Docker Hub gives out {images} more, and {wanted} are still to be pulled").format(
            images=counted("{count} image", "{count} images", allowance.remaining), wanted=len(wanted)
        ),
        objects=(),
        remedy=explained.remedy,
        evidence=(
            Evidence(_("Docker Hub's limit for the address of this machine: {limit}").format(limit=allowance)),
            *(Evidence(image) for image in sorted(wanted)),
        ),
        docs=explained.docs,
    )


def _to_pull(snapshot: Snapshot) -> set[str]:
    """Images of Docker Hub that no node has."""
    there = {
        name
        for node in snapshot.all(NODE)
        for entry in (node.get("status") or {}).get("images") or ()
        for name in entry.get("names") or ()
    }
    found = {image: reference(image) for image in _images(snapshot, started=False)}
    return {
        str(each) for each in found.values() if each and each.registry == DOCKER_HUB and str(each) not in there
    }  # fmt: skip


def _images(snapshot: Snapshot, *, started: bool = True) -> set[str]:
    """Images of pods, of what makes pods and of what is planned. started: those of pods that run or have run, too."""
    images = {image for each in planned_pods(snapshot.planned) for image in _of_spec(each.pod.get("spec") or {})}
    for pod in snapshot.all(POD):
        if started or (pod.get("status") or {}).get("phase") == "Pending":
            images.update(_of_spec(pod.get("spec") or {}))
    for kind in TEMPLATES:
        for body in snapshot.all(kind):
            if started or not body.get("status"):
                images.update(_of_spec(((body.get("spec") or {}).get("template") or {}).get("spec") or {}))
    return images


def _of_spec(spec: Body) -> Iterator[str]:
    for container in [*(spec.get("initContainers") or ()), *(spec.get("containers") or ())]:
        if container.get("image"):
            yield str(container["image"])


def _asked_hub(snapshot: Snapshot) -> Allowance | None:
    reply = snapshot.outside.ask(DOCKER_HUB_PREVIEW)
    return docker_hub(reply) if reply else None


@dataclass(frozen=True, slots=True)
class _Complaint:
    about: ObjectKey
    message: str
    explained: Explanation


def complaints(snapshot: Snapshot) -> Iterator[Finding]:
    """Controllers that GitHub or the API server itself asked to go slower."""
    groups: dict[str, list[_Complaint]] = defaultdict(list)
    for complaint in _complaints(snapshot):
        groups[complaint.explained.cause].append(complaint)
    for cause, found in groups.items():
        explained = found[0].explained
        yield Finding(
            cause=cause,
            severity=Severity.WARNING,
            title=explained.title,
            objects=(),
            remedy=explained.remedy,
            evidence=(
                *(Evidence(each.message, each.about) for each in found),
                *(_github(snapshot) if cause.startswith("rl-github") else ()),
            ),
            docs=explained.docs,
        )


def _complaints(snapshot: Snapshot) -> Iterator[_Complaint]:
    told: set[tuple[ObjectKey, str]] = set()
    for event in snapshot.all(EVENT):
        message = " ".join(str(event.get("message") or "").split())
        if event.get("type") != "Warning" or not any(word in message.lower() for word in WORDS):
            continue
        about = _about(event)
        explained = classify(message)
        if explained and explained.cause in MESSAGES and (about, explained.cause) not in told:
            told.add((about, explained.cause))
            yield _Complaint(about, message, explained)


def _about(event: Body) -> ObjectKey:
    involved = event.get("involvedObject") or {}
    group = str(involved.get("apiVersion") or "").rpartition("/")[0]
    kind, namespace, name = (str(involved.get(field) or "") for field in ("kind", "namespace", "name"))
    return ObjectKey(*GroupKind(group, kind), namespace, name)


def _github(snapshot: Snapshot) -> Iterator[Evidence]:
    reply = snapshot.outside.ask(GITHUB_API)
    allowance = github(reply) if reply else None
    if allowance is None:
        yield Evidence(_("How much is left was not checked: no way to {host}.").format(host="api.github.com"))
        return
    text = _("GitHub's limit for this machine with its token: {limit}")
    if (allowance.limit or 0) <= ANONYMOUS:
        text = _("GitHub's limit for the address of this machine, without a token: {limit}")
    yield Evidence(text.format(limit=allowance))


FEW = 10
"""Requests: fewer left are said, even where they are enough for the plan."""


def downloads(snapshot: Snapshot) -> Iterator[Finding]:
    """Whether GitHub gives out what the plan fetches, as it said before anything was fetched."""
    asked = snapshot.client.github if snapshot.client else None
    if asked is None:
        return
    if asked.refusal:
        yield _withheld(asked, asked.refusal)
        return
    if asked.limits is None:
        raise CouldNotLook(_("no way to {host}").format(host="api.github.com"))
    if asked.limits.status == 401:
        yield _stale_token(asked.limits)
        return
    allowance = github(asked.limits)
    counted_ones = sum("//api.github.com/" in url for url in asked.addresses)
    if allowance and allowance.remaining is not None and allowance.remaining < max(FEW, counted_ones):
        yield _little_left(asked, allowance, scarce=allowance.remaining < counted_ones)


def _withheld(asked: GitHub, refusal: Reply) -> Finding:
    explained = explanation(github_limit(refusal), {})
    return Finding(
        cause=explained.cause,
        severity=Severity.ERROR,
        title=_("GitHub refuses what the plan fetches: HTTP {status}").format(status=refusal.status),
        objects=(),
        remedy=explained.remedy,
        evidence=(
            *(Evidence(str(allowance)) for allowance in [github(refusal)] if allowance),
            *map(Evidence, asked.addresses),
        ),
        docs=explained.docs,
    )


def _little_left(asked: GitHub, allowance: Allowance, *, scarce: bool) -> Finding:
    explained = explanation(PRIMARY, {})
    title = _("GitHub: {remaining} of {limit} requests left, anew at {moment}").format(
        remaining=allowance.remaining, limit=allowance.limit, moment=allowance.resets or "?"
    )
    uncounted = _("GitHub counts requests to its API only; archives are not counted, as the plan fetches them.")
    return Finding(
        cause=explained.cause,
        severity=Severity.WARNING if scarce else Severity.INFO,
        title=title if asked.token else _("{title}; set GITHUB_TOKEN").format(title=title),
        objects=(),
        remedy=explained.remedy if not asked.token else Remedy(_("Wait until then.")),
        evidence=(*([] if scarce else [Evidence(uncounted)]), *map(Evidence, asked.addresses)),
        docs=explained.docs,
    )


def _stale_token(limits: Reply) -> Finding:
    explained = explanation("github-token-refused", {})
    return Finding(
        cause=explained.cause,
        severity=Severity.WARNING,
        title=explained.title,
        objects=(),
        remedy=explained.remedy,
        evidence=(Evidence(" ".join(limits.text.split()) or f"HTTP {limits.status}"),),
        docs=explained.docs,
    )


CHECKS = (
    Check(
        "rate-limits.pulls",
        _("Does no registry refuse images because of too many pulls?"),
        frozenset({POD}),
        refused_pulls,
        also=frozenset({EVENT, NODE, SECRET, *POD_OWNERS}),
        asks=HUB_HOSTS,
        docs="https://docs.docker.com/docker-hub/usage/pulls/",
    ),
    Check(
        "rate-limits.docker-hub",
        _("Does Docker Hub give out all images that are still to be pulled?"),
        frozenset({POD, NODE}),
        allowance_left,
        also=frozenset(TEMPLATES),
        asks=HUB_HOSTS,
        phases=frozenset({Phase.PRE, Phase.POST}),
        docs="https://docs.docker.com/docker-hub/usage/pulls/",
    ),
    Check(
        "rate-limits.requests",
        _("Do GitHub and the API server answer as fast as they are asked?"),
        frozenset({EVENT}),
        complaints,
        asks=frozenset({"api.github.com"}),
        docs="https://kubernetes.io/docs/concepts/cluster-administration/flow-control/",
    ),
    Check(
        "rate-limits.github",
        _("Does GitHub give out what the plan fetches?"),
        frozenset(),
        downloads,
        asks=frozenset({"api.github.com", "github.com"}),
        phases=frozenset({Phase.PRE}),
        of_client=True,
        docs="https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api",
    ),
)
