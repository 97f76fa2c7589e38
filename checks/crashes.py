"""Containers that end again and again, and why."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from kfinstall.contracts.check import Check
from kfinstall.contracts.explanation import Explanation, Json, Remedy
from kfinstall.contracts.finding import Evidence, Finding, Severity
from kfinstall.contracts.manifest import Body, ObjectKey
from kfinstall.contracts.snapshot import Snapshot
from kfinstall.facts.classify import classify, explanation
from kfinstall.facts.kubeflow.components import component_needs
from kfinstall.facts.objects.kinds import EVENT, POD
from kfinstall.facts.objects.moments import between
from kfinstall.facts.objects.owners import POD_OWNERS, command_name, key_of, workload
from kfinstall.facts.objects.quantities import amount, canonical
from kfinstall.facts.pods.containers import Container, containers
from kfinstall.facts.pods.exit_codes import meaning
from kfinstall.words import _

NOT_STARTED = frozenset({"CrashLoopBackOff", "RunContainerError", "CreateContainerError", "PostStartHookError"})
"""Reasons of a container that waits to be started once more (kubernetes/pkg/kubelet/container/sync_result.go)."""

MISCONFIGURED = "CreateContainerConfigError"
MISSING = frozenset({"st-mount-object-missing", "node-config-missing-key"})
"""Causes of it that are told by the object that is missing, in mounts."""

SYMPTOM = "node-crashloop"
OUT_OF_MEMORY = "OOMKilled"
SURE = 0.7
LAST_LINES = 3
RECENT = timedelta(days=1)
"""How long ago a container that runs again was killed for its memory, to be worth a word."""


@dataclass(frozen=True, slots=True)
class _Crash:
    pod: ObjectKey
    body: Body
    container: Container
    owner: ObjectKey
    log: tuple[str, ...]
    explained: Explanation


def crashing(snapshot: Snapshot) -> Iterator[Finding]:
    """One finding for each container of a workload and cause, however many of its pods have it."""
    groups: dict[tuple[ObjectKey, str, str], list[_Crash]] = defaultdict(list)
    for body in snapshot.all(POD):
        for container in containers(body):
            if _fails(container, body):
                crash = _crash(body, container, snapshot)
                groups[crash.owner, container.name, crash.explained.cause].append(crash)
    for crashes in groups.values():
        yield _finding(crashes, snapshot)


def out_of_memory(snapshot: Snapshot) -> Iterator[Finding]:
    """Containers that run, and were killed for their memory within the last day."""
    for body in snapshot.all(POD):
        for container in containers(body):
            if container.state != "running" or container.last_reason != OUT_OF_MEMORY:
                continue
            age = between(container.ended, snapshot.taken)
            if age is not None and age < RECENT:
                key = key_of(POD, body)
                yield _memory(key, body, container, workload(key, body, snapshot), Severity.WARNING)


def _fails(container: Container, body: Body) -> bool:
    if container.state == "waiting":
        return container.reason in NOT_STARTED or _is_misconfigured(container)
    lives = (body.get("status") or {}).get("phase") in {"Pending", "Running"}
    again = not container.init and (body.get("spec") or {}).get("restartPolicy", "Always") == "Always"
    return container.state == "terminated" and lives and (again or bool(container.exit_code))


def _is_misconfigured(container: Container) -> bool:
    if container.reason != MISCONFIGURED:
        return False
    found = classify(container.message)
    return not (found and found.cause in MISSING)


def _crash(body: Body, container: Container, snapshot: Snapshot) -> _Crash:
    key = key_of(POD, body)
    log = () if container.exit_code is None else tuple(snapshot.outside.log(key, container.name))
    explained = _explained(key, container, log, snapshot)
    return _Crash(key, body, container, workload(key, body, snapshot), log, explained)


def _explained(key: ObjectKey, container: Container, log: tuple[str, ...], snapshot: Snapshot) -> Explanation:
    """By the last words of the container that mean something; else by its exit code."""
    about: dict[str, Json] = {"namespace": key.namespace, "pod": key.name, "container": container.name}
    if OUT_OF_MEMORY in {container.reason, container.last_reason}:
        return explanation("node-oom-killed", about)
    for words in _words(key, container, log, snapshot):
        found = classify(words)
        if found and found.failure and found.confidence >= SURE and found.cause != SYMPTOM:
            return explanation(found.cause, {**about, **found.parameters})
    return explanation(SYMPTOM, about)


def _words(key: ObjectKey, container: Container, log: tuple[str, ...], snapshot: Snapshot) -> Iterator[str]:
    yield from filter(None, (container.message, container.last_message))
    yield from reversed(log)
    yield from (said.message for said in reversed(snapshot.occurrences(key)) if said.reason == "Failed")


def _finding(crashes: list[_Crash], snapshot: Snapshot) -> Finding:
    first = crashes[0]
    explained, container = first.explained, first.container
    if explained.cause == "node-oom-killed":
        pods = tuple(crash.pod for crash in crashes)
        return _memory(first.pod, first.body, container, first.owner, Severity.ERROR, pods)
    return Finding(
        cause=explained.cause,
        severity=Severity.ERROR,
        title=_title(first),
        objects=tuple(crash.pod for crash in crashes),
        remedy=explained.remedy,
        evidence=tuple(_evidence(crashes, snapshot)),
        needs=frozenset(component_needs(first.owner, snapshot)),
        docs=explained.docs,
    )


def _title(crash: _Crash) -> str:
    about = {"workload": crash.owner, "container": crash.container.name, "code": crash.container.exit_code}
    if crash.explained.cause != SYMPTOM:
        title = _("{workload}: the container {container} does not run: {cause}")
        return title.format(**about, cause=crash.explained.title)
    if crash.container.exit_code is None:
        return _("{workload}: the container {container} cannot be started").format(**about)
    return _("{workload}: the container {container} ends again and again with exit code {code}").format(**about)


def _evidence(crashes: list[_Crash], snapshot: Snapshot) -> Iterator[Evidence]:
    """How it ended, and what it said last."""
    first = crashes[0]
    container = first.container
    if container.exit_code is not None:
        ended = _("exit code {code}, started again {count} times. {meaning}").format(
            code=container.exit_code, count=container.restarts, meaning=meaning(container.exit_code)
        )
        yield Evidence(ended, first.pod, len(crashes))
    said = [container.last_message] if container.last_message else [line for line in first.log if line.strip()]
    for line in said[-LAST_LINES:]:
        yield Evidence(" ".join(line.split()), first.pod)
    if container.exit_code is None and container.message:
        yield Evidence(" ".join(container.message.split()), first.pod, len(crashes))
    for probe in snapshot.occurrences(first.pod):
        if probe.reason == "Unhealthy" and not probe.message.startswith("Readiness"):
            yield Evidence(" ".join(probe.message.split()), first.pod, probe.count)


def _memory(
    pod: ObjectKey,
    body: Body,
    container: Container,
    owner: ObjectKey,
    severity: Severity,
    objects: tuple[ObjectKey, ...] = (),
) -> Finding:
    """Killed for its memory: by its own limit, or by the node when it has none."""
    limit = _limit(body, container.name)
    explained = explanation("node-oom-killed", {"container": container.name})
    more = canonical(f"{2 * int(amount(limit) / 2**20)}Mi") if limit else ""
    title = _("{workload}: the container {container} needs more memory than its limit of {limit}")
    text = _("Raise the limit, for example to {more}, or find out why the container needs so much.")
    if not limit:
        title = _("{workload}: the container {container} was killed, because its node had no memory left")
        text = _("Give the container a memory request that tells what it needs, so that it gets a node with room.")
    setting = f"--limits=memory={more}" if more else "--requests=memory=MEMORY"
    where = f"kubectl -n {pod.namespace}"
    commands = (f"{where} set resources {command_name(owner)} -c {container.name} {setting}",)
    return Finding(
        cause=explained.cause,
        severity=severity,
        title=title.format(workload=owner, container=container.name, limit=limit),
        objects=objects or (pod,),
        remedy=Remedy(
            text.format(more=more), (*commands, f"{where} top pod {pod.name} --containers")
        ),
        evidence=(
            Evidence(_("{reason}, started again {count} times").format(
                reason=OUT_OF_MEMORY, count=container.restarts), pod
            ),
        ),
        docs=explained.docs,
    )  # fmt: skip


def _limit(body: Body, name: str) -> str:
    spec = body.get("spec") or {}
    for container in (*(spec.get("initContainers") or ()), *(spec.get("containers") or ())):
        if container.get("name") == name:
            return str(((container.get("resources") or {}).get("limits") or {}).get("memory") or "")
    return ""


CHECKS = (
    Check(
        "workloads.crashes",
        _("Do containers run without ending again and again?"),
        frozenset({POD}),
        crashing,
        also=POD_OWNERS | {EVENT},
    ),
    Check(
        "workloads.memory",
        _("Do containers get along with the memory that they may use?"),
        frozenset({POD}),
        out_of_memory,
        also=POD_OWNERS,
    ),
)
