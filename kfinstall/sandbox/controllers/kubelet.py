"""The kubelets of all nodes: pull, start, become ready, end. Nothing runs; what a kubelet would report is written."""

import itertools
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from kfinstall.contracts.manifest import Body
from kfinstall.sandbox.controllers.client import PODS, Client, condition
from kfinstall.sandbox.controllers.manager import Key
from kfinstall.sandbox.images import Pulls, full
from kfinstall.sandbox.kinds import GroupResource
from kfinstall.sandbox.scenario import Scenario
from kfinstall.sandbox.status import StatusError
from kfinstall.sandbox.store import Change, Name
from kfinstall.sandbox.writing import now

MAPS = GroupResource("", "configmaps")
SECRETS = GroupResource("", "secrets")
PULL, SLOW_PULL, START, RUN, STOP = 3.0, 90.0, 2.0, 5.0, 1.0
"""Seconds of a pull, of one from a slow registry, until ready, of a Job's pod, until stopped; before the speed."""

FIRST_BACKOFF, LONGEST_BACKOFF = 10.0, 300.0
"""Seconds between pulls that fail (pkg/kubelet/kubelet.go: imageBackOffPeriod, MaxContainerBackOff)."""


@dataclass(slots=True)
class _Course:
    """How far a pod has come. due: monotonic time of the next step. failures: pulls in a row."""

    stage: str = "new"
    due: float = 0.0
    failures: int = 0
    address: str = ""
    told: set[str] = field(default_factory=set)


class Kubelets:
    """Plays every pod that is bound to a node. speed: how much faster than the clock."""

    def __init__(self, client: Client, scenario: Scenario, speed: float) -> None:
        self._client = client
        self._pulls = Pulls.of(scenario)
        self._speed = speed
        self._courses: dict[str, _Course] = {}
        self._missing: dict[Key, set[Name]] = {}
        self._addresses = _addresses()

    def concerns(self, change: Change) -> Iterable[Key]:
        if change.resource == PODS:
            if change.after is None:
                self._courses.pop(change.last["metadata"]["uid"], None)
            elif change.after["spec"].get("nodeName"):
                yield PODS, change.name
        elif change.resource in {MAPS, SECRETS} and change.after is not None:
            for name in self._missing.pop((change.resource, change.name), ()):
                yield PODS, name

    def reconcile(self, key: Key) -> float | None:
        pod = self._client.get(*key)
        if pod is None or not pod["spec"].get("nodeName"):
            return None
        course = self._courses.setdefault(pod["metadata"]["uid"], _Course())
        if pod["metadata"].get("deletionTimestamp"):
            return self._stop(pod, key[1], course)
        if (pod.get("status") or {}).get("phase") in {"Succeeded", "Failed"}:
            return None
        left = course.due - time.monotonic()
        if left > 0:
            return left
        return self._step(pod, key[1], course)

    def _after(self, course: _Course, seconds: float) -> float:
        course.due = time.monotonic() + seconds / self._speed
        return seconds / self._speed

    def _step(self, pod: Body, name: Name, course: _Course) -> float | None:
        match course.stage:
            case "new":
                return self._accept(pod, name, course)
            case "pull":
                return self._pull(pod, name, course)
            case "start":
                return self._ready(pod, name, course)
            case "run":
                self._complete(pod, name, course)
        return None

    def _stop(self, pod: Body, name: Name, course: _Course) -> float | None:
        if pod["metadata"].get("deletionGracePeriodSeconds") == 0:
            return None
        if course.stage != "stop":
            course.stage = "stop"
            self._client.event(pod, "Normal", "Killing", f"Stopping container {pod['spec']['containers'][0]['name']}")
            return self._after(course, STOP)
        left = course.due - time.monotonic()
        if left > 0:
            return left
        self._client.delete(PODS, name, gracePeriodSeconds=0, preconditions={"uid": pod["metadata"]["uid"]})
        return None

    def _accept(self, pod: Body, name: Name, course: _Course) -> float | None:
        missing = self._missing_mount(pod, name)
        if missing:
            if missing not in course.told:
                course.told.add(missing)
                self._client.event(pod, "Warning", "FailedMount", missing)
                self._write(pod, name, course, waiting=("ContainerCreating", ""))
            return None
        course.stage = "pull"
        course.address = next(self._addresses)
        self._write(pod, name, course, waiting=("ContainerCreating", ""))
        slow = any(self._pulls.slow(image) for image in _images(pod))
        return self._after(course, SLOW_PULL if slow else PULL)

    def _missing_mount(self, pod: Body, name: Name) -> str:
        for kind, wanted in _mounted(pod):
            found = Name(name.namespace, wanted)
            if self._client.get(kind, found) is None:
                self._missing.setdefault((kind, found), set()).add(name)
                volume = _volume_of(pod, kind, wanted)
                word = kind.plural.removesuffix("s")
                return f'MountVolume.SetUp failed for volume "{volume}" : {word} "{wanted}" not found'
        return ""

    def _pull(self, pod: Body, name: Name, course: _Course) -> float | None:
        node = pod["spec"]["nodeName"]
        for container in _containers(pod):
            why = self._pulls.pull(node, container["image"])
            if why:
                return self._back_off(pod, name, course, container, why)
            image = container["image"]
            if image not in course.told:
                course.told.add(image)
                self._client.event(pod, "Normal", "Pulled", f'Successfully pulled image "{image}"')
        missing = self._missing_variable(pod, name)
        if missing:
            self._write(pod, name, course, waiting=("CreateContainerConfigError", missing))
            return None
        course.stage = "start"
        self._write(pod, name, course, started=True)
        return self._after(course, START)

    def _back_off(self, pod: Body, name: Name, course: _Course, container: Body, why: str) -> float:
        """ErrImagePull when it has just failed, ImagePullBackOff until the next try (images/image_manager.go)."""
        image = container["image"]
        course.failures += 1
        self._client.event(pod, "Warning", "Failed", f'Failed to pull image "{image}": {why}')
        self._client.event(pod, "Warning", "Failed", "Error: ErrImagePull")
        self._write(pod, name, course, waiting=("ErrImagePull", why), only=container["name"])
        self._client.event(pod, "Normal", "BackOff", f'Back-off pulling image "{image}"')
        text = f'Back-off pulling image "{image}": ErrImagePull: {why}'
        fresh = self._client.get(PODS, name) or pod
        self._write(fresh, name, course, waiting=("ImagePullBackOff", text), only=container["name"])
        return self._after(course, min(FIRST_BACKOFF * 2.0 ** (course.failures - 1), LONGEST_BACKOFF))

    def _missing_variable(self, pod: Body, name: Name) -> str:
        for kind, wanted in _referred(pod):
            found = Name(name.namespace, wanted)
            if self._client.get(kind, found) is None:
                self._missing.setdefault((kind, found), set()).add(name)
                return f'{kind.plural.removesuffix("s")} "{wanted}" not found'
        return ""

    def _ready(self, pod: Body, name: Name, course: _Course) -> float | None:
        course.stage = "run" if _completes(pod) else "ready"
        self._write(pod, name, course, started=True, ready=True)
        return self._after(course, RUN) if course.stage == "run" else None

    def _complete(self, pod: Body, name: Name, course: _Course) -> None:
        course.stage = "ended"
        self._write(pod, name, course, ended=True)

    def _write(
        self,
        pod: Body,
        name: Name,
        course: _Course,
        *,
        waiting: tuple[str, str] = ("", ""),
        only: str = "",
        started: bool = False,
        ready: bool = False,
        ended: bool = False,
    ) -> None:
        before = pod.get("status") or {}
        spec = pod["spec"]
        inits = spec.get("initContainers") or []
        in_init = bool(inits) and not started and not ended
        phase = "Succeeded" if ended else "Running" if started else "Pending"
        verdicts = {
            "PodReadyToStartContainers": bool(course.address) and not ended,
            "Initialized": not in_init,
            "Ready": ready,
            "ContainersReady": ready,
            "PodScheduled": True,
        }
        names = [each["name"] for each in spec["containers"]]
        why = (
            ("PodCompleted", "")
            if ended
            else ("ContainersNotReady", f"containers with unready status: [{' '.join(names)}]")
        )
        conditions = [
            condition(
                kind,
                str(holds),
                *(("", "") if holds else why if "Ready" in kind and kind != "PodReadyToStartContainers" else ("", "")),
                before,
            )
            for kind, holds in verdicts.items()
        ]
        make = _Statuses(waiting, only, started=started, ready=ready, ended=ended)
        status: Body = {
            "phase": phase,
            "conditions": conditions,
            "hostIP": "10.0.0.1",
            "startTime": before.get("startTime") or now(),
            "containerStatuses": [make.container(each, in_init=in_init) for each in spec["containers"]],
        }
        if inits:
            status["initContainerStatuses"] = [make.init(each, place) for place, each in enumerate(inits)]
        if course.address:
            status |= {"podIP": course.address, "podIPs": [{"ip": course.address}]}
        try:
            self._client.set_status(PODS, name, status)
        except StatusError as error:
            if error.code != 404:
                raise


@dataclass(frozen=True, slots=True)
class _Statuses:
    """Container statuses of one moment. only: the container that cannot be pulled; the others are being created."""

    waiting: tuple[str, str]
    only: str
    started: bool
    ready: bool
    ended: bool

    def _base(self, container: Body) -> Body:
        return {
            "name": container["name"],
            "image": container["image"],
            "imageID": full(container["image"]) if self.started else "",
            "restartCount": 0,
            "ready": self.ready and not self.ended,
            "started": self.started and not self.ended,
            "lastState": {},
        }

    def container(self, container: Body, *, in_init: bool) -> Body:
        base = self._base(container)
        if self.ended:
            return base | {"state": {"terminated": _completed()}}
        if self.started:
            return base | {"state": {"running": {"startedAt": now()}}}
        reason, message = self.waiting
        if in_init and self.only != container["name"]:
            reason, message = "PodInitializing", ""
        elif self.only and self.only != container["name"]:
            reason, message = "ContainerCreating", ""
        return base | {"state": {"waiting": _texts(reason, message)}}

    def init(self, container: Body, place: int) -> Body:
        base = self._base(container)
        sidecar = container.get("restartPolicy") == "Always"
        if self.started or self.ended:
            state: Body = (
                {"running": {"startedAt": now()}} if sidecar and not self.ended else {"terminated": _completed()}
            )
            return base | {"state": state, "ready": True, "started": sidecar}
        reason, message = self.waiting
        if self.only and self.only != container["name"]:
            reason, message = "PodInitializing", ""
        if not self.only and place == 0 and reason == "ContainerCreating":
            reason = "PodInitializing"
        return base | {"state": {"waiting": _texts(reason, message)}}


def _texts(reason: str, message: str) -> Body:
    return {"reason": reason, "message": message} if message else {"reason": reason}


def _completed() -> Body:
    return {"exitCode": 0, "reason": "Completed", "startedAt": now(), "finishedAt": now()}


def _containers(pod: Body) -> Iterator[Body]:
    yield from pod["spec"].get("initContainers") or ()
    yield from pod["spec"]["containers"]


def _images(pod: Body) -> Iterator[str]:
    return (container["image"] for container in _containers(pod))


def _completes(pod: Body) -> bool:
    return bool(pod["spec"].get("restartPolicy") != "Always")


def _mounted(pod: Body) -> Iterator[tuple[GroupResource, str]]:
    """The ConfigMaps and Secrets that a pod cannot start without."""
    for volume in pod["spec"].get("volumes") or ():
        for kind, source, key in (
            (MAPS, volume.get("configMap"), "name"),
            (SECRETS, volume.get("secret"), "secretName"),
        ):
            if source and not source.get("optional") and source.get(key):
                yield kind, source[key]
        for source in (volume.get("projected") or {}).get("sources") or ():
            for kind, each in ((MAPS, source.get("configMap")), (SECRETS, source.get("secret"))):
                if each and not each.get("optional") and each.get("name"):
                    yield kind, each["name"]


def _volume_of(pod: Body, kind: GroupResource, name: str) -> str:
    for volume in pod["spec"].get("volumes") or ():
        if any(found == (kind, name) for found in _mounted({"spec": {"volumes": [volume]}})):
            return str(volume["name"])
    return ""


def _referred(pod: Body) -> Iterator[tuple[GroupResource, str]]:
    """The ConfigMaps and Secrets that variables of a pod's containers come from."""
    for container in _containers(pod):
        for source in container.get("envFrom") or ():
            for kind, each in ((MAPS, source.get("configMapRef")), (SECRETS, source.get("secretRef"))):
                if each and not each.get("optional"):
                    yield kind, each["name"]
        for variable in container.get("env") or ():
            source = variable.get("valueFrom") or {}
            for kind, each in ((MAPS, source.get("configMapKeyRef")), (SECRETS, source.get("secretKeyRef"))):
                if each and not each.get("optional"):
                    yield kind, each["name"]


def _addresses() -> Iterator[str]:
    return (f"10.244.{third}.{fourth}" for third, fourth in itertools.product(range(256), range(1, 255)))
