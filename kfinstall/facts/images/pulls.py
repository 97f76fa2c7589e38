"""Pulls of images, as the status and the events of pods tell of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from kfinstall.contracts.explanation import Explanation, Json
from kfinstall.contracts.manifest import Body, ObjectKey
from kfinstall.contracts.snapshot import Snapshot
from kfinstall.facts.classify import classify, explanation
from kfinstall.facts.classify.image_reference import InvalidReference, Reference, parse
from kfinstall.facts.objects.kinds import POD
from kfinstall.facts.objects.owners import key_of
from kfinstall.facts.pods.containers import Container, waiting

FAILING = frozenset(
    {
        "ErrImagePull",
        "ImagePullBackOff",
        "InvalidImageName",
        "ErrImageNeverPull",
        "ImageInspectError",
        "RegistryUnavailable",
        "SignatureValidationFailed",
    }
)
"""Reasons of a container that waits for its image (kubernetes/pkg/kubelet/images/types.go, cri-api/pkg/errors)."""

STARTING = frozenset({"ContainerCreating", "PodInitializing"})
ENDS = frozenset({"Pulled", "Failed", "BackOff", "ErrImageNeverPull", "InspectFailed"})
"""Reasons of events after which a pull is not under way any more."""

QUEUED = "pull QPS exceeded"
"""Of a kubelet that was to start more pulls a second than it does (registryPullQPS). It tries again by itself.
(kubernetes/pkg/kubelet/images/helpers.go)"""

UNKNOWN = "img-backoff-wrapper"
RATE_LIMITS = "rl-"
"""Causes of pulls that a registry refuses because there were too many."""


@dataclass(frozen=True, slots=True)
class FailedPull:
    """registry: who refused, or who would have been asked; "" when neither is known. reference: None if misspelt."""

    pod: ObjectKey
    body: Body
    container: Container
    message: str
    explained: Explanation

    @property
    def registry(self) -> str:
        parameters = self.explained.parameters
        named = str(parameters.get("host") or parameters.get("registry") or "")
        return named or (self.reference.registry if self.reference else "")

    @property
    def reference(self) -> Reference | None:
        return reference(self.container.image)


@dataclass(frozen=True, slots=True)
class Pull:
    """A pull that is under way. since: when it began, RFC 3339."""

    pod: ObjectKey
    image: str
    since: str


@lru_cache(maxsize=4096)
def reference(image: str) -> Reference | None:
    """The parts of an image's name; None when it is not one."""
    try:
        return parse(image)
    except InvalidReference:
        return None


def failed_pulls(snapshot: Snapshot) -> Iterator[FailedPull]:
    """Every container that waits for an image that does not come."""
    for pod in snapshot.all(POD):
        key = key_of(POD, pod)
        for container in waiting(pod):
            if container.reason in FAILING and QUEUED not in container.message:
                message = _message(container, key, snapshot)
                node = str((pod.get("spec") or {}).get("nodeName") or "")
                yield FailedPull(key, pod, container, message, _explained(message, container.image, key, node))


def queued_pulls(snapshot: Snapshot) -> Iterator[ObjectKey]:
    """Every pod whose kubelet has not got round to pulling its images."""
    for pod in snapshot.all(POD):
        if any(QUEUED in each.message for each in waiting(pod)):
            yield key_of(POD, pod)


def running_pulls(snapshot: Snapshot) -> Iterator[Pull]:
    """Every image that a node is pulling for a pod that waits for it."""
    for pod in snapshot.all(POD):
        starting = [each for each in waiting(pod) if each.reason in STARTING]
        if not starting:
            continue
        key = key_of(POD, pod)
        begun: dict[str, str] = {}
        for each in snapshot.occurrences(key):
            if each.reason == "Pulling":
                begun[_quoted(each.message)] = each.last
            elif each.reason in ENDS:
                begun = {image: since for image, since in begun.items() if image not in each.message}
        for container in starting:
            if container.image in begun:
                yield Pull(key, container.image, begun.pop(container.image))


@lru_cache(maxsize=4096)  # several checks ask about the same pods
def _explained(message: str, image: str, key: ObjectKey, node: str) -> Explanation:
    """What the message means, with the names that it leaves out."""
    found, named = classify(message), reference(image)
    known: dict[str, Json] = {"namespace": key.namespace, "pod": key.name, "image": image}
    known["node"] = node
    if named:
        known |= {"registry": named.registry, "repository": named.repository, "tag": named.tag}
    return explanation(found.cause if found else UNKNOWN, {**known, **(found.parameters if found else {})})


def _message(container: Container, key: ObjectKey, snapshot: Snapshot) -> str:
    """The runtime's own words. Kubelets before 1.33 say in the status only that they back off: the event has them."""
    known = (text for text in _said(container, key, snapshot) if (found := classify(text)) and found.cause != UNKNOWN)
    return next(known, container.message or container.reason)


def _said(container: Container, key: ObjectKey, snapshot: Snapshot) -> Iterator[str]:
    yield container.message
    for each in reversed(snapshot.occurrences(key)):
        if each.reason in {"Failed", "InspectFailed"} and container.image in each.message:
            yield each.message


def _quoted(message: str) -> str:
    """The image in `Pulling image "…"`."""
    return message.partition('"')[2].partition('"')[0]
