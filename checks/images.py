"""Images that cannot be pulled, by what is in the way."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from kfinstall.contracts.check import Check
from kfinstall.contracts.explanation import Explanation
from kfinstall.contracts.finding import Evidence, Finding, Severity
from kfinstall.contracts.manifest import ObjectKey
from kfinstall.contracts.snapshot import Snapshot
from kfinstall.facts.classify import classify, explanation
from kfinstall.facts.containers import Container, containers
from kfinstall.facts.kinds import EVENT, POD
from kfinstall.words import _, counted

PULLING = frozenset({"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError"})
"""Reasons of a container that waits for its image (kubernetes/pkg/kubelet/images/types.go)."""

EVERYWHERE = frozenset({"img-dns", "img-network-timeout"})
"""Causes that lie between the node and all registries: one finding, however many registries it concerns."""

UNKNOWN = "img-backoff-wrapper"


@dataclass(frozen=True, slots=True)
class _Failure:
    pod: ObjectKey
    container: Container
    message: str
    explained: Explanation

    @property
    def registry(self) -> str:
        return str(self.explained.parameters.get("host") or self.explained.parameters.get("registry") or "")


def not_pulled(snapshot: Snapshot) -> Iterator[Finding]:
    """Every container whose image does not come, grouped by cause and registry."""
    groups: dict[tuple[str, str], list[_Failure]] = defaultdict(list)
    for failure in _failures(snapshot):
        cause = failure.explained.cause
        groups[cause, "" if cause in EVERYWHERE else failure.registry].append(failure)
    for failures in groups.values():
        yield _finding(failures)


def _failures(snapshot: Snapshot) -> Iterator[_Failure]:
    for pod in snapshot.all(POD):
        metadata = pod["metadata"]
        key = ObjectKey(*POD, metadata.get("namespace") or "", metadata["name"])
        for container in containers(pod):
            if container.state == "waiting" and container.reason in PULLING:
                message = _message(container, key, snapshot)
                explained = classify(message) or explanation(UNKNOWN, {"image": container.image})
                yield _Failure(key, container, message, explained)


def _message(container: Container, key: ObjectKey, snapshot: Snapshot) -> str:
    """The runtime's own words. Kubelets before 1.33 say in the status only that they back off: the event has them."""
    said = (each for each in reversed(snapshot.occurrences(key)) if each.reason in {"Failed", "InspectFailed"})
    candidates = [container.message, *(each.message for each in said if container.image in each.message)]
    known = (text for text in candidates if (found := classify(text)) and found.cause != UNKNOWN)
    return next(known, container.message or container.reason)


def _finding(failures: list[_Failure]) -> Finding:
    explained = failures[0].explained
    images = {failure.container.image for failure in failures}
    registries = sorted({failure.registry for failure in failures} - {""})
    many = counted("{count} image", "{count} images", len(images))
    title = explained.title
    if registries:
        title = _("{cause}: {images} from {registries}").format(
            cause=title, images=many, registries=", ".join(registries)
        )
    return Finding(
        cause=explained.cause,
        severity=Severity.ERROR,
        title=title,
        objects=tuple(dict.fromkeys(failure.pod for failure in failures)),
        remedy=explained.remedy,
        evidence=tuple(_evidence(failures)),
        docs=explained.docs,
    )


def _evidence(failures: list[_Failure]) -> Iterator[Evidence]:
    """One message for each registry."""
    told: dict[str, _Failure] = {}
    count: dict[str, int] = defaultdict(int)
    for failure in failures:
        told.setdefault(failure.registry, failure)
        count[failure.registry] += 1
    for registry, failure in told.items():
        yield Evidence(" ".join(failure.message.split()), failure.pod, count[registry])


CHECKS = (Check("images.pull", _("Are all images pulled?"), frozenset({POD}), not_pulled, also=frozenset({EVENT})),)
