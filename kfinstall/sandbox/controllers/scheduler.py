"""Chooses a node for each pod, or says what kube-scheduler says when there is none."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal

from kfinstall.contracts.manifest import Body
from kfinstall.facts.placing import selected, untolerated
from kfinstall.facts.quantities import amount
from kfinstall.sandbox.controllers.client import PODS, Client, condition, name_of
from kfinstall.sandbox.controllers.events import SeriesRecorder
from kfinstall.sandbox.controllers.manager import Key
from kfinstall.sandbox.kinds import GroupResource
from kfinstall.sandbox.store import Change, Name

NODES = GroupResource("", "nodes")
CLAIMS = GroupResource("", "persistentvolumeclaims")
CLASSES = GroupResource("storage.k8s.io", "storageclasses")
SELECTED_NODE = "volume.kubernetes.io/selected-node"
Amounts = dict[str, Decimal]
NOTHING = Decimal(0)


def requests(spec: Body) -> Amounts:
    """What a pod asks for: its containers together, or the largest init container, and one of "pods"."""
    total: Amounts = {"pods": Decimal(1)}
    for container in spec.get("containers") or ():
        for name, value in ((container.get("resources") or {}).get("requests") or {}).items():
            total[name] = total.get(name, NOTHING) + amount(value)
    for container in spec.get("initContainers") or ():
        for name, value in ((container.get("resources") or {}).get("requests") or {}).items():
            total[name] = max(total.get(name, NOTHING), amount(value))
    return total


class Scheduler:
    """Filters and spreads; preempts nobody."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._recorder = SeriesRecorder(client)
        self._used: dict[str, Amounts] = defaultdict(dict)
        self._placed: dict[Name, tuple[str, Amounts]] = {}
        self._waiting: set[Name] = set()

    def concerns(self, change: Change) -> Iterable[Key]:
        if change.resource == PODS:
            freed = self._count(change)
            pod = change.after
            if pod is None or pod["spec"].get("nodeName") or pod["metadata"].get("deletionTimestamp"):
                self._waiting.discard(change.name)
            elif change.before is None:
                yield PODS, change.name
            if freed:
                yield from ((PODS, name) for name in self._waiting)
        elif change.resource in {NODES, CLAIMS, CLASSES}:
            yield from ((PODS, name) for name in self._waiting)

    def _count(self, change: Change) -> bool:
        """Keep the sums of what nodes carry; whether something became free."""
        pod = change.after
        node = pod["spec"].get("nodeName") if pod else None
        ended = pod is None or (pod.get("status") or {}).get("phase") in {"Succeeded", "Failed"}
        if node and not ended and change.name not in self._placed and pod is not None:
            wanted = requests(pod["spec"])
            self._placed[change.name] = (node, wanted)
            _add(self._used[node], wanted, 1)
        elif ended and change.name in self._placed:
            node, wanted = self._placed.pop(change.name)
            _add(self._used[node], wanted, -1)
            return True
        return False

    def reconcile(self, key: Key) -> float | None:
        pod = self._client.get(*key)
        if pod is None or pod["spec"].get("nodeName") or pod["metadata"].get("deletionTimestamp"):
            return None
        why, delay = self._claims(pod)
        nodes = self._client.all(NODES)
        best = ""
        if not why and nodes:
            best, why = self._choose(pod, nodes)
        elif not why:
            why = "no nodes available to schedule pods"
        elif nodes:
            why = f"0/{len(nodes)} nodes are available: {why}. not found"
        if best:
            return self._bind(pod, key[1], best, delay)
        self._refuse(pod, key[1], why)
        return None

    def _bind(self, pod: Body, name: Name, node: str, waiting_claims: list[Name]) -> float | None:
        if waiting_claims:
            for claim in waiting_claims:
                self._client.patch(CLAIMS, claim, {"metadata": {"annotations": {SELECTED_NODE: node}}})
            self._waiting.add(name)  # looked at again when the claim is bound
            return None
        target = {"apiVersion": "v1", "kind": "Node", "name": node}
        body = {"apiVersion": "v1", "kind": "Binding", "metadata": {"name": name.name}, "target": target}
        self._client.post(PODS, name, "binding", body)
        self._waiting.discard(name)
        before = pod.get("status") or {}
        conditions = [each for each in before.get("conditions") or () if each["type"] != "PodScheduled"]
        self._client.set_status(
            PODS, name, {"conditions": [*conditions, condition("PodScheduled", "True", before=before)]}
        )
        text = f"Successfully assigned {name.namespace}/{name.name} to {node}"
        self._recorder.tell(pod, "Normal", "Scheduled", text, action="Binding")
        wanted = requests(pod["spec"])
        if name not in self._placed:
            self._placed[name] = (node, wanted)
            _add(self._used[node], wanted, 1)
        return None

    def _refuse(self, pod: Body, name: Name, why: str) -> None:
        self._waiting.add(name)
        before = pod.get("status") or {}
        now: Body = next((each for each in before.get("conditions") or () if each["type"] == "PodScheduled"), {})
        if now.get("message") == why:
            return
        found = condition("PodScheduled", "False", "Unschedulable", why, before)
        self._client.set_status(PODS, name, {"conditions": [found]})
        self._recorder.tell(pod, "Warning", "FailedScheduling", why, action="Scheduling")

    def _claims(self, pod: Body) -> tuple[str, list[Name]]:
        """Why the claims of a pod keep it from every node, and those that wait for a node."""
        waiting = []
        namespace = pod["metadata"]["namespace"]
        for volume in pod["spec"].get("volumes") or ():
            claim_name = (volume.get("persistentVolumeClaim") or {}).get("claimName")
            if volume.get("ephemeral"):
                claim_name = f"{pod['metadata']['name']}-{volume['name']}"
            if not claim_name:
                continue
            claim = self._client.get(CLAIMS, Name(namespace, claim_name))
            if claim is None:
                return f'persistentvolumeclaim "{claim_name}" not found', []
            if claim["metadata"].get("deletionTimestamp"):
                return f'persistentvolumeclaim "{claim_name}" is being deleted', []
            if claim["spec"].get("volumeName"):
                continue
            found = self._client.get(CLASSES, Name("", claim["spec"].get("storageClassName") or ""))
            if found is None or found.get("volumeBindingMode") != "WaitForFirstConsumer":
                return "pod has unbound immediate PersistentVolumeClaims", []
            waiting.append(name_of(claim))
        return "", waiting

    def _choose(self, pod: Body, nodes: list[Body]) -> tuple[str, str]:
        wanted = requests(pod["spec"])
        reasons: Counter[str] = Counter()
        helpful = 0
        fitting: list[tuple[Decimal, str]] = []
        for node in nodes:
            name = node["metadata"]["name"]
            found = self._unfit(pod["spec"], node)
            if found:
                reasons[found] += 1
                continue
            short = self._short(wanted, node)
            if short:
                reasons.update(short)
                helpful += self._could_help(wanted, node)
                continue
            fitting.append((self._load(node), name))
        if fitting:
            return min(fitting)[1], ""
        return "", _message(len(nodes), reasons, helpful)

    def _unfit(self, spec: Body, node: Body) -> str:
        if node["spec"].get("unschedulable"):
            return "node(s) were unschedulable"
        taint = untolerated(spec, node)
        if taint is not None:
            return "node(s) had untolerated taint(s)"
        return "" if selected(spec, node) else "node(s) didn't match Pod's node affinity/selector"

    def _short(self, wanted: Mapping[str, Decimal], node: Body) -> list[str]:
        offered, used = node["status"].get("allocatable") or {}, self._used[node["metadata"]["name"]]
        short = [
            name
            for name, value in wanted.items()
            if value and used.get(name, NOTHING) + value > amount(offered.get(name, "0"))
        ]
        return ["Too many pods" if name == "pods" else f"Insufficient {name}" for name in short]

    def _could_help(self, wanted: Mapping[str, Decimal], node: Body) -> int:
        """Whether an empty node would do: then preemption looks for victims, and finds none of lower priority."""
        offered = node["status"].get("allocatable") or {}
        return int(all(value <= amount(offered.get(name, "0")) for name, value in wanted.items()))

    def _load(self, node: Body) -> Decimal:
        offered, used = node["status"].get("allocatable") or {}, self._used[node["metadata"]["name"]]
        shares = [
            used.get(name, NOTHING) / amount(offered[name]) for name in ("cpu", "memory", "pods") if offered.get(name)
        ]
        return max(shares, default=NOTHING)


def _add(sums: Amounts, wanted: Mapping[str, Decimal], sign: int) -> None:
    for name, value in wanted.items():
        sums[name] = sums.get(name, NOTHING) + sign * value


def _message(nodes: int, reasons: Mapping[str, int], helpful: int) -> str:
    """pkg/scheduler/framework/types.go, FitError."""
    listed = ", ".join(sorted(f"{count} {reason}" for reason, count in reasons.items()))
    preemption = []
    if helpful:
        preemption.append(f"{helpful} No preemption victims found for incoming pod")
    if nodes - helpful:
        preemption.append(f"{nodes - helpful} Preemption is not helpful for scheduling")
    return (
        f"0/{nodes} nodes are available: {listed}. no new claims to deallocate, "
        f"preemption: 0/{nodes} nodes are available: {', '.join(sorted(preemption))}."
    )
