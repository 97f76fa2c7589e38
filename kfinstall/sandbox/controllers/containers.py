"""One container's life as a kubelet brings it about: pull, create, start, probes, end, back-off, and again."""

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from kfinstall.contracts.manifest import Body
from kfinstall.sandbox.clock import now
from kfinstall.sandbox.images import PRESENT, Pulls, full, misspelt
from kfinstall.sandbox.scenario import Container

PULL, SLOW_PULL, START, RUN = 3.0, 90.0, 2.0, 5.0
"""Seconds of a pull, of a slow one, until ready, until what ends by itself has ended; before the speed."""

FIRST_BACKOFF, LONGEST_BACKOFF = 10.0, 300.0
"""Seconds between pulls that fail, and before restarts (pkg/kubelet/kubelet.go: imageBackOffPeriod,
MaxContainerBackOff)."""

PROBE_OUTPUT = "HTTP probe failed with statuscode: 503"
Role = Literal["init", "sidecar", "main"]
Tell = Callable[[str, str, str], None]
"""Tells of the container: Normal or Warning, the reason, the message."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a container has around it. pod: as in `name_namespace(uid)`. lack: why it cannot be created, or "".

    credentials: for a pull, as registry hosts. ends: whether it ends by itself. restarts: whether it is started again
    after an exit code.
    """

    pod: str
    node: str
    pulls: Pulls
    speed: float
    tell: Tell
    lack: Callable[[], str]
    credentials: Callable[[], frozenset[str]]
    ends: bool
    restarts: Callable[[int], bool]


@dataclass(slots=True)
class ContainerRun:
    """How far a container has come. state, last: as in a ContainerStatus. due: monotonic time of its next step."""

    spec: Body
    role: Role
    rule: Container
    around: Surroundings
    state: Body
    last: Body = field(default_factory=dict)
    restarts: int = 0
    ready: bool = False
    started: bool = False
    due: float | None = None
    _next: Callable[[], None] | None = None
    _pull_failures: int = 0
    _crashes: int = 0
    log: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        return str(self.spec["name"])

    @property
    def begun(self) -> bool:
        return self._next is not None or "waiting" not in self.state

    @property
    def succeeded(self) -> bool:
        return "terminated" in self.state and self.state["terminated"]["exitCode"] == 0

    def advance(self) -> None:
        """Take the steps that are due; begins with the first."""
        if not self.begun:
            self._in(0.0, self._image)
        while self._next and self.due is not None and self.due <= time.monotonic():
            step, self._next, self.due = self._next, None, None
            step()

    def status(self) -> Body:
        """The ContainerStatus."""
        ran = "waiting" not in self.state or bool(self.last)
        image = full(self.spec["image"])
        found: Body = {
            "name": self.name,
            "image": self.spec["image"] if not ran else image,
            "imageID": f"{image.partition('@')[0].rpartition(':')[0]}@sha256:{_digest(image)}" if ran else "",
            "restartCount": self.restarts,
            "ready": self.ready,
            "started": self.started,
            "state": self.state,
            "lastState": self.last,
        }
        if ran:
            found["containerID"] = self._id()
        return found

    def kill(self) -> None:
        """End it, as a kubelet does with a pod that ends."""
        self._next = self.due = None
        if "running" in self.state:
            self._terminate(137, "Error")

    def _in(self, seconds: float, step: Callable[[], None]) -> None:
        self._next, self.due = step, time.monotonic() + seconds / self.around.speed

    def _wait(self, reason: str, message: str = "") -> None:
        self.state = {"waiting": {"reason": reason, "message": message} if message else {"reason": reason}}

    # Image (pkg/kubelet/images/image_manager.go)

    def _image(self) -> None:
        image, pulls, tell = self.spec["image"], self.around.pulls, self.around.tell
        policy = self.spec.get("imagePullPolicy") or "IfNotPresent"
        why = misspelt(image)
        if why:
            text = f'Failed to apply default image tag "{image}": {why}'
            tell("Warning", "InspectFailed", text)
            self._refused("InvalidImageName", text)
        elif policy != "Always" and pulls.has(self.around.node, image):
            tell("Normal", "Pulled", PRESENT.format(image=image))
            self._create()
        elif policy == "Never":
            text = f'Container image "{image}" is not present with pull policy of Never'
            tell("Warning", "ErrImageNeverPull", text)
            self._refused("ErrImageNeverPull", text)
        else:
            tell("Normal", "Pulling", f'Pulling image "{image}"')
            self._in(SLOW_PULL if pulls.slow(image) else PULL, self._pulled)

    def _refused(self, reason: str, message: str) -> None:
        """Only another specification helps; the kubelet tries all the same."""
        self.around.tell("Warning", "Failed", f"Error: {reason}")
        self._wait(reason, message)
        self._in(FIRST_BACKOFF, self._image)

    def _pulled(self) -> None:
        image = self.spec["image"]
        why = self.around.pulls.pull(self.around.node, image, self.around.credentials())
        if why:
            text = f'Failed to pull image "{image}": {why}'
            self.around.tell("Warning", "Failed", text)
            self.around.tell("Warning", "Failed", "Error: ErrImagePull")
            self._wait("ErrImagePull", why)
            self._pull_failures += 1
            self._in(1.0, lambda: self._back_off_pull(why))
            return
        self._pull_failures = 0
        took = f"{PULL:g}s"
        text = f'Successfully pulled image "{image}" in {took} ({took} including waiting). Image size: 104857600 bytes.'
        self.around.tell("Normal", "Pulled", text)
        self._create()

    def _back_off_pull(self, why: str) -> None:
        text = f'Back-off pulling image "{self.spec["image"]}"'
        self.around.tell("Normal", "BackOff", text)
        self.around.tell("Warning", "Failed", "Error: ImagePullBackOff")
        self._wait("ImagePullBackOff", f"{text}: ErrImagePull: {why}")
        self._in(_back_off(self._pull_failures), self._image)

    # Start and end (pkg/kubelet/kuberuntime/kuberuntime_container.go)

    def _create(self) -> None:
        lack = self.around.lack()
        if lack:
            self.around.tell("Warning", "Failed", f"Error: {lack}")
            self._wait("CreateContainerConfigError", lack)
            self._in(FIRST_BACKOFF, self._image)
            return
        self.around.tell("Normal", "Created", "Container created")
        self.around.tell("Normal", "Started", "Container started")
        self.state = {"running": {"startedAt": now()}}
        self.log.extend(self.rule.log)
        self.started = self.rule.failing != "startup"
        if self._will_exit():
            self.ready = self.role == "main" and not self.around.ends and not self.spec.get("readinessProbe")
            self._in(self.rule.after if self.rule.exit_code is not None else RUN, self._exit)
        elif self.rule.failing:
            self._in(START, self._probe_fails)
        else:
            self._in(START, self._becomes_ready)

    def _will_exit(self) -> bool:
        rule = self.rule
        if rule.exit_code is not None and (not rule.times or self.restarts < rule.times):
            return True
        return self.around.ends and not rule.failing

    def _becomes_ready(self) -> None:
        self.ready = self.started = True

    def _exit(self) -> None:
        rule = self.rule
        crashes = rule.exit_code is not None and (not rule.times or self.restarts < rule.times)
        code = (rule.exit_code or 0) if crashes else 0
        reason = rule.reason if crashes and rule.reason else "Completed" if code == 0 else "Error"
        self._terminate(code, reason)
        if self.around.restarts(code):
            self._crashes += 1
            self._in(1.0, self._restart)

    def _terminate(self, code: int, reason: str) -> None:
        self.ready = self.role == "init" and code == 0
        self.started = False
        began = (self.state.get("running") or {}).get("startedAt") or now()
        ended = {"exitCode": code, "reason": reason, "startedAt": began, "finishedAt": now()}
        self.state = {"terminated": {**ended, "containerID": self._id()}}

    def _restart(self) -> None:
        """At once after the first end, then after a pause that doubles."""
        if self._crashes == 1:
            self._again()
            return
        pause = _back_off(self._crashes - 1)
        self.last = self.state
        self.around.tell(
            "Warning", "BackOff", f"Back-off restarting failed container {self.name} in pod {self.around.pod}"
        )
        text = f"back-off {_go_duration(pause)} restarting failed container={self.name} pod={self.around.pod}"
        self._wait("CrashLoopBackOff", text)
        self._in(pause, self._again)

    def _again(self) -> None:
        if "terminated" in self.state:
            self.last = self.state
        self.restarts += 1
        self.log.clear()
        self._image()

    # Probes (pkg/kubelet/prober)

    def _probe_fails(self) -> None:
        probe = self.rule.failing or "readiness"
        found = self.spec.get(f"{probe}Probe") or {}
        self.around.tell("Warning", "Unhealthy", f"{probe.capitalize()} probe failed: {PROBE_OUTPUT}")
        if probe == "readiness":
            self._in(found.get("periodSeconds", 10.0), self._probe_fails)
            return
        self.ready = probe == "liveness"
        self._in(found.get("periodSeconds", 10.0) * found.get("failureThreshold", 3), self._killed_by_probe)

    def _killed_by_probe(self) -> None:
        self.around.tell(
            "Normal", "Killing", f"Container {self.name} failed {self.rule.failing} probe, will be restarted"
        )
        self._terminate(137, "Error")
        if self.around.restarts(137):
            self._crashes += 1
            self._in(1.0, self._restart)

    def _id(self) -> str:
        return f"containerd://{_digest(f'{self.around.pod}/{self.name}/{self.restarts}')}"


def _back_off(failures: int) -> float:
    return float(min(FIRST_BACKOFF * 2.0 ** (failures - 1), LONGEST_BACKOFF))


def _go_duration(seconds: float) -> str:
    """As Go prints a time.Duration."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}m{rest}s" if minutes else f"{rest}s"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
