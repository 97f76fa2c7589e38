"""What would make pods fit that wait, in words and with the commands for this very case."""

import json
from collections.abc import Iterator, Sequence
from math import ceil

from checks.scheduling.waiting import Waiting
from kfinstall.contracts.explanation import Remedy
from kfinstall.contracts.manifest import Body, ObjectKey
from kfinstall.contracts.snapshot import Snapshot
from kfinstall.facts.objects.kinds import DEPLOYMENT, STATEFUL_SET
from kfinstall.facts.objects.owners import command_name, workload
from kfinstall.facts.objects.quantities import readable
from kfinstall.facts.scheduling.capacity import NOTHING, Room
from kfinstall.facts.scheduling.obstacles import AND, Kind
from kfinstall.facts.scheduling.relief import Relief, Stopping, relief
from kfinstall.words import _, counted, joined

SCALED = frozenset({DEPLOYMENT.kind, STATEFUL_SET.kind})
MINIKUBE = "minikube.k8s.io/name"
SPREADING = ("cpu", "memory")
"""Resources of which a pod can ask for less without being refused by its device."""

AUTOMATIC = "node.kubernetes.io/"
"""Tolerations for these keys are given to every pod (admission plugin DefaultTolerationSeconds)."""


def remedy(group: Sequence[Waiting], general: Remedy, snapshot: Snapshot) -> Remedy:
    """The smallest changes for pods that are refused for the same; the general one where nothing more is known."""
    first = group[0]
    match first.decisive.kind:
        case Kind.SHORT:
            found = relief([each.pod for each in group], first.places, first.decisive.what, snapshot)
            return _room(group, found, general, snapshot) if found else general
        case Kind.TAINT | Kind.CONTROL_PLANE:
            return _tolerate(first, snapshot)
        case Kind.CORDONED:
            return Remedy(general.text, tuple(f"kubectl uncordon {room.name}" for room in first.places))
        case Kind.UNWELL:
            text = _("Mend the node: the taint goes when it is well again.")
            return Remedy(text, tuple(f"kubectl describe node {room.name}" for room in first.places))
        case Kind.LABELS:
            return _label(first, general)
        case Kind.SPREAD:
            return Remedy(general.text, (f"kubectl get nodes -L {first.decisive.what}",))
        case Kind.APART:
            return _scale_down(group, general, snapshot)
    return general


def _room(group: Sequence[Waiting], found: Relief, general: Remedy, snapshot: Snapshot) -> Remedy:
    """Every way to make room, the one that costs least first."""
    resource = group[0].decisive.what
    ways = [*_stopping(found), *_asking_less(group, resource, found.room), *_growing(found)]
    commands = [command for each in found.stopping for command in _stop(each, snapshot)]
    if len(group) == 1:
        commands += _ask_less(group[0], resource, found.room, snapshot)
    commands += _grow(found)
    if not commands:
        commands = [f"kubectl describe node {found.room.name}", *general.commands[:1]]
    return Remedy(" ".join(ways), tuple(commands))


def _stopping(found: Relief) -> Iterator[str]:
    if found.stopping:
        pods = counted("{count} pod", "{count} pods", sum(each.pods for each in found.stopping))
        lost = joined(sorted({each.component for each in found.stopping} - {""}))
        cost = _(", at the cost of {components}").format(components=lost) if lost else ""
        yield _("Stopping {pods} of {workloads} makes room on {node}{cost}.").format(
            pods=pods,
            workloads=joined(str(each.workload) for each in found.stopping),
            node=found.room.name,
            cost=cost,
        )


def _asking_less(group: Sequence[Waiting], resource: str, room: Room) -> Iterator[str]:
    free = room.free(resource)
    if len(group) == 1 and resource in SPREADING and free > 0:
        yield _("A request of at most {free} {resource} fits on {node} now.").format(
            free=readable(resource, free), resource=resource, node=room.name
        )


def _growing(found: Relief) -> Iterator[str]:
    sizes = []
    for resource, missing in sorted(found.missing.items()):
        present = found.room.allocatable.get(resource, NOTHING)
        needed = readable(resource, present + missing)
        sizes.append(
            _("{resource} {needed} instead of {present}").format(
                resource=resource, needed=needed, present=readable(resource, present)
            )
        )
    larger = _("{node} with {sizes}").format(node=found.room.name, sizes=joined(sizes))
    if found.more_nodes:
        nodes = counted("{count} more node", "{count} more nodes", found.more_nodes)
        yield _("Room for all: {nodes} like {node}, or {larger}.").format(
            nodes=nodes, node=found.shape.name, larger=larger
        )
    else:
        yield _("No node of the present shape will do; room for all has {larger}.").format(larger=larger)


def _grow(found: Relief) -> Iterator[str]:
    """minikube cannot grow: it is made anew."""
    if MINIKUBE in (found.room.node["metadata"].get("labels") or {}):
        cpus, memory = (
            found.room.allocatable.get(name, NOTHING) + found.missing.get(name, NOTHING) for name in ("cpu", "memory")
        )
        yield f"minikube delete && minikube start --cpus {ceil(cpus)} --memory {ceil(memory / 1024**2)}m"


def _stop(stopping: Stopping, snapshot: Snapshot) -> Iterator[str]:
    key = stopping.workload
    name = command_name(key)
    if key.kind in SCALED:
        replicas = ((snapshot.get(key) or {}).get("spec") or {}).get("replicas", stopping.pods)
        yield f"kubectl -n {key.namespace} scale {name} --replicas={max(0, replicas - stopping.pods)}"
    elif key.kind == "Notebook":
        yield f"kubectl -n {key.namespace} annotate {name} kubeflow-resource-stopped=true"
    elif key.kind == "Job":
        yield f"""kubectl -n {key.namespace} patch {name} --type=merge -p '{{"spec":{{"suspend":true}}}}'"""
    else:
        yield f"kubectl -n {key.namespace} delete {name}"


def _ask_less(pod: Waiting, resource: str, room: Room, snapshot: Snapshot) -> Iterator[str]:
    owner = workload(pod.key, pod.pod, snapshot)
    one_container = len(pod.pod["spec"].get("containers") or ()) == 1
    if owner.kind in SCALED and one_container and resource in SPREADING and room.free(resource) > 0:
        request = f"{resource}={_floor(resource, room)}"
        yield f"kubectl -n {owner.namespace} set resources {command_name(owner)} --requests={request}"


def _floor(resource: str, room: Room) -> str:
    """What is free as a quantity, rounded down."""
    free = room.free(resource)
    return f"{int(free * 1000)}m" if resource == "cpu" else f"{int(free / 1024**2)}Mi"


def _tolerate(pod: Waiting, snapshot: Snapshot) -> Remedy:
    """The toleration that is missing, and the taint that could go instead."""
    taint, effect = pod.decisive.what.rsplit(":", 1)
    key, _equals, value = taint.partition("=")
    toleration = {"key": key, "operator": "Equal" if value else "Exists", "effect": effect}
    if value:
        toleration["value"] = value
    owner = workload(pod.key, pod.pod, snapshot)
    text = _(
        "Give {workload} the toleration {toleration}, or remove the taint if it is yours and meant for nothing else."
    )
    commands = [
        *_patch(owner, pod.pod, toleration),
        *(f"kubectl taint nodes {room.name} {taint}:{effect}-" for room in pod.places),
    ]
    if pod.decisive.kind is Kind.CONTROL_PLANE:
        text = _("Let the control plane's node take other pods, too, or add a node.")
        commands = commands[-len(pod.places) :]
    return Remedy(text.format(workload=owner, toleration=json.dumps(toleration)), tuple(commands))


def _patch(owner: ObjectKey, pod: Body, toleration: dict[str, str]) -> Iterator[str]:
    """A patch replaces the whole list, so the tolerations that the pod has come along."""
    if owner.kind in SCALED:
        kept = [each for each in pod["spec"].get("tolerations") or () if not str(each.get("key")).startswith(AUTOMATIC)]
        template = {"spec": {"template": {"spec": {"tolerations": [*kept, toleration]}}}}
        yield f"kubectl -n {owner.namespace} patch {command_name(owner)} -p '{json.dumps(template)}'"


def _label(pod: Waiting, general: Remedy) -> Remedy:
    """Labels of Kubernetes, of clouds and of vendors have a domain and tell what a node is: those are not invented."""
    wanted = pod.decisive.what.split(AND)
    keys = [each.lstrip("!").partition("=")[0].split(" ")[0] for each in wanted]
    commands = [f"kubectl get nodes -L {','.join(keys)}"]
    if all("=" in each and "/" not in each for each in wanted):
        commands.append(f"kubectl label node {pod.nearest.room.name} {' '.join(wanted)}")
    show = f"kubectl -n {pod.key.namespace} get pod {pod.key.name}"
    commands.append(f"{show} -o jsonpath='{{.spec.nodeSelector}}{{.spec.affinity.nodeAffinity}}'")
    return Remedy(general.text, tuple(commands))


def _scale_down(group: Sequence[Waiting], general: Remedy, snapshot: Snapshot) -> Remedy:
    """To as many replicas as have found a node."""
    owner = workload(group[0].key, group[0].pod, snapshot)
    replicas = ((snapshot.get(owner) or {}).get("spec") or {}).get("replicas")
    if owner.kind not in SCALED or not isinstance(replicas, int) or replicas <= len(group):
        return general
    command = f"kubectl -n {owner.namespace} scale {command_name(owner)} --replicas={replicas - len(group)}"
    return Remedy(general.text, (command,))
