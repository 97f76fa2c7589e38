"""Chooses a node for each pod, or says what kube-scheduler says when there is none."""

import heapq
from collections.abc import Iterable, Iterator
from decimal import Decimal

from kfinstall.contracts.manifest import Body
from kfinstall.facts.scheduling.placing import tolerates
from kfinstall.facts.scheduling.topology import Labels
from kfinstall.sandbox.controllers.client import PODS, Client, condition
from kfinstall.sandbox.controllers.events import SeriesRecorder
from kfinstall.sandbox.controllers.filters import Filters, Refusal, named_nodes
from kfinstall.sandbox.controllers.manager import Key
from kfinstall.sandbox.controllers.pod_volumes import PodVolumes
from kfinstall.sandbox.controllers.preemption import Victims, no_node, preempt
from kfinstall.sandbox.controllers.provisioner import CLAIMS, CLASSES, VOLUMES
from kfinstall.sandbox.controllers.room import NodeRoom, owners
from kfinstall.sandbox.storage.store import Change, Name
from kfinstall.sandbox.types.kinds import GroupResource

NODES = GroupResource("", "nodes")
NAMESPACES = GroupResource("", "namespaces")
NAME = "default-scheduler"
BEFORE_PREEMPTION = "no new claims to deallocate, preemption: "
"""What the plugins that would make room say one after the other; the first is that of resource claims."""
INELIGIBLE = Refusal(("node(s) didn't satisfy plugin(s) [NodeAffinity]",), helpful=False)


class Scheduler:
    """kube-scheduler with its default plugins; of nodes that would do it takes one with little load."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._recorder = SeriesRecorder(client)
        self._rooms: dict[str, NodeRoom] = {}
        self._placed: dict[Name, str] = {}
        self._nominated: dict[Name, tuple[str, Body]] = {}
        self._waiting: dict[Name, None] = {}

    def concerns(self, change: Change) -> Iterable[Key]:
        if change.resource == NODES:
            self._renew(change)
            yield from self._all_waiting()
        elif change.resource == PODS:
            freed = self._count(change)
            if _is_pending(change.after):
                if change.before is None or _is_new(change.before, change.last):
                    yield PODS, change.name
            else:
                self._waiting.pop(change.name, None)
                self._nominated.pop(change.name, None)
            if freed:
                yield from self._all_waiting()
        elif change.resource in {CLAIMS, CLASSES, VOLUMES}:
            yield from self._all_waiting()

    def _all_waiting(self) -> Iterable[Key]:
        return [(PODS, name) for name in self._waiting]

    def _renew(self, change: Change) -> None:
        name = change.name.name
        if change.after is None:
            self._rooms.pop(name, None)
        elif name in self._rooms:
            self._rooms[name].renew(change.after)
        else:
            room = self._rooms[name] = NodeRoom(change.after)
            for pod_name in [each for each, node in self._placed.items() if node == name]:
                pod = self._client.get(PODS, pod_name)
                if pod is not None:
                    room.put(pod_name, pod)

    def _count(self, change: Change) -> bool:
        """Keep what is where; whether something changed that other pods may have waited for."""
        pod, standing = change.after, self._placed.get(change.name)
        node = pod["spec"].get("nodeName") if pod else None
        if pod is None or (pod.get("status") or {}).get("phase") in {"Succeeded", "Failed"}:
            if standing is None:
                return False
            del self._placed[change.name]
            if standing in self._rooms:
                self._rooms[standing].take(change.name)
            return True
        if node:
            self._place(change.name, pod, node)
        return bool(node) and standing is None

    def _place(self, name: Name, pod: Body, node: str) -> None:
        self._placed[name] = node
        if node in self._rooms:
            self._rooms[node].put(name, pod)

    def reconcile(self, key: Key) -> float | None:
        pod = self._client.get(*key)
        if pod is None or not _is_pending(pod):
            return None
        if pod["spec"].get("schedulingGates"):
            text = "Scheduling is blocked due to non-empty scheduling gates"
            self._set_condition(pod, key[1], condition("PodScheduled", "False", "SchedulingGated", text, pod["status"]))
            return None
        if not self._rooms:
            self._refuse(pod, key[1], "no nodes available to schedule pods")
            return None
        volumes = PodVolumes(self._client, pod)
        problem = volumes.problem() or _conflict(pod)
        if problem:  # the plugins that would make room have not been prepared then, and say so
            self._refuse(pod, key[1], f"0/{len(self._rooms)} nodes are available: {problem}. not found")
            return None
        self._schedule(pod, key[1], volumes)
        return None

    def _schedule(self, pod: Body, name: Name, volumes: PodVolumes) -> None:
        rooms = self._with_nominated(pod, name)

        def filters(standing: list[NodeRoom]) -> Filters:
            return Filters(pod, standing, volumes, self._namespace_labels)

        prepared = filters(list(rooms.values()))
        eligible = named_nodes(pod["spec"])
        refusals = {name: INELIGIBLE for name in rooms if eligible is not None and name not in eligible}
        for room in _by_dislike(pod, (room for name, room in rooms.items() if name not in refusals)):
            refusal = prepared.refusal(room)
            if refusal is None:
                self._put(pod, name, room, volumes)
                return
            refusals[room.name] = refusal
        why = no_node(len(rooms), (each.reasons for each in refusals.values()))
        answer = preempt(pod, rooms, refusals, filters)
        if isinstance(answer, Victims):
            self._nominate(pod, name, answer)
            self._refuse(pod, name, why)
        else:
            self._refuse(pod, name, f"{why} {BEFORE_PREEMPTION}{answer}")

    def _put(self, pod: Body, name: Name, room: NodeRoom, volumes: PodVolumes) -> None:
        if volumes.bind(room.node):
            self._bind(pod, name, room.name)
        else:
            self._waiting[name] = None  # looked at again when the claims are bound

    def _with_nominated(self, pod: Body, name: Name) -> dict[str, NodeRoom]:
        """The nodes, with the pods on them that were promised a place there and are as important."""
        rooms = dict(self._rooms)
        for other, (node, body) in self._nominated.items():
            if other != name and node in rooms and _priority(body) >= _priority(pod):
                rooms[node] = rooms[node].copy()
                rooms[node].put(other, body)
        return rooms

    def _namespace_labels(self, namespace: str) -> Labels:
        found = self._client.get(NAMESPACES, Name("", namespace)) or {"metadata": {}}
        labels: Labels = found["metadata"].get("labels") or {}
        return labels

    def _bind(self, pod: Body, name: Name, node: str) -> None:
        target = {"apiVersion": "v1", "kind": "Node", "name": node}
        body = {"apiVersion": "v1", "kind": "Binding", "metadata": {"name": name.name}, "target": target}
        self._client.post(PODS, name, "binding", body)
        self._waiting.pop(name, None)
        self._nominated.pop(name, None)
        self._place(name, pod, node)
        self._set_condition(pod, name, condition("PodScheduled", "True", before=pod.get("status")))
        text = f"Successfully assigned {name.namespace}/{name.name} to {node}"
        self._recorder.tell(pod, "Normal", "Scheduled", text, action="Binding")

    def _nominate(self, pod: Body, name: Name, victims: Victims) -> None:
        """Promise a pod the place of others, which have to go."""
        self._nominated[name] = (victims.node, pod)
        self._client.set_status(PODS, name, {"nominatedNodeName": victims.node})
        why = f"{NAME}: preempting to accommodate a higher priority pod"
        for victim in victims.pods:
            metadata = victim["metadata"]
            victim_name = Name(metadata["namespace"], metadata["name"])
            self._disrupt(victim_name, why)
            text = f"Preempted by pod {pod['metadata']['uid']} on node {victims.node}"
            self._recorder.tell(victim, "Normal", "Preempted", text, action="Preempting")
            self._client.delete(PODS, victim_name)

    def _disrupt(self, name: Name, why: str) -> None:
        victim = self._client.get(PODS, name)
        if victim is not None:
            found = condition("DisruptionTarget", "True", "PreemptionByScheduler", why, victim.get("status"))
            self._set_condition(victim, name, found)

    def _refuse(self, pod: Body, name: Name, why: str) -> None:
        self._waiting[name] = None
        before = (pod.get("status") or {}).get("conditions") or ()
        now: Body = next((each for each in before if each["type"] == "PodScheduled"), {})
        if now.get("message") != why:
            found = condition("PodScheduled", "False", "Unschedulable", why, pod.get("status"))
            self._set_condition(pod, name, found)
            self._recorder.tell(pod, "Warning", "FailedScheduling", why, action="Scheduling")

    def _set_condition(self, pod: Body, name: Name, found: Body) -> None:
        found["observedGeneration"] = pod["metadata"].get("generation", 1)
        standing = (self._client.get(PODS, name) or pod).get("status") or {}
        others = [each for each in standing.get("conditions") or () if each["type"] != found["type"]]
        self._client.set_status(PODS, name, {"conditions": [*others, found]})


def _is_pending(pod: Body | None) -> bool:
    if pod is None or pod["spec"].get("nodeName") or pod["metadata"].get("deletionTimestamp"):
        return False
    return bool(pod["spec"].get("schedulerName", NAME) == NAME)


def _is_new(before: Body, after: Body) -> bool:
    """Whether a change of a pending pod is one that may make it fit."""
    return bool(before["spec"] != after["spec"] or before["metadata"].get("labels") != after["metadata"].get("labels"))


def _conflict(pod: Body) -> str:
    return "pod affinity terms conflict" if named_nodes(pod["spec"]) == set() else ""


def _priority(pod: Body) -> int:
    return int(pod["spec"].get("priority") or 0)


def _by_dislike(pod: Body, rooms: Iterable[NodeRoom]) -> Iterator[NodeRoom]:
    """The nodes, that with the least against it first: taints that would rather not be used, other pods of the owner,
    load."""
    tolerations, uids = pod["spec"].get("tolerations") or [], owners(pod)

    def dislike(room: NodeRoom) -> tuple[int, int, Decimal, str]:
        avoided = [taint for taint in room.discouraging if not tolerates(tolerations, taint)]
        return len(avoided), room.siblings(uids), room.load, room.name

    found = [(dislike(room), room) for room in rooms]  # their names differ, so that rooms are never compared
    heapq.heapify(found)
    while found:
        yield heapq.heappop(found)[1]
