"""The status that a kubelet writes for a pod (pkg/kubelet/status/generate.go; getPhase of kubelet_pods.go)."""

from collections.abc import Sequence

from kfinstall.contracts.manifest import Body
from kfinstall.sandbox.clock import now
from kfinstall.sandbox.controllers.client import condition
from kfinstall.sandbox.controllers.containers import ContainerRun

OWN = ("PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled")
"""The conditions that a kubelet writes; others are left as they are."""

Verdict = tuple[bool, str, str]


def pod_status(pod: Body, inits: Sequence[ContainerRun], mains: Sequence[ContainerRun], addresses: Body) -> Body:
    """The members of the status. addresses: hostIP and podIP with their lists, as far as the pod has them."""
    before = pod.get("status") or {}
    phase = phase_of(pod, inits, mains)
    status: Body = {
        "phase": phase,
        "observedGeneration": pod["metadata"].get("generation", 1),
        "startTime": before.get("startTime") or now(),
        "containerStatuses": [run.status() for run in sorted(mains, key=lambda run: run.name)],
        "conditions": _conditions(pod, inits, mains, phase, has_sandbox="podIP" in addresses),
        **addresses,
    }
    if inits:
        status["initContainerStatuses"] = [run.status() for run in inits]
    return status


def phase_of(pod: Body, inits: Sequence[ContainerRun], mains: Sequence[ContainerRun]) -> str:
    """Pending, Running, Succeeded or Failed."""
    policy = pod["spec"].get("restartPolicy", "Always")
    if any(run.role == "init" and _failed(run) for run in inits) and policy == "Never":
        return "Failed"
    if not all(is_initialized(run) for run in inits) and not any(run.begun for run in mains):
        return "Pending"
    if any("waiting" in run.state and not run.last for run in mains):
        return "Pending"
    if policy == "Always" or not all("terminated" in run.state for run in mains):
        return "Running"
    if all(run.succeeded for run in mains):
        return "Succeeded"
    return "Failed" if policy == "Never" else "Running"


def is_initialized(run: ContainerRun) -> bool:
    """Whether the containers after an init container may start."""
    return run.started if run.role == "sidecar" else run.succeeded


def _failed(run: ContainerRun) -> bool:
    return "terminated" in run.state and not run.succeeded


def _conditions(
    pod: Body, inits: Sequence[ContainerRun], mains: Sequence[ContainerRun], phase: str, *, has_sandbox: bool
) -> list[Body]:
    before = pod.get("status") or {}
    ended = {"Succeeded": "PodCompleted", "Failed": "PodFailed"}.get(phase, "")
    containers = (False, ended, "") if ended else _ready([run for run in (*inits, *mains) if run.role != "init"])
    verdicts: dict[str, Verdict] = {
        "PodReadyToStartContainers": (has_sandbox and not ended, "", ""),
        "Initialized": _initialized(inits, mains, phase),
        "Ready": _gated(pod, containers),
        "ContainersReady": containers,
        "PodScheduled": (True, "", ""),
    }
    generation = pod["metadata"].get("generation", 1)
    others = [each for each in before.get("conditions") or () if each["type"] not in OWN]
    own = [
        {**condition(kind, str(holds), reason, message, before), "observedGeneration": generation}
        for kind, (holds, reason, message) in verdicts.items()
    ]
    return [*own, *others]


def _ready(runs: Sequence[ContainerRun]) -> Verdict:
    unready = [run.name for run in runs if not run.ready]
    if not unready:
        return True, "", ""
    return False, "ContainersNotReady", f"containers with unready status: [{' '.join(unready)}]"


def _gated(pod: Body, containers: Verdict) -> Verdict:
    """Ready means also that every readiness gate is open."""
    if not containers[0]:
        return containers
    found = {each["type"]: each["status"] for each in (pod.get("status") or {}).get("conditions") or ()}
    shut = []
    for gate in (each["conditionType"] for each in pod["spec"].get("readinessGates") or ()):
        if gate not in found:
            shut.append(f'corresponding condition of pod readiness gate "{gate}" does not exist.')
        elif found[gate] != "True":
            shut.append(f'the status of pod readiness gate "{gate}" is not "True", but {found[gate]}')
    return (False, "ReadinessGatesNotReady", ", ".join(shut)) if shut else containers


def _initialized(inits: Sequence[ContainerRun], mains: Sequence[ContainerRun], phase: str) -> Verdict:
    if phase == "Succeeded":
        return True, "PodCompleted", ""
    incomplete = [run.name for run in inits if not is_initialized(run)]
    if not incomplete or any(run.begun for run in mains):
        return True, "", ""
    return False, "ContainersNotInitialized", f"containers with incomplete status: [{' '.join(incomplete)}]"
