"""The kubelets of all nodes. Nothing runs; what a kubelet would report of its pods is written, step by step."""

import itertools
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from kfinstall.contracts.manifest import Body
from kfinstall.sandbox.controllers.attaching import NODES, multi_attach
from kfinstall.sandbox.controllers.client import PODS, Client
from kfinstall.sandbox.controllers.containers import ContainerRun, Role, Surroundings
from kfinstall.sandbox.controllers.events import Recorder
from kfinstall.sandbox.controllers.manager import Key
from kfinstall.sandbox.controllers.needs import MAPS, SECRETS, all_needs, mounted, referred
from kfinstall.sandbox.controllers.pod_status import is_initialized, phase_of, pod_status
from kfinstall.sandbox.controllers.pull_secrets import hosts, missing
from kfinstall.sandbox.images import Pulls, full
from kfinstall.sandbox.scenario import Scenario
from kfinstall.sandbox.server.status import StatusError
from kfinstall.sandbox.storage.store import Change, Name

STOP = 1.0
"""Seconds that containers take to end, at most their grace period; before the speed."""


MAY_FAIL = "attempting to pull the image may not succeed."


@dataclass(slots=True)
class _Course:
    """How far a pod has come. ending: monotonic time at which it is gone. deadline: that of activeDeadlineSeconds."""

    inits: list[ContainerRun]
    mains: list[ContainerRun]
    address: str = ""
    ending: float | None = None
    deadline: float | None = None
    told: set[str] = field(default_factory=set)

    @property
    def runs(self) -> list[ContainerRun]:
        return [*self.inits, *self.mains]


class Kubelets:
    """Plays every pod that is bound to a node. speed: how much faster than the clock. network: of pods."""

    def __init__(self, client: Client, scenario: Scenario, speed: float, network: str = "10.244") -> None:
        self._client = client
        self._recorder = Recorder(client)
        self._scenario = scenario
        self._pulls = Pulls.of(scenario)
        self._speed = speed
        self._courses: dict[str, _Course] = {}
        self._waiting: dict[Key, set[Name]] = defaultdict(set)
        self._addresses = addresses(network)

    def concerns(self, change: Change) -> Iterable[Key]:
        if change.resource == PODS:
            if change.after is None:
                self._courses.pop(change.last["metadata"]["uid"], None)
            elif change.after["spec"].get("nodeName"):
                yield PODS, change.name
        elif change.resource in {MAPS, SECRETS} and change.after is not None:
            yield from ((PODS, name) for name in self._waiting.pop((change.resource, change.name), ()))

    def reconcile(self, key: Key) -> float | None:
        pod = self._client.get(*key)
        if pod is None or not pod["spec"].get("nodeName"):
            return None
        if self._client.get(NODES, Name("", pod["spec"]["nodeName"])) is None:
            return None  # nobody is there to run it
        ended = (pod.get("status") or {}).get("phase") in {"Succeeded", "Failed"}
        deleting = bool(pod["metadata"].get("deletionTimestamp"))
        if ended and not deleting:
            return None
        course = self._courses.get(pod["metadata"]["uid"])
        if course is None:
            course = self._courses[pod["metadata"]["uid"]] = self._begin(pod)
        if deleting:
            return self._end(pod, key[1], course)
        return self._advance(pod, key[1], course)

    def log(self, pod: Body, container: str) -> str:
        """What a container has written since it started last; container "" means the first."""
        course = self._courses.get(pod["metadata"]["uid"])
        found = [run for run in course.runs if run.name == container] if course and container else []
        runs = found or (course.mains[:1] if course else [])
        return "".join(f"{line}\n" for run in runs for line in run.log)

    def _begin(self, pod: Body) -> _Course:
        spec = pod["spec"]
        inits = [
            self._run(pod, each, "sidecar" if each.get("restartPolicy") == "Always" else "init")
            for each in spec.get("initContainers") or ()
        ]
        course = _Course(inits, [self._run(pod, each, "main") for each in spec["containers"]])
        if absent := missing(self._client, pod):
            why = f"Unable to retrieve some image pull secrets ({', '.join(absent)}); {MAY_FAIL}"
            self._recorder.tell(pod, "Warning", "FailedToRetrieveImagePullSecret", why, host=spec["nodeName"])
        seconds = spec.get("activeDeadlineSeconds")
        if seconds is not None:
            course.deadline = time.monotonic() + seconds / self._speed
        return course

    def _run(self, pod: Body, container: Body, role: Role) -> ContainerRun:
        metadata, spec = pod["metadata"], pod["spec"]
        name = f"{metadata['name']}_{metadata['namespace']}({metadata['uid']})"
        part = f"spec.{'containers' if role == 'main' else 'initContainers'}{{{container['name']}}}"
        policy = spec.get("restartPolicy", "Always")
        rule = self._scenario.container(full(container["image"]), container["name"])

        def tell(kind: str, reason: str, message: str) -> None:
            self._recorder.tell(pod, kind, reason, message, host=spec["nodeName"], part=part)

        def restarts(code: int) -> bool:
            return role == "sidecar" or (role == "main" and policy == "Always") or (policy != "Never" and code != 0)

        around = Surroundings(
            pod=name,
            node=spec["nodeName"],
            pulls=self._pulls,
            speed=self._speed,
            tell=tell,
            lack=lambda: self._lack(pod, container) or _root(pod, container, name, is_root=rule.root),
            credentials=lambda: hosts(self._client, pod),
            ends=role == "init" or (role == "main" and policy != "Always"),
            restarts=restarts,
        )
        begins = "PodInitializing" if spec.get("initContainers") else "ContainerCreating"
        return ContainerRun(container, role, rule, around, {"waiting": {"reason": begins}})

    def _lack(self, pod: Body, container: Body) -> str:
        """Why a container cannot be created for want of what its variables come from."""
        namespace = pod["metadata"]["namespace"]
        lacks = (
            need.lack(self._client.get(need.resource, Name(namespace, need.name)), namespace)
            for need in referred(container)
        )
        return next(filter(None, lacks), "")

    def _advance(self, pod: Body, name: Name, course: _Course) -> float | None:
        if course.deadline is not None and course.deadline <= time.monotonic():
            self._exceeded(pod, name, course)
            return None
        why = "" if course.address else self._unready_volumes(pod)
        if why:
            if why not in course.told:
                course.told.add(why)
                reason = "FailedAttachVolume" if why.startswith("Multi-Attach") else "FailedMount"
                self._recorder.tell(pod, "Warning", reason, why, host=pod["spec"]["nodeName"])
            self._write(pod, name, course)
            self._await_needs(pod, name)
            return 1.0 / self._speed if why.startswith("Multi-Attach") else None
        course.address = course.address or self._address(pod)
        self._advance_containers(pod, course)
        self._write(pod, name, course)
        if any((run.state.get("waiting") or {}).get("reason") == "CreateContainerConfigError" for run in course.runs):
            self._await_needs(pod, name)
        due = [run.due for run in course.runs if run.due is not None]
        due += [course.deadline] if course.deadline is not None else []
        return max(0.0, min(due) - time.monotonic()) if due else None

    def _advance_containers(self, pod: Body, course: _Course) -> None:
        """Init containers one after the other, then all the others; sidecars end with them."""
        for run in course.inits:
            run.advance()
            if not is_initialized(run) and not any(main.begun for main in course.mains):
                return
        for run in course.mains:
            run.advance()
        if phase_of(pod, course.inits, course.mains) in {"Succeeded", "Failed"}:
            for run in course.inits:
                run.kill()

    def _unready_volumes(self, pod: Body) -> str:
        namespace = pod["metadata"]["namespace"]
        lacks = (
            need.lack(self._client.get(need.resource, Name(namespace, need.name)), namespace) for need in mounted(pod)
        )
        return next(filter(None, lacks), "") or multi_attach(self._client, pod)

    def _await_needs(self, pod: Body, name: Name) -> None:
        """Look again when something changes that the pod needs."""
        for need in all_needs(pod):
            self._waiting[need.resource, Name(name.namespace, need.name)].add(name)

    def _address(self, pod: Body) -> str:
        return self._host(pod) if pod["spec"].get("hostNetwork") else next(self._addresses)

    def _host(self, pod: Body) -> str:
        node = self._client.get(NODES, Name("", pod["spec"]["nodeName"])) or {}
        found = (each["address"] for each in (node.get("status") or {}).get("addresses") or ())
        return str(next(found, ""))

    def _write(self, pod: Body, name: Name, course: _Course) -> None:
        host = self._host(pod)
        own: Body = {"hostIP": host, "hostIPs": [{"ip": host}]} if host else {}
        if course.address:
            own |= {"podIP": course.address, "podIPs": [{"ip": course.address}]}
        self._set_status(name, pod_status(pod, course.inits, course.mains, own))

    def _set_status(self, name: Name, status: Body) -> None:
        try:
            self._client.set_status(PODS, name, status)
        except StatusError as error:
            if error.code != 404:
                raise

    def _exceeded(self, pod: Body, name: Name, course: _Course) -> None:
        """pkg/kubelet/active_deadline.go."""
        text = "Pod was active on the node longer than the specified deadline"
        self._recorder.tell(pod, "Normal", "DeadlineExceeded", text, host=pod["spec"]["nodeName"])
        for run in course.runs:
            run.kill()
        status = pod_status(pod, course.inits, course.mains, {})
        self._set_status(name, {**status, "phase": "Failed", "reason": "DeadlineExceeded", "message": text})

    def _end(self, pod: Body, name: Name, course: _Course) -> float | None:
        grace = pod["metadata"].get("deletionGracePeriodSeconds", 0)
        if course.ending is None:
            for run in course.runs:
                if "running" in run.state:
                    run.around.tell("Normal", "Killing", f"Stopping container {run.name}")
            course.ending = time.monotonic() + min(STOP, grace) / self._speed
        left = course.ending - time.monotonic()
        if left > 0:
            return left
        if grace:
            self._client.delete(PODS, name, gracePeriodSeconds=0, preconditions={"uid": pod["metadata"]["uid"]})
        elif (pod.get("status") or {}).get("phase") not in {"Succeeded", "Failed"}:
            self._kill(pod, name, course)
        return None

    def _kill(self, pod: Body, name: Name, course: _Course) -> None:
        """A pod that finalizers hold shows how it ended."""
        for run in course.runs:
            run.kill()
        self._write(pod, name, course)


def _root(pod: Body, container: Body, name: str, *, is_root: bool) -> str:
    """Why a container may not run as the user that it would run as (kuberuntime/security_context_others.go)."""
    context = {**(pod["spec"].get("securityContext") or {}), **(container.get("securityContext") or {})}
    if not context.get("runAsNonRoot"):
        return ""
    where = f'(pod: "{name}", container: {container["name"]})'
    if context.get("runAsUser") is not None:
        return f"container's runAsUser breaks non-root policy {where}" if context["runAsUser"] == 0 else ""
    return f"container has runAsNonRoot and image will run as root {where}" if is_root else ""


def addresses(network: str) -> Iterator[str]:
    """All of a network, such as 10.244."""
    return (f"{network}.{third}.{fourth}" for third, fourth in itertools.product(range(256), range(1, 255)))
